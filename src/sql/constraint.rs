//! Keys, uniqueness and checks, read and written with a column or as constraints of the table.

use std::ops::Range;

use crate::schema::{
    Check, ConflictClause, Expression, IndexKey, IndexTerm, KeyColumn, Name, PrimaryKey, Table, Unique,
};

use super::cursor::Cursor;
use super::error::{Problem, ReadError};
use super::{index, text};

/// Reads `[ON CONFLICT …]` (<https://www.sqlite.org/lang_conflict.html>).
pub(super) fn read_conflict(cursor: &mut Cursor<'_>) -> Result<Option<ConflictClause>, ReadError> {
    if !cursor.accept("ON CONFLICT") {
        return Ok(None);
    }
    match cursor.peek().and_then(|token| ConflictClause::from_keyword(token.text)) {
        Some(clause) => {
            cursor.take();
            Ok(Some(clause))
        }
        None => Err(cursor.unexpected("`ROLLBACK`, `ABORT`, `FAIL`, `IGNORE` or `REPLACE`")),
    }
}

/// Reads `PRIMARY KEY [ASC|DESC] [ON CONFLICT …] [AUTOINCREMENT]` into the table.
pub(super) fn read_inline_primary_key(
    cursor: &mut Cursor<'_>,
    name: Option<Name>,
    column: &Name,
    table: &mut Table,
) -> Result<(), ReadError> {
    expect_primary_key(cursor, table)?;
    let descending = cursor.accept("DESC");
    if !descending {
        cursor.accept("ASC");
    }
    let columns = vec![KeyColumn { name: column.clone(), collate: None, descending }];
    let on_conflict = read_conflict(cursor)?;
    let autoincrement = cursor.accept("AUTOINCREMENT");
    table.primary_key = Some(PrimaryKey { name, columns, on_conflict, autoincrement, inline: true });
    Ok(())
}

/// Reads `PRIMARY KEY (a, b DESC [AUTOINCREMENT]) [ON CONFLICT …]` into the table.
pub(super) fn read_primary_key(
    cursor: &mut Cursor<'_>,
    name: Option<Name>,
    table: &mut Table,
) -> Result<(), ReadError> {
    expect_primary_key(cursor, table)?;
    let (columns, autoincrement) = read_key_columns(cursor, true)?;
    let on_conflict = read_conflict(cursor)?;
    table.primary_key = Some(PrimaryKey { name, columns, on_conflict, autoincrement, inline: false });
    Ok(())
}

fn expect_primary_key(cursor: &mut Cursor<'_>, table: &Table) -> Result<(), ReadError> {
    if table.primary_key.is_some() {
        return Err(cursor.problem(Problem::SecondPrimaryKey));
    }
    cursor.expect("PRIMARY KEY")
}

/// Reads what follows `UNIQUE` on a column.
pub(super) fn read_inline_unique(
    cursor: &mut Cursor<'_>,
    name: Option<Name>,
    column: &Name,
) -> Result<Unique, ReadError> {
    let columns = vec![KeyColumn { name: column.clone(), collate: None, descending: false }];
    Ok(Unique { name, columns, on_conflict: read_conflict(cursor)?, inline: true })
}

/// Reads what follows `UNIQUE` in a constraint of the table.
pub(super) fn read_unique(cursor: &mut Cursor<'_>, name: Option<Name>) -> Result<Unique, ReadError> {
    let (columns, _) = read_key_columns(cursor, false)?;
    Ok(Unique { name, columns, on_conflict: read_conflict(cursor)?, inline: false })
}

/// Reads what follows `CHECK` on a column, where SQLite takes no `ON CONFLICT`.
pub(super) fn read_inline_check(
    cursor: &mut Cursor<'_>,
    name: Option<Name>,
    column: &Name,
) -> Result<Check, ReadError> {
    let expression = Expression::without_parentheses(cursor.parentheses()?);
    Ok(Check { name, expression, on_conflict: None, inline: Some(column.clone()) })
}

/// Reads what follows `CHECK` in a constraint of the table.
pub(super) fn read_check(cursor: &mut Cursor<'_>, name: Option<Name>) -> Result<Check, ReadError> {
    let expression = Expression::without_parentheses(cursor.parentheses()?);
    Ok(Check { name, expression, on_conflict: read_conflict(cursor)?, inline: None })
}

/// Reads `(a, b COLLATE NOCASE DESC)` and whether AUTOINCREMENT stands in it.
fn read_key_columns(cursor: &mut Cursor<'_>, may_increment: bool) -> Result<(Vec<KeyColumn>, bool), ReadError> {
    cursor.expect_operator("(")?;
    let mut columns = Vec::new();
    loop {
        let place = cursor.unexpected("a column");
        let item = cursor.list_item().to_vec();
        let (item, autoincrement) = match item.split_last() {
            Some((last, before)) if may_increment && last.is_word("AUTOINCREMENT") => (before, true),
            _ => (item.as_slice(), false),
        };
        if item.is_empty() {
            return Err(place);
        }
        columns.push(key_column(index::term(cursor.text(), item)?, item[0].span())?);
        if !autoincrement && cursor.accept_operator(",") {
            continue;
        }
        return if cursor.accept_operator(")") {
            Ok((columns, autoincrement))
        } else {
            Err(cursor.unexpected("`,` or `)`"))
        };
    }
}

