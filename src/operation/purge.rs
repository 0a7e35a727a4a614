//! `purge`: the rows and values that revisions have kept aside, counted and discarded for good.

use rusqlite::{Connection, TransactionBehavior};

use crate::database::Error;
use crate::plan::keep::PREFIX;
use crate::report::Failure;
use crate::schema::Name;

/// A table in which a revision keeps what it dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Its name.
    pub name: Name,
    /// How many rows it has.
    pub rows: u64,
    /// How much of the file it takes.
    pub bytes: u64,
}

/// The tables that revisions keep rows and values in, in the order of their creation.
///
/// # Errors
/// When the database cannot be read.
pub fn sides(connection: &Connection) -> Result<Vec<Side>, Failure> {
    read(connection).map_err(|error| failed(connection, &error))
}

/// Drops these tables, all or none. The file keeps its size; SQLite uses the space again.
///
/// # Errors
/// When the database cannot be written.
pub fn drop(connection: &mut Connection, sides: &[Side]) -> Result<(), Failure> {
    let mut run = || {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for side in sides {
            transaction.execute_batch(&format!("DROP TABLE IF EXISTS main.{}", side.name.quoted()))?;
        }
        transaction.commit()
    };
    let outcome = run();
    outcome.map_err(|error| failed(connection, &error))
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<Side>> {
    let names: Vec<String> = connection
        .prepare(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND substr(name, 1, length(?1)) = ?1 ORDER BY rowid",
        )?
        .query_map([PREFIX], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let side = |name: String| {
        let name = Name::new(name);
        let rows = format!("SELECT count(*) FROM main.{}", name.quoted());
        // https://www.sqlite.org/dbstat.html
        let bytes = "SELECT coalesce(sum(pgsize), 0) FROM dbstat('main', 1) WHERE name = ?1";
        let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(Side {
            rows: unsigned(connection.query_row(&rows, [], |row| row.get(0))?),
            bytes: unsigned(connection.query_row(bytes, [name.as_str()], |row| row.get(0))?),
            name,
        })
    };
    names.into_iter().map(side).collect()
}

fn failed(connection: &Connection, error: &rusqlite::Error) -> Failure {
    Error::from_sqlite(connection.path().unwrap_or_default().as_ref(), error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn side_tables_are_counted_and_nothing_else_is_dropped() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (a); CREATE TABLE schemactl_version (a); CREATE TABLE \"schemactl_kept_a_odd \"\"t\" (a); \
                 INSERT INTO \"schemactl_kept_a_odd \"\"t\" VALUES (1), (2); CREATE TABLE schemactlXkept_a_t (a)",
            )
            .unwrap();
        let found = sides(&connection).unwrap();
        assert_eq!(found, [Side { name: Name::from("schemactl_kept_a_odd \"t"), rows: 2, bytes: 4096 }]);
        super::drop(&mut connection, &found).unwrap();
        assert_eq!(sides(&connection).unwrap(), []);
        let left: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 3);
    }
}
