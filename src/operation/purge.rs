//! `purge`: the rows and values that revisions have kept aside, counted and discarded for good.

use std::time::Duration;

use rusqlite::Connection;

use super::{Database, Project, Rows};
use crate::database::{Access, Error};
use crate::libsql::Executed;
use crate::plan::keep::PREFIX;
use crate::report::{Class, Diagnostic, Failure};
use crate::schema::Name;
use crate::token::quote_string;

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

/// The tables that revisions keep rows and values in, in the order of their creation. Of a database on a server the
/// connection is the image.
///
/// # Errors
/// When the database cannot be read.
pub fn sides(connection: &Connection, rows: &Rows<'_>) -> Result<Vec<Side>, Failure> {
    let number = |question: &str| {
        let number = rows.number(question).map_err(|words| {
            let found = format!("cannot count what was kept aside: {words}");
            Failure::new(Class::Database, Diagnostic::new("not_counted", found))
        })?;
        Ok::<_, Failure>(u64::try_from(number).unwrap_or_default())
    };
    let side = |name: Name| {
        // https://www.sqlite.org/dbstat.html
        let bytes = format!(
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat('main', 1) WHERE name = {}",
            quote_string(name.as_str())
        );
        Ok(Side {
            rows: number(&format!("SELECT count(*) FROM main.{}", name.quoted()))?,
            bytes: number(&bytes)?,
            name,
        })
    };
    names(connection).map_err(|error| failed(connection, &error))?.into_iter().map(side).collect()
}

/// Drops these tables, all or none; false where there is no database. The file keeps its size; SQLite uses the space again.
///
/// # Errors
/// When the database cannot be written.
pub fn drop(project: &Project, sides: &[Side], lock_timeout: Duration) -> Result<bool, Failure> {
    let drops = sides.iter().map(|side| format!("DROP TABLE IF EXISTS main.{}", side.name.quoted()));
    let begin = std::iter::once("BEGIN IMMEDIATE".to_owned());
    let statements: Vec<String> = begin.chain(drops).chain(["COMMIT".to_owned()]).collect();
    if let Database::Server(server) = project.place()? {
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        return match server.execute(&statements)? {
            Executed::Refused { error, .. } => Err(error.into()),
            Executed::Whole | Executed::LeftOpen => Ok(true),
        };
    }
    let Some(connection) = project.connect(Access::Write, lock_timeout)? else { return Ok(false) };
    // What fails is rolled back with the connection.
    let mut statements = statements.iter();
    let outcome = statements.try_for_each(|statement| connection.execute_batch(statement));
    outcome.map(|()| true).map_err(|error| failed(&connection, &error))
}

fn names(connection: &Connection) -> rusqlite::Result<Vec<Name>> {
    connection
        .prepare(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND substr(name, 1, length(?1)) = ?1 ORDER BY rowid",
        )?
        .query_map([PREFIX], |row| row.get::<_, String>(0).map(Name::new))?
        .collect()
}

fn failed(connection: &Connection, error: &rusqlite::Error) -> Failure {
    Error::from_sqlite(connection.path().unwrap_or_default().as_ref(), error).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Settings;

    #[test]
    fn side_tables_are_counted_and_nothing_else_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (a); CREATE TABLE schemactl_version (a); CREATE TABLE \"schemactl_kept_a_odd \"\"t\" (a); \
                 INSERT INTO \"schemactl_kept_a_odd \"\"t\" VALUES (1), (2); CREATE TABLE schemactlXkept_a_t (a)",
            )
            .unwrap();
        let found = sides(&connection, &Rows::Local(&connection)).unwrap();
        assert_eq!(found, [Side { name: Name::from("schemactl_kept_a_odd \"t"), rows: 2, bytes: 4096 }]);
        let project = Project::new(Settings::default(), Some(path.to_str().unwrap().to_owned()));
        assert!(super::drop(&project, &found, Duration::ZERO).unwrap());
        assert_eq!(sides(&connection, &Rows::Local(&connection)).unwrap(), []);
        let left: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 3);
    }
}
