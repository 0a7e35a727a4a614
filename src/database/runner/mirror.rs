//! What the runner writes into the table of another tool, in the same transaction as its own rows.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::Connection;

use super::{Applied, Kind, Op, Problem, Runner, Step};
use crate::mirror::{Mirror, Row};
use crate::report::Report;
use crate::revision::RevisionId;

/// The other tool, and what it knows of revisions.
#[derive(Clone, Copy)]
pub struct Mirrored<'a> {
    /// The tool.
    pub mirror: Mirror,
    /// The row of a revision; none of one for which there is no script there.
    pub row: &'a RowOf<'a>,
}

/// Gives the row of a revision in the table of another tool.
pub type RowOf<'a> = dyn Fn(&RevisionId) -> Result<Option<Row>, Box<dyn Report>> + 'a;

impl Mirrored<'_> {
    /// The statements that a step means for the other tool's table.
    ///
    /// # Errors
    /// When it cannot be told which row is meant.
    pub fn statements(&self, step: &Step, now: &str, duration: Duration) -> Result<Vec<String>, Box<dyn Report>> {
        let mut statements = vec![self.mirror.create_sql().to_owned()];
        for replaced in &step.replaces {
            statements.extend((self.row)(replaced)?.map(|row| self.mirror.delete_sql(&row)));
        }
        let row = (self.row)(&step.revision)?;
        statements.extend(row.map(|row| match step.op {
            Op::Upgrade => {
                let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
                self.mirror.insert_sql(&row, now, step.script.as_ref().map(|_| nanoseconds))
            }
            Op::Downgrade => self.mirror.delete_sql(&row),
        }));
        Ok(statements)
    }

    /// Adds what the other tool's table lacks of what is applied, since it may be kept along only since now; gives the
    /// number of rows.
    ///
    /// # Errors
    /// When SQLite cannot write.
    pub fn complete(&self, connection: &Connection, applied: &[Applied]) -> rusqlite::Result<usize> {
        connection.execute_batch(self.mirror.create_sql())?;
        let mut versions = connection.prepare(&self.mirror.versions_sql())?;
        let there: BTreeSet<String> = versions.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let missing = self.missing(&there, applied);
        missing.iter().try_for_each(|sql| connection.execute_batch(sql))?;
        Ok(missing.len())
    }

    /// The statements that add what the other tool's table lacks of what is applied.
    #[must_use]
    pub fn missing(&self, there: &BTreeSet<String>, applied: &[Applied]) -> Vec<String> {
        // What was taken over from the other tool has its rows, under its own numbers.
        let own = applied.iter().filter(|applied| applied.kind != Kind::Adopt);
        let missing = own.filter_map(|applied| {
            // Of a revision whose file is gone nothing can be told; that matters when it is taken back.
            let row = (self.row)(&applied.revision).ok().flatten().filter(|row| !there.contains(&row.version))?;
            Some(self.mirror.insert_sql(&row, &applied.applied_at, None))
        });
        missing.collect()
    }
}

impl Runner<'_, '_> {
    /// Adds what the other tool's table lacks of what is applied.
    pub(super) fn complete_mirror(&self) -> Result<(), Problem> {
        let Some(mirrored) = &self.options.mirrored else { return Ok(()) };
        let applied = self.applied.as_deref().unwrap_or_default();
        mirrored.complete(self.connection, applied).map(drop).map_err(|error| self.sqlite(&error))
    }

    /// Writes a step down in the table of the other tool, if there is one.
    pub(super) fn mirror(&self, step: &Step, duration: Duration) -> Result<(), Problem> {
        let Some(mirrored) = &self.options.mirrored else { return Ok(()) };
        let statements = mirrored.statements(step, &(self.options.now)(), duration).map_err(Problem::Plan)?;
        let mut statements = statements.iter();
        statements.try_for_each(|sql| self.connection.execute_batch(sql)).map_err(|error| self.sqlite(&error))
    }
}
