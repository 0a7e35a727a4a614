//! What it takes to write tables anew: rows, bytes and room on the disk, told before anything runs.
//!
//! Says nothing of small databases, nor of scripts that fail in a scratch database: the run will.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension};

use crate::database::{Error, Scratch, backup, introspect};
use crate::report::Failure;
use crate::revision::{RevisionId, Target};
use crate::schema::{Name, Schema};

use super::walk::{self, Direction};
use super::{Project, State};

/// A table that a revision writes anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// The revision.
    pub revision: RevisionId,
    /// The table.
    pub table: Name,
    /// Its rows.
    pub rows: u64,
    /// Its bytes, those of its indexes included.
    pub bytes: u64,
}

/// What a walk takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimate {
    /// The tables that are written anew.
    pub rewrites: Vec<Rewrite>,
    /// The bytes that it needs beside the database, at most.
    pub needed: u64,
    /// The bytes that are free there; `None` where the system does not say.
    pub free: Option<u64>,
    /// Where.
    pub folder: PathBuf,
}

impl Estimate {
    /// Whether there may be too little room.
    #[must_use]
    pub fn is_tight(&self) -> bool {
        self.free.is_some_and(|free| free < self.needed)
    }
}

/// Databases smaller than this are written anew in no time.
const LARGE: u64 = 32 << 20;

/// What a walk is going to take.
///
/// # Errors
/// When there is no such walk, or the database cannot be read.
pub fn ahead(
    project: &Project,
    connection: &Connection,
    state: &State,
    direction: Direction,
    target: &Target,
) -> Result<Estimate, Failure> {
    if backup::size(connection)? < LARGE {
        return Ok(Estimate::default());
    }
    let steps = walk::steps(state, &walk::route(state, direction, target)?)?;
    let filter = project.filter()?;
    let actual = introspect::read(connection, &filter)?;
    let Ok(mut scratch) = Scratch::build(&actual) else { return Ok(Estimate::default()) };
    let database = project.database()?;
    let mut estimate = Estimate { folder: folder(&database), ..Estimate::default() };
    for step in &steps {
        let Some(script) = &step.script else { continue };
        let Ok(overwritten) = scratch.run_listening(script.sql()) else { break };
        let after = scratch.schema(&filter)?;
        for table in overwritten.rewritten.iter().filter(|table| is_kept(table, &actual, &after)) {
            let (rows, sizes) = measure(connection, table).map_err(|error| Error::from_sqlite(&database, &error))?;
            let rewrite =
                Rewrite { revision: step.revision.clone(), table: table.clone(), rows, bytes: sizes.iter().sum() };
            estimate.needed = estimate.needed.max(rewrite.bytes);
            estimate.rewrites.push(rewrite);
        }
    }
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let pages = |name: &str| pragma(name).map_err(|error| Error::from_sqlite(&database, &error));
    let reused = u64::from(pages("freelist_count")?) * u64::from(pages("page_size")?);
    // What is written stands in the log first, and then in the file.
    let in_log = if is_write_ahead(connection) { estimate.needed } else { 0 };
    estimate.needed = estimate.needed.saturating_sub(reused) + in_log;
    estimate.free = backup::free_space(&estimate.folder);
    Ok(estimate)
}

fn is_kept(table: &Name, before: &Schema, after: &Schema) -> bool {
    before.tables.contains_key(table) && after.tables.contains_key(table)
}

/// The rows of a table, and the bytes of it and of each of its indexes
/// (<https://www.sqlite.org/dbstat.html>).
fn measure(connection: &Connection, table: &Name) -> rusqlite::Result<(u64, Vec<u64>)> {
    let count = format!("SELECT count(*) FROM main.{}", table.quoted());
    let rows: i64 = connection.query_row(&count, [], |row| row.get(0))?;
    let mut trees = connection.prepare(
        "SELECT name FROM main.sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND rootpage > 0 ORDER BY rowid",
    )?;
    let names: Vec<String> = trees.query_map([table.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut sizes = Vec::new();
    for name in names {
        let size = "SELECT pgsize FROM dbstat WHERE name = ?1 AND aggregate = TRUE";
        let bytes: Option<i64> = connection.query_row(size, [name], |row| row.get(0)).optional()?;
        sizes.push(bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default());
    }
    Ok((u64::try_from(rows).unwrap_or_default(), sizes))
}

fn is_write_ahead(connection: &Connection) -> bool {
    let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
    mode.is_ok_and(|mode| mode.eq_ignore_ascii_case("wal"))
}

/// The folder of a file itself, not of a link to it.
fn folder(database: &std::path::Path) -> PathBuf {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    real.parent().map_or_else(|| PathBuf::from("."), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_measured_with_its_indexes() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (x); CREATE INDEX i ON t (x);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500) INSERT INTO t SELECT randomblob(100) FROM n",
            )
            .unwrap();
        let (rows, sizes) = measure(&connection, &"T".into()).unwrap();
        assert_eq!((rows, sizes.len()), (500, 2));
        assert!(sizes.iter().all(|bytes| (50_000..100_000).contains(bytes)), "{sizes:?}");
    }
}
