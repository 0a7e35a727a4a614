//! `verify`: every revision up, down and up again on scratch databases, with made-up rows in between.
//!
//! Each revision starts from what those before it have made, by the runner that `upgrade` uses; no real database is
//! opened. A revision whose script needs rows of a certain kind is tried with fewer made-up rows, at last with none, and that is
//! said; where it is the way back that refuses rows which came up, it is a finding.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use crate::database::runner::{self, Drift, Outcome, Problem, RunError, Step, Transaction};
use crate::database::{Filter, Scratch, StandIns, backup, gate, introspect};
use crate::diff::{self, Change, ColumnOrder, Renames};
use crate::plan::sample::{self, Amount};
use crate::plan::station::Station;
use crate::report::{Class, Diagnostic, Failure, Report};
use crate::revision::{Applied, Graph, HeaderKey, Op, RevisionId, Script, Scripts, Target, Word};
use crate::schema::Schema;
use crate::sql;

use super::{Project, State, walk};

/// What came out for one revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The revision.
    pub revision: RevisionId,
    /// Its message.
    pub message: String,
    /// How many made-up rows went up with it.
    pub rows: usize,
    /// Whether it went down, and up again.
    pub way_back: WayBack,
    /// Why rows that went up with it cannot come back, where made-up rows had to be left out for that.
    pub refused: Option<String>,
    /// What is wrong with it.
    pub findings: Vec<Diagnostic>,
}

/// Whether a revision can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayBack {
    /// It was, and came up again.
    Proved,
    /// Its header says that it cannot be.
    Irreversible,
    /// It was not, for a reason among the findings.
    Failed,
}

impl WayBack {
    /// `proved`, `irreversible` or `failed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            WayBack::Proved => "proved",
            WayBack::Irreversible => "irreversible",
            WayBack::Failed => "failed",
        }
    }
}

/// What came out for all of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verification {
    /// The revisions in the order in which they were run.
    pub revisions: Vec<Verified>,
    /// Revisions that were not reached because one before them cannot be run.
    pub unreached: Vec<RevisionId>,
}

impl Verification {
    /// All that is wrong.
    pub fn findings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.revisions.iter().flat_map(|revision| &revision.findings)
    }
}

/// Runs every revision on the way from nothing to the heads up, down and up again.
///
/// `watch` is told how many revisions are done, and of how many.
///
/// # Errors
/// When the graph does not hang together or SQLite cannot hold a scratch database, not for what is wrong with a
/// revision: that is the answer.
pub fn verify(
    project: &Project,
    interrupt: &Arc<AtomicBool>,
    watch: &mut dyn FnMut(usize, usize),
) -> Result<Verification, Failure> {
    let all = |_: &Step| true;
    walk_up(project, project.scripts()?, (&Target::of(Word::Heads), &all), interrupt, watch)
}

/// The same for one revision of these scripts; those before it are run and not taken back.
///
/// # Errors
/// As [`verify`].
pub fn revision(
    project: &Project,
    scripts: Scripts,
    id: &RevisionId,
    interrupt: &Arc<AtomicBool>,
) -> Result<Option<Verified>, Failure> {
    let is_it = |step: &Step| step.revision == *id;
    let target = Target::of(Word::Name(id.to_string()));
    let verification = walk_up(project, scripts, (&target, &is_it), interrupt, &mut |_, _| {})?;
    Ok(verification.revisions.into_iter().next())
}

