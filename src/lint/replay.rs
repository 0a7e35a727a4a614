//! Runs scripts in a scratch database, one after another, so that each is judged by what it does there.
//!
//! Ways back are not run here: `verify` does that, and finds all that the runner would refuse in them. To drop what a
//! revision has made is what they are for; how much goes with it is told by SC211 from the changes themselves.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::facts::Facts;
use super::levels::Levels;
use super::rules::script_fails;
use super::stage::Stage;
use super::statement::Statement;
use super::step::Step;
use super::{Finding, Linted, judge};
use crate::database::{gate, introspect, statements};
use crate::model::Level;
use crate::operation::flow::Flow;
use crate::operation::{Project, Rows, State};
use crate::report::{Diagnostic, Failure};
use crate::revision::{Applied, Op, RevisionId, Script, Target, Word};

/// Scripts on their way through a scratch database.
pub(super) struct Replay<'a> {
    state: &'a State,
    /// What is counted.
    rows: Option<Rows<'a>>,
    /// What the scratch database stands at.
    applied: Applied,
    stage: Stage,
    flow: Flow,
}

impl<'a> Replay<'a> {
    /// From where a database stands, or else from nothing.
    pub fn new(project: &Project, state: &'a State, from: Option<&'a Connection>) -> Result<Replay<'a>, Failure> {
        let filter = project.filter()?;
        let schema = from.map(|connection| introspect::read(connection, &filter)).transpose()?.unwrap_or_default();
        let applied = if from.is_some() { state.applied.clone() } else { Applied::default() };
        let flow = Flow::of(&schema);
        let rows = from.map(|connection| project.rows(connection)).transpose()?;
        Ok(Replay { state, rows, applied, stage: Stage::build(schema, filter)?, flow })
    }

    /// Runs the scripts up to the last of those that are to be judged.
    pub fn run(mut self, chosen: &BTreeSet<RevisionId>, levels: &Levels, linted: &mut Linted) -> Result<(), Failure> {
        let graph = &self.state.graph;
        let route = graph.upgrade(&self.applied, &Target::of(Word::Heads))?;
        let steps: Vec<&RevisionId> =
            route.steps.iter().filter(|step| step.op == Op::Upgrade).map(|step| &step.revision).collect();
        let Some(last) = steps.iter().rposition(|id| chosen.contains(*id)) else { return Ok(()) };
        for (number, id) in steps[..=last].iter().enumerate() {
            let Some(script) = graph.script(id) else { continue };
            let outcome = if chosen.contains(*id) {
                linted.revisions += 1;
                self.judge(script, levels, linted)?
            } else {
                self.flow.follow(script.up.sql());
                self.stage.pass(script.up.sql())
            };
            if let Err(failure) = outcome {
                linted.findings.extend(fails(script, &failure, levels));
                linted.unreached = steps[number + 1..=last].iter().map(|id| (*id).clone()).collect();
                break;
            }
        }
        Ok(())
    }

    /// Runs a script and judges what it did.
    fn judge(
        &mut self,
        script: &Script,
        levels: &Levels,
        linted: &mut Linted,
    ) -> Result<Result<(), statements::Failure>, Failure> {
        let section = &script.up;
        let sql = section.sql();
        let mut statements = Vec::new();
        let mut each = |connection: &Connection, span: std::ops::Range<usize>| {
            let mut statement = Statement::new(span.clone(), &sql[span]);
            statement.look_for_strings(connection);
            statements.push(statement);
        };
        let done = match self.stage.run(sql, &mut each)? {
            Ok(done) => done,
            Err(failure) => return Ok(Err(failure)),
        };
        let (before, after) = (self.stage.before(), self.stage.after());
        let facts = Facts::new(self.rows.as_ref(), &self.flow);
        let changes = done.changes;
        let step = Step { script, section, statements, before, after, changes, gates: gate::read(sql), facts: &facts };
        judge::revision(&step, levels, linted);
        if self.rows.is_some() {
            self.flow.follow(sql);
        }
        Ok(Ok(()))
    }
}

/// The finding that a script fails.
fn fails(script: &Script, failure: &statements::Failure, levels: &Levels) -> Option<Finding> {
    let rule = &script_fails::RULE;
    let level = levels.of(rule);
    let id = &script.revision.id;
    let message = format!("the revision `{id}` fails in a scratch database: {}", failure.message);
    let place = script.up.place(failure.span.clone());
    let diagnostic = Diagnostic::new(rule.code, message).at(place).label(failure.message.clone());
    (level != Level::Off).then(|| Finding { rule, level, diagnostic, revision: Some(id.clone()) })
}

/// Judges a script that follows others, without a project: for the tests of rules. A database with rows is asked, if
/// there are any.
#[cfg(test)]
pub(super) fn lint_script(before: &str, rows: Option<&str>, script: &Script, levels: &Levels) -> Linted {
    let state = State::new(crate::revision::Scripts { scripts: Vec::new(), problems: Vec::new() }, Vec::new());
    let mut stage = Stage::build(crate::schema::Schema::default(), crate::database::Filter::default()).unwrap();
    stage.pass(before).unwrap_or_else(|failure| panic!("{before}: {failure}"));
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(before).unwrap();
    database.execute_batch(rows.unwrap_or_default()).unwrap();
    let schema = introspect::read(&database, &crate::database::Filter::default()).unwrap();
    let (applied, flow) = (Applied::default(), Flow::of(&schema));
    let rows = rows.map(|_| Rows::Local(&database));
    let mut replay = Replay { state: &state, rows, applied, stage, flow };
    let mut linted = Linted::default();
    let outcome = replay.judge(script, levels, &mut linted).unwrap();
    outcome.unwrap_or_else(|failure| panic!("{}: {failure}", script.up.sql()));
    linted
}
