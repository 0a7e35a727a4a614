//! A table, read and written; its indexes are statements of their own.

use crate::schema::{Name, Table};

use super::cursor::Cursor;
use super::error::{Problem, ReadError};
use super::{column, constraint, foreign_key, read_object_name};

/// Reads what follows `CREATE TABLE`.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Table, ReadError> {
    let name = read_object_name(cursor, "the name of the table")?;
    if cursor.is("AS") {
        return Err(cursor.problem(Problem::AsSelect));
    }
    cursor.expect_operator("(")?;
    let mut table = Table::new("");
    table.name = name;
    read_column(cursor, &mut table)?;
    while cursor.accept_operator(",") {
        if is_constraint(cursor) {
            read_constraints(cursor, &mut table)?;
            break;
        }
        read_column(cursor, &mut table)?;
    }
    if !cursor.accept_operator(")") {
        return Err(cursor.unexpected("a constraint, `,` or `)`"));
    }
    read_options(cursor, &mut table)?;
    cursor.end("`WITHOUT ROWID`, `STRICT` or the end")?;
    Ok(table)
}

fn read_column(cursor: &mut Cursor<'_>, table: &mut Table) -> Result<(), ReadError> {
    let name = cursor.name("the name of a column")?;
    let column = column::read_definition(cursor, name, table)?;
    table.columns.push(column);
    Ok(())
}

/// Whether a constraint of the table comes next: none of its first words can name a column.
fn is_constraint(cursor: &Cursor<'_>) -> bool {
    ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| cursor.is(word))
}

/// Reads the constraints of the table; the commas between them may be missing.
fn read_constraints(cursor: &mut Cursor<'_>, table: &mut Table) -> Result<(), ReadError> {
    let mut constraint_name = None;
    loop {
        if cursor.accept("CONSTRAINT") {
            let idle = constraint_name.replace(cursor.name("the name of a constraint")?);
            keep_idle_name(idle, table);
        } else if cursor.is("PRIMARY KEY") {
            constraint::read_primary_key(cursor, constraint_name.take(), table)?;
        } else if cursor.accept("UNIQUE") {
            table.uniques.push(constraint::read_unique(cursor, constraint_name.take())?);
        } else if cursor.accept("CHECK") {
            table.checks.push(constraint::read_check(cursor, constraint_name.take())?);
        } else if cursor.accept("FOREIGN KEY") {
            table.foreign_keys.push(foreign_key::read(cursor, constraint_name.take())?);
        } else {
            return Err(cursor.unexpected("`CONSTRAINT`, `PRIMARY KEY`, `UNIQUE`, `CHECK` or `FOREIGN KEY`"));
        }
        if cursor.accept_operator(",") {
            keep_idle_name(constraint_name.take(), table);
        } else if !is_constraint(cursor) {
            keep_idle_name(constraint_name, table);
            return Ok(());
        }
    }
}

/// Keeps a name without a constraint where it means the same: at the end of the last column.
fn keep_idle_name(name: Option<Name>, table: &mut Table) {
    if let Some(column) = table.columns.last_mut() {
        column.idle_names.extend(name);
    }
}

/// Reads `WITHOUT ROWID` and `STRICT`, in any order.
fn read_options(cursor: &mut Cursor<'_>, table: &mut Table) -> Result<(), ReadError> {
    if cursor.peek().is_none() {
        return Ok(());
    }
    loop {
        if cursor.accept("WITHOUT ROWID") {
            table.without_rowid = true;
        } else if cursor.accept("STRICT") {
            table.strict = true;
        } else {
            return Err(cursor.unexpected("`WITHOUT ROWID` or `STRICT`"));
        }
        if !cursor.accept_operator(",") {
            return Ok(());
        }
    }
}

/// Writes a table, without its indexes and without a `;`.
#[must_use]
pub fn write_table(table: &Table) -> String {
    let Table { name, columns, primary_key, uniques, checks, foreign_keys, without_rowid, strict, indexes: _ } = table;
    let mut lines: Vec<String> = columns.iter().map(|column| column::write_column(table, column)).collect();
    lines.extend(
        primary_key
            .iter()
            .filter(|key| constraint::column_of_primary_key(key, table).is_none())
            .map(constraint::write_primary_key),
    );
    lines.extend(
        uniques
            .iter()
            .filter(|unique| constraint::column_of_unique(unique, table).is_none())
            .map(constraint::write_unique),
    );
    lines.extend(
        checks.iter().filter(|check| constraint::column_of_check(check, table).is_none()).map(constraint::write_check),
    );
    lines
        .extend(foreign_keys.iter().filter(|key| foreign_key::column_of(key, table).is_none()).map(foreign_key::write));
    let options = match (strict, without_rowid) {
        (false, false) => "",
        (true, false) => " STRICT",
        (false, true) => " WITHOUT ROWID",
        (true, true) => " STRICT, WITHOUT ROWID",
    };
    format!("CREATE TABLE {} (\n  {}\n){options}", name.quoted(), lines.join(",\n  "))
}
