//! SQL text to schema and back, an object per file, each read and written in one place.
//!
//! Reads what SQLite's own grammar takes in `CREATE TABLE`, `INDEX`, `VIEW`, `TRIGGER` and `VIRTUAL TABLE`, refuses
//! the rest with its place, and takes all of the text: nothing is dropped silently. Expressions and bodies are kept as
//! they were written. Whether columns and tables that they name exist is for SQLite to say.
//!
//! Law: `read(write(object)) == object` for everything that reading gives, and SQLite sees the same in both texts.

mod column;
mod constraint;
mod cursor;
mod error;
mod fingerprint;
mod foreign_key;
mod index;
mod table;
mod text;
mod trigger;
mod view;
mod virtual_table;

#[cfg(test)]
mod differential;

use crate::schema::{Index, Name, Table, Trigger, View, VirtualTable};

pub use column::{ColumnDefinition, read_column, write_column, write_definition};
pub use constraint::{read_key_column, write_key_column};
pub use error::{Problem, ReadError};
pub use fingerprint::fingerprint;
pub use foreign_key::{read_deferrable, read_references, write_deferrable};
pub use index::{read_index_term, write_index, write_index_term};
pub use table::write_table;
pub use trigger::write_trigger;
pub use view::write_view;
pub use virtual_table::write_virtual_table;

use cursor::Cursor;

/// What one CREATE statement makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `CREATE TABLE`
    Table(Table),
    /// `CREATE INDEX`
    Index {
        /// The table that it stands on.
        table: Name,
        /// The index.
        index: Index,
    },
    /// `CREATE VIEW`
    View(View),
    /// `CREATE TRIGGER`
    Trigger(Trigger),
    /// `CREATE VIRTUAL TABLE`
    VirtualTable(VirtualTable),
}

/// Reads one CREATE statement, as `sqlite_schema` stores it or a person types it.
///
/// A `;` at the end, `IF NOT EXISTS` and `main.` before the name are taken and mean nothing here.
pub fn read(sql: &str) -> Result<Statement, ReadError> {
    let mut cursor = Cursor::of_statement(sql)?;
    cursor.expect("CREATE")?;
    if cursor.is("TEMP") || cursor.is("TEMPORARY") {
        return Err(cursor.problem(Problem::Temporary));
    }
    if cursor.accept("TRIGGER") {
        return trigger::read(&mut cursor).map(Statement::Trigger);
    }
    if let Some(mark) = cursor.rest().iter().find(|token| token.is_operator(";")) {
        return Err(ReadError { problem: Problem::SecondStatement, span: mark.span() });
    }
    if cursor.accept("TABLE") {
        table::read(&mut cursor).map(Statement::Table)
    } else if cursor.is("UNIQUE") || cursor.is("INDEX") {
        index::read(&mut cursor).map(|(table, index)| Statement::Index { table, index })
    } else if cursor.accept("VIEW") {
        view::read(&mut cursor).map(Statement::View)
    } else if cursor.accept("VIRTUAL TABLE") {
        virtual_table::read(&mut cursor).map(Statement::VirtualTable)
    } else {
        Err(cursor.unexpected("`TABLE`, `INDEX`, `VIEW`, `TRIGGER` or `VIRTUAL TABLE`"))
    }
}

/// Reads `[IF NOT EXISTS] [main.]name`.
fn read_object_name(cursor: &mut Cursor<'_>, what: &str) -> Result<Name, ReadError> {
    cursor.accept("IF NOT EXISTS");
    let place = cursor.peek();
    let name = cursor.name(what)?;
    if !cursor.accept_operator(".") {
        return Ok(name);
    }
    match place {
        Some(token) if name == *"temp" => Err(ReadError { problem: Problem::Temporary, span: token.span() }),
        Some(token) if name != *"main" => Err(ReadError { problem: Problem::OtherDatabase(name), span: token.span() }),
        _ => cursor.name(what),
    }
}
