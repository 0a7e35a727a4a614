//! `upgrade` and `downgrade`: a route through the graph, run on a database or written as SQL.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::Connection;

use crate::database::backup::Progress;
use crate::database::runner::{self, Event, Outcome, RunError, Transaction};
use crate::database::version_table::{self, Kind};
use crate::database::{self, Access, Filter, Shapes, gate};
use crate::model;
use crate::report::{Class, Diagnostic, Failure, Report};
use crate::revision::{Applied, Op, Purge, Remark, Revision, RevisionId, Route, RouteError, Section, Standing, Target};
use crate::schema::Schema;
use crate::sql;

use super::backup::{self, Backup, BackupError};
use super::{Project, State};

/// Where to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Up to the target.
    Up,
    /// Down to the target.
    Down,
    /// Down by what has no script here, then up to the target.
    Across,
}

/// How to walk.
pub struct Options<'a> {
    /// How long to wait for other connections.
    pub lock_timeout: Duration,
    /// How much is one transaction.
    pub transaction: Transaction,
    /// Whether all is rolled back at the end.
    pub dry_run: bool,
    /// When the database is copied before the first step.
    pub backup: model::Backup,
    /// Told how far that copy has come.
    pub progress: &'a dyn Fn(Progress),
    /// Told of that copy when it is made.
    pub backed_up: &'a dyn Fn(&Backup),
    /// Answers whether to go on where a route does what is hardly meant.
    pub agree: Agree<'a>,
    /// Set from outside when the user wants to stop.
    pub interrupt: Arc<AtomicBool>,
    /// The time, RFC 3339 in UTC.
    pub now: &'a dyn Fn() -> String,
}

/// Answers whether to go on in spite of the remarks: yes, no, or nobody is there to answer.
pub type Agree<'a> = &'a dyn Fn(&[Remark]) -> Option<bool>;

/// A route that does what is hardly meant, and to which nobody has agreed.
#[derive(Debug, thiserror::Error)]
#[error("{}", doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Doubt {
    /// The remarks that stand against it; never empty.
    pub doubts: Vec<Remark>,
    /// Whether somebody was asked.
    pub was_asked: bool,
}

impl Report for Doubt {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let note = "nothing was changed";
        let shown = |remark: &Remark| {
            let diagnostic = remark.diagnostic().note(note);
            if self.was_asked { diagnostic } else { diagnostic.note("if it is meant: pass `--yes`") }
        };
        self.doubts.iter().map(shown).collect()
    }
}

/// Refuses a route that does what is hardly meant, unless somebody agrees to it.
pub(super) fn settle(route: &Route, agree: Agree<'_>) -> Result<(), Doubt> {
    let doubts: Vec<Remark> = route.doubts().cloned().collect();
    if doubts.is_empty() || route.steps.is_empty() {
        return Ok(());
    }
    match agree(&doubts) {
        Some(true) => Ok(()),
        answer => Err(Doubt { doubts, was_asked: answer.is_some() }),
    }
}

/// What a walk came to.
#[derive(Debug)]
pub struct Walked<'s> {
    /// What the runner did.
    pub outcome: Outcome,
    /// What the user should know about the route.
    pub remarks: Vec<Remark>,
    /// Where the database stands at the end.
    pub state: Cow<'s, State>,
}

impl Walked<'_> {
    /// The same, on its own.
    #[must_use]
    pub fn into_owned(self) -> Walked<'static> {
        let Walked { outcome, remarks, state } = self;
        Walked { outcome, remarks, state: Cow::Owned(state.into_owned()) }
    }
}

/// The route from where a database stands.
///
/// # Errors
/// When the target names nothing, or the graph does not hang together.
pub fn route(state: &State, direction: Direction, target: &Target) -> Result<Route, Failure> {
    Ok(choose(state, direction, target)?)
}