fn walk_up(
    project: &Project,
    scripts: Scripts,
    (target, is_wanted): (&Target, &dyn Fn(&Step) -> bool),
    interrupt: &Arc<AtomicBool>,
    watch: &mut dyn FnMut(usize, usize),
) -> Result<Verification, Failure> {
    let state = State::offline(scripts, Applied::default());
    let route = state.graph.upgrade(&state.applied, target)?;
    let steps = walk::steps(&state, &route)?;
    let filter = project.filter()?;
    let rehearsal = Rehearsal { project, filter, interrupt };
    let mut base = backup::in_memory(Scratch::empty()?.connection())?;
    let mut stand_ins = StandIns::default();
    let mut verification = Verification::default();
    for (number, (step, planned)) in steps.iter().zip(&route.steps).enumerate() {
        watch(number, steps.len());
        if planned.op == Op::Upgrade && is_wanted(step) {
            let verified = rehearsal.revision(&base, &state.graph, step, &stand_ins)?;
            verification.revisions.push(verified);
        }
        match rehearsal.run(&mut base, step) {
            Ok(outcome) => stand_ins.extend(&outcome.stand_ins),
            Err(error) => {
                let last = verification.revisions.last_mut();
                let Some(last) = last.filter(|last| !last.findings.is_empty()) else { return Err(error.into()) };
                last.way_back = WayBack::Failed;
                verification.unreached = steps[number + 1..].iter().map(|step| step.revision.clone()).collect();
                break;
            }
        }
    }
    watch(steps.len(), steps.len());
    Ok(verification)
}

/// What all scratch databases have in common.
struct Rehearsal<'a> {
    project: &'a Project,
    filter: Filter,
    interrupt: &'a Arc<AtomicBool>,
}

/// What stands against a revision, and whether other rows could change that.
enum Trouble {
    Finding(Box<Diagnostic>),
    Rows(RunError),
    /// The same on the way back.
    RowsBack(RunError),
}

/// How made-up rows are chosen.
#[derive(Clone, Copy)]
enum Choice {
    /// So that the schema that they are put in takes them.
    Any,
    /// So that the schema on the other side of the revision could take them, too.
    Fitting,
}

/// With which rows a revision is tried, one after the other.
const TRIALS: [(Amount, Choice); 7] = [
    (Amount::Several, Choice::Any),
    (Amount::SeveralWithoutNull, Choice::Any),
    (Amount::Several, Choice::Fitting),
    (Amount::SeveralWithoutNull, Choice::Fitting),
    (Amount::One, Choice::Any),
    (Amount::One, Choice::Fitting),
    (Amount::None, Choice::Any),
];

/// When made-up rows come in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fills {
    Before,
    /// Before the revision, and more once it is there.
    Both,
}

/// What rows have to fit beside their own schema, before a revision and after it.
#[derive(Default)]
struct Demands {
    before: Vec<Station>,
    after: Vec<Station>,
}

