//! `status`: the model against the revisions, the revisions against the version table, and what the version table says
//! against the schema that is there.
//!
//! Each of the three is looked at by itself: what keeps one from being told does not stop the others.

use std::fmt;

use rusqlite::Connection;

use crate::adopt::Since;
use crate::database::version_table;
use crate::diff::{self, Change, Line, Renames};
use crate::report::{Class, Diagnostic, Failure, Report, count};
use crate::revision::{Mention, Op, Target, Word};
use crate::schema::Schema;
use crate::sql;

use super::drift::Recognised;
use super::repair::{self, Edited};
use super::replay::Replay;
use super::{Project, State, adopt, autogenerate, drift};

/// The three answers.
#[derive(Debug)]
pub struct Status {
    /// What the model asks for and no revision makes.
    pub model: Result<Vec<Line>, Failure>,
    /// How the revisions and the version table differ.
    pub revisions: Revisions,
    /// What other tools have run since the database was taken over from them.
    pub others: Vec<Since>,
    /// How the schema that is there differs from the one that the applied revisions make.
    pub schema: Result<Vec<Line>, Failure>,
}

/// How the revisions and the version table differ.
#[derive(Debug, Default)]
pub struct Revisions {
    /// What is wrong with the files.
    pub problems: Vec<Diagnostic>,
    /// The heads of the files.
    pub heads: Vec<Mention>,
    /// Where the database stands.
    pub current: Vec<Mention>,
    /// What is not run yet, in the order in which it would run.
    pub pending: Vec<Mention>,
    /// What is not run yet although a later revision is.
    pub out_of_order: Vec<Mention>,
    /// What is not the script that ran.
    pub edited: Vec<Edited>,
    /// What is applied and has no file here.
    pub missing: Vec<Missing>,
    /// Revisions that make the schema that is there and are not recorded.
    pub recognised: Recognised,
}

/// An applied revision without a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The revision, as the database knows it.
    pub revision: Mention,
    /// When it was applied.
    pub applied_at: String,
    /// Whether the database keeps the script that takes it back.
    pub has_way_back: bool,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.has_way_back { "" } else { "; the database keeps no way back" };
        // As the times of revisions are shown, where it is one that schemactl wrote.
        let applied = self.applied_at.get(..16).map_or_else(|| self.applied_at.clone(), |time| time.replace('T', " "));
        write!(f, "{}, applied {applied}{way}", self.revision)
    }
}

/// The applied revisions that have no file here.
#[must_use]
pub fn missing(state: &State) -> Vec<Missing> {
    let missing = state.graph.without_script(&state.applied).into_iter().map(|revision| {
        let row = state.rows.iter().find(|row| row.revision == revision.id);
        Missing {
            revision: Mention::from(revision),
            applied_at: row.map(|row| row.applied_at.clone()).unwrap_or_default(),
            has_way_back: row.is_some_and(|row| row.down_sql.is_some()),
        }
    });
    missing.collect()
}

/// How the scripts differ from what a database has run, a warning each: files that are gone, files that were edited.
#[must_use]
pub fn differences(state: &State) -> Vec<Diagnostic> {
    no_file(state).into_iter().chain(edited(state)).collect()
}

/// That applied revisions have no file here, if some have none.
#[must_use]
pub fn no_file(state: &State) -> Option<Diagnostic> {
    let missing = missing(state);
    // A file that cannot be read looks as if it were gone; what is wrong with it is told elsewhere.
    if missing.is_empty() || !state.graph.problems().is_empty() {
        return None;
    }
    let found = format!("{} applied, with no file here", count(missing.len(), "revision"));
    let mut diagnostic = Diagnostic::new("no_file", found);
    diagnostic.notes = missing.iter().map(ToString::to_string).collect();
    let help = "`schemactl switch` takes them back and goes to this checkout's head; `--dry-run` shows how";
    Some(diagnostic.help(help))
}

/// That scripts were edited after they ran, if some were.
#[must_use]
pub fn edited(state: &State) -> Option<Diagnostic> {
    let edited = repair::edited(&state.graph, &state.rows);
    if edited.is_empty() {
        return None;
    }
    let ran = if edited.len() == 1 { "it" } else { "they" };
    let found = format!("{} edited after {ran} ran", count(edited.len(), "script"));
    let mut diagnostic = Diagnostic::new("edited", found);
    let note = |edited: &Edited| format!("{}: {} differs ({})", edited.revision, edited.what(), edited.path);
    diagnostic.notes = edited.iter().map(note).collect();
    let help = "what ran stays as it was: undo the edit and write a new revision, or accept it: `schemactl repair`";
    Some(diagnostic.help(help))
}

impl Revisions {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn are_in_sync(&self) -> bool {
        self.problems.is_empty()
            && self.pending.is_empty()
            && self.out_of_order.is_empty()
            && self.edited.is_empty()
            && self.missing.is_empty()
    }
}