pub(super) fn choose(state: &State, direction: Direction, target: &Target) -> Result<Route, RouteError> {
    match direction {
        Direction::Up => state.graph.upgrade(&state.applied, target),
        Direction::Down => state.graph.downgrade(&state.applied, target),
        Direction::Across => state.graph.switch(&state.applied, target),
    }
}

/// Runs the revisions between where a database stands and the target. `start` is what is known of it now; what others
/// do meanwhile is read again.
///
/// # Errors
/// What the route, the scripts or the runner say; what was run before stays where the transaction allows it.
pub fn walk<'s>(
    project: &Project,
    connection: &mut Connection,
    start: &'s State,
    direction: Direction,
    target: &Target,
    options: &Options<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Walked<'s>, Failure> {
    let agree = options.agree;
    let mut remarks = Vec::new();
    // Pinned by the first answer: a target that counts from where the database stands must not move with it.
    let mut pinned: Option<Route> = None;
    let mut plan = |rows: &[version_table::Applied]| -> Result<Vec<runner::Step>, Box<dyn Report>> {
        let state = start.with_rows(rows);
        let route = match &pinned {
            None => {
                let route = choose(&state, direction, target).map_err(|error| Box::new(error) as Box<dyn Report>)?;
                settle(&route, agree).map_err(|error| Box::new(error) as Box<dyn Report>)?;
                remarks.clone_from(&route.remarks);
                pinned = Some(route.clone());
                route
            }
            Some(route) => still_to_do(route, &state.applied),
        };
        steps(&state, &route).map_err(|error| Box::new(error) as Box<dyn Report>)
    };
    let ground = Ground {
        project,
        database: &project.database()?,
        filter: &project.filter()?,
        shapes: None,
        known: Some(&start.rows),
        drift: match project.settings.drift {
            model::Drift::Warn => runner::Drift::Warn,
            model::Drift::Refuse => runner::Drift::Refuse,
        },
    };
    let outcome = run(&ground, connection, &mut plan, options, observer)?;
    let state = start.with_rows(&outcome.applied);
    Ok(Walked { outcome, remarks, state })
}

/// What a run stands on: a database, and what is known before it begins.
pub struct Ground<'a> {
    /// The project.
    pub project: &'a Project,
    /// The file of the database.
    pub database: &'a Path,
    /// What is none of the revisions' business.
    pub filter: &'a Filter,
    /// Schemas that other databases have as well.
    pub shapes: Option<&'a Shapes>,
    /// The rows of the version table, where they were read.
    pub known: Option<&'a [version_table::Applied]>,
    /// What to do where the schema is not what the revisions made.
    pub drift: runner::Drift,
}

