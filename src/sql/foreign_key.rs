//! Foreign keys, read and written with a column or as constraints of the table.

use crate::schema::{Action, Deferrable, ForeignKey, Initially, Name, Table};

use super::cursor::Cursor;
use super::error::ReadError;
use super::text;

/// Reads what follows `REFERENCES` on a column; its DEFERRABLE is a clause of its own there.
pub(super) fn read_inline(cursor: &mut Cursor<'_>, name: Option<Name>, column: &Name) -> Result<ForeignKey, ReadError> {
    let mut foreign_key = read_reference(cursor, name, vec![column.clone()])?;
    foreign_key.inline = true;
    Ok(foreign_key)
}

/// Reads what follows `FOREIGN KEY` in a constraint of the table.
pub(super) fn read(cursor: &mut Cursor<'_>, name: Option<Name>) -> Result<ForeignKey, ReadError> {
    let columns = cursor.names("a column")?;
    cursor.expect("REFERENCES")?;
    let mut foreign_key = read_reference(cursor, name, columns)?;
    foreign_key.deferrable = accept_deferrable(cursor)?;
    Ok(foreign_key)
}

/// Reads `parent [(a, b)] [ON … | MATCH …]*`; where SQLite keeps the last of several clauses, so does this.
fn read_reference(cursor: &mut Cursor<'_>, name: Option<Name>, columns: Vec<Name>) -> Result<ForeignKey, ReadError> {
    let (parent, parent_columns) = read_parent(cursor)?;
    let mut foreign_key = ForeignKey {
        name,
        columns,
        parent,
        parent_columns,
        on_delete: Action::NoAction,
        on_update: Action::NoAction,
        match_type: None,
        deferrable: None,
        inline: false,
    };
    loop {
        if cursor.accept("ON DELETE") {
            foreign_key.on_delete = read_action(cursor)?;
        } else if cursor.accept("ON UPDATE") {
            foreign_key.on_update = read_action(cursor)?;
        } else if cursor.accept("ON INSERT") {
            // SQLite's grammar has it, its documentation does not, and nothing ever reads it.
            read_action(cursor)?;
        } else if cursor.accept("MATCH") {
            foreign_key.match_type = Some(cursor.name("the kind of match")?);
        } else {
            return Ok(foreign_key);
        }
    }
}

fn read_parent(cursor: &mut Cursor<'_>) -> Result<(Name, Vec<Name>), ReadError> {
    let parent = cursor.name("the name of the referenced table")?;
    let columns = if cursor.is_operator("(") { cursor.names("a column")? } else { Vec::new() };
    Ok((parent, columns))
}

fn read_action(cursor: &mut Cursor<'_>) -> Result<Action, ReadError> {
    match Action::ALL.into_iter().find(|(_, keywords)| cursor.accept(keywords)) {
        Some((action, _)) => Ok(action),
        None => Err(cursor.unexpected("`CASCADE`, `RESTRICT`, `SET NULL`, `SET DEFAULT` or `NO ACTION`")),
    }
}

/// Reads `[NOT] DEFERRABLE [INITIALLY …]` if it comes next.
pub(super) fn accept_deferrable(cursor: &mut Cursor<'_>) -> Result<Option<Deferrable>, ReadError> {
    let not = cursor.accept("NOT DEFERRABLE");
    if !not && !cursor.accept("DEFERRABLE") {
        return Ok(None);
    }
    let initially = if cursor.is("INITIALLY") { Some(read_initially(cursor)?) } else { None };
    Ok(Some(Deferrable { not, initially }))
}

fn read_initially(cursor: &mut Cursor<'_>) -> Result<Initially, ReadError> {
    cursor.expect("INITIALLY")?;
    if cursor.accept("DEFERRED") {
        Ok(Initially::Deferred)
    } else if cursor.accept("IMMEDIATE") {
        Ok(Initially::Immediate)
    } else {
        Err(cursor.unexpected("`DEFERRED` or `IMMEDIATE`"))
    }
}

/// Reads what a foreign key points at: `team` or `team(id)`.
pub fn read_references(text: &str) -> Result<(Name, Vec<Name>), ReadError> {
    let mut cursor = Cursor::new(text)?;
    let parent = read_parent(&mut cursor)?;
    cursor.end("`table` or `table(column)` and nothing after it")?;
    Ok(parent)
}

