//! One revision, worked out on the image before anything is sent: what the server runs, and what must be there then.
//!
//! The runner for files runs it on the image, so that all that it refuses is refused here too; the server is then held
//! against what the image has become.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use super::Error;
use super::evidence::Evidence;
use super::image::Image;
use crate::database::Switches;
use crate::database::introspect;
use crate::database::runner::{self, ByHand, Event, Intended, Op, Problem, Step, Transaction};
use crate::database::statements::Failure;
use crate::database::version_table::{self, Applied};
use crate::plan;
use crate::report::Place;
use crate::revision::{Script, Section};
use crate::schema::{Name, ObjectKind, Schema, SqliteVersion};
use crate::sql;

/// What a step comes to.
pub(super) struct Worked {
    /// The statements of its script.
    pub statements: Vec<Statement>,
    /// What is asked around them.
    pub evidence: Evidence,
    /// The schema before it.
    pub before: Schema,
    /// The schema after it.
    pub after: Schema,
    /// Its fingerprint.
    pub fingerprint: String,
    /// The row that the version table gets.
    pub row: Option<Applied>,
    /// Tables that are there before it and after it and are written anew.
    pub rewritten: Vec<Name>,
    /// What no revision makes, and the script takes away with what it stands on.
    pub by_hand: Vec<ByHand>,
}

/// A statement, and where it stands in the file.
pub(super) struct Statement {
    pub sql: String,
    pub place: Place,
}

/// Refuses what cannot be run on this server at all.
pub(super) fn require(step: &Step, image: &Image) -> Result<(), Problem> {
    let Some(script) = &step.script else { return Ok(()) };
    let refused = |error: Error| Problem::Server { error: Box::new(error), place: Some(script.whole()) };
    if step.is_outside_transaction() {
        return Err(refused(Error::OutsideTransaction));
    }
    match needed(script).filter(|needed| *needed > image.sqlite) {
        Some(needed) => Err(refused(Error::TooOld { needed, found: image.sqlite })),
        None => Ok(()),
    }
}

/// What the head of a section's file says that it requires.
fn needed(script: &Section) -> Option<SqliteVersion> {
    let read = Script::read(script.source.path.clone(), &script.source.text).ok()?;
    read.revision.requires
}