/// Runs what a plan says, with a copy of the database before it where the settings ask for one.
///
/// # Errors
/// What the plan or the runner say; what was run before stays where the transaction allows it.
pub fn run(
    ground: &Ground<'_>,
    connection: &mut Connection,
    plan: &mut runner::Plan<'_>,
    options: &Options<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    let Ground { project, database, filter, shapes, known, drift } = *ground;
    let prepare = |steps: &[runner::Step]| {
        back_up(project, database, filter, steps, options).map_err(|error| Box::new(error) as Box<dyn Report>)
    };
    let options = runner::Options {
        version_table: project.settings.version_table.clone(),
        filter: filter.clone(),
        shapes,
        known,
        lock_timeout: options.lock_timeout,
        transaction: options.transaction,
        prepare: &prepare,
        drift,
        dry_run: options.dry_run,
        catalog_edits: project.settings.catalog_edits,
        fast_rebuild: project.settings.fast_rebuild,
        interrupt: Arc::clone(&options.interrupt),
        now: options.now,
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    runner::run(connection, plan, &options, observer)
}

/// Copies the database before steps, where the settings ask for it. The steps' own connection holds the write lock, so
/// that the copy is what they will find.
fn back_up(
    project: &Project,
    database: &Path,
    filter: &Filter,
    steps: &[runner::Step],
    options: &Options<'_>,
) -> Result<(), BackupError> {
    let may_be_needed = match options.backup {
        model::Backup::Always => true,
        model::Backup::Destructive => backup::may_discard(steps),
        model::Backup::Never => false,
    };
    if !may_be_needed {
        return Ok(());
    }
    let Some(connection) = database::open(database, Access::Read, options.lock_timeout)? else { return Ok(()) };
    let is_needed = match options.backup {
        model::Backup::Always => database::backup::size(&connection)? > 0,
        _ => backup::is_needed(&connection, filter, steps)?,
    };
    drop(connection);
    if !is_needed {
        return Ok(());
    }
    let now = (options.now)();
    let copying = backup::Options {
        lock_timeout: options.lock_timeout,
        interrupt: &options.interrupt,
        now: &now,
        progress: options.progress,
    };
    let made = backup::make(database, None, &project.settings.version_table, &copying)?;
    backup::prune(database)?;
    (options.backed_up)(&made);
    Ok(())
}

/// The part of a route that others have not gone meanwhile.
pub(super) fn still_to_do(route: &Route, applied: &Applied) -> Route {
    let is_open = |op: Op, id: &RevisionId| match op {
        Op::Upgrade | Op::Stamp => !applied.contains(id),
        Op::Downgrade | Op::Unstamp => applied.contains(id),
    };
    let steps = route.steps.iter().filter(|step| is_open(step.op, &step.revision)).cloned().collect();
    Route { steps, remarks: Vec::new() }
}

/// A revision that cannot be walked.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// There is no file for a revision that is to be run.
    #[error("there is no script for the revision `{revision}`")]
    NoScript {
        /// The revision.
        revision: RevisionId,
    },
    /// There is no way back.
    #[error("the revision `{revision}` cannot be taken back: {why}")]
    Irreversible {
        /// The revision.
        revision: RevisionId,
        /// Why not.
        why: String,
    },
}

impl Report for StepError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        vec![match self {
            StepError::NoScript { .. } => Diagnostic::new("no_script", self.to_string())
                .help("bring its file back into the folder of revisions, or check out the branch that has it"),
            StepError::Irreversible { revision, .. } => Diagnostic::new("irreversible", self.to_string()).help(format!(
                "write a `-- migrate:down` section for it, or restore a backup; `schemactl show {revision}` shows the script"
            )),
        }]
    }
}

/// The steps of a route as the runner takes them.
///
/// # Errors
/// When a script is missing or there is no way back.
pub fn steps(state: &State, route: &Route) -> Result<Vec<runner::Step>, StepError> {
    let rows: Rows<'_> = state.rows.iter().map(|row| (&row.revision, row)).collect();
    let mut standing = state.graph.standing(&state.applied);
    let mut last_first = state.rows.iter().rev();
    let mut number = state.applied.iter().count();
    let mut steps = Vec::new();
    for step in &route.steps {
        let id = &step.revision;
        let row = rows.get(id).copied();
        let script = state.graph.script(id);
        let revision = state.graph.get(id).cloned().or_else(|| {
            row.map(|row| Revision { message: row.message.clone(), ..Revision::new(id.clone(), row.parents.clone()) })
        });
        let revision = revision.ok_or_else(|| StepError::NoScript { revision: id.clone() })?;
        let schema_before = expected_schema(&standing, &rows, number);
        let replaces = match step.op {
            Op::Stamp => revision.replaces.clone(),
            _ => Vec::new(),
        };
        match step.op {
            Op::Upgrade | Op::Stamp => {
                standing.add(id);
                number += 1;
            }
            Op::Downgrade | Op::Unstamp => {
                standing.remove(id);
                number -= 1;
            }
        }
        let is_up = matches!(step.op, Op::Upgrade | Op::Stamp);
        // What a revision found is what its way back restores, as long as all that came after it is gone before it.
        let found = last_first.next().filter(|row| !is_up && row.revision == *id);
        if found.is_none() {
            last_first = [].iter().rev();
        }
        let found = found.and_then(|row| row.schema_before.clone());
        let schema_after = match found {
            // A database may have had objects of its own before its first revision.
            None if !is_up && number == 0 => None,
            None => expected_schema(&standing, &rows, number),
            found => found,
        };
        let runs: Option<Section> = match step.op {
            Op::Upgrade => Some(script.ok_or_else(|| StepError::NoScript { revision: id.clone() })?.up.clone()),
            Op::Downgrade => Some(way_back(&revision, row, script.and_then(|script| script.down.as_ref()))?),
            Op::Stamp | Op::Unstamp => None,
        };
        steps.push(runner::Step {
            op: if is_up { runner::Op::Upgrade } else { runner::Op::Downgrade },
            revision: id.clone(),
            parents: revision.parents.clone(),
            depends_on: revision.depends_on.clone(),
            message: revision.message.clone(),
            kind: match step.op {
                Op::Stamp if !revision.replaces.is_empty() => Kind::Squash,
                Op::Stamp => Kind::Stamp,
                _ => Kind::Upgrade,
            },
            checksum: script.map(|script| script.up.checksum()).unwrap_or_default(),
            gates: runs.iter().flat_map(|section| gate::read(section.sql())).collect(),
            script: runs,
            down: script.and_then(|script| script.down.clone()),
            schema_before,
            schema_after,
            replaces,
        });
    }
    Ok(steps)
}

