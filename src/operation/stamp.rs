//! `stamp`: records where a database stands, and runs nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::database::runner::{self, Outcome, RunError, Transaction};
use crate::database::{self, Access, Filter, version_table};
use crate::libsql;
use crate::report::{Failure, Report};
use crate::revision::{Purge, Target};

use super::{Database, Project, State, walk};

/// Records a database as standing at the targets.
///
/// # Errors
/// When a target names nothing, or the version table cannot be written.
pub fn stamp(
    project: &Project,
    connection: &mut Connection,
    targets: &[Target],
    purge: Purge,
    agree: walk::Agree<'_>,
    lock_timeout: Duration,
    now: &dyn Fn() -> String,
) -> Result<(Outcome, State), Failure> {
    let start = project.state(Some(connection))?;
    let mut plan = |rows: &[version_table::Applied]| -> Result<Vec<runner::Step>, Box<dyn Report>> {
        let state = start.with_rows(rows);
        let route =
            state.graph.stamp(&state.applied, targets, purge).map_err(|error| Box::new(error) as Box<dyn Report>)?;
        walk::settle(&route, agree).map_err(|error| Box::new(error) as Box<dyn Report>)?;
        walk::steps(&state, &route).map_err(|error| Box::new(error) as Box<dyn Report>)
    };
    let ground = Ground { project, database: &project.place()?, filter: &project.filter()?, known: Some(&start.rows) };
    let outcome = run(&ground, connection, &mut plan, lock_timeout, now)?;
    let state = start.with_rows(&outcome.applied).into_owned();
    Ok((outcome, state))
}

/// Finds out whether a version table could be written now, and writes nothing.
///
/// # Errors
/// When it could not: the database is read-only or locked, or has another table of that name.
pub fn may_write(project: &Project, connection: &Connection) -> Result<(), Failure> {
    version_table::read(connection, &project.settings.version_table)?;
    if project.is_on_server() {
        // The image of a database on a server is only looked at; what the server refuses it says when it is written.
        return Ok(());
    }
    let locked = connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK");
    let path = connection.path().unwrap_or_default();
    Ok(locked.map_err(|error| database::Error::from_sqlite(path.as_ref(), &error))?)
}

/// Makes the version table where there is none, and says whether there was none; nothing where there is no database.
///
/// # Errors
/// When the database cannot be written, or has another table of that name.
pub fn ensure_table(project: &Project, lock_timeout: Duration) -> Result<Option<bool>, Failure> {
    let table = &project.settings.version_table;
    let Database::Server(server) = project.place()? else {
        let connection = project.connect(Access::Create, lock_timeout)?;
        return Ok(connection.map(|connection| version_table::ensure(&connection, table)).transpose()?);
    };
    let start = Instant::now();
    loop {
        let image = server.image(table)?;
        if !version_table::ensure(image.scratch.connection(), table)? {
            return Ok(Some(false));
        }
        if server.amend(&image, table, &[], &[version_table::create_sql(table)], lock_timeout)? {
            return Ok(Some(true));
        }
        if start.elapsed() >= lock_timeout {
            return Err(libsql::Error::Overtaken.into());
        }
    }
}

/// What a stamp stands on.
pub struct Ground<'a> {
    /// The project.
    pub project: &'a Project,
    /// Where the database is.
    pub database: &'a Database,
    /// What is none of the revisions' business.
    pub filter: &'a Filter,
    /// The rows of the version table, where they were read.
    pub known: Option<&'a [version_table::Applied]>,
}

/// Records what a plan says. Of a database on a server the connection is the image, and is only looked at.
///
/// # Errors
/// As [`stamp`].
pub fn run(
    ground: &Ground<'_>,
    connection: &mut Connection,
    plan: &mut runner::Plan<'_>,
    lock_timeout: Duration,
    now: &dyn Fn() -> String,
) -> Result<Outcome, RunError> {
    let Ground { project, database, filter, known } = *ground;
    project.with_mirror(|mirrored| {
        let options = runner::Options {
            mirrored,
            version_table: project.settings.version_table.clone(),
            filter: filter.clone(),
            shapes: None,
            known,
            lock_timeout,
            transaction: Transaction::All,
            // What a stamp records need not be what is there: that is what it is for.
            drift: runner::Drift::Warn,
            dry_run: false,
            catalog_edits: false,
            fast_rebuild: false,
            interrupt: Arc::new(AtomicBool::new(false)),
            prepare: &|_| Ok(()),
            recall: &|_, _| None,
            column_order: project.settings.column_order,
            now,
            tool_version: env!("CARGO_PKG_VERSION"),
        };
        match database {
            Database::File(_) => runner::run(connection, plan, &options, &mut |_| {}),
            Database::Server(server) => {
                libsql::run(server, plan, &libsql::Options { run: &options, long_transactions: false }, &mut |_| {})
            }
        }
    })
}
