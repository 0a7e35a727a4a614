//! Whether scripts delete or write over rows that a database has, by statements of their own: DELETE, UPDATE, REPLACE.
//!
//! Asks SQLite what each statement does; what dropping tables and columns discards is none of it.

use rusqlite::Connection;

use super::Rows;
use crate::database::{self, Filter, Scratch, introspect};
use crate::revision::Section;
use crate::schema::{Name, Schema};
use crate::token::{Token, significant_tokens};

/// Whether scripts, run one after the other, delete or write over anything. What cannot be foreseen is taken for the
/// worst.
///
/// # Errors
/// When the database cannot be read.
pub fn any_of(
    connection: &Connection,
    rows: &Rows<'_>,
    filter: &Filter,
    scripts: &[&Section],
) -> Result<bool, database::Error> {
    if !scripts.iter().any(|script| may(script)) {
        return Ok(false);
    }
    let actual = introspect::read(connection, filter)?;
    if actual.tables.is_empty() && actual.virtual_tables.is_empty() {
        return Ok(false);
    }
    let Ok(mut scratch) = Scratch::build(&actual) else { return Ok(true) };
    let renames_columns = scripts.iter().any(|script| renames_columns(script));
    for script in scripts {
        let Ok(overwritten) = scratch.run_listening(script.sql()) else { return Ok(true) };
        let whole_rows = overwritten.rows.iter().map(|table| (table, "1".to_owned()));
        let is_new =
            |table: &Name, column: &Name| !renames_columns && has_column(&actual, table, column) == Some(false);
        let values = overwritten.values.iter().filter(|(table, column)| !is_new(table, column));
        let values = values.map(|(table, column)| (table, format!("{} IS NOT NULL", column.quoted())));
        if whole_rows.chain(values).any(|(table, condition)| finds_rows(rows, &actual, table, &condition)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a script can delete or write over anything in some database, by its words alone.
#[must_use]
pub fn may(script: &Section) -> bool {
    significant_tokens(script.sql()).any(|token| ["DELETE", "REPLACE", "UPDATE"].iter().any(|word| token.is_word(word)))
}

fn has_column(schema: &Schema, table: &Name, column: &Name) -> Option<bool> {
    schema.tables.get(table).map(|table| table.column(column).is_some())
}

/// Whether a table has rows of a kind; one that got its name on the way may have any, SQLite's own tables hold nothing
/// of a person's.
fn finds_rows(rows: &Rows<'_>, actual: &Schema, table: &Name, condition: &str) -> bool {
    if table.as_str().starts_with("sqlite_") {
        return false;
    }
    if !actual.tables.contains_key(table) && !actual.virtual_tables.contains_key(table) {
        return true;
    }
    let question = format!("SELECT EXISTS (SELECT 1 FROM main.{} WHERE {condition})", table.quoted());
    // A column that got its name on the way may hold any value, too.
    rows.number(&question) != Ok(0)
}

/// Whether a script gives a column another name.
fn renames_columns(script: &Section) -> bool {
    let tokens: Vec<Token<'_>> = significant_tokens(script.sql()).collect();
    tokens.windows(2).any(|pair| pair[0].is_word("RENAME") && !pair[1].is_word("TO"))
}
