//! The rows of another tool's table.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::Error;
use crate::database::Tool;
use crate::token::quote_name;

/// A row: the values of the columns that were asked for.
pub(super) struct Row(Vec<Value>);

impl Row {
    /// A value, by its place in the question.
    pub fn value(&self, place: usize) -> &Value {
        self.0.get(place).unwrap_or(&Value::Null)
    }

    /// A value as text, whatever its type; empty for NULL.
    pub fn text(&self, place: usize) -> String {
        match self.value(place) {
            Value::Null => String::new(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            Value::Blob(bytes) => hex(bytes),
        }
    }

    /// Whether a value is true, as SQLite and those tools write it that write words.
    pub fn is_true(&self, place: usize) -> bool {
        match self.value(place) {
            Value::Integer(number) => *number != 0,
            Value::Text(text) => text == "1" || text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    pub fn is_null(&self, place: usize) -> bool {
        *self.value(place) == Value::Null
    }
}

/// Bytes as digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The table in which a tool keeps its account of a database.
pub struct Table<'a> {
    connection: &'a Connection,
    tool: Tool,
    name: String,
}

impl<'a> Table<'a> {
    /// The table of a tool under a name that somebody has given it.
    #[must_use]
    pub fn named(connection: &'a Connection, tool: Tool, name: &str) -> Table<'a> {
        Table { connection, tool, name: name.to_owned() }
    }

    /// The table of a tool under its usual name.
    #[must_use]
    pub fn usual(connection: &'a Connection, tool: Tool) -> Table<'a> {
        Table::named(connection, tool, tool.table().unwrap_or_default())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its columns, in lower case; none where there is no such table.
    pub(super) fn columns(&self) -> Result<Vec<String>, Error> {
        columns(self.connection, &self.name).map_err(|error| self.failed(&error))
    }

    /// The rows of a question, which names the table `{table}`; none where there is no such table.
    pub(super) fn ask(&self, question: &str) -> Result<Vec<Row>, Error> {
        if self.columns()?.is_empty() {
            return Ok(Vec::new());
        }
        let question = question.replace("{table}", &quote_name(&self.name));
        let mut statement = self.connection.prepare(&question).map_err(|error| self.failed(&error))?;
        let width = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| (0..width).map(|place| row.get(place)).collect::<Result<_, _>>().map(Row);
        statement.query_map([], read).and_then(Iterator::collect).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        Error::Table { tool: self.tool, message: error.to_string() }
    }
}

/// The columns of a table, in lower case; none where there is no such table.
pub(super) fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT lower(name) FROM pragma_table_xinfo(?1, 'main')")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}
