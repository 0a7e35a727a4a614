//! `stamp`: records where a database stands, and runs nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::Connection;

use crate::database::runner::{self, Outcome, RunError, Transaction};
use crate::database::version_table;
use crate::report::{Failure, Report};
use crate::revision::{Purge, Target};

use super::planner::Planner;
use super::{Project, State, walk};

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
    let planner = Planner::stamp(project, targets, purge)?;
    let outcome = run(project, &planner, connection, agree, lock_timeout, now)?;
    let state = planner.state(&outcome.applied);
    Ok((outcome, state))
}

/// Records what a planner says for a database.
///
/// # Errors
/// As [`stamp`].
pub fn run(
    project: &Project,
    planner: &Planner,
    connection: &mut Connection,
    agree: walk::Agree<'_>,
    lock_timeout: Duration,
    now: &dyn Fn() -> String,
) -> Result<Outcome, RunError> {
    let mut plan = |rows: &[version_table::Applied]| -> Result<Vec<runner::Step>, Box<dyn Report>> {
        let planned = planner.plan(rows)?;
        walk::settle(&planned.route, agree).map_err(|error| Box::new(error) as Box<dyn Report>)?;
        Ok(planned.steps.clone())
    };
    let options = runner::Options {
        version_table: project.settings.version_table.clone(),
        filter: planner.filter().clone(),
        lock_timeout,
        transaction: Transaction::All,
        // What a stamp records need not be what is there: that is what it is for.
        drift: runner::Drift::Warn,
        dry_run: false,
        catalog_edits: false,
        interrupt: Arc::new(AtomicBool::new(false)),
        prepare: &|_| Ok(()),
        now,
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    runner::run(connection, &mut plan, &options, &mut |_| {})
}
