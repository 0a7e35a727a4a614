//! Runs revisions on a server: each is one conditional batch, which ends in ROLLBACK unless all of it went well; what it
//! left is held against what it should leave, and only then the version row and COMMIT follow on the same connection.
//!
//! What becomes of a COMMIT whose answer does not come is asked of the version table, never guessed.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;
use super::evidence::Asked;
use super::hrana::{Batch, Results};
use super::image::{self, Image};
use super::step::{self, Worked};
use super::stream::{Stream, Then, understood};
use super::{Refusal, Server};
use crate::database::introspect;
use crate::database::runner::{
    self, At, Deviation, Done, Event, Op, Outcome, Plan, Problem, RunError, Step, Transaction, heads, place_of,
};
use crate::database::stand_ins::StandIns;
use crate::database::version_table::{self, Applied};
use crate::diff::{self, Change, ColumnOrder};
use crate::model::Renames;
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
/// How many rows a second a server writes anew, about: sqld 0.24 was seen to write 20,000 with indexes, and 200,000 of two
/// columns without any.
const ROWS_A_SECOND: u64 = 50_000;
/// How often what others change meanwhile is taken in.
const ATTEMPTS: usize = 10;
/// How long it is asked at least what became of a COMMIT: longer than a server keeps a connection that is given up.
const DOUBT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);

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
    let mut run = Run { server, options, observer, done: Vec::new(), applied: None, stand_ins, at: None };
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
struct Run<'r, 'o> {
    server: &'r Server,
    options: &'r Options<'o>,
    observer: &'r mut dyn FnMut(Event<'_>),
    done: Vec<Done>,
    /// The rows of the version table as they were last committed.
    applied: Option<Vec<Applied>>,
    stand_ins: StandIns,
    /// The step that is on its way.
    at: Option<At>,
}

/// What an attempt came to.
enum Attempt {
    Finished,
    /// Others have changed the database since it was looked at.
    Overtaken,
}

impl Run<'_, '_> {
    fn is_in_one(&self) -> bool {
        self.options.run.dry_run || self.options.run.transaction == Transaction::All
    }

    fn walk(&mut self, plan: &mut Plan<'_>) -> Result<(), Problem> {
        let mut is_prepared = self.options.run.dry_run;
        for _ in 0..ATTEMPTS {
            self.at = None;
            let image = self.server.image(&self.options.run.version_table).map_err(said)?;
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
            match self.attempt(&steps, image)? {
                Attempt::Finished => return Ok(()),
                Attempt::Overtaken => thread::sleep(PAUSE),
            }
        }
        Err(said(Error::Restless { times: ATTEMPTS }))
    }

