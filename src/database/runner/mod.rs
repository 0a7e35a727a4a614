//! Runs revisions: script, checks and row in the version table are one transaction, so that the database always stands
//! exactly at a revision.
//!
//! Revisions that take no time share a transaction, each in a savepoint of its own: a thousand of them would else wait
//! a thousand times for the disk.
//!
//! Foreign keys are switched off outside the transaction, where alone that works, and checked inside it. What to run is
//! decided under the write lock, from the rows that the version table has then.

mod block;
mod by_hand;
mod deviation;
mod error;
mod evidence;
mod kinship;
mod lock;
mod mentions;
mod mirror;
mod offline;
mod permission;
mod references;
mod statistics;
mod step;
mod swap;
mod unfit;
mod work;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ffi};

pub use block::{marked as marked_rebuilds, marks as rebuild_marks};
pub use by_hand::{ByHand, NotKept};
pub use deviation::{Deviation, Recall, Recalled};
pub use error::{At, Problem, RunError};
pub use evidence::{Damage, Intended, reach};
pub use mirror::{Mirrored, RowOf};
pub use offline::write_sql;
#[cfg(feature = "cli")]
pub use permission::may_set_in_transaction;
#[cfg(feature = "cli")]
pub(crate) use step::place_of;
pub use work::Work;

use self::lock::{Patience, Stopped};
use self::mentions::Mentions;
use super::error::{Error, primary_code};
use super::filter::Filter;
use super::gate::Gate;
use super::introspect::Known;
use super::shapes::Shapes;
use super::stand_ins::StandIns;
use super::version_table::{self, Applied, Kind};
use crate::diff::ColumnOrder;
use crate::report::Report;
use crate::revision::{RevisionId, Section};
use crate::schema::Name;

/// One revision to go up or down.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Up or down.
    pub op: Op,
    /// The revision.
    pub revision: RevisionId,
    /// The revisions that it follows.
    pub parents: Vec<RevisionId>,
    /// The revisions and labels that it needs beside them.
    pub depends_on: Vec<String>,
    /// Its message.
    pub message: String,
    /// How its row comes to be in the version table.
    pub kind: Kind,
    /// The checksum of its up script.
    pub checksum: String,
    /// What must not be found in the rows before it.
    pub gates: Vec<Gate>,
    /// The script that runs; `None` where only the version table changes.
    pub script: Option<Section>,
    /// The script that will take it back, to be stored.
    pub down: Option<Section>,
    /// The fingerprint that the schema should have before it, where it is known.
    pub schema_before: Option<String>,
    /// The fingerprint that the schema should have after it, where it is known.
    pub schema_after: Option<String>,
    /// Revisions whose rows go because this one stands for them.
    pub replaces: Vec<RevisionId>,
}

/// The direction of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// The revision is applied.
    Upgrade,
    /// The revision is taken back.
    Downgrade,
}

impl Op {
    /// `upgrade` or `downgrade`.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Op::Upgrade => "upgrade",
            Op::Downgrade => "downgrade",
        }
    }
}

/// How much is one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// Each step: a step that fails keeps the steps before it. Quick ones are still committed together.
    Each,
    /// All steps, or none of them.
    All,
}

/// What to do where the schema is not the one that the revisions made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// Tell, and go on.
    Warn,
    /// Run nothing.
    Refuse,
}

/// How to run.
pub struct Options<'a> {
    /// The version table.
    pub version_table: Name,
    /// The tool whose table is kept along.
    pub mirrored: Option<Mirrored<'a>>,
    /// What is none of the revisions' business.
    pub filter: Filter,
    /// Schemas that other databases have as well, read through that filter; they are read here once for all.
    pub shapes: Option<&'a Shapes>,
    /// The rows of the version table as they were read just now, where they were; they are read again under the lock.
    pub known: Option<&'a [Applied]>,
    /// How long to wait for other connections.
    pub lock_timeout: Duration,
    /// How much is one transaction.
    pub transaction: Transaction,
    /// What to do where the schema has drifted.
    pub drift: Drift,
    /// Whether all is rolled back at the end.
    pub dry_run: bool,
    /// Whether scripts may edit `sqlite_schema`.
    pub catalog_edits: bool,
    /// Whether rebuilt tables may exchange their pages with the old ones instead of building their indexes again.
    pub fast_rebuild: bool,
    /// Set from outside when the user wants to stop.
    pub interrupt: Arc<AtomicBool>,
    /// Called once, under the write lock, with the steps that are about to run; not where there are none, and not by a
    /// dry run.
    pub prepare: &'a Prepare<'a>,
    /// Gives a schema that was expected, so that it can be said whether and how the one that is there differs.
    pub recall: &'a Recall<'a>,
    /// Whether two schemas differ whose columns stand in another order.
    pub column_order: ColumnOrder,
    /// The time, RFC 3339 in UTC.
    pub now: &'a dyn Fn() -> String,
    /// The version of schemactl that is noted in the version table.
    pub tool_version: &'a str,
}