impl Rehearsal<'_> {
    /// Tries a revision with made-up rows, with fewer where these are refused.
    fn revision(
        &self,
        base: &Connection,
        graph: &Graph,
        step: &Step,
        stand_ins: &StandIns,
    ) -> Result<Verified, Failure> {
        let script = graph.script(&step.revision).expect("steps are made of scripts");
        let before = self.look(base)?;
        let mut verified = Verified {
            revision: step.revision.clone(),
            message: step.message.clone(),
            rows: 0,
            way_back: WayBack::Failed,
            refused: None,
            findings: Vec::new(),
        };
        let (mut refused, mut not_back) = (None, None);
        let mut demands = None;
        for (amount, choice) in TRIALS {
            let demands = match choice {
                Choice::Any => &Demands::default(),
                Choice::Fitting => {
                    if demands.is_none() {
                        demands = Some(self.demands(base, &before, step, stand_ins)?);
                    }
                    let found = demands.as_ref().expect("they were just found");
                    if found.before.is_empty() && found.after.is_empty() {
                        continue;
                    }
                    found
                }
            };
            let mut fills = vec![Fills::Both];
            while let Some(fill) = fills.pop() {
                let mut trial = copy(base, stand_ins)?;
                let rows = sample::fill(&trial, &before, amount, &demands.before).map_err(|error| sqlite(&error))?;
                let after = (fill == Fills::Both).then_some(demands.after.as_slice());
                match self.round_trip(&mut trial, &before, script, step, (amount, after))? {
                    // What was there before comes back, other rows do not have to.
                    Ok(_) if fill == Fills::Before => {}
                    Ok((way_back, more)) => {
                        verified.way_back = way_back;
                        verified.rows = rows + more;
                        verified.refused = not_back.as_ref().map(RunError::to_string);
                        let finding =
                            not_back.filter(|_| amount == Amount::None).and_then(|error| rows_lost_back(&error));
                        if let Some(finding) = finding {
                            verified.way_back = WayBack::Failed;
                            verified.findings.push(finding);
                        }
                        return Ok(verified);
                    }
                    Err(Trouble::Rows(error)) => refused = Some(error),
                    Err(Trouble::RowsBack(error)) => {
                        if fill == Fills::Before {
                            not_back = Some(error);
                        } else {
                            refused = Some(error);
                            if rows > 0 {
                                fills.push(Fills::Before);
                            }
                        }
                    }
                    Err(Trouble::Finding(finding)) => {
                        verified.findings.push(*finding);
                        return Ok(verified);
                    }
                }
            }
        }
        let error = refused.expect("at least one amount was tried");
        verified.findings.push(finding_of(&error));
        Ok(verified)
    }

    /// What both sides of a revision ask of rows; nothing where it does not even run without any.
    fn demands(&self, base: &Connection, before: &Schema, up: &Step, stand_ins: &StandIns) -> Result<Demands, Failure> {
        let mut trial = copy(base, stand_ins)?;
        let up = Step { schema_before: None, schema_after: None, ..up.clone() };
        if let Err(error) = self.run(&mut trial, &up) {
            self.trouble(error)?;
            return Ok(Demands::default());
        }
        let after = self.look(&trial)?;
        // What both cannot ask together, no row can be chosen for.
        let demands = |one, other| Station::demands(one, other).ok().flatten().into_iter().collect();
        Ok(Demands { before: demands(before, &after), after: demands(&after, before) })
    }

    /// Up, more rows where they are wanted, down and up again.
    fn round_trip(
        &self,
        trial: &mut Connection,
        before: &Schema,
        script: &Script,
        up: &Step,
        (amount, demands): (Amount, Option<&[Station]>),
    ) -> Result<Result<(WayBack, usize), Trouble>, Failure> {
        let promised = up.schema_after.as_deref();
        // The runner's own expectations would only say that two fingerprints differ.
        let up = Step { schema_before: None, schema_after: None, ..up.clone() };
        if let Err(error) = self.run(trial, &up) {
            return Ok(Err(self.trouble(error)?));
        }
        let after = self.look(trial)?;
        if let Some(finding) = contradicts_header(script, promised, &after) {
            return Ok(Err(Trouble::Finding(Box::new(finding))));
        }
        let rows = match demands {
            Some(demands) => sample::fill(trial, &after, amount, demands).map_err(|error| sqlite(&error))?,
            None => 0,
        };
        if script.revision.irreversible.is_some() {
            return Ok(Ok((WayBack::Irreversible, rows)));
        }
        let Some(down) = &script.down else {
            let found = format!("the revision `{}` has no way back", up.revision);
            let diagnostic = Diagnostic::new("no_down", found).at(script.place_of(HeaderKey::Revision)).help(
                "write a `-- migrate:down` section, or say why there is none: `-- irreversible: ...` in its header",
            );
            return Ok(Err(Trouble::Finding(Box::new(diagnostic))));
        };
        let back =
            Step { op: runner::Op::Downgrade, gates: gate::read(down.sql()), script: Some(down.clone()), ..up.clone() };
        if let Err(error) = self.run(trial, &back) {
            return Ok(Err(match self.trouble(error)? {
                Trouble::Rows(error) => Trouble::RowsBack(error),
                other => other,
            }));
        }
        let found = |what: &str| format!("the revision `{}` {what}", up.revision);
        let restored = self.look(trial)?;
        if let Some(differences) = differences(&restored, before) {
            let what = found("taken back does not leave the schema that was there before it");
            let mut diagnostic = Diagnostic::new("not_restored", what).at(down.whole());
            diagnostic.notes = differences;
            let help = "bring the section `-- migrate:down` to undo all that `-- migrate:up` does";
            return Ok(Err(Trouble::Finding(Box::new(diagnostic.help(help)))));
        }
        if let Err(error) = self.run(trial, &up) {
            return Ok(Err(self.trouble(error)?));
        }
        if let Some(differences) = differences(&self.look(trial)?, &after) {
            let what = found("makes another schema the second time");
            let mut diagnostic = Diagnostic::new("not_repeatable", what).at(script.up.whole());
            diagnostic.notes = differences;
            return Ok(Err(Trouble::Finding(Box::new(diagnostic))));
        }
        Ok(Ok((WayBack::Proved, rows)))
    }

    fn run(&self, connection: &mut Connection, step: &Step) -> Result<Outcome, RunError> {
        let options = runner::Options {
            mirrored: None,
            version_table: self.project.settings.version_table.clone(),
            filter: self.filter.clone(),
            shapes: None,
            known: None,
            lock_timeout: Duration::ZERO,
            transaction: Transaction::Each,
            drift: Drift::Warn,
            dry_run: false,
            catalog_edits: self.project.settings.catalog_edits,
            fast_rebuild: self.project.settings.fast_rebuild,
            interrupt: Arc::clone(self.interrupt),
            prepare: &|_| Ok(()),
            recall: &|_, _| None,
            column_order: self.project.settings.column_order,
            // Nobody reads the version table of a scratch database.
            now: &String::new,
            tool_version: env!("CARGO_PKG_VERSION"),
        };
        runner::run(connection, &mut |_| Ok(vec![step.clone()]), &options, &mut |_| {})
    }

    fn look(&self, connection: &Connection) -> Result<Schema, Failure> {
        Ok(introspect::read(connection, &self.filter)?)
    }

    /// Whether other rows could make a difference; an interrupt ends it all.
    fn trouble(&self, error: RunError) -> Result<Trouble, Failure> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(error.into());
        }
        Ok(match error.problem {
            Problem::Statement { .. }
            | Problem::RowsRefuse { .. }
            | Problem::Damage { .. }
            | Problem::StandInUsed { .. } => Trouble::Rows(error),
            _ => Trouble::Finding(Box::new(finding_of(&error))),
        })
    }
}

