//! How much there is to do in a statement that goes through a large table, counted in instructions of SQLite's machine
//! (<https://www.sqlite.org/opcode.html>): the length of each loop of its program times the rows that it goes through.
//!
//! An estimate, for those who wait. Says nothing of small tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, OptionalExtension};

use crate::schema::Name;
use crate::token::{Token, significant_tokens};

/// A statement that takes a while.
#[derive(Debug, Clone)]
pub struct Work {
    /// What it does: ``copying rows of `t` ``.
    pub what: String,
    /// The rows that it goes through; 0 where that is not known.
    pub rows: u64,
    /// The instructions that this takes, about.
    instructions: u64,
    done: Arc<AtomicU64>,
}

impl PartialEq for Work {
    fn eq(&self, other: &Work) -> bool {
        (&self.what, self.rows, self.instructions) == (&other.what, other.rows, other.instructions)
    }
}

/// From this many rows on a statement can take a while.
const MANY: u64 = 10_000;

impl Work {
    /// How many rows are done by now, about; can be asked from another thread.
    #[must_use]
    pub fn rows_done(&self) -> u64 {
        let part = u128::from(self.done.load(Ordering::Relaxed)) * u128::from(self.rows);
        let rows = part / u128::from(self.instructions.max(1));
        u64::try_from(rows).unwrap_or(u64::MAX).min(self.rows)
    }

    /// The work of a statement, where one of these tables that it goes through has many rows; `done` counts the
    /// instructions of the statement that runs. What cannot be told is not shown.
    pub(super) fn of(
        connection: &Connection,
        statement: &str,
        rows: &BTreeMap<Name, i64>,
        done: &Arc<AtomicU64>,
    ) -> Option<Work> {
        let is_large = |rows: &i64| u64::try_from(*rows).is_ok_and(|rows| rows >= MANY);
        // Some pragmas act even where they are only explained.
        let is_plain = significant_tokens(statement).next().is_some_and(|first| !first.is_word("PRAGMA"));
        if !is_plain || !rows.values().any(is_large) {
            return None;
        }
        Work::foreseen(connection, statement, rows, done).ok().flatten()
    }

    /// Work that another program does, and of which nothing is known until it is done.
    #[must_use]
    pub fn elsewhere(what: String) -> Work {
        Work { what, rows: 0, instructions: 0, done: Arc::default() }
    }

    /// The work of a rebuild that is more than one statement, most of which is the copying.
    pub(super) fn rebuilding(
        table: &Name,
        columns: usize,
        rows: &BTreeMap<Name, i64>,
        done: &Arc<AtomicU64>,
    ) -> Option<Work> {
        let rows = rows.get(table).and_then(|rows| u64::try_from(*rows).ok()).filter(|rows| *rows >= MANY)?;
        // A row is read and written column by column, and handed from one part of the program to the other.
        let instructions = rows * (2 * columns as u64 + 9);
        Some(Work { what: format!("rebuilding `{table}`"), rows, instructions, done: Arc::clone(done) })
    }

    fn foreseen(
        connection: &Connection,
        statement: &str,
        rows: &BTreeMap<Name, i64>,
        done: &Arc<AtomicU64>,
    ) -> rusqlite::Result<Option<Work>> {
        let mut instructions = 0;
        let mut largest: Option<(Name, u64)> = None;
        for (length, root) in loops(connection, statement)? {
            let passed = match root {
                // What is sorted or handed on was read before.
                None => largest.as_ref().map(|(_, rows)| *rows),
                Some(root) => {
                    let table = table_at(connection, root)?;
                    let number =
                        table.as_ref().and_then(|table| rows.get(table)).and_then(|rows| u64::try_from(*rows).ok());
                    if let (Some(table), Some(number)) = (table, number)
                        && largest.as_ref().is_none_or(|(_, most)| number > *most)
                    {
                        largest = Some((table, number));
                    }
                    number
                }
            };
            instructions += length * passed.unwrap_or_default();
        }
        let large = largest.filter(|(_, rows)| *rows >= MANY);
        let done = Arc::clone(done);
        Ok(large.map(|(table, rows)| Work { what: doing(statement, &table), rows, instructions, done }))
    }
}