/// What happens on the way, for those who watch.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// Another connection has held the lock for a while.
    WaitingForLock {
        /// How long so far.
        waited: Duration,
    },
    /// A step begins.
    Started {
        /// The step.
        step: &'a Step,
        /// Its number, counted from 1.
        number: usize,
        /// How many steps there are.
        of: usize,
    },
    /// A statement begins.
    Statement {
        /// The step.
        step: &'a Step,
        /// Where it stands in the file.
        place: crate::report::Place,
    },
    /// A transaction on a server is lost with its connection; nothing of it is committed, and it is run once more.
    Lost {
        /// What happened to it.
        why: String,
    },
    /// A statement begins that takes a while.
    Working {
        /// What it does, how much of it there is, and how much is done.
        work: Work,
    },
    /// That statement is done.
    Worked,
    /// A table is not rebuilt in the fast way, but as its script says.
    Classic {
        /// The step.
        step: &'a Step,
        /// The table.
        table: &'a Name,
        /// Why.
        why: String,
    },
    /// The schema is not the one that the revisions made. Told once a run.
    Drifted {
        /// The step that it was found at.
        step: &'a Step,
        /// Whether it was found after the step's script; else before it.
        after: bool,
        /// How it differs.
        deviation: Deviation,
    },
    /// The statements of a script have run; what must hold after it is looked at next. Not told of scripts that can do no
    /// harm.
    Ran {
        /// The step.
        step: &'a Step,
        /// What it did on purpose.
        intended: &'a Intended,
    },
    /// A dry run leaves out a script that runs outside a transaction.
    NotRehearsed {
        /// The step.
        step: &'a Step,
    },
    /// A step is done; with [`Transaction::Each`] it is committed, else not yet.
    Finished {
        /// The step.
        done: &'a Done,
    },
}

/// A step that is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// Up or down.
    pub op: Op,
    /// The revision.
    pub revision: RevisionId,
    /// Its message.
    pub message: String,
    /// How long it took.
    pub duration: Duration,
    /// How many rows its script inserted, updated and deleted; rows of dropped tables are not counted.
    pub rows: u64,
    /// Whether a script ran; otherwise only the record was changed.
    pub ran: bool,
    /// What no revision makes, and the script has taken away with what it stands on.
    pub by_hand: Vec<ByHand>,
}

impl Done {
    /// What was done, in a word: `upgrade` or `downgrade`; `record` or `forget` where no script ran.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match (self.op, self.ran) {
            (op, true) => op.verb(),
            (Op::Upgrade, false) => "record",
            (Op::Downgrade, false) => "forget",
        }
    }
}

/// A run that came to a good end.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The steps, in the order in which they ran; none where there was nothing to do.
    pub steps: Vec<Done>,
    /// The rows of the version table at the end; of a dry run as they would be.
    pub applied: Vec<Applied>,
    /// What only the application has.
    pub stand_ins: StandIns,
}

/// Decides what to run from the rows of the version table. Asked once before the write lock is taken, so that nothing
/// is locked where there is nothing to do, and again under the lock where another runner has changed the rows since:
/// it must then answer for the same target, not for one counted from where the database stands now.
pub type Plan<'a> = dyn FnMut(&[Applied]) -> Result<Vec<Step>, Box<dyn Report>> + 'a;

/// What is to be done before the first step, while nobody else can write. An error stops the run.
pub type Prepare<'a> = dyn Fn(&[Step]) -> Result<(), Box<dyn Report>> + 'a;