/// Reads a DEFERRABLE clause; `INITIALLY …` alone stands for `DEFERRABLE INITIALLY …`.
pub fn read_deferrable(text: &str) -> Result<Deferrable, ReadError> {
    let mut cursor = Cursor::new(text)?;
    let deferrable = match accept_deferrable(&mut cursor)? {
        Some(deferrable) => deferrable,
        None if cursor.is("INITIALLY") => Deferrable { not: false, initially: Some(read_initially(&mut cursor)?) },
        None => return Err(cursor.unexpected("`DEFERRABLE`, `NOT DEFERRABLE` or `INITIALLY`")),
    };
    cursor.end("nothing after it")?;
    Ok(deferrable)
}

/// Writes a DEFERRABLE clause in full.
#[must_use]
pub fn write_deferrable(deferrable: Deferrable) -> String {
    let Deferrable { not, initially } = deferrable;
    let not = if not { "NOT DEFERRABLE" } else { "DEFERRABLE" };
    match initially {
        None => not.to_owned(),
        Some(Initially::Deferred) => format!("{not} INITIALLY DEFERRED"),
        Some(Initially::Immediate) => format!("{not} INITIALLY IMMEDIATE"),
    }
}

/// The column that a foreign key is written with; `None` where only a constraint of the table can say it.
pub(super) fn column_of<'a>(foreign_key: &'a ForeignKey, table: &Table) -> Option<&'a Name> {
    match foreign_key.columns.as_slice() {
        [only] if foreign_key.inline && foreign_key.parent_columns.len() <= 1 && table.column(only).is_some() => {
            Some(only)
        }
        _ => None,
    }
}

/// Writes a foreign key with its column.
pub(super) fn write_inline(foreign_key: &ForeignKey) -> String {
    format!("{}{}", text::constraint(foreign_key.name.as_ref()), write_reference(foreign_key))
}

/// Writes a foreign key as a constraint of the table.
pub(super) fn write(foreign_key: &ForeignKey) -> String {
    format!(
        "{}FOREIGN KEY ({}) {}",
        text::constraint(foreign_key.name.as_ref()),
        text::quoted_list(&foreign_key.columns),
        write_reference(foreign_key)
    )
}

fn write_reference(foreign_key: &ForeignKey) -> String {
    let ForeignKey {
        name: _,
        columns: _,
        parent,
        parent_columns,
        on_delete,
        on_update,
        match_type,
        deferrable,
        inline: _,
    } = foreign_key;
    let mut parts = vec![format!("REFERENCES {}", parent.quoted())];
    if !parent_columns.is_empty() {
        parts.push(format!("({})", text::quoted_list(parent_columns)));
    }
    for (event, action) in [("DELETE", on_delete), ("UPDATE", on_update)] {
        if *action != Action::NoAction {
            parts.push(format!("ON {event} {}", action.keywords()));
        }
    }
    parts.extend(match_type.as_ref().map(|match_type| format!("MATCH {}", text::bare(match_type))));
    parts.extend(deferrable.map(write_deferrable));
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_a_table_and_perhaps_its_columns() {
        let name = Name::from;
        assert_eq!(read_references("team"), Ok((name("team"), vec![])));
        assert_eq!(read_references("[a team] (\"x\", y)"), Ok((name("a team"), vec![name("x"), name("y")])));
        for text in ["", "team(", "team()", "team(id) ON DELETE CASCADE", "team.id", "table"] {
            assert!(read_references(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_deferrable_clause_reads_as_it_is_written() {
        for not in [false, true] {
            for initially in [None, Some(Initially::Deferred), Some(Initially::Immediate)] {
                let deferrable = Deferrable { not, initially };
                assert_eq!(read_deferrable(&write_deferrable(deferrable)), Ok(deferrable));
            }
        }
        let deferred = Deferrable { not: false, initially: Some(Initially::Deferred) };
        assert_eq!(read_deferrable("initially deferred"), Ok(deferred));
        for text in ["", "NOT", "DEFERRED", "DEFERRABLE DEFERRED", "INITIALLY", "DEFERRABLE INITIALLY DEFERRED x"] {
            assert!(read_deferrable(text).is_err(), "{text}");
        }
    }
}
