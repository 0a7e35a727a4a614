//! How a transaction begins and ends on a server: others are waited for no longer than was said, and what becomes of a
//! COMMIT whose answer does not come is asked of the version table.
//!
//! Runs no script.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::Wait;
use super::error::Error;
use super::hrana::{Batch, Value};
use super::image;
use super::runner::{Ended, PAUSE, Run};
use super::stream::{Stream, Then, understood};
use crate::database::runner::{Event, Op, Problem, Step, Work};
use crate::database::version_table::Applied;
use crate::token::quote_string;

/// What comes after the record of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Open,
    Commit,
    RollBack,
}

/// How long it is asked at least what became of a COMMIT: longer than a server keeps a connection that is given up.
const DOUBT: Duration = Duration::from_secs(20);
/// What a request takes on its way at least.
const ON_THE_WAY: Duration = Duration::from_millis(100);

impl Run<'_, '_> {
    /// Begins a transaction as soon as no other writer is in the way, in a database that is still as it was seen.
    pub(super) fn begin(&mut self, rows: &[Applied], has_table: bool, seen: i64) -> Result<Stream, Ended> {
        let (batch, begin, check) = self.opening(rows, has_table, seen);
        let limit = self.options.run.lock_timeout;
        let start = Instant::now();
        (self.observer)(Event::Working { work: Work::elsewhere("waiting for other writers to finish".to_owned()) });
        let opened = loop {
            let mut stream = self.server.stream();
            // The server waits by itself too; what the request takes on its way is not waiting.
            let left = limit.saturating_sub(start.elapsed()) + (self.round_trip * 2).max(ON_THE_WAY);
            let wait = Wait { limit: Some(left), interrupt: Some(Arc::clone(&self.options.run.interrupt)) };
            let results = match stream.run_within(&batch, Then::Stay, &wait) {
                Ok(results) => results,
                Err(Error::NoAnswer { .. }) => break Err(locked(start.elapsed()).into()),
                Err(error) => break Err(error.into()),
            };
            let Some((at, refusal)) = results.failed else { break Ok(stream) };
            if at == check {
                stream.give_up();
                break Err(Ended::Overtaken);
            }
            let error = understood(refusal);
            if at != begin || !error.is_busy() {
                break Err(error.into());
            }
            if self.is_interrupted() {
                break Err(Problem::Interrupted.into());
            }
            if start.elapsed() >= limit {
                break Err(locked(start.elapsed()).into());
            }
            thread::sleep(PAUSE);
        };
        (self.observer)(Event::Worked);
        opened
    }

    /// The statements that open a transaction, the one that waits for others, and the one that fails where they have
    /// changed the database.
    fn opening(&self, rows: &[Applied], has_table: bool, seen: i64) -> (Batch, usize, usize) {
        let mut batch = Batch::default();
        batch.then("PRAGMA foreign_keys = OFF");
        let begin = batch.then("BEGIN IMMEDIATE");
        let mut as_seen = format!(
            "(SELECT schema_version FROM pragma_schema_version) = {seen} \
             AND (SELECT foreign_keys FROM pragma_foreign_keys) = 0"
        );
        if has_table {
            let revisions: Vec<String> = rows.iter().map(|row| row.revision.to_string()).collect();
            as_seen += " AND ";
            as_seen += &image::stands_at(&self.options.run.version_table, &revisions);
        }
        let check = batch.then(fails_if(&format!("NOT ({as_seen})")));
        batch.otherwise("ROLLBACK");
        (batch, begin, check)
    }

    /// Writes the record and ends the transaction, or leaves it open; the number of the schema then.
    pub(super) fn end(
        &mut self,
        stream: &mut Stream,
        step: &Step,
        record: Vec<String>,
        end: End,
    ) -> Result<i64, Ended> {
        let mut batch = Batch::in_transaction();
        for statement in record {
            batch.then(statement);
        }
        let schema_version = batch.then("SELECT schema_version FROM pragma_schema_version");
        let last = match end {
            End::Open => schema_version,
            End::Commit => batch.then("COMMIT"),
            End::RollBack => batch.then("ROLLBACK"),
        };
        batch.otherwise("ROLLBACK");
        match stream.run(&batch, Then::Stay) {
            Ok(results) if results.is_done(last) => Ok(results.answer(schema_version).integer().unwrap_or_default()),
            Ok(results) => Err(match results.failed {
                Some((at, refusal)) if at <= last => understood(refusal).into(),
                _ => Error::TransactionTimeout.into(),
            }),
            Err(error) if error.is_in_doubt() && end == End::Commit => {
                // A COMMIT that never arrived need not be waited for.
                stream.give_up();
                self.settle(step, error)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Asks what became of a COMMIT whose answer did not come. To write is allowed to nobody else until it is decided,
    /// so that a transaction which begins to write sees how it was.
    fn settle(&mut self, step: &Step, error: Error) -> Result<i64, Ended> {
        let start = Instant::now();
        let limit = self.options.run.lock_timeout.max(DOUBT);
        let rows = loop {
            match self.rows_under_lock() {
                Ok(rows) => break rows,
                Err(_) if start.elapsed() < limit => thread::sleep(PAUSE),
                Err(asked) => {
                    self.applied = None;
                    return Err(Error::InDoubt { why: error.to_string(), asked: asked.to_string() }.into());
                }
            }
        };
        let (schema_version, revisions) = rows;
        let is_recorded = revisions.iter().any(|revision| revision == step.revision.as_str());
        if is_recorded == (step.op == Op::Upgrade) { Ok(schema_version) } else { Err(Ended::Lost(error)) }
    }

    /// The number of the schema, and the revisions of the version table, while nobody can write.
    fn rows_under_lock(&self) -> Result<(i64, Vec<String>), Error> {
        let table = &self.options.run.version_table;
        let mut batch = Batch::default();
        batch.then("BEGIN IMMEDIATE");
        let schema_version = batch.then("SELECT schema_version FROM pragma_schema_version");
        let is_there = batch.then(format!(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = {} COLLATE NOCASE",
            quote_string(table.as_str())
        ));
        let revisions = batch.aside(format!("SELECT \"revision\" FROM {}", table.quoted()));
        batch.then("ROLLBACK");
        batch.otherwise("ROLLBACK");
        let results = self.server.stream().run(&batch, Then::Close)?;
        if let Some((_, refusal)) = results.failed {
            return Err(understood(refusal));
        }
        if results.answer(is_there).integer() != Some(0) && !results.is_done(revisions) {
            return Err(Error::Image { message: format!("the table `{table}` cannot be read") });
        }
        let texts = results.answer(revisions).rows.into_iter().flatten().filter_map(Value::into_text);
        Ok((results.answer(schema_version).integer().unwrap_or_default(), texts.collect()))
    }
}

fn locked(waited: Duration) -> Problem {
    Problem::Locked { waited, at_commit: false }
}

/// A statement that fails where a condition holds: nothing else stops a batch.
pub(super) fn fails_if(condition: &str) -> String {
    format!("SELECT abs(-9223372036854775807 - ({condition}))")
}