/// The loops of a statement's program: how many instructions long, and the root page of what is gone through; none for
/// what is sorted, and for rows that one part of the program hands to the other.
fn loops(connection: &Connection, statement: &str) -> rusqlite::Result<Vec<(u64, Option<i64>)>> {
    let mut explained = connection.prepare(&format!("EXPLAIN {statement}"))?;
    let mut rows = explained.query([])?;
    let mut roots: BTreeMap<i64, i64> = BTreeMap::new();
    let mut loops = Vec::new();
    while let Some(row) = rows.next()? {
        let (address, cursor, target): (i64, i64, i64) = (row.get(0)?, row.get(2)?, row.get(3)?);
        match row.get::<_, String>(1)?.as_str() {
            "OpenRead" | "OpenWrite" => {
                roots.insert(cursor, target);
            }
            "Next" | "Prev" | "SorterNext" if target < address => {
                loops.push((address.abs_diff(target) + 1, roots.get(&cursor).copied()));
            }
            // Every program begins with a jump to its end, which jumps back to its second instruction.
            "Goto" if target > 1 && target < address => loops.push((address.abs_diff(target) + 1, None)),
            _ => {}
        }
    }
    Ok(loops)
}

/// The table that a page is the root of, or whose index it is the root of.
fn table_at(connection: &Connection, root: i64) -> rusqlite::Result<Option<Name>> {
    let sql = "SELECT tbl_name FROM main.sqlite_schema WHERE rootpage = ?1";
    connection.query_row(sql, [root], |row| row.get::<_, String>(0)).optional().map(|name| name.map(Name::new))
}

/// What a statement does to a table, for people.
fn doing(statement: &str, table: &Name) -> String {
    let tokens: Vec<Token<'_>> = significant_tokens(statement).take(5).collect();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
    match () {
        () if is(0, "INSERT") || is(0, "REPLACE") => format!("copying rows of `{table}`"),
        () if is(0, "CREATE") && (is(1, "INDEX") || is(2, "INDEX")) => format!("building an index of `{table}`"),
        () if is(0, "UPDATE") => format!("updating rows of `{table}`"),
        () if is(0, "DELETE") => format!("deleting rows of `{table}`"),
        () if is(0, "ALTER") => format!("rewriting `{table}`"),
        () => format!("going through `{table}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instructions_of_copies_and_indexes_are_foreseen() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); CREATE TABLE new (id INTEGER PRIMARY KEY, a, b NOT NULL);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) INSERT INTO t SELECT i, i, -i FROM n",
            )
            .unwrap();
        let rows = BTreeMap::from([(Name::from("t"), 50_000)]);
        let done: Arc<AtomicU64> = Arc::default();
        let counted = Arc::clone(&done);
        let count = move || {
            counted.fetch_add(100, Ordering::Relaxed);
            false
        };
        connection.progress_handler(100, Some(count)).unwrap();
        for (statement, what) in [
            ("INSERT INTO new (id, a, b) SELECT id, a, b FROM t", "copying rows of `t`"),
            ("CREATE INDEX i ON t (a, b)", "building an index of `t`"),
            ("UPDATE t SET a = b", "updating rows of `t`"),
        ] {
            let work = Work::of(&connection, statement, &rows, &done).expect("work");
            assert_eq!((work.what.as_str(), work.rows), (what, 50_000));
            done.store(0, Ordering::Relaxed);
            connection.execute_batch(statement).unwrap();
            let taken = done.load(Ordering::Relaxed);
            assert!(
                taken * 10 > work.instructions * 8 && taken * 10 < work.instructions * 12,
                "{what}: {taken} of {work:?}"
            );
        }
        let few = BTreeMap::from([(Name::from("t"), 9)]);
        assert_eq!(Work::of(&connection, "UPDATE t SET a = b", &few, &done), None);
    }
}
