//! `rehearse`: the real run on a private copy of the database, which goes when it is done.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::database::backup::{Progress, Writers};
use crate::database::runner::Event;
use crate::database::{self, Access};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::Target;

use super::passing::{Passing, beside};
use super::walk::{self, Direction, Walked};
use super::{Database, Project, backup, server_copy};

/// What a rehearsal came to.
#[derive(Debug)]
pub struct Rehearsal<T = Walked<'static>> {
    /// The run on the copy.
    pub walked: T,
    /// How long the run took, the copying left out.
    pub duration: Duration,
    /// The size of the copy before the run, in bytes.
    pub bytes_before: u64,
    /// Its size after the run.
    pub bytes_after: u64,
}

/// Copies the database and walks on the copy. A database that does not exist yet is rehearsed on an empty one.
///
/// # Errors
/// What would stop the run, and when there is no room for a copy.
pub fn rehearse(
    project: &Project,
    direction: Direction,
    target: &Target,
    options: &walk::Options<'_>,
    progress: &dyn Fn(Progress),
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Rehearsal, Failure> {
    on_copy(project, options, progress, |private, connection, options| {
        let state = private.state(Some(connection))?;
        let errand = walk::Errand { project: private, start: &state, direction, target, options };
        Ok(walk::walk(&errand, connection, observer)?.into_owned())
    })
}

/// Copies the database and does something to the copy, which goes.
///
/// # Errors
/// What it fails with, and when there is no room for a copy.
pub fn on_copy<T>(
    project: &Project,
    options: &walk::Options<'_>,
    progress: &dyn Fn(Progress),
    run: impl FnOnce(&Project, &mut Connection, &walk::Options<'_>) -> Result<T, Failure>,
) -> Result<Rehearsal<T>, Failure> {
    let original = project.beside_backups()?;
    let copy = Passing { path: beside(&original, ".rehearsal") };
    copy.remove().map_err(|error| cannot_remove(&copy.path, &error))?;
    if let Database::Server(server) = project.place()? {
        server_copy::fetch(&server, &copy.path)?;
    } else if project.connect(Access::Read, options.lock_timeout)?.is_some() {
        let now = (options.now)();
        let (lock_timeout, interrupt) = (options.lock_timeout, &options.interrupt);
        let copying = backup::Options { writers: Writers::Free, lock_timeout, interrupt, now: &now, progress };
        backup::make(&original, Some(&copy.path), &project.settings.version_table, &copying)?;
    }
    let bytes_before = size(&copy.path);
    let private = project.on(&copy.path);
    let missing = || database::Error::Missing { path: copy.path.clone() };
    let mut connection = private.connect(Access::Create, options.lock_timeout)?.ok_or_else(missing)?;
    let start = Instant::now();
    let walked = run(&private, &mut connection, &options.on_a_copy());
    let duration = start.elapsed();
    drop(connection);
    let bytes_after = size(&copy.path);
    copy.remove().map_err(|error| cannot_remove(&copy.path, &error))?;
    Ok(Rehearsal { walked: walked?, duration, bytes_before, bytes_after })
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |file| file.len())
}

fn cannot_remove(path: &Path, error: &std::io::Error) -> Failure {
    let found = format!("cannot remove the copy `{}`: {error}", path.display());
    Failure::new(Class::Database, Diagnostic::new("rehearsal", found).help("remove it by hand"))
}
