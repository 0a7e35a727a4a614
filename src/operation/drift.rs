//! From which schema a new revision goes out where a database is not what its revisions make, and which revision a
//! database without a version table is at.
//!
//! A revision is run everywhere, and what somebody changed in one database by hand is there alone: a script that goes
//! out from it fails wherever else it is run.

use rusqlite::Connection;

use super::{Project, State, autogenerate, replay, status};
use crate::diff::{self, Renames};
use crate::model;
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Applied, Mention, Revision, RevisionId};
use crate::schema::Schema;
use crate::sql;

/// How many differences are told.
const TOLD: usize = 10;

/// What a new revision goes out from.
#[derive(Debug)]
pub struct Start {
    /// The schema.
    pub schema: Schema,
    /// How the database differs from it, where it is not what its revisions make.
    pub drift: Option<Diagnostic>,
}

/// The schema that a new revision goes out from: that of the database, and where this is not what its revisions make,
/// the one that they make, since the script is for all databases that have run them. Before the first revision it is
/// what is there.
///
/// # Errors
/// When the database has drifted and the settings refuse that, or what its revisions make cannot be told.
pub fn start(project: &Project, state: &State, connection: Option<&Connection>) -> Result<Start, Failure> {
    let actual = autogenerate::actual_schema(project, connection)?;
    let fingerprint = sql::fingerprint(&actual);
    let expected = status::expected_fingerprint(state);
    if state.applied.is_empty() || expected.as_ref() == Some(&fingerprint) {
        return Ok(Start { schema: actual, drift: None });
    }
    let made = match replay::schema_of(project, &state.graph, &state.applied) {
        Ok(made) => made,
        // Scripts by hand may stand on tables that were there before them: then only the database knows.
        Err(_) if expected.is_none() => return Ok(Start { schema: actual, drift: None }),
        Err(failure) => return Err(cannot_be_told(&failure)),
    };
    let changes = diff::diff(&made, &actual, &Renames::default(), project.settings.column_order);
    let mut lines = changes.iter().flat_map(diff::Change::lines).map(|line| line.text).collect::<Vec<_>>();
    if lines.is_empty() {
        return Ok(Start { schema: actual, drift: None });
    }
    let more = lines.len().saturating_sub(TOLD);
    lines.truncate(TOLD);
    let drift = told(lines, more, &state.graph.current(&state.applied));
    match project.settings.drift {
        model::Drift::Refuse => Err(Failure::new(Class::No, drift)),
        model::Drift::Warn => Ok(Start { schema: made, drift: Some(drift) }),
    }
}

fn told(lines: Vec<String>, more: usize, current: &[&Revision]) -> Diagnostic {
    let words = "the database is not what its revisions make; a new revision goes out from what they make";
    let mut drift = Diagnostic::new("drift", words);
    drift.notes = lines.into_iter().map(|line| format!("it differs: {line}")).collect();
    if more > 0 {
        drift.notes.push(format!("and in {more} more ways"));
    }
    let undo = match current {
        [one] => format!("undo it here (`schemactl diff --from database --to {} --sql` shows how)", one.id),
        _ => "undo it here".to_owned(),
    };
    let keep = "write it into the model, run `schemactl revision --autogenerate --offline`, and where the database has \
                all of it already `schemactl stamp head`";
    drift.help(format!("{undo}; or keep it: {keep}"))
}

fn cannot_be_told(failure: &Failure) -> Failure {
    let words = "the database is not what its revisions made, and what they make cannot be told";
    let mut diagnostic = Diagnostic::new("drift", words);
    diagnostic.notes = failure.diagnostics().iter().map(|cause| cause.message.clone()).collect();
    let help = "undo in the database what was changed by hand, or mend the script: `schemactl verify` shows where";
    Failure::new(Class::No, diagnostic.help(help))
}

/// The revisions that make just this schema, the last one first, where none of them is recorded; none for a schema that
/// is empty.
#[must_use]
pub fn recognised(project: &Project, state: &State, schema: &Schema) -> Vec<Mention> {
    let State { graph, applied, .. } = state;
    if *schema == Schema::default() {
        return Vec::new();
    }
    let fingerprint = sql::fingerprint(schema);
    let made = graph.revisions().filter(|revision| revision.schema.as_ref() == Some(&fingerprint));
    let made: Vec<&Revision> = made.collect();
    if !made.is_empty() {
        // What follows a recorded one with the same schema works on rows, and is not to be passed over.
        let is_recorded = made.iter().any(|revision| applied.contains(&revision.id));
        let made = made.into_iter().rev().filter(|_| !is_recorded);
        return made.map(Mention::from).collect();
    }
    // Scripts by hand say nothing of what they make, and columns may stand in another order.
    let [head] = graph.heads()[..] else { return Vec::new() };
    let makes_it = |applied: &Applied| {
        let made = replay::schema_of(project, graph, applied);
        made.is_ok_and(|made| diff::diff(&made, schema, &Renames::default(), project.settings.column_order).is_empty())
    };
    let is_head = !applied.contains(&head.id)
        && makes_it(&graph.applied_at([&head.id]))
        && (applied.is_empty() || !makes_it(applied));
    if is_head { vec![Mention::from(head)] } else { Vec::new() }
}

/// What to do with a database that has the schema of these revisions and none of them recorded.
#[must_use]
pub fn stamp(recognised: &[Mention]) -> Option<String> {
    let (last, others) = recognised.split_first()?;
    let same = others.iter().map(|mention| &mention.id).map(RevisionId::to_string).collect::<Vec<_>>();
    let same = if same.is_empty() { String::new() } else { format!(" (or {}, with the same schema)", same.join(", ")) };
    Some(format!("schemactl stamp {}{same}", last.id))
}

/// A failure to run revisions on a database that has what they make: with what to do about it.
#[must_use]
pub fn of_known_schema(project: &Project, connection: &Connection, failure: Failure) -> Failure {
    if project.is_on_server() {
        // The image is of before the run.
        return failure;
    }
    let look = || -> Result<Vec<Mention>, Failure> {
        // Revisions before the one that failed may be recorded by now.
        let state = project.state(Some(connection))?;
        Ok(recognised(project, &state, &autogenerate::actual_schema(project, Some(connection))?))
    };
    // What cannot be read is no reason to say less of what failed.
    let recognised = look().unwrap_or_default();
    let Some(stamp) = stamp(&recognised) else { return failure };
    let mut diagnostics = failure.diagnostics().to_vec();
    if let Some(last) = diagnostics.last_mut() {
        let words = "the database has the schema of these revisions already, and no record of them";
        last.notes.push(words.to_owned());
        last.help = Some(format!("record it, and run nothing: `{stamp}`"));
    }
    Failure::all(failure.class(), diagnostics)
}