fn key_column(term: IndexTerm, span: Range<usize>) -> Result<KeyColumn, ReadError> {
    let IndexTerm { key, collate, descending } = term;
    match key {
        IndexKey::Column(name) => Ok(KeyColumn { name, collate, descending }),
        // They are values where an expression can stand, and names where none can.
        IndexKey::Expression(word) if ["TRUE", "FALSE"].iter().any(|name| word.as_str().eq_ignore_ascii_case(name)) => {
            Ok(KeyColumn { name: Name::new(word.as_str()), collate, descending })
        }
        IndexKey::Expression(_) => Err(ReadError { problem: Problem::ExpressionInKey, span }),
    }
}

/// Reads one column of a key: `name COLLATE NOCASE DESC`.
pub fn read_key_column(text: &str) -> Result<KeyColumn, ReadError> {
    key_column(index::read_index_term(text)?, 0..text.len())
}

/// Writes one column of a key.
#[must_use]
pub fn write_key_column(column: &KeyColumn) -> String {
    let KeyColumn { name, collate, descending } = column;
    let descending = if *descending { " DESC" } else { "" };
    format!("{}{}{descending}", name.quoted(), text::collate(collate.as_ref()))
}

fn write_key_columns(columns: &[KeyColumn]) -> String {
    columns.iter().map(write_key_column).collect::<Vec<_>>().join(", ")
}

/// The column that a primary key is written with; `None` where only a constraint of the table can say it.
pub(super) fn column_of_primary_key<'a>(key: &'a PrimaryKey, table: &Table) -> Option<&'a Name> {
    match key.columns.as_slice() {
        [only] if key.inline && only.collate.is_none() && table.column(&only.name).is_some() => Some(&only.name),
        _ => None,
    }
}

/// The same of a UNIQUE constraint.
pub(super) fn column_of_unique<'a>(unique: &'a Unique, table: &Table) -> Option<&'a Name> {
    match unique.columns.as_slice() {
        [only] if unique.inline && only.collate.is_none() && !only.descending => {
            table.column(&only.name).is_some().then_some(&only.name)
        }
        _ => None,
    }
}

/// The same of a CHECK constraint.
pub(super) fn column_of_check<'a>(check: &'a Check, table: &Table) -> Option<&'a Name> {
    check.inline.as_ref().filter(|column| check.on_conflict.is_none() && table.column(column).is_some())
}

/// Writes a primary key with its column.
pub(super) fn write_inline_primary_key(key: &PrimaryKey) -> String {
    let PrimaryKey { name, columns, on_conflict, autoincrement, inline: _ } = key;
    format!(
        "{}PRIMARY KEY{}{}{}",
        text::constraint(name.as_ref()),
        if columns.iter().any(|column| column.descending) { " DESC" } else { "" },
        text::on_conflict(*on_conflict),
        if *autoincrement { " AUTOINCREMENT" } else { "" },
    )
}

/// Writes a primary key as a constraint of the table.
pub(super) fn write_primary_key(key: &PrimaryKey) -> String {
    let PrimaryKey { name, columns, on_conflict, autoincrement, inline: _ } = key;
    format!(
        "{}PRIMARY KEY ({}{}){}",
        text::constraint(name.as_ref()),
        write_key_columns(columns),
        if *autoincrement { " AUTOINCREMENT" } else { "" },
        text::on_conflict(*on_conflict),
    )
}

/// Writes a UNIQUE constraint with its column.
pub(super) fn write_inline_unique(unique: &Unique) -> String {
    let Unique { name, columns: _, on_conflict, inline: _ } = unique;
    format!("{}UNIQUE{}", text::constraint(name.as_ref()), text::on_conflict(*on_conflict))
}

/// Writes a UNIQUE constraint of the table.
pub(super) fn write_unique(unique: &Unique) -> String {
    let Unique { name, columns, on_conflict, inline: _ } = unique;
    format!(
        "{}UNIQUE ({}){}",
        text::constraint(name.as_ref()),
        write_key_columns(columns),
        text::on_conflict(*on_conflict)
    )
}

/// Writes a CHECK constraint, with its column or of the table.
pub(super) fn write_check(check: &Check) -> String {
    let Check { name, expression, on_conflict, inline: _ } = check;
    format!(
        "{}CHECK ({}){}",
        text::constraint(name.as_ref()),
        text::without_comments(expression.as_str()),
        text::on_conflict(*on_conflict)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_column_is_a_column() {
        let column = read_key_column("name COLLATE NOCASE DESC").unwrap();
        assert_eq!(write_key_column(&column), "\"name\" COLLATE NOCASE DESC");
        assert_eq!(read_key_column("true"), Ok(KeyColumn::new("true")));
        assert_eq!(read_key_column("lower(a)").unwrap_err().problem, Problem::ExpressionInKey);
        assert_eq!(read_key_column("'a'"), Ok(KeyColumn::new("a")));
    }
}
