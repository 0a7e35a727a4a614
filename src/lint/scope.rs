//! What is linted: which part of a project, or a database that has none.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::levels::Levels;
use super::replay::Replay;
use super::rules::{misspelt_type, sql_as_text};
use super::subject::Subject;
use super::{Finding, Linted, judge};
use crate::database::{Scratch, StandIns, check, introspect};
use crate::model::{self, Model};
use crate::operation::{Project, State, autogenerate};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Applied, Op, Range, RevisionId, Target, Word};
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
        // What is counted are rows that the revisions have still before them.
        let from = connection.filter(|_| matches!(scope, Scope::Pending));
        Replay::new(project, &state, from)?.run(&chosen.revisions, &levels, &mut linted)?;
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

/// What is probably no more than a slip in the columns of a model's tables, or nothing where the settings do not want to
/// hear it: no statement fails for it, and a script would carry it into the database.
///
/// # Errors
/// When the model cannot be read, or the settings name no rule.
pub fn slips(project: &Project, tables: &Schema) -> Result<Vec<Diagnostic>, Failure> {
    let levels = Levels::new(&project.settings.lint)?.alone(&[&misspelt_type::RULE, &sql_as_text::RULE]);
    let mut linted = Linted::default();
    judge::schema(&Subject { schema: tables, problems: &[] }, Some(&*project.model()?), &levels, &mut linted);
    Ok(linted.findings.into_iter().map(|finding| finding.diagnostic).collect())
}

fn lint_model(project: &Project, levels: &Levels, linted: &mut Linted) -> Result<(), Failure> {
    let model = project.model()?;
    let mut scratch = autogenerate::build(&model, &StandIns::default())?;
    let schema = scratch.schema(&project.filter()?)?;
    judge_schema(&mut scratch, &schema, Some(&model), levels, linted)
}

pub(super) fn judge_schema(
    scratch: &mut Scratch,
    schema: &Schema,
    model: Option<&Model>,
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
    revisions: BTreeSet<RevisionId>,
}

impl Chosen {
    fn of(project: &Project, scope: &Scope, state: &State) -> Result<Chosen, Failure> {
        let graph = &state.graph;
        let up_from = |applied: &Applied| -> Result<BTreeSet<RevisionId>, Failure> {
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
                let models = model::sources(&project.settings)?;
                let mut chosen = Chosen { model: false, revisions: BTreeSet::new() };
                for file in files {
                    let script = graph.revisions().find(|revision| {
                        graph.script(&revision.id).is_some_and(|script| script.path() == file.as_str())
                    });
                    if let Some(revision) = script {
                        chosen.revisions.insert(revision.id.clone());
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
    Failure::new(Class::Input, diagnostic)
}
