//! Runs scripts in a scratch database, one after another, so that each is judged by what it does there.

use rusqlite::Connection;

use super::facts::Facts;
use super::levels::Levels;
use super::rules::script_fails;
use super::statement::Statement;
use super::step::Step;
use super::subject::Subject;
use super::{Finding, Linted, judge};
use crate::database::{Filter, Scratch, check, gate, introspect};
use crate::diff::{ColumnOrder, diff};
use crate::model::Level;
use crate::operation::discard::{self, Origins};
use crate::operation::{Project, State, autogenerate};
use crate::report::{Diagnostic, Failure};
use crate::revision::{Applied, Op, Range, RevisionId, Script, Target, Word};
use crate::schema::Schema;

/// What is linted.
#[derive(Debug, Clone)]
pub enum Scope {
    /// The model, and the revisions that the database does not have.
    Pending,
    /// The model and all revisions.
    All,
    /// Some revisions.
    Range(Range),
    /// Some files: of the model, or scripts. Findings of other files are left out.
    Files(Vec<String>),
}

/// Lints a project.
///
/// With a connection the revisions that its database has count as applied, and what a revision is going to touch is
/// counted; without one all revisions are taken as new.
///
/// # Errors
/// When settings, model or revisions cannot be read; not for what is found in them: that is the answer.
pub fn lint(project: &Project, scope: &Scope, connection: Option<&Connection>) -> Result<Linted, Failure> {
    let levels = Levels::new(&project.settings.lint)?;
    let state = project.state(connection)?;
    let chosen = Chosen::of(project, scope, &state)?;
    let mut linted = Linted::default();
    if chosen.model {
        lint_model(project, &levels, &mut linted)?;
    }
    if !chosen.revisions.is_empty() {
        Replay::new(project, &state, connection, scope)?.run(&chosen.revisions, &levels, &mut linted)?;
    }
    if let Scope::Files(files) = scope {
        let is_of_one = |finding: &Finding| {
            finding.diagnostic.place.as_ref().is_none_or(|place| files.contains(&place.source.path))
        };
        linted.findings.retain(is_of_one);
    }
    Ok(linted)
}

/// Lints the schema of a database that has no project.
///
/// # Errors
/// When it cannot be read, or the settings name no rule.
pub fn lint_database(project: &Project, connection: &Connection) -> Result<Linted, Failure> {
    let levels = Levels::new(&project.settings.lint)?;
    let mut linted = Linted::default();
    let schema = introspect::read(connection, &project.filter()?)?;
    let mut scratch = Scratch::build(&schema)?;
    judge_schema(&mut scratch, &schema, None, &levels, &mut linted)?;
    Ok(linted)
}

fn lint_model(project: &Project, levels: &Levels, linted: &mut Linted) -> Result<(), Failure> {
    let model = project.model()?;
    let mut scratch = autogenerate::build(&model, &crate::database::StandIns::default())?;
    let schema = scratch.schema(&project.filter()?)?;
    judge_schema(&mut scratch, &schema, Some(&model), levels, linted)
}

fn judge_schema(
    scratch: &mut Scratch,
    schema: &Schema,
    model: Option<&crate::model::Model>,
    levels: &Levels,
    linted: &mut Linted,
) -> Result<(), Failure> {
    let problems: Vec<check::Finding> = scratch
        .check(schema)?
        .into_iter()
        .filter(|problem| !model.is_some_and(|model| model.unchecked.contains(&problem.object)))
        .collect();
    judge::schema(&Subject { schema, problems: &problems }, model, levels, linted);
    linted.tables += schema.tables.len() + schema.virtual_tables.len();
    Ok(())
}

/// What there is to look at.
struct Chosen {
    model: bool,
    revisions: Vec<RevisionId>,
}

impl Chosen {
    fn of(project: &Project, scope: &Scope, state: &State) -> Result<Chosen, Failure> {
        let graph = &state.graph;
        let up_from = |applied: &Applied| -> Result<Vec<RevisionId>, Failure> {
            let route = graph.upgrade(applied, &Target::of(Word::Heads))?;
            Ok(route.steps.iter().filter(|step| step.op == Op::Upgrade).map(|step| step.revision.clone()).collect())
        };
        Ok(match scope {
            Scope::Pending => Chosen { model: true, revisions: up_from(&state.applied)? },
            Scope::All => Chosen { model: true, revisions: up_from(&Applied::default())? },
            Scope::Range(range) => {
                let revisions = graph.history(Some(range), Some(&state.applied))?;
                Chosen { model: false, revisions: revisions.into_iter().map(|revision| revision.id.clone()).collect() }
            }
            Scope::Files(files) => {
                let models = crate::model::sources(&project.settings)?;
                let mut chosen = Chosen { model: false, revisions: Vec::new() };
                for file in files {
                    let script = graph.revisions().find(|revision| {
                        graph.script(&revision.id).is_some_and(|script| script.path() == file.as_str())
                    });
                    if let Some(revision) = script {
                        chosen.revisions.push(revision.id.clone());
                    } else if models.iter().any(|source| source.path == *file) {
                        chosen.model = true;
                    } else {
                        return Err(no_such_file(file));
                    }
                }
                chosen
            }
        })
    }
}