/// The script that takes a revision back: that of its file, or the one that the database keeps.
fn way_back(
    revision: &Revision,
    row: Option<&version_table::Applied>,
    down: Option<&Section>,
) -> Result<Section, StepError> {
    if let Some(why) = &revision.irreversible {
        return Err(StepError::Irreversible { revision: revision.id.clone(), why: why.clone() });
    }
    let stored = || {
        let row = row?;
        let name = format!("the down script of {} in the database", revision.id);
        Some(Section::stored(name, row.down_sql.clone()?, row.down_transaction))
    };
    down.cloned().or_else(stored).ok_or_else(|| StepError::Irreversible {
        revision: revision.id.clone(),
        why: "it has no down script".to_owned(),
    })
}

/// The rows of the version table by their revisions.
type Rows<'a> = BTreeMap<&'a RevisionId, &'a version_table::Applied>;

/// The fingerprint that the schema has where a database stands so, if one revision stands for all the others.
fn expected_schema(standing: &Standing<'_>, rows: &Rows<'_>, applied: usize) -> Option<String> {
    if applied == 0 {
        return Some(sql::fingerprint(&Schema::default()));
    }
    let head = standing.single()?;
    head.schema.clone().or_else(|| rows.get(&head.id)?.schema.clone())
}

/// The SQL of a walk, for a database that is not at hand.
///
/// `applied` is where that database is taken to stand.
///
/// # Errors
/// As [`steps`], and when the route cannot be found.
pub fn offline(
    project: &Project,
    direction: Direction,
    target: &Target,
    applied: Applied,
    now: &str,
) -> Result<String, Failure> {
    let state = State::offline(project.scripts()?, applied);
    let route = route(&state, direction, target)?;
    let steps = steps(&state, &route)?;
    Ok(runner::write_sql(
        &steps,
        &project.settings.version_table,
        state.applied.is_empty(),
        now,
        env!("CARGO_PKG_VERSION"),
    ))
}

/// The SQL of a stamp, for a database that is not at hand.
///
/// # Errors
/// As [`steps`], and when a target names nothing.
pub fn offline_stamp(project: &Project, targets: &[Target], applied: Applied, now: &str) -> Result<String, Failure> {
    let state = State::offline(project.scripts()?, applied);
    let route = state.graph.stamp(&state.applied, targets, Purge::No)?;
    let steps = steps(&state, &route)?;
    Ok(runner::write_sql(
        &steps,
        &project.settings.version_table,
        state.applied.is_empty(),
        now,
        env!("CARGO_PKG_VERSION"),
    ))
}
