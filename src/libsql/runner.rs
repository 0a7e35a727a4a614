//! Runs revisions on a server: each is one conditional batch, which ends in ROLLBACK unless all of it went well; what it
//! left is held against what it should leave, and only then the version row and COMMIT follow on the same connection.
//!
//! What becomes of a COMMIT whose answer does not come is asked of the version table, never guessed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;
use super::estimate::{self, Foreseen};
use super::evidence::Asked;
use super::hrana::{Batch, Results};
use super::image::Image;
use super::step::{self, Worked};
use super::stream::{Stream, Then, understood};
use super::transaction::{End, fails_if};
use super::{Refusal, Server, Wait};
use crate::database::introspect;
use crate::database::runner::{
    self, At, Deviation, Done, Event, Outcome, Plan, Problem, RunError, Step, Transaction, Work, heads, place_of,
};
use crate::database::stand_ins::StandIns;
use crate::database::version_table::{self, Applied};
use crate::diff::{self, Change, ColumnOrder, Renames};
use crate::report::Place;
use crate::revision::Section;
use crate::schema::Schema;
use crate::sql;

/// How to run.
pub struct Options<'a> {
    /// As on files; what servers do not have is passed over.
    pub run: &'a runner::Options<'a>,
    /// Whether a transaction may last longer than a server promises to let it.
    pub long_transactions: bool,
}

/// How long a server lets a transaction go on while others wait to write
/// (<https://docs.turso.tech/sdk/http/reference>).
const LONGEST: Duration = Duration::from_secs(5);
/// How often what others change meanwhile is taken in.
const ATTEMPTS: usize = 10;
/// The pause before what did not come through is tried again.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Runs what the plan says.
///
/// # Errors
/// As [`runner::run`].
pub fn run(
    server: &Server,
    plan: &mut Plan<'_>,
    options: &Options<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    let stand_ins = StandIns::default();
    let mut run = Run {
        server,
        options,
        observer,
        done: Vec::new(),
        applied: None,
        stand_ins,
        at: None,
        round_trip: Duration::ZERO,
        foreseen: Vec::new(),
        has_lost: false,
        is_mirrored: false,
    };
    match run.walk(plan) {
        Ok(()) => Ok(Outcome { steps: run.done, applied: run.applied.unwrap_or_default(), stand_ins: run.stand_ins }),
        Err(problem) => {
            if run.is_in_one() {
                run.done.clear();
            }
            let heads = run.applied.as_deref().map(heads);
            Err(RunError { problem, at: run.at, done: run.done, heads })
        }
    }
}

/// A run on its way.
pub(super) struct Run<'r, 'o> {
    pub server: &'r Server,
    pub options: &'r Options<'o>,
    pub observer: &'r mut dyn FnMut(Event<'_>),
    done: Vec<Done>,
    /// The rows of the version table as they were last committed.
    pub applied: Option<Vec<Applied>>,
    stand_ins: StandIns,
    /// The step that is on its way.
    at: Option<At>,
    /// How long the server took to answer at most.
    pub round_trip: Duration,
    /// The tables that the transaction on its way writes anew.
    foreseen: Vec<Foreseen>,
    /// Whether a transaction was lost since the last one that was committed.
    has_lost: bool,
    /// Whether the table of another tool has all rows that it should have.
    is_mirrored: bool,
}

/// Why an attempt ended early.
pub(super) enum Ended {
    /// Others have changed the database since it was looked at.
    Overtaken,
    /// The transaction is gone with its connection; nothing of it is committed.
    Lost(Error),
    /// It fails for good.
    For(Problem),
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Ended {
        Ended::For(problem)
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        if error.is_loss() { Ended::Lost(error) } else { Ended::For(said(error)) }
    }
}

impl Run<'_, '_> {
    fn is_in_one(&self) -> bool {
        self.options.run.dry_run || self.options.run.transaction == Transaction::All
    }

    fn walk(&mut self, plan: &mut Plan<'_>) -> Result<(), Problem> {
        let mut is_prepared = self.options.run.dry_run;
        for _ in 0..ATTEMPTS {
            self.at = None;
            let image = self.look().map_err(said)?;
            let rows = version_table::read(image.scratch.connection(), &self.options.run.version_table)?;
            let steps = plan(&rows).map_err(Problem::Plan)?;
            self.applied = Some(rows);
            self.stand_ins.extend(image.stand_ins());
            if steps.is_empty() {
                return Ok(());
            }
            if !is_prepared {
                (self.options.run.prepare)(&steps).map_err(Problem::Plan)?;
                is_prepared = true;
            }
            for step in &steps {
                self.at = Some(At::of(step));
                step::require(step, &image)?;
            }
            let done = self.done.len();
            match self.attempt(&steps, image) {
                Ok(()) => return Ok(()),
                Err(Ended::For(problem)) => return Err(problem),
                Err(Ended::Overtaken) => thread::sleep(PAUSE),
                // Where the version table has been asked, or COMMIT was not even sent, once more is no guess.
                Err(Ended::Lost(error)) => {
                    if std::mem::replace(&mut self.has_lost, true) {
                        return Err(said(error));
                    }
                    if self.is_in_one() {
                        self.done.truncate(done);
                    }
                    (self.observer)(Event::Lost { why: error.to_string() });
                    thread::sleep(PAUSE);
                }
            }
        }
        Err(said(Error::Restless { times: ATTEMPTS }))
    }