/// Runs what the plan says.
///
/// # Errors
///
/// What went wrong at which step, which steps stay done, and where the database stands. Whatever happens, the
/// connection's settings are as they were.
pub fn run(
    connection: &mut Connection,
    plan: &mut Plan<'_>,
    options: &Options<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    let mut runner = Runner {
        connection,
        options,
        observer,
        done: Vec::new(),
        rows: 0,
        pending: Vec::new(),
        sharing: options.transaction == Transaction::Each && !options.dry_run,
        applied: None,
        schema: None,
        schema_before: None,
        by_hand: Vec::new(),
        known: Known::default(),
        mentions: Mentions::default(),
        stand_ins: StandIns::default(),
        has_table: false,
        told_drift: false,
        alike: None,
        instructions: Arc::default(),
        reached: BTreeMap::new(),
    };
    let planned = match options.known.map(&mut *plan).transpose() {
        Ok(planned) => planned,
        Err(error) => return Err(runner.error(Problem::Plan(error), None)),
    };
    if let (Some(rows), Some([])) = (options.known, planned.as_deref()) {
        // Nothing is touched where there is nothing to do.
        return Ok(Outcome { applied: rows.to_vec(), ..Outcome::default() });
    }
    let settings = match runner.set_up() {
        Ok(settings) => settings,
        Err(problem) => return Err(runner.error(problem, None)),
    };
    let outcome = runner.run(plan, planned);
    let restored = runner.restore(&settings);
    match (outcome, restored) {
        (Err(error), _) => Err(error),
        (Ok(()), Err(error)) => {
            let problem = runner.sqlite(&error);
            Err(runner.error(problem, None))
        }
        (Ok(()), Ok(())) => {
            Ok(Outcome { steps: runner.done, applied: runner.applied.unwrap_or_default(), stand_ins: runner.stand_ins })
        }
    }
}

/// A run on its way.
struct Runner<'r, 'o> {
    connection: &'r mut Connection,
    options: &'r Options<'o>,
    observer: &'r mut dyn FnMut(Event<'_>),
    done: Vec<Done>,
    /// How many rows the last script wrote.
    rows: u64,
    /// Steps that are done in the transaction that is open, to be committed together.
    pending: Vec<Done>,
    /// Whether steps share transactions.
    sharing: bool,
    /// The rows of the version table as this run knows them.
    applied: Option<Vec<Applied>>,
    /// The schema after the last step of the transaction that is open, and its fingerprint.
    schema: Option<(crate::schema::Schema, String)>,
    /// The fingerprint of the schema that the last script was written for: the one before it, where the one after it
    /// is as it should be.
    schema_before: Option<String>,
    /// What no revision makes, and the last script has taken away.
    by_hand: Vec<ByHand>,
    /// What was read of the schema before.
    known: Known,
    mentions: Mentions,
    stand_ins: StandIns,
    /// Whether the version table is known to be there.
    has_table: bool,
    /// Whether it was told that the schema has drifted.
    told_drift: bool,
    /// The fingerprint that was expected last of a schema with another one that is the same all the same, and that one.
    alike: Option<(String, String)>,
    /// How many instructions of SQLite's machine the statement that runs has done.
    instructions: Arc<AtomicU64>,
    /// The rows of the tables that the script which runs can reach.
    reached: BTreeMap<Name, i64>,
}

/// Settings of the connection that are put back at the end.
struct Settings {
    foreign_keys: bool,
    legacy_alter_table: bool,
    defensive: bool,
    busy_timeout: i64,
    threads: i64,
}

/// A problem and the step that it came up at.
type Failed = (Problem, Option<At>);

impl Runner<'_, '_> {
    fn set_up(&mut self) -> Result<Settings, Problem> {
        if !self.connection.is_autocommit() {
            return Err(Problem::InTransaction);
        }
        let settings = self.read_settings().map_err(|error| self.sqlite(&error))?;
        let interrupt = Arc::clone(&self.options.interrupt);
        let set = || -> rusqlite::Result<bool> {
            self.connection.pragma_update(None, "foreign_keys", false)?;
            self.connection.pragma_update(None, "legacy_alter_table", false)?;
            self.connection.busy_timeout(Duration::ZERO)?;
            // Two threads sort for an index; a larger cache would be slower (https://www.sqlite.org/pragma.html#pragma_threads).
            self.connection.pragma_update(None, "threads", 2)?;
            if self.options.catalog_edits {
                self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
            }
            self.connection.pragma_query_value(None, "foreign_keys", |row| row.get(0))
        };
        let still_on = set().map_err(|error| self.sqlite(&error))?;
        let instructions = Arc::clone(&self.instructions);
        let watch = move || {
            instructions.fetch_add(u64::from(BETWEEN_LOOKS.unsigned_abs()), Ordering::Relaxed);
            interrupt.load(Ordering::Relaxed)
        };
        self.connection.progress_handler(BETWEEN_LOOKS, Some(watch)).map_err(|error| self.sqlite(&error))?;
        if still_on {
            let restored = self.restore(&settings);
            restored.map_err(|error| self.sqlite(&error))?;
            return Err(Problem::ForeignKeysStayOn);
        }
        Ok(settings)
    }