fn no_such_file(file: &str) -> Failure {
    let message = format!("`{file}` is neither a revision of this project nor a file of its model");
    let diagnostic = Diagnostic::new("unknown_file", message).help("leave it out, or name the project with `--config`");
    Failure::new(crate::report::Class::Input, diagnostic)
}

/// Scripts on their way through a scratch database.
struct Replay<'a> {
    state: &'a State,
    connection: Option<&'a Connection>,
    filter: Filter,
    scratch: Scratch,
    /// What the scratch database stands at.
    applied: Applied,
    schema: Schema,
    origins: Origins,
}

impl<'a> Replay<'a> {
    /// From where the database stands, if only what it does not have is linted; else from nothing.
    fn new(
        project: &Project,
        state: &'a State,
        connection: Option<&'a Connection>,
        scope: &Scope,
    ) -> Result<Replay<'a>, Failure> {
        let filter = project.filter()?;
        let from_database = match (scope, connection) {
            (Scope::Pending, Some(connection)) => Some(introspect::read(connection, &filter)?),
            _ => None,
        };
        let connection = connection.filter(|_| from_database.is_some());
        let applied = if from_database.is_some() { state.applied.clone() } else { Applied::default() };
        let schema = from_database.unwrap_or_default();
        let scratch = Scratch::build(&schema)?;
        let origins = Origins::of(&schema);
        Ok(Replay { state, connection, filter, scratch, applied, schema, origins })
    }

    fn run(mut self, chosen: &[RevisionId], levels: &Levels, linted: &mut Linted) -> Result<(), Failure> {
        let graph = &self.state.graph;
        let route = graph.upgrade(&self.applied, &Target::of(Word::Heads))?;
        let steps: Vec<&RevisionId> =
            route.steps.iter().filter(|step| step.op == Op::Upgrade).map(|step| &step.revision).collect();
        let Some(last) = steps.iter().rposition(|id| chosen.contains(id)) else { return Ok(()) };
        let mut is_read = true;
        for (number, id) in steps[..=last].iter().enumerate() {
            let Some(script) = graph.script(id) else { continue };
            let is_chosen = chosen.contains(id);
            if is_chosen && !is_read {
                self.schema = self.scratch.schema(&self.filter)?;
            }
            let outcome = if is_chosen {
                linted.revisions += 1;
                self.judge(script, levels, linted)?
            } else {
                self.scratch.run(script.up.sql())
            };
            is_read = is_chosen;
            if let Err(failure) = outcome {
                let rule = &script_fails::RULE;
                let level = levels.of(rule);
                let message = format!("the revision `{id}` fails in a scratch database: {}", failure.message);
                let diagnostic = Diagnostic::new(rule.code, message)
                    .at(script.up.place(failure.span.clone()))
                    .label(failure.message.clone());
                if level != Level::Off {
                    let revision = Some((*id).clone());
                    linted.findings.push(Finding { rule, level, diagnostic, revision });
                }
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
    ) -> Result<Result<(), crate::database::statements::Failure>, Failure> {
        let section = &script.up;
        let sql = section.sql();
        let mut statements = Vec::new();
        let outcome = self.scratch.run_each(sql, &mut |connection, span| {
            let mut statement = Statement::new(span.clone(), &sql[span]);
            statement.look_for_strings(connection);
            statements.push(statement);
        });
        if outcome.is_err() {
            return Ok(outcome);
        }
        let after = self.scratch.schema(&self.filter)?;
        let renames = discard::renames(sql, &self.schema, &after);
        let facts = Facts::new(self.connection, self.origins.clone());
        let step = Step {
            script,
            section,
            statements,
            before: &self.schema,
            after: &after,
            changes: diff(&self.schema, &after, &renames, ColumnOrder::Loose),
            gates: gate::read(sql),
            facts: &facts,
        };
        judge::revision(&step, levels, linted);
        self.origins = self.origins.after(&self.schema, &after, &renames);
        self.schema = after;
        Ok(Ok(()))
    }
}

/// Judges a script that follows others, without a project: for the tests of rules.
#[cfg(test)]
pub(super) fn lint_script(before: &str, script: &Script, levels: &Levels) -> Linted {
    let filter = Filter::default();
    let mut scratch = Scratch::empty().unwrap();
    scratch.run(before).unwrap_or_else(|failure| panic!("{before}: {failure}"));
    let schema = scratch.schema(&filter).unwrap();
    let state = State::new(crate::revision::Scripts { scripts: Vec::new(), problems: Vec::new() }, Vec::new());
    let origins = Origins::of(&schema);
    let applied = Applied::default();
    let mut replay = Replay { state: &state, connection: None, filter, scratch, applied, schema, origins };
    let mut linted = Linted::default();
    let outcome = replay.judge(script, levels, &mut linted).unwrap();
    outcome.unwrap_or_else(|failure| panic!("{}: {failure}", script.up.sql()));
    linted
}

/// Judges the schema that a script makes: for the tests of rules.
#[cfg(test)]
pub(super) fn lint_schema(sql: &str, levels: &Levels) -> Linted {
    let mut scratch = Scratch::empty().unwrap();
    scratch.run(sql).unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    let schema = scratch.schema(&Filter::default()).unwrap();
    let mut scratch = Scratch::build(&schema).unwrap();
    let mut linted = Linted::default();
    judge_schema(&mut scratch, &schema, None, levels, &mut linted).unwrap();
    linted
}
