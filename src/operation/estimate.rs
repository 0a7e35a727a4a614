//! What it takes to write tables anew: rows, bytes and room on the disk, told before anything runs.
//!
//! Says nothing of small databases, nor of scripts that fail in a scratch database: the run will.

use std::path::PathBuf;

use rusqlite::Connection;

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
            let (rows, bytes) = measure(connection, table).map_err(|error| Error::from_sqlite(&database, &error))?;
            let rewrite = Rewrite { revision: step.revision.clone(), table: table.clone(), rows, bytes };
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

/// The rows of a table, and the bytes of it and of its indexes. Where it is most of the file, all others are measured in
/// its place: to measure is to read all pages (<https://www.sqlite.org/dbstat.html>).
fn measure(connection: &Connection, table: &Name) -> rusqlite::Result<(u64, u64)> {
    let count = format!("SELECT count(*) FROM main.{}", table.quoted());
    let rows: i64 = connection.query_row(&count, [], |row| row.get(0))?;
    let mut trees = connection
        .prepare("SELECT name, type, tbl_name = ?1 COLLATE NOCASE FROM main.sqlite_schema WHERE rootpage > 0")?;
    let trees: Vec<Tree> = trees
        .query_map([table.as_str()], |row| {
            Ok(Tree { name: row.get(0)?, is_table: row.get::<_, String>(1)? == "table", is_own: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    let size = |name: &str| {
        let sql = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?1 AND aggregate = TRUE";
        connection.query_row(sql, [name], |row| row.get::<_, i64>(0))
    };
    let is_most = is_most(connection, &trees, rows);
    let measured = trees.iter().filter(|tree| tree.is_own != is_most);
    let measured = measured.map(|tree| size(&tree.name)).sum::<rusqlite::Result<i64>>()?;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let bytes = if is_most {
        let pages = pragma("page_count")? - pragma("freelist_count")?;
        pages * pragma("page_size")? - measured - size("sqlite_schema")?
    } else {
        measured
    };
    let number = |number| u64::try_from(number).unwrap_or_default();
    Ok((number(rows), number(bytes)))
}

/// A table or an index.
struct Tree {
    name: String,
    is_table: bool,
    /// Whether it belongs to the table in question.
    is_own: bool,
}

/// How many others there may be, at most, to be looked through one by one.
const FEW: usize = 200;

/// Whether a table has more rows than all others together, as far as that can be told without going through them.
fn is_most(connection: &Connection, trees: &[Tree], rows: i64) -> bool {
    let largest = |tree: &Tree| -> Option<i64> {
        let sql = format!("SELECT coalesce(max(rowid), 0) FROM main.{}", Name::new(&tree.name).quoted());
        connection.query_row(&sql, [], |row| row.get(0)).ok()
    };
    let mut others = trees.iter().filter(|tree| tree.is_table && !tree.is_own);
    let total = others.try_fold(0_i64, |total, other| total.checked_add(largest(other)?));
    trees.len() < FEW && total.is_some_and(|total| total < rows)
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
    fn a_table_is_measured_with_its_indexes_whichever_way_is_shorter() {
        let connection = Connection::open_in_memory().unwrap();
        let fill = |table: &str, rows: u32| {
            let sql = format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows}) INSERT INTO {table} SELECT randomblob(100) FROM n"
            );
            connection.execute_batch(&sql).unwrap();
        };
        connection.execute_batch("CREATE TABLE t (x); CREATE INDEX i ON t (x); CREATE TABLE u (x UNIQUE)").unwrap();
        fill("t", 500);
        let (rows, alone) = measure(&connection, &"T".into()).unwrap();
        fill("u", 400);
        let (_, beside_fewer) = measure(&connection, &"t".into()).unwrap();
        fill("u", 400);
        let (_, beside_more) = measure(&connection, &"t".into()).unwrap();
        assert_eq!((rows, alone, alone), (500, beside_fewer, beside_more));
        assert!((100_000..200_000).contains(&alone), "{alone}");
    }
}