    fn read_settings(&self) -> rusqlite::Result<Settings> {
        let pragma = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        Ok(Settings {
            foreign_keys: pragma("foreign_keys")? != 0,
            legacy_alter_table: pragma("legacy_alter_table")? != 0,
            defensive: self.connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE)?,
            busy_timeout: pragma("busy_timeout")?,
            threads: pragma("threads")?,
        })
    }

    fn restore(&mut self, settings: &Settings) -> rusqlite::Result<()> {
        self.connection.progress_handler(0, None::<fn() -> bool>)?;
        permission::Watch::lift(self.connection)?;
        if self.options.catalog_edits || self.options.fast_rebuild {
            // No rollback takes this flag back (https://www.sqlite.org/pragma.html#pragma_writable_schema).
            self.connection.execute_batch("PRAGMA writable_schema = RESET")?;
        }
        self.connection.pragma_update(None, "foreign_keys", settings.foreign_keys)?;
        self.connection.pragma_update(None, "legacy_alter_table", settings.legacy_alter_table)?;
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, settings.defensive)?;
        self.connection.pragma_update(None, "threads", settings.threads)?;
        self.connection.pragma_update(None, "busy_timeout", settings.busy_timeout)
    }

    fn run(&mut self, plan: &mut Plan<'_>, planned: Option<Vec<Step>>) -> Result<(), RunError> {
        let outcome = self.walk(plan, planned);
        let rolled_back = self.roll_back();
        match (outcome, rolled_back) {
            (Ok(()), Ok(())) => Ok(()),
            (Ok(()), Err(error)) => {
                let problem = self.sqlite(&error);
                Err(self.error(problem, None))
            }
            (Err((problem, at)), _) => {
                let problem = if problem.is_interrupt() { Problem::Interrupted } else { problem };
                if self.options.transaction == Transaction::All || self.options.dry_run {
                    self.done.clear();
                }
                // After a rollback only the file knows where the database stands.
                if self.applied.is_some() {
                    let table = &self.options.version_table;
                    self.applied = version_table::read(self.connection, table).ok();
                }
                Err(self.error(problem, at))
            }
        }
    }

    fn walk(&mut self, plan: &mut Plan<'_>, planned: Option<Vec<Step>>) -> Result<(), Failed> {
        let in_one = self.options.dry_run || self.options.transaction == Transaction::All;
        let at_start = match self.options.known {
            Some(rows) => rows.to_vec(),
            None => self.read_rows().map_err(|problem| (problem, None))?,
        };
        let planned = planned.map_or_else(|| plan(&at_start), Ok);
        let mut steps = planned.map_err(|error| (Problem::Plan(error), None))?;
        self.applied = Some(at_start);
        let mut next = 0;
        let mut is_prepared = self.options.dry_run;
        while next < steps.len() {
            self.begin().map_err(|problem| (problem, None))?;
            let rows = self.read_rows().map_err(|problem| (problem, None))?;
            if !self.stands_at(&rows) {
                // Another runner got the lock first, or SQLite has taken steps back that are to be run again.
                steps = plan(&rows).map_err(|error| (Problem::Plan(error), None))?;
                next = 0;
                self.applied = Some(rows);
            }
            if !is_prepared && next < steps.len() {
                (self.options.prepare)(&steps[next..]).map_err(|error| (Problem::Plan(error), None))?;
                is_prepared = true;
            }
            let of = self.done.len() + steps.len() - next;
            let last = if in_one { steps.len() } else { next + self.run_together(&steps[next..], of)? };
            if in_one {
                for step in &steps[next..] {
                    let number = self.done.len() + 1;
                    let done = self.step(step, number, of, in_one).map_err(|problem| (problem, Some(At::of(step))))?;
                    self.finish(done);
                }
            }
            next = last;
        }
        if in_one && !self.options.dry_run && !self.connection.is_autocommit() {
            self.commit().map_err(|problem| (problem, None))?;
        }
        Ok(())
    }

    /// Whether the version table still says what this run knows.
    fn stands_at(&self, rows: &[Applied]) -> bool {
        let known = self.applied.iter().flatten().map(|row| &row.revision);
        known.eq(rows.iter().map(|row| &row.revision))
    }

    /// Runs steps in the transaction that is open until it has lasted long enough, commits them, and gives their number.
    fn run_together(&mut self, steps: &[Step], of: usize) -> Result<usize, Failed> {
        let began = Instant::now();
        for step in steps {
            let is_alone = step.is_outside_transaction();
            if is_alone && !self.pending.is_empty() {
                break;
            }
            let number = self.done.len() + self.pending.len() + 1;
            match self.step_in_savepoint(step, number, of) {
                Ok(done) => self.pending.push(done),
                Err(problem) if self.pending.is_empty() => return Err((problem, Some(At::of(step)))),
                Err(problem) if self.connection.is_autocommit() => {
                    // A full disk takes the steps before back as well.
                    return if problem.is_interrupt() { Err((problem, Some(At::of(step)))) } else { self.run_apart() };
                }
                Err(problem) => {
                    let kept = self.commit_pending()?;
                    return if kept > 0 { Err((problem, Some(At::of(step)))) } else { Ok(0) };
                }
            }
            if is_alone || !self.sharing || began.elapsed() >= LONG_ENOUGH {
                break;
            }
        }
        self.commit_pending()
    }

    /// Runs a step so that it can be taken back without those before it.
    fn step_in_savepoint(&mut self, step: &Step, number: usize, of: usize) -> Result<Done, Problem> {
        if self.pending.is_empty() {
            return self.step(step, number, of, false);
        }
        self.connection.execute_batch("SAVEPOINT step").map_err(|error| self.sqlite(&error))?;
        let outcome = self.step(step, number, of, false);
        let end = match &outcome {
            Ok(_) => "RELEASE step",
            Err(_) if self.connection.is_autocommit() => return outcome,
            Err(_) => {
                self.schema = None;
                self.has_table = false;
                "ROLLBACK TO step; RELEASE step; PRAGMA writable_schema = RESET"
            }
        };
        self.connection.execute_batch(end).map_err(|error| self.sqlite(&error))?;
        outcome
    }

    /// Takes back the steps that share the transaction, to run them again, each by itself.
    fn run_apart(&mut self) -> Result<usize, Failed> {
        self.pending.clear();
        self.sharing = false;
        self.roll_back().map_err(|error| (self.sqlite(&error), None))?;
        Ok(0)
    }

    /// Commits the steps of the transaction that is open, tells of them, and gives their number; none where they are
    /// too much for the disk together.
    fn commit_pending(&mut self) -> Result<usize, Failed> {
        let Some(last) = self.pending.last() else { return Ok(0) };
        let at = At { op: last.op, revision: last.revision.clone(), message: last.message.clone() };
        match self.commit() {
            Ok(()) => {}
            Err(Problem::Database(_)) if self.pending.len() > 1 => return self.run_apart(),
            Err(problem) => return Err((problem, Some(at))),
        }
        let pending = std::mem::take(&mut self.pending);
        let number = pending.len();
        for done in pending {
            self.finish(done);
        }
        Ok(number)
    }

    fn finish(&mut self, done: Done) {
        (self.observer)(Event::Finished { done: &done });
        self.done.push(done);
    }

    /// The rows of the version table; waits for whoever writes them.
    fn read_rows(&mut self) -> Result<Vec<Applied>, Problem> {
        let table = &self.options.version_table;
        let connection = &*self.connection;
        let observer = &mut *self.observer;
        let is_busy = |error: &Error| matches!(error, Error::Locked { .. });
        self.options
            .patience()
            .until(|| version_table::read(connection, table), is_busy, &mut |waited| {
                observer(Event::WaitingForLock { waited });
            })
            .map_err(|stopped| match stopped {
                Stopped::TimeUp(waited) => Problem::Locked { waited, at_commit: false },
                Stopped::Interrupted => Problem::Interrupted,
                Stopped::Failed(error) => Problem::Database(error),
            })
    }

    /// Begins a transaction that no other writer can get in the way of.
    fn begin(&mut self) -> Result<(), Problem> {
        self.schema = None;
        self.has_table = false;
        self.patiently("BEGIN IMMEDIATE", false)
    }

    fn commit(&mut self) -> Result<(), Problem> {
        self.patiently("COMMIT", true)
    }

    fn roll_back(&mut self) -> rusqlite::Result<()> {
        self.schema = None;
        // SQLite rolls back by itself when the disk is full (https://www.sqlite.org/lang_transaction.html).
        if self.connection.is_autocommit() { Ok(()) } else { self.connection.execute_batch("ROLLBACK") }
    }

    fn patiently(&mut self, sql: &str, at_commit: bool) -> Result<(), Problem> {
        let connection = &*self.connection;
        let observer = &mut *self.observer;
        let is_busy = |error: &rusqlite::Error| primary_code(error) == ffi::SQLITE_BUSY;
        let outcome = self.options.patience().until(|| connection.execute_batch(sql), is_busy, &mut |waited| {
            observer(Event::WaitingForLock { waited });
        });
        outcome.map_err(|stopped| match stopped {
            Stopped::TimeUp(waited) => Problem::Locked { waited, at_commit },
            Stopped::Interrupted => Problem::Interrupted,
            Stopped::Failed(error) => self.sqlite(&error),
        })
    }

    /// What a failure of SQLite outside a script means.
    fn sqlite(&self, error: &rusqlite::Error) -> Problem {
        Problem::Database(super::introspect::failed(self.connection, error))
    }

    fn error(&mut self, problem: Problem, at: Option<At>) -> RunError {
        RunError {
            problem,
            at,
            done: std::mem::take(&mut self.done),
            heads: self.applied.as_ref().map(|applied| heads(applied)),
        }
    }
}

