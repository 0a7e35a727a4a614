//! Writes to a database on a server beside revisions: rows of the version table, and what goes with them; the statements of
//! hooks.
//!
//! Runs no script.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;
use super::hrana::{Batch, Value};
use super::image::{self, Image};
use super::runner::PAUSE;
use super::stream::{Then, understood};
use super::transaction::fails_if;
use super::{Server, Wait};
use crate::database::runner::Mirrored;
use crate::database::version_table::Applied;
use crate::schema::Name;

/// What became of statements that each stand for themselves.
#[derive(Debug)]
pub enum Executed {
    /// All of them ran.
    Whole,
    /// All of them ran, and left a transaction open, which was rolled back.
    LeftOpen,
    /// One of them was refused, and those after it did not run.
    Refused {
        /// Which.
        at: usize,
        /// Why.
        error: Error,
    },
}

impl Server {
    /// Runs statements as they stand, each by itself unless they say BEGIN and COMMIT.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub fn execute(&self, statements: &[&str]) -> Result<Executed, Error> {
        let mut batch = Batch::default();
        for statement in statements {
            batch.then(*statement);
        }
        // It goes well only where a transaction is open.
        let left_open = batch.aside("ROLLBACK");
        let results = self.stream().run(&batch, Then::Close)?;
        Ok(match results.failed.clone() {
            Some((at, refusal)) => Executed::Refused { at, error: understood(refusal) },
            None if results.is_done(left_open) => Executed::LeftOpen,
            None => Executed::Whole,
        })
    }

    /// The statements that add what the table of another tool lacks of what is applied.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub fn missing_rows(&self, mirrored: &Mirrored<'_>, applied: &[Applied]) -> Result<Vec<String>, Error> {
        let there = match self.ask(&mirrored.mirror.versions_sql()) {
            Ok(answer) => answer.rows.into_iter().flatten().filter_map(Value::into_text).collect(),
            // The table is not there yet.
            Err(Error::Refused { .. }) => BTreeSet::new(),
            Err(error) => return Err(error),
        };
        Ok(mirrored.missing(&there, applied))
    }

    /// Runs statements in one transaction, in a database whose schema and whose revisions are still as they were seen;
    /// false where others have changed them since.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses a statement. All is rolled back then.
    pub fn amend(
        &self,
        image: &Image,
        table: &Name,
        rows: &[Applied],
        statements: &[String],
        lock_timeout: Duration,
    ) -> Result<bool, Error> {
        let mut batch = Batch::default();
        let begin = batch.then("BEGIN IMMEDIATE");
        let mut as_seen = format!("(SELECT schema_version FROM pragma_schema_version) = {}", image.schema_version);
        if image.has_version_table {
            let revisions: Vec<String> = rows.iter().map(|row| row.revision.to_string()).collect();
            as_seen += " AND ";
            as_seen += &image::stands_at(table, &revisions);
        }
        let check = batch.then(fails_if(&format!("NOT ({as_seen})")));
        for statement in statements {
            batch.then(statement.as_str());
        }
        batch.then("COMMIT");
        batch.otherwise("ROLLBACK");
        let start = Instant::now();
        let wait = Wait { limit: Some(lock_timeout + Duration::from_secs(1)), interrupt: None };
        loop {
            let results = self.stream().run_within(&batch, Then::Close, &wait)?;
            match results.failed {
                None => return Ok(true),
                Some((at, _)) if at == check => return Ok(false),
                Some((at, refusal)) => {
                    let error = understood(refusal);
                    if at != begin || !error.is_busy() || start.elapsed() >= lock_timeout {
                        return Err(error);
                    }
                }
            }
            thread::sleep(PAUSE);
        }
    }
}