/// The header names the schema of a database that has the revision and those before it, and no branch beside.
fn contradicts_header(script: &Script, promised: Option<&str>, after: &Schema) -> Option<Diagnostic> {
    let promised = promised?;
    let actual = sql::fingerprint(after);
    if promised == actual {
        return None;
    }
    let found = format!(
        "the revision `{}` makes a schema other than the one in its header: {actual} instead of {promised}",
        script.revision.id
    );
    let help = "if the script was edited by hand, remove the line `-- schema:` from its header";
    Some(Diagnostic::new("schema_mismatch", found).at(script.place_of(HeaderKey::Schema)).help(help))
}

fn copy(base: &Connection, stand_ins: &StandIns) -> Result<Connection, Failure> {
    let trial = backup::in_memory(base)?;
    stand_ins.register(&trial).map_err(|error| sqlite(&error))?;
    Ok(trial)
}

/// Nothing was proved of rows, since those that go up do not come back; a script that says so itself keeps its word.
fn rows_lost_back(error: &RunError) -> Option<Diagnostic> {
    if matches!(error.problem, Problem::RowsRefuse { .. }) {
        return None;
    }
    let mut diagnostic = finding_of(error);
    diagnostic.code = "way_back_refuses_rows";
    diagnostic.message = format!("as soon as there are rows it cannot be taken back: {}", diagnostic.message);
    let help = "let `-- migrate:down` give the rows what they need, or say above it which ones it stops at: \
                `-- stops at: ...`";
    Some(diagnostic.help(help))
}

/// What the runner says, less where the scratch database stands.
fn finding_of(error: &RunError) -> Diagnostic {
    let mut diagnostic = error.diagnostics().remove(0);
    diagnostic.notes.clear();
    diagnostic
}

fn sqlite(error: &rusqlite::Error) -> Failure {
    Failure::new(Class::Database, Diagnostic::new("scratch", format!("a scratch database fails: {error}")))
}

/// What there is to do to one schema to make it the other; nothing where they are the same.
fn differences(actual: &Schema, wanted: &Schema) -> Option<Vec<String>> {
    if sql::fingerprint(actual) == sql::fingerprint(wanted) {
        return None;
    }
    let changes = diff::diff(actual, wanted, &Renames::default(), ColumnOrder::Strict);
    Some(changes.iter().flat_map(Change::lines).map(|line| format!("left to do: {}", line.text)).collect())
}