    fn attempt(&mut self, steps: &[Step], mut image: Image) -> Result<Attempt, Problem> {
        let in_one = self.is_in_one();
        let mut rows = self.applied.clone().unwrap_or_default();
        let mut open: Option<Stream> = None;
        let of = self.done.len() + steps.len();
        for (number, step) in steps.iter().enumerate() {
            self.at = Some(At::of(step));
            (self.observer)(Event::Started { step, number: self.done.len() + 1, of });
            let start = Instant::now();
            let opening = open.is_none().then(|| opening(&rows, &image, self.options));
            let has_table = image.has_version_table;
            let mut worked = step::work_out(&mut image, step, self.options.run, self.observer)?;
            self.require_short(step, &worked)?;
            let mut stream = match open.take() {
                Some(stream) => stream,
                None => self.server.stream(),
            };
            let Some(affected) = self.run_script(&mut stream, step, &worked, opening)? else {
                return Ok(Attempt::Overtaken);
            };
            if self.options.run.interrupt.load(Ordering::Relaxed) {
                return Err(Problem::Interrupted);
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
                }
            }
            let done = step.done(start.elapsed(), affected);
            (self.observer)(Event::Finished { done: &done });
            self.done.push(done);
        }
        self.at = None;
        Ok(Attempt::Finished)
    }

    /// Refuses to write more rows anew than a transaction has time for.
    fn require_short(&self, step: &Step, worked: &Worked) -> Result<(), Problem> {
        if self.options.long_transactions {
            return Ok(());
        }
        let mut before = 0;
        for table in &worked.rewritten {
            // A table that an earlier step of one transaction has made cannot be asked for yet, and is no large one.
            let Ok(answer) = self.server.ask(&format!("SELECT count(*) FROM {}", table.quoted())) else { continue };
            let rows = u64::try_from(answer.integer().unwrap_or_default()).unwrap_or_default();
            before += rows;
            let seconds = before / ROWS_A_SECOND;
            if seconds >= LONGEST.as_secs() {
                let rows = usize::try_from(rows).unwrap_or(usize::MAX);
                let error = Error::TooLong { table: table.clone(), rows, seconds, limit: LONGEST.as_secs() };
                return Err(Problem::Server {
                    error: Box::new(error),
                    place: step.script.as_ref().map(crate::revision::Section::whole),
                });
            }
        }
        Ok(())
    }

    /// Runs the script of a step and looks at what it left; the number of rows that it wrote, or nothing where others
    /// have changed the database. Whatever goes wrong, all is rolled back.
    fn run_script(
        &mut self,
        stream: &mut Stream,
        step: &Step,
        worked: &Worked,
        opening: Option<Opening>,
    ) -> Result<Option<u64>, Problem> {
        let is_opening = opening.is_some();
        let Opening { mut batch, begin, check } = opening.unwrap_or_else(Opening::none);
        let gates: Vec<usize> = step.gates.iter().map(|gate| batch.then(fails_if(&found(&gate.sql)))).collect();
        let before = worked.evidence.ask_before(&mut batch);
        let statements: Vec<usize> =
            worked.statements.iter().map(|statement| batch.then(statement.sql.as_str())).collect();
        let after = worked.evidence.ask_after(&mut batch);
        let schema = batch.then(Image::question());
        batch.otherwise("ROLLBACK");
        let results = self.patiently(stream, &batch, begin)?;
        if !results.is_done(schema) {
            // Where the transaction is gone, nothing ran and so nothing failed.
            let Some((at, refusal)) = results.failed else { return Err(said(Error::TransactionTimeout)) };
            if is_opening && at == check {
                return Ok(None);
            }
            if let Some(gate) = gates.iter().position(|number| *number == at) {
                return Err(self.refused_by_rows(step, gate, refusal));
            }
            let place =
                statements.iter().position(|number| *number == at).map(|at| worked.statements[at].place.clone());
            return Err(refused(refusal, place));
        }
        if let Some(problem) = self.deviation(step, worked, &results, schema, (&before, &after))? {
            return Err(problem);
        }
        Ok(Some(statements.iter().map(|number| results.answer(*number).affected).sum()))
    }

    /// Runs a batch that begins a transaction as soon as no other writer is in the way.
    fn patiently(&mut self, stream: &mut Stream, batch: &Batch, begin: usize) -> Result<Results, Problem> {
        let start = Instant::now();
        let mut told = false;
        loop {
            let results = stream.run(batch, Then::Stay).map_err(said)?;
            let busy = results.failed.clone().filter(|(at, _)| *at == begin).map(|(_, refusal)| understood(refusal));
            if !busy.is_some_and(|error| error.is_busy()) {
                return Ok(results);
            }
            let waited = start.elapsed();
            if self.options.run.interrupt.load(Ordering::Relaxed) {
                return Err(Problem::Interrupted);
            }
            if waited >= self.options.run.lock_timeout {
                return Err(Problem::Locked { waited, at_commit: false });
            }
            if !std::mem::replace(&mut told, true) {
                (self.observer)(Event::WaitingForLock { waited });
            }
            thread::sleep(PAUSE);
        }
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
    fn record(&self, step: &Step, worked: &Worked, has_table: bool) -> Result<Vec<String>, Problem> {
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
            let duration = worked.row.as_ref().map_or(Duration::ZERO, |row| row.duration);
            record.extend(mirrored.statements(step, &(self.options.run.now)(), duration).map_err(Problem::Plan)?);
        }
        Ok(record)
    }

    /// Writes the record and ends the transaction, or leaves it open; the number of the schema then.
    fn end(&mut self, stream: &mut Stream, step: &Step, record: Vec<String>, end: End) -> Result<i64, Problem> {
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
                Some((at, refusal)) if at <= last => said(understood(refusal)),
                _ => said(Error::TransactionTimeout),
            }),
            Err(error) if error.is_in_doubt() && end == End::Commit => {
                // A COMMIT that never arrived need not be waited for.
                stream.give_up();
                self.settle(step, error)
            }
            Err(error) => Err(said(error)),
        }
    }

    /// Asks what became of a COMMIT whose answer did not come. To write is allowed to nobody else until it is decided,
    /// so that a transaction which begins to write sees how it was.
    fn settle(&mut self, step: &Step, error: Error) -> Result<i64, Problem> {
        let start = Instant::now();
        let limit = self.options.run.lock_timeout.max(DOUBT);
        let rows = loop {
            match self.rows_under_lock() {
                Ok(rows) => break rows,
                Err(_) if start.elapsed() < limit => thread::sleep(PAUSE),
                Err(asked) => {
                    self.applied = None;
                    return Err(said(Error::InDoubt { why: error.to_string(), asked: asked.to_string() }));
                }
            }
        };
        let (schema_version, revisions) = rows;
        let is_recorded = revisions.iter().any(|revision| revision == step.revision.as_str());
        if is_recorded == (step.op == Op::Upgrade) { Ok(schema_version) } else { Err(said(error)) }
    }

    /// The number of the schema, and the revisions of the version table, while nobody can write.
    fn rows_under_lock(&self) -> Result<(i64, Vec<String>), Error> {
        let table = &self.options.run.version_table;
        let mut batch = Batch::default();
        batch.then("BEGIN IMMEDIATE");
        let schema_version = batch.then("SELECT schema_version FROM pragma_schema_version");
        let is_there = batch.then(format!(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = {} COLLATE NOCASE",
            crate::token::quote_string(table.as_str())
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
        let texts = results.answer(revisions).rows.into_iter().flatten().filter_map(|value| match value {
            super::Value::Text(text) => Some(text),
            _ => None,
        });
        Ok((results.answer(schema_version).integer().unwrap_or_default(), texts.collect()))
    }

    /// What a gate found.
    fn refused_by_rows(&self, step: &Step, number: usize, refusal: Refusal) -> Problem {
        let (Some(gate), Some(script)) = (step.gates.get(number), &step.script) else { return refused(refusal, None) };
        let place = place_of(gate, script);
        match self.server.offending_rows(gate) {
            Ok(Some(found)) => {
                Problem::RowsRefuse { violation: gate.violation.clone(), found, help: gate.help.clone(), place }
            }
            // They are gone by now, or the question itself is wrong.
            Ok(None) => refused(refusal, Some(place)),
            Err(error) => Problem::Server { error: Box::new(error), place: Some(place) },
        }
    }
}

/// What comes after the record of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Commit,
    RollBack,
}

