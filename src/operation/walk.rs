//! `upgrade` and `downgrade`: a route through the graph, run on a database or written as SQL.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::Connection;

use crate::database::backup::{Progress, Writers};
use crate::database::runner::{self, Event, Outcome, RunError, Transaction};
use crate::database::walk::Walk;
pub use crate::database::walk::{Agree, Direction, Doubt, StepError, settle, steps, still_to_do};
use crate::database::{self, Access, Filter, Shapes, version_table};
use crate::libsql::{self, Server};
use crate::model::{self, Settings};
use crate::report::{Failure, Report};
use crate::revision::{Applied, Purge, Remark, RevisionId, Route, RouteError, Target};

use super::backup::{self, Backup, BackupError};
use super::{Database, Project, Recall, Rows, State, adopt};

/// How to walk.
#[derive(Clone)]
pub struct Options<'a> {
    /// How long to wait for other connections.
    pub lock_timeout: Duration,
    /// How much is one transaction.
    pub transaction: Transaction,
    /// Whether all is rolled back at the end.
    pub dry_run: bool,
    /// Whether a transaction may last longer than a server promises to let it.
    pub long_transactions: bool,
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

impl<'a> Options<'a> {
    /// The same on a copy that nobody else has: no copy is made of it, and nothing is taken back at the end.
    #[must_use]
    pub(crate) fn on_a_copy(&self) -> Options<'a> {
        Options { dry_run: false, long_transactions: false, backup: model::Backup::Never, ..self.clone() }
    }
}

/// Which walk is asked for.
#[derive(Clone, Copy)]
pub struct Errand<'a, 's> {
    /// The project.
    pub project: &'a Project,
    /// What is known of the database now; what others do meanwhile is read again.
    pub start: &'s State,
    /// Up, down, or across.
    pub direction: Direction,
    /// Where to.
    pub target: &'a Target,
    /// How.
    pub options: &'a Options<'a>,
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
    direction.route(state, target)
}

/// Runs the revisions between where a database stands and the target.
///
/// # Errors
/// What the route, the scripts or the runner say; what was run before stays where the transaction allows it.
pub fn walk<'s>(
    errand: &Errand<'_, 's>,
    connection: &mut Connection,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Walked<'s>, Failure> {
    walk_by(errand, connection, |ground, connection, plan| run(ground, connection, plan, errand.options, observer))
}

/// The same by what runs a plan in its own way.
pub(super) fn walk_by<'s>(
    errand: &Errand<'_, 's>,
    connection: &mut Connection,
    run: impl FnOnce(&Ground<'_>, &mut Connection, &mut runner::Plan<'_>) -> Result<Outcome, RunError>,
) -> Result<Walked<'s>, Failure> {
    let Errand { project, start, direction, target, options } = *errand;
    if direction == Direction::Up {
        adopt::refuse_since(project, connection, start)?;
    }
    let mut walk = Walk::new(start, direction, target, options.agree);
    let filter = project.filter()?;
    let ground = Ground {
        project,
        database: &project.place()?,
        filter: &filter,
        shapes: None,
        recall: &Recall::new(&filter),
        known: Some(&start.rows),
        to_copy: None,
        drift: drift(project),
    };
    let outcome = run(&ground, connection, &mut |rows| walk.steps(rows))?;
    let remarks = walk.remarks();
    let state = start.with_rows(&outcome.applied);
    Ok(Walked { outcome, remarks, state })
}

/// What to do where the schema is not what the revisions made, as the settings say.
fn drift(project: &Project) -> runner::Drift {
    match project.settings.drift {
        model::Drift::Warn => runner::Drift::Warn,
        model::Drift::Refuse => runner::Drift::Refuse,
    }
}

/// What a run stands on: a database, and what is known before it begins.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The project.
    pub project: &'a Project,
    /// Where the database is.
    pub database: &'a Database,
    /// What is none of the revisions' business.
    pub filter: &'a Filter,
    /// Schemas that other databases have as well.
    pub shapes: Option<&'a Shapes>,
    /// What revisions make, as far as it was asked for.
    pub recall: &'a Recall,
    /// The rows of the version table, where they were read.
    pub known: Option<&'a [version_table::Applied]>,
    /// The steps that a copy of the database is made for, where the run is a part of a longer one.
    pub to_copy: Option<&'a [runner::Step]>,
    /// What to do where the schema is not what the revisions made.
    pub drift: runner::Drift,
}

