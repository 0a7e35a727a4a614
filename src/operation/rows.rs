//! Questions about rows, put to where the rows are.

use rusqlite::Connection;

use crate::database::gate::{self, Gate, Offending};
use crate::libsql::Server;

/// Where the rows of a database are.
#[derive(Debug)]
pub enum Rows<'a> {
    /// On this connection.
    Local(&'a Connection),
    /// On a server.
    Remote(Server),
}

impl Rows<'_> {
    /// Asks a gate; nothing where it is open.
    ///
    /// # Errors
    /// SQLite's or the server's words.
    pub fn offending(&self, gate: &Gate) -> Result<Option<Offending>, String> {
        match self {
            Rows::Local(connection) => gate::offending_rows(connection, gate).map_err(|error| error.to_string()),
            Rows::Remote(server) => server.offending_rows(gate).map_err(|error| error.to_string()),
        }
    }

    /// The number that a question comes to.
    ///
    /// # Errors
    /// SQLite's or the server's words.
    pub fn number(&self, question: &str) -> Result<i64, String> {
        match self {
            Rows::Local(connection) => {
                connection.query_row(question, [], |row| row.get(0)).map_err(|error| error.to_string())
            }
            Rows::Remote(server) => match server.ask(question) {
                Ok(answer) => answer.integer().ok_or_else(|| "the server gives no number".to_owned()),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}