/// The statements that open a transaction.
struct Opening {
    batch: Batch,
    /// The number of the one that waits for other writers.
    begin: usize,
    /// The number of the one that fails where others have changed the database.
    check: usize,
}

impl Opening {
    /// Of a transaction that is open.
    fn none() -> Opening {
        Opening { batch: Batch::in_transaction(), begin: usize::MAX, check: usize::MAX }
    }
}

fn opening(rows: &[Applied], image: &Image, options: &Options<'_>) -> Opening {
    let mut batch = Batch::default();
    batch.then("PRAGMA foreign_keys = OFF");
    let begin = batch.then("BEGIN IMMEDIATE");
    let mut as_seen = format!(
        "(SELECT schema_version FROM pragma_schema_version) = {} AND (SELECT foreign_keys FROM pragma_foreign_keys) = 0",
        image.schema_version
    );
    if image.has_version_table {
        let revisions: Vec<String> = rows.iter().map(|row| row.revision.to_string()).collect();
        as_seen += " AND ";
        as_seen += &image::stands_at(&options.run.version_table, &revisions);
    }
    let check = batch.then(fails_if(&format!("NOT ({as_seen})")));
    Opening { batch, begin, check }
}

/// A statement that fails where a condition holds: nothing else stops a batch.
fn fails_if(condition: &str) -> String {
    format!("SELECT abs(-9223372036854775807 - ({condition}))")
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

fn said(error: Error) -> Problem {
    match error {
        Error::Local(error) => Problem::Database(error),
        error => Problem::Server { error: Box::new(error), place: None },
    }
}

fn refused(refusal: Refusal, place: Option<crate::report::Place>) -> Problem {
    match (understood(refusal), place) {
        (Error::Refused { code, message }, Some(place)) if code.starts_with("SQLITE") => {
            Problem::Statement { message, place }
        }
        (error, place) => Problem::Server { error: Box::new(error), place },
    }
}