/// Runs what a plan says, with a copy of the database before it where the settings ask for one. Of a database on a
/// server the connection is the image, and is only looked at.
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
    let Ground { project, database, filter, shapes, recall, known, to_copy, drift } = *ground;
    let prepare = |steps: &[runner::Step]| match database {
        Database::File(path) => back_up(project, path, filter, to_copy.unwrap_or(steps), options)
            .map_err(|error| Box::new(error) as Box<dyn Report>),
        Database::Server(server) => back_up_server(project, server, filter, to_copy.unwrap_or(steps), options)
            .map_err(|error| Box::new(error) as Box<dyn Report>),
    };
    let long_transactions = options.long_transactions;
    let recall = |revisions: &[RevisionId], fingerprint: &str| recall.schema(project, revisions, fingerprint);
    project.with_mirror(|mirrored| {
        let options = runner::Options {
            mirrored,
            version_table: project.settings.version_table.clone(),
            filter: filter.clone(),
            shapes,
            known,
            lock_timeout: options.lock_timeout,
            transaction: options.transaction,
            prepare: &prepare,
            recall: &recall,
            column_order: project.settings.column_order,
            drift,
            dry_run: options.dry_run,
            catalog_edits: project.settings.catalog_edits,
            fast_rebuild: project.settings.fast_rebuild,
            interrupt: Arc::clone(&options.interrupt),
            now: options.now,
            tool_version: env!("CARGO_PKG_VERSION"),
        };
        match database {
            Database::File(_) => runner::run(connection, plan, &options, observer),
            Database::Server(server) => {
                libsql::run(server, plan, &libsql::Options { run: &options, long_transactions }, observer)
            }
        }
    })
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
    if !may_need_copy(steps, options.backup) {
        return Ok(());
    }
    let Some(connection) = database::open(database, Access::Read, options.lock_timeout)? else { return Ok(()) };
    let is_needed = match options.backup {
        model::Backup::Always => database::backup::size(&connection)? > 0,
        _ => backup::is_needed(&connection, &Rows::Local(&connection), filter, steps)?,
    };
    drop(connection);
    if !is_needed {
        return Ok(());
    }
    let now = (options.now)();
    let copying = backup::Options {
        writers: Writers::LockedOut,
        lock_timeout: options.lock_timeout,
        interrupt: &options.interrupt,
        now: &now,
        progress: options.progress,
    };
    let made = backup::make(database, None, &project.settings.version_table, &copying)?;
    let Settings { backups_kept, backups_size, .. } = project.settings;
    backup::prune(database, &made, backups_kept, backups_size)?;
    (options.backed_up)(&made);
    Ok(())
}

/// The same for a database on a server, which goes on to be written meanwhile.
fn back_up_server(
    project: &Project,
    server: &Server,
    filter: &Filter,
    steps: &[runner::Step],
    options: &Options<'_>,
) -> Result<(), BackupError> {
    if !may_need_copy(steps, options.backup) {
        return Ok(());
    }
    let table = &project.settings.version_table;
    let image = server.image(table)?.into_connection()?;
    if options.backup != model::Backup::Always
        && !backup::is_needed(&image, &Rows::Remote(server.clone()), filter, steps)?
    {
        return Ok(());
    }
    let database = project.settings.path(&server.file_name());
    let made = backup::dump(server, &database, None, table, &(options.now)())?;
    let Settings { backups_kept, backups_size, .. } = project.settings;
    backup::prune(&database, &made, backups_kept, backups_size)?;
    (options.backed_up)(&made);
    Ok(())
}

/// Whether the steps' words are a reason for a copy.
fn may_need_copy(steps: &[runner::Step], wanted: model::Backup) -> bool {
    match wanted {
        model::Backup::Always => !steps.is_empty(),
        model::Backup::Destructive => backup::may_discard(steps),
        model::Backup::Never => false,
    }
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
    written(project, &state, &steps, now)
}

/// The SQL of a stamp, for a database that is not at hand.
///
/// # Errors
/// As [`steps`], and when a target names nothing.
pub fn offline_stamp(project: &Project, targets: &[Target], applied: Applied, now: &str) -> Result<String, Failure> {
    let state = State::offline(project.scripts()?, applied);
    let route = state.graph.stamp(&state.applied, targets, Purge::No)?;
    let steps = steps(&state, &route)?;
    written(project, &state, &steps, now)
}

/// Steps as SQL for a database that stands so.
fn written(project: &Project, state: &State, steps: &[runner::Step], now: &str) -> Result<String, Failure> {
    let (table, tool_version) = (&project.settings.version_table, env!("CARGO_PKG_VERSION"));
    let requires = steps.iter().filter_map(|step| state.graph.get(&step.revision)?.requires).max();
    let start = (state.applied.is_empty(), requires);
    let written = project.with_mirror(|mirrored| runner::write_sql(steps, table, mirrored, start, now, tool_version));
    written.map_err(|error| Failure::all(error.class(), error.diagnostics()))
}