/// Works a step out; the image is then what the server is to become.
pub(super) fn work_out(
    image: &mut Image,
    step: &Step,
    options: &runner::Options<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Worked, Problem> {
    let before = read(image, options)?;
    let (mut statements, rewritten) = match &step.script {
        Some(script) => (statements(image, script)?, rewritten(image, script)?),
        None => (Vec::new(), Vec::new()),
    };
    let Rehearsed { intended, by_hand } = rehearse(image, step, options, observer)?;
    let after = read(image, options)?;
    if let Some(script) = &step.script {
        let put_back = put_back(&by_hand, &after).into_iter();
        statements.extend(put_back.map(|sql| Statement { sql, place: script.whole() }));
    }
    let script = step.script.as_ref().map_or("", Section::sql);
    let evidence = Evidence::of(&before, &after, script, &intended);
    let rows = version_table::read(image.scratch.connection(), &options.version_table)?;
    let is_kept = |table: &Name| before.tables.contains_key(table) && after.tables.contains_key(table);
    let rewritten = rewritten.into_iter().filter(is_kept).collect();
    Ok(Worked {
        statements,
        evidence,
        fingerprint: sql::fingerprint(&after),
        before,
        after,
        row: rows.into_iter().find(|row| row.revision == step.revision && step.op == Op::Upgrade),
        rewritten,
        by_hand,
    })
}

/// The statements that put back what no revision makes; triggers that stand behind one of those are created once more, in
/// the order that the image has.
fn put_back(by_hand: &[ByHand], after: &Schema) -> Vec<String> {
    let is_back = |it: &&ByHand| it.lost.is_none();
    let indexes = by_hand.iter().filter(is_back).filter(|it| it.object.kind == ObjectKind::Index);
    let mut statements: Vec<String> = indexes.map(|it| it.sql.clone()).collect();
    let mut behind: BTreeSet<&Name> = BTreeSet::new();
    for trigger in after.triggers.values() {
        let is_it = |it: &&ByHand| it.object.kind == ObjectKind::Trigger && it.object.name == trigger.name;
        if let Some(own) = by_hand.iter().filter(is_back).find(is_it) {
            behind.insert(&trigger.table);
            statements.push(own.sql.clone());
        } else if behind.contains(&trigger.table) {
            statements.extend([format!("DROP TRIGGER {}", trigger.name.quoted()), sql::write_trigger(trigger)]);
        }
    }
    statements
}

fn read(image: &Image, options: &runner::Options<'_>) -> Result<Schema, Problem> {
    Ok(introspect::read(image.scratch.connection(), &options.filter)?)
}

/// The statements that do on a server what a script does. What a server lets a script switch is tried first; a script
/// that needs more is written in another form.
fn statements(image: &Image, script: &Section) -> Result<Vec<Statement>, Problem> {
    let spans = match split(image, script.sql())? {
        Ok(spans) => return Ok(spans.into_iter().map(|span| placed(script, script.sql(), span)).collect()),
        Err(failure) if !is_refused(&failure) => {
            return Err(Problem::Statement { message: failure.message, place: script.place(failure.span) });
        }
        Err(_) => {
            let other = plan::confine(&image.scratch, script.sql(), Switches::ForeignKeys);
            let text = other.map_err(|error| not_confined(error, script))?;
            let failed = |failure: Failure| Problem::Statement { message: failure.message, place: script.whole() };
            (split(image, &text)?.map_err(failed)?, text)
        }
    };
    let (spans, text) = spans;
    Ok(spans.into_iter().map(|span| placed(script, &text, span)).collect())
}

/// Where the statements of a text stand, if a server would run it.
fn split(image: &Image, text: &str) -> Result<Result<Vec<Range<usize>>, Failure>, Problem> {
    let mut trial = image.scratch.copy()?;
    trial.confine(Switches::ForeignKeys)?;
    let mut spans = Vec::new();
    Ok(trial.run_each(text, &mut |_, span| spans.push(span)).map(|()| spans))
}

/// Whether a statement failed because a server does not let it do that.
fn is_refused(failure: &Failure) -> bool {
    let code = failure.source.as_ref().and_then(rusqlite::Error::sqlite_error_code);
    code == Some(rusqlite::ErrorCode::AuthorizationForStatementDenied)
}

/// A statement of a text, with its place in the file where it stands there too.
fn placed(script: &Section, text: &str, span: Range<usize>) -> Statement {
    let sql = text[span].to_owned();
    let place = script.sql().find(&sql).map(|at| script.place(at..at + sql.len()));
    Statement { place: place.unwrap_or_else(|| script.whole()), sql }
}

fn not_confined(error: plan::Error, script: &Section) -> Problem {
    let place = match &error {
        plan::Error::NotConfined { statement, .. } => {
            script.sql().find(statement.as_str()).map(|at| script.place(at..at + statement.len()))
        }
        _ => None,
    };
    Problem::Server { error: Box::new(error), place: Some(place.unwrap_or_else(|| script.whole())) }
}

/// The tables that a script writes anew.
fn rewritten(image: &Image, script: &Section) -> Result<Vec<Name>, Problem> {
    let heard = image.scratch.copy()?.run_listening(script.sql());
    Ok(heard.map(|heard| heard.rewritten.into_iter().collect()).unwrap_or_default())
}

/// What a script does that no schema shows.
#[derive(Default)]
struct Rehearsed {
    /// What it did on purpose.
    intended: Intended,
    /// What no revision makes and it takes away.
    by_hand: Vec<ByHand>,
}

/// Runs the step on the image as on a file.
fn rehearse(
    image: &mut Image,
    step: &Step,
    options: &runner::Options<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Rehearsed, Problem> {
    let local = runner::Options {
        mirrored: None,
        version_table: options.version_table.clone(),
        filter: options.filter.clone(),
        shapes: None,
        known: None,
        lock_timeout: Duration::ZERO,
        transaction: Transaction::Each,
        drift: options.drift,
        dry_run: false,
        catalog_edits: options.catalog_edits,
        fast_rebuild: false,
        interrupt: std::sync::Arc::clone(&options.interrupt),
        prepare: &|_| Ok(()),
        recall: options.recall,
        column_order: options.column_order,
        now: options.now,
        tool_version: options.tool_version,
    };
    let mut done = Rehearsed::default();
    let mut watch = |event: Event<'_>| match event {
        Event::Ran { intended, .. } => done.intended = intended.clone(),
        // What the server does is told by its own runner.
        Event::Started { .. } | Event::Finished { .. } | Event::Working { .. } | Event::Worked => {}
        other => observer(other),
    };
    let mut plan = |_: &[Applied]| Ok(vec![step.clone()]);
    let outcome = runner::run(image.scratch.connection_mut(), &mut plan, &local, &mut watch);
    let outcome = outcome.map_err(|error| error.problem)?;
    done.by_hand = outcome.steps.into_iter().flat_map(|done| done.by_hand).collect();
    Ok(done)
}