impl Status {
    /// Whether all three say that there is nothing to do.
    #[must_use]
    pub fn is_in_sync(&self) -> bool {
        let is_empty = |lines: &Result<Vec<Line>, Failure>| lines.as_ref().is_ok_and(Vec::is_empty);
        is_empty(&self.model) && is_empty(&self.schema) && self.revisions.are_in_sync() && self.others.is_empty()
    }
}

/// Looks at model, revisions, version table and schema.
///
/// # Errors
/// When the folders or the version table cannot be read at all.
pub fn status(project: &Project, connection: Option<&Connection>) -> Result<Status, Failure> {
    let state = project.state(connection)?;
    let mut revisions = revisions(&state);
    let actual = autogenerate::actual_schema(project, connection);
    if let (Some(_), Ok(actual)) = (connection, &actual) {
        revisions.recognised = drift::recognised(project, &state, actual);
    }
    let mut replay = Replay::default();
    // What is applied is mostly the beginning of what there is.
    let schema =
        actual.and_then(|actual| difference(project, &state, &actual, &sql::fingerprint(&actual), &mut replay));
    Ok(Status {
        model: model(project, &state, &mut replay),
        revisions,
        others: connection.map_or(Ok(Vec::new()), |connection| adopt::since(project, connection, &state))?,
        schema,
    })
}

fn model(project: &Project, state: &State, replay: &mut Replay) -> Result<Vec<Line>, Failure> {
    // Its own mistakes are told before those of the revisions that it is compared with.
    project.model()?;
    let graph = state.graph.of_scripts();
    if !graph.problems().is_empty() {
        let words = "what the revisions make cannot be told, since their files do not hang together";
        return Err(Failure::new(Class::Input, Diagnostic::new("not_told", words)));
    }
    let made = replay.schema_at(project, &graph, &Target::of(Word::Heads))?;
    Ok(autogenerate::compare(project, made, &Renames::default())?.lines())
}

/// How the revisions and a version table differ.
#[must_use]
pub fn revisions(state: &State) -> Revisions {
    let State { graph, rows, applied, .. } = state;
    let mentions = |revisions: Vec<&crate::revision::Revision>| revisions.into_iter().map(Mention::from).collect();
    let files = graph.of_scripts();
    let out_of_order = graph.left_out(applied);
    let pending = files.upgrade(applied, &Target::of(Word::Heads)).or_else(|_| {
        // Revisions without a file are no part of the files' graph, but of the one that the database knows.
        graph.upgrade(applied, &Target::of(Word::Heads))
    });
    let pending = pending.map(|route| route.steps).unwrap_or_default();
    let pending = pending.iter().filter(|step| step.op == Op::Upgrade).filter_map(|step| graph.get(&step.revision));
    let pending = pending.filter(|revision| !out_of_order.iter().any(|other| other.id == revision.id)).collect();
    Revisions {
        problems: graph.problems().iter().flat_map(Report::diagnostics).collect(),
        heads: mentions(files.heads()),
        current: mentions(graph.current(applied)),
        pending: mentions(pending),
        out_of_order: mentions(out_of_order),
        edited: repair::edited(graph, rows),
        missing: missing(state),
        recognised: Recognised::default(),
    }
}

/// How a schema differs from the one that the applied revisions make.
///
/// # Errors
/// When that cannot be told, since revisions have no files here or cannot be run.
pub fn drift(project: &Project, state: &State, actual: &Schema, fingerprint: &str) -> Result<Vec<Line>, Failure> {
    difference(project, state, actual, fingerprint, &mut Replay::default())
}

fn difference(
    project: &Project,
    state: &State,
    actual: &Schema,
    fingerprint: &str,
    replay: &mut Replay,
) -> Result<Vec<Line>, Failure> {
    if expected_fingerprint(state).as_deref() == Some(fingerprint) {
        return Ok(Vec::new());
    }
    let gone = state.graph.without_script(&state.applied);
    if !gone.is_empty() {
        return Err(cannot_replay(state, fingerprint));
    }
    let expected = replay.schema_of(project, &state.graph, &state.applied)?;
    let changes = diff::diff(&expected, actual, &Renames::default(), project.settings.column_order);
    Ok(changes.iter().flat_map(Change::lines).collect())
}

/// The fingerprint that the version table leads to expect.
pub(super) fn expected_fingerprint(state: &State) -> Option<String> {
    if state.applied.is_empty() {
        return Some(sql::fingerprint(&Schema::default()));
    }
    let standing = state.graph.standing(&state.applied);
    let head = standing.single()?;
    let row: Option<&version_table::Applied> = state.rows.iter().find(|row| row.revision == head.id);
    row.and_then(|row| row.schema.clone()).or_else(|| head.schema.clone())
}

fn cannot_replay(state: &State, fingerprint: &str) -> Failure {
    let known = expected_fingerprint(state);
    let words = match known {
        Some(_) => "the schema is not the one that the applied revisions made, and they have no files here to say how",
        None => "what the applied revisions make cannot be told, since some of them have no files here",
    };
    let diagnostic = Diagnostic::new("not_told", words).note(format!("the fingerprint of the schema is {fingerprint}"));
    Failure::new(Class::No, diagnostic.help("`schemactl switch` brings the database to this checkout's head"))
}