    /// Looks at the database. After a loss it is waited for a server that is about to come back.
    fn look(&mut self) -> Result<Image, Error> {
        let since = Instant::now();
        loop {
            let start = Instant::now();
            match self.server.image(&self.options.run.version_table) {
                Err(error)
                    if self.has_lost
                        && error.is_loss()
                        && since.elapsed() < self.options.run.lock_timeout
                        && !self.is_interrupted() =>
                {
                    thread::sleep(PAUSE);
                }
                image => {
                    self.round_trip = start.elapsed();
                    return image;
                }
            }
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.options.run.interrupt.load(Ordering::Relaxed)
    }

    fn attempt(&mut self, steps: &[Step], mut image: Image) -> Result<(), Ended> {
        let in_one = self.is_in_one();
        let mut rows = self.applied.clone().unwrap_or_default();
        let mut open: Option<Stream> = None;
        self.foreseen.clear();
        self.is_mirrored = false;
        let of = self.done.len() + steps.len();
        for (number, step) in steps.iter().enumerate() {
            self.at = Some(At::of(step));
            (self.observer)(Event::Started { step, number: self.done.len() + 1, of });
            let start = Instant::now();
            let has_table = image.has_version_table;
            let seen = image.schema_version;
            let mut worked = step::work_out(&mut image, step, self.options.run, self.observer)?;
            self.require_short(step, &worked)?;
            let mut stream = match open.take() {
                Some(stream) => stream,
                None => self.begin(&rows, has_table, seen)?,
            };
            let affected = self.run_script(&mut stream, step, &worked)?;
            if self.is_interrupted() {
                return Err(Problem::Interrupted.into());
            }
            if let Some(row) = &mut worked.row {
                row.duration = start.elapsed();
            }
            take_in(&mut rows, step, worked.row.as_ref());
            image.has_version_table = true;
            let is_last = number + 1 == steps.len();
            let end = match (in_one, is_last) {
                (true, false) => End::Open,
                (true, true) if self.options.run.dry_run => End::RollBack,
                _ => End::Commit,
            };
            let record = self.record(step, &worked, has_table)?;
            image.schema_version = self.end(&mut stream, step, record, end)?;
            match end {
                End::Open => open = Some(stream),
                End::Commit | End::RollBack => {
                    drop(stream);
                    self.applied = Some(rows.clone());
                    self.has_lost = false;
                    self.foreseen.clear();
                }
            }
            let done = Done { by_hand: worked.by_hand, ..step.done(start.elapsed(), affected) };
            (self.observer)(Event::Finished { done: &done });
            self.done.push(done);
        }
        self.at = None;
        Ok(())
    }

    /// Refuses to write more rows anew than a transaction has time for.
    fn require_short(&mut self, step: &Step, worked: &Worked) -> Result<(), Ended> {
        let foreseen = estimate::foresee(self.server, &worked.before, &worked.rewritten)?;
        self.foreseen.extend(foreseen);
        if self.options.long_transactions || estimate::total(&self.foreseen) < LONGEST {
            return Ok(());
        }
        let error = Error::TooLong { tables: std::mem::take(&mut self.foreseen), limit: LONGEST };
        Err(Problem::Server { error: Box::new(error), place: step.script.as_ref().map(Section::whole) }.into())
    }

    /// Runs the script of a step in its transaction and looks at what it left; the number of rows that it wrote. Whatever
    /// goes wrong, all is rolled back.
    fn run_script(&mut self, stream: &mut Stream, step: &Step, worked: &Worked) -> Result<u64, Ended> {
        let mut batch = Batch::in_transaction();
        let gates: Vec<usize> = step.gates.iter().map(|gate| batch.then(fails_if(&found(&gate.sql)))).collect();
        let before = worked.evidence.ask_before(&mut batch);
        let statements: Vec<usize> =
            worked.statements.iter().map(|statement| batch.then(statement.sql.as_str())).collect();
        let after = worked.evidence.ask_after(&mut batch);
        let schema = batch.then(Image::question());
        batch.otherwise("ROLLBACK");
        let wait = Wait { limit: None, interrupt: Some(Arc::clone(&self.options.run.interrupt)) };
        let time = estimate::total(&self.foreseen);
        let about =
            if time.is_zero() { String::new() } else { format!(", which takes it about {} s", time.as_secs().max(1)) };
        (self.observer)(Event::Working {
            work: Work::elsewhere(format!("running `{}` on the server{about}", step.revision)),
        });
        let results = stream.run_within(&batch, Then::Stay, &wait);
        (self.observer)(Event::Worked);
        let results = results?;
        if !results.is_done(schema) {
            // Where the transaction is gone, nothing ran and so nothing failed.
            let Some((at, refusal)) = results.failed else { return Err(Error::TransactionTimeout.into()) };
            if let Some(gate) = gates.iter().position(|number| *number == at) {
                return Err(self.refused_by_rows(step, gate, refusal).into());
            }
            let place =
                statements.iter().position(|number| *number == at).map(|at| worked.statements[at].place.clone());
            return Err(refused(refusal, place));
        }
        if let Some(problem) = self.deviation(step, worked, &results, schema, (&before, &after))? {
            return Err(problem.into());
        }
        Ok(statements.iter().map(|number| results.answer(*number).affected).sum())
    }

    /// What is wrong with what a script left.
    fn deviation(
        &self,
        step: &Step,
        worked: &Worked,
        results: &Results,
        schema: usize,
        (before, after): (&Asked, &Asked),
    ) -> Result<Option<Problem>, Problem> {
        let Some(script) = &step.script else { return Ok(None) };
        let place = script.whole();
        if let Some(damage) = worked.evidence.damage(before, after, results) {
            return Ok(Some(Problem::Damage { damage, place }));
        }
        let there = Image::built(&results.answer(schema)).map_err(said)?;
        let actual = introspect::read(there.connection(), &self.options.run.filter)?;
        let fingerprint = sql::fingerprint(&actual);
        if fingerprint == worked.fingerprint {
            return Ok(None);
        }
        let differences = sentences(&worked.after, &actual);
        let deviation = Deviation { expected: worked.fingerprint.clone(), actual: fingerprint, differences };
        Ok(Some(Problem::Schema { op: step.op, deviation, made: Vec::new(), place }))
    }

    /// The statements that write a step down in the version table, and in that of another tool.
    fn record(&mut self, step: &Step, worked: &Worked, has_table: bool) -> Result<Vec<String>, Ended> {
        let table = &self.options.run.version_table;
        let mut record = Vec::new();
        if let Some(row) = &worked.row {
            if !has_table {
                record.push(version_table::create_sql(table));
            }
            record.extend(step.replaces.iter().map(|replaced| version_table::delete_sql(table, replaced)));
            record.push(version_table::insert_sql(table, row));
        } else {
            record.push(version_table::delete_sql(table, &step.revision));
        }
        if let Some(mirrored) = &self.options.run.mirrored {
            // It may be kept along only since now.
            if !std::mem::replace(&mut self.is_mirrored, true) {
                let applied = self.applied.as_deref().unwrap_or_default();
                record.push(mirrored.mirror.create_sql().to_owned());
                record.extend(self.server.missing_rows(mirrored, applied)?);
            }
            let duration = worked.row.as_ref().map_or(Duration::ZERO, |row| row.duration);
            record.extend(mirrored.statements(step, &(self.options.run.now)(), duration).map_err(Problem::Plan)?);
        }
        Ok(record)
    }

    /// What a gate found.
    fn refused_by_rows(&self, step: &Step, number: usize, refusal: Refusal) -> Problem {
        let (Some(gate), Some(script)) = (step.gates.get(number), &step.script) else { return told(refusal, None) };
        let place = place_of(gate, script);
        match self.server.offending_rows(gate) {
            Ok(Some(found)) => {
                Problem::RowsRefuse { violation: gate.violation.clone(), found, help: gate.help.clone(), place }
            }
            // They are gone by now, or the question itself is wrong.
            Ok(None) => told(refusal, Some(place)),
            Err(error) => Problem::Server { error: Box::new(error), place: Some(place) },
        }
    }
}

/// A condition that holds where a gate finds rows.
fn found(question: &str) -> String {
    format!("EXISTS ({})", question.trim_end().trim_end_matches(';'))
}

/// The rows of the version table after a step.
fn take_in(rows: &mut Vec<Applied>, step: &Step, row: Option<&Applied>) {
    rows.retain(|known| known.revision != step.revision && !step.replaces.contains(&known.revision));
    rows.extend(row.cloned());
}

/// What became of one schema to make it the other, a sentence each.
fn sentences(before: &Schema, after: &Schema) -> Vec<String> {
    let changes = diff::diff(before, after, &Renames::default(), ColumnOrder::Loose);
    changes.iter().flat_map(Change::lines).map(|line| line.text).collect()
}

pub(super) fn said(error: Error) -> Problem {
    match error {
        Error::Local(error) => Problem::Database(error),
        Error::Interrupted => Problem::Interrupted,
        error => Problem::Server { error: Box::new(error), place: None },
    }
}

/// What a server refuses, unless it has let go of the transaction as a whole.
fn refused(refusal: Refusal, place: Option<Place>) -> Ended {
    let error = understood(refusal.clone());
    if error.is_loss() { Ended::Lost(error) } else { told(refusal, place).into() }
}

fn told(refusal: Refusal, place: Option<Place>) -> Problem {
    match (understood(refusal), place) {
        (Error::Refused { code, message }, Some(place)) if code.starts_with("SQLITE") => {
            Problem::Statement { message, place }
        }
        (error, place) => Problem::Server { error: Box::new(error), place },
    }
}
