//! What the database has of that which a revision touches, where one is at hand: numbers, no guesses.

use rusqlite::Connection;

use crate::database::gate::{self, Gate, Offending};
use crate::operation::discard::Origins;
use crate::schema::Name;

/// The rows that a revision will find.
pub(super) struct Facts<'a> {
    connection: Option<&'a Connection>,
    /// Where the tables of the schema before the revision stand in the database.
    origins: &'a Origins,
}

impl<'a> Facts<'a> {
    /// The facts of a database; none where there is no database, or the revision has run in it.
    pub fn new(connection: Option<&'a Connection>, origins: &'a Origins) -> Facts<'a> {
        Facts { connection, origins }
    }

    /// How many rows a table has.
    pub fn rows(&self, table: &Name) -> Option<u64> {
        let own = self.origins.table(table)?;
        self.number(&format!("SELECT count(*) FROM {}", own.quoted()))
    }

    /// How many values a column has that are not NULL.
    pub fn values(&self, table: &Name, column: &Name) -> Option<u64> {
        let (own, column) = self.origins.column(table, column)?;
        self.number(&format!("SELECT count({}) FROM {}", column.quoted(), own.quoted()))
    }

    /// The rows that stand in the way of a change, where the database can say. `None` is no answer, `Some(None)` none.
    pub fn offending(&self, gate: &Gate) -> Option<Option<Offending>> {
        // A gate over tables that the revisions before have made or renamed cannot be asked yet.
        self.connection.and_then(|connection| gate::offending_rows(connection, gate).ok())
    }

    /// A database that cannot answer is none: what cannot be counted is not told.
    fn number(&self, sql: &str) -> Option<u64> {
        let number = self.connection?.query_row(sql, [], |row| row.get::<_, i64>(0)).ok()?;
        u64::try_from(number).ok()
    }
}