/// How many instructions of SQLite's machine pass between two looks at the interrupt.
const BETWEEN_LOOKS: i32 = 10_000;

/// How long steps go on to share a transaction: long beside the milliseconds that a commit waits for the disk, short
/// beside what others wait for a lock.
const LONG_ENOUGH: Duration = Duration::from_secs(1);

impl At {
    pub(crate) fn of(step: &Step) -> At {
        At { op: step.op, revision: step.revision.clone(), message: step.message.clone() }
    }
}

/// The revisions that no other one follows.
#[must_use]
pub fn heads(applied: &[Applied]) -> Vec<RevisionId> {
    let parents: BTreeSet<&RevisionId> = applied.iter().flat_map(|row| &row.parents).collect();
    applied.iter().map(|row| &row.revision).filter(|id| !parents.contains(id)).cloned().collect()
}

impl Step {
    /// The row that the version table gets.
    fn row(&self, duration: Duration, options: &Options<'_>) -> Applied {
        self.row_at(duration, &(options.now)(), options.tool_version)
    }

    pub(crate) fn row_at(&self, duration: Duration, now: &str, tool_version: &str) -> Applied {
        Applied {
            revision: self.revision.clone(),
            parents: self.parents.clone(),
            depends_on: self.depends_on.clone(),
            kind: self.kind,
            message: self.message.clone(),
            checksum: self.checksum.clone(),
            schema: self.schema_after.clone(),
            schema_before: None,
            down_sql: self.down.as_ref().map(|down| down.sql().to_owned()),
            down_transaction: self.down.as_ref().is_none_or(|down| down.transaction),
            applied_at: now.to_owned(),
            duration,
            tool_version: tool_version.to_owned(),
        }
    }

    /// Whether it has a script that cannot be part of a transaction.
    pub(crate) fn is_outside_transaction(&self) -> bool {
        self.script.as_ref().is_some_and(|script| !script.transaction)
    }

    pub(crate) fn done(&self, duration: Duration, rows: u64) -> Done {
        Done {
            op: self.op,
            revision: self.revision.clone(),
            message: self.message.clone(),
            duration,
            rows,
            ran: self.script.is_some(),
            by_hand: Vec::new(),
        }
    }
}

impl Options<'_> {
    fn patience(&self) -> Patience<'_> {
        Patience { limit: self.lock_timeout, interrupt: &self.interrupt }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem::Database(error)
    }
}
