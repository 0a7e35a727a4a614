//! Copies a whole database while others use it, with SQLite's backup interface (<https://www.sqlite.org/backup.html>).

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::error::Error;
use super::introspect::failed;
use super::shared_copy;

/// How far a copy has come, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Pages that are copied.
    pub done: u64,
    /// Pages of the database.
    pub total: u64,
}

/// Who else may write while a database is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writers {
    /// Anybody.
    Free,
    /// Nobody: the caller holds the write lock on another connection, and has written nothing yet.
    LockedOut,
}

/// How a copy was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Page by page.
    Copied,
    /// By the filesystem: both files share their blocks until one of them is written.
    Shared,
}

const PAGES_AT_ONCE: i32 = 1000;
const PAUSE: Duration = Duration::from_millis(20);

/// Copies the main database of a connection to a new file. The file appears under its name only when it is whole.
/// Where nobody can write meanwhile the filesystem is asked first to do it without copying.
///
/// The connection must not be inside a transaction that writes: SQLite would wait for it forever.
///
/// # Errors
///
/// Refuses a file that is there already. Stops when it is interrupted, and when a writer holds the lock longer than
/// `lock_timeout`.
pub fn copy(
    from: &Connection,
    to: &Path,
    writers: Writers,
    lock_timeout: Duration,
    interrupt: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, Error> {
    if to.symlink_metadata().is_ok() {
        return Err(Error::AlreadyThere { path: to.to_owned() });
    }
    let unfinished = with_ending(to, ".unfinished");
    let io = |source: std::io::Error| Error::Io { path: to.to_owned(), source };
    let made = match writers {
        Writers::LockedOut if shared_copy::make(from, &unfinished)? => Ok(Made::Shared),
        _ => {
            let room = || require_room(from, &unfinished);
            let copied = room().and_then(|()| copy_pages(from, &unfinished, lock_timeout, interrupt, progress));
            copied.map(|()| Made::Copied)
        }
    };
    let outcome = made.and_then(|made| {
        require_readable(&unfinished)?;
        // A link, unlike a rename, never takes the place of a file that has come there meanwhile.
        match std::fs::hard_link(&unfinished, to) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Error::AlreadyThere { path: to.to_owned() })
            }
            Err(_) => std::fs::rename(&unfinished, to).map_err(io).map(|()| made),
            Ok(()) => Ok(made),
        }
    });
    for ending in ["", "-journal", "-wal", "-shm"] {
        let leftover = with_ending(&unfinished, ending);
        if leftover.exists() {
            std::fs::remove_file(&leftover).map_err(io)?;
        }
    }
    outcome
}

/// Refuses a copy that would not fit.
fn require_room(from: &Connection, to: &Path) -> Result<(), Error> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let needed = size(from)?;
    match free_space(folder).filter(|free| *free < needed) {
        Some(free) => Err(Error::NoRoom { folder: folder.to_owned(), needed, free }),
        None => Ok(()),
    }
}

/// Refuses a copy that SQLite cannot read.
fn require_readable(copy: &Path) -> Result<(), Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copy, flags).map_err(|error| Error::from_sqlite(copy, &error))?;
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(|error| failed(&connection, &error))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn copy_pages(
    from: &Connection,
    to: &Path,
    lock_timeout: Duration,
    interrupt: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Error> {
    let here = |error: &rusqlite::Error| Error::from_sqlite(to, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(to, flags).map_err(|error| {
        // SQLite does not say why it cannot make a file.
        let made = OpenOptions::new().create(true).append(true).open(to);
        made.map_or_else(|source| Error::NoCopy { path: to.to_owned(), source }, |_| here(&error))
    })?;
    pages(from, &mut copy, to, lock_timeout, interrupt, progress)
}

/// Puts the content of one database in the place of another's, in one transaction.
///
/// # Errors
///
/// Stops when it is interrupted, and when others hold a lock longer than `lock_timeout`; the database is then as it was.
pub fn restore(
    from: &Connection,
    to: &mut Connection,
    path: &Path,
    lock_timeout: Duration,
    interrupt: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Error> {
    pages(from, to, path, lock_timeout, interrupt, progress)
}

fn pages(
    from: &Connection,
    to: &mut Connection,
    path: &Path,
    lock_timeout: Duration,
    interrupt: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Error> {
    let here = |error: &rusqlite::Error| Error::from_sqlite(path, error);
    let backup = Backup::new(from, to).map_err(|error| here(&error))?;
    let mut blocked_since: Option<Instant> = None;
    loop {
        if interrupt.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        let step = backup.step(PAGES_AT_ONCE).map_err(|error| here(&error))?;
        let pages = backup.progress();
        let total = u64::try_from(pages.pagecount).unwrap_or_default();
        let left = u64::try_from(pages.remaining).unwrap_or_default();
        progress(Progress { done: total.saturating_sub(left), total });
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => blocked_since = None,
            _ => {
                let waited = blocked_since.get_or_insert_with(Instant::now).elapsed();
                if waited >= lock_timeout {
                    let path = PathBuf::from(from.path().unwrap_or_default());
                    return Err(Error::Locked { path, waited });
                }
                thread::sleep(PAUSE);
            }
        }
    }
}

/// The size of the main database in bytes, what stands in its write-ahead log included.
///
/// # Errors
///
/// Says what SQLite says.
pub fn size(connection: &Connection) -> Result<u64, Error> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let bytes = pragma("page_count").and_then(|count| Ok(u64::from(count) * u64::from(pragma("page_size")?)));
    bytes.map_err(|error| failed(connection, &error))
}

/// The bytes that are free for new files in a folder; `None` where the system does not say.
#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "the numbers are narrower on some systems")]
#[must_use]
pub fn free_space(folder: &Path) -> Option<u64> {
    let told = nix::sys::statvfs::statvfs(folder).ok()?;
    Some(u64::from(told.blocks_available()).saturating_mul(u64::from(told.fragment_size())))
}

/// The bytes that are free for new files in a folder; `None` where the system does not say.
#[cfg(not(unix))]
#[must_use]
pub fn free_space(_: &Path) -> Option<u64> {
    None
}

/// Copies the main database of a connection into one in memory, foreign keys off.
///
/// # Errors
///
/// Says what SQLite says.
pub fn in_memory(from: &Connection) -> Result<Connection, Error> {
    let here = |error: &rusqlite::Error| Error::from_sqlite(":memory:".as_ref(), error);
    let mut copy = super::connect::in_memory().map_err(|error| here(&error))?;
    let backup = Backup::new(from, &mut copy).map_err(|error| here(&error))?;
    backup.run_to_completion(i32::MAX, PAUSE, None).map_err(|error| here(&error))?;
    drop(backup);
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    fn filled(path: &Path) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000)
                 INSERT INTO t SELECT randomblob(2000) FROM n",
            )
            .unwrap();
        connection
    }

    const SOON: Duration = Duration::from_millis(100);

    #[test]
    fn a_copy_that_cannot_be_made_says_why_and_where() {
        let folder = tempfile::tempdir().unwrap();
        let from = filled(&folder.path().join("app.db"));
        let to = folder.path().join("none/copy.db");
        let error = copy(&from, &to, Writers::Free, SOON, &AtomicBool::new(false), &mut |_| {}).unwrap_err();
        assert!(matches!(&error, Error::NoCopy { source, .. } if source.kind() == std::io::ErrorKind::NotFound));
        let help = error.diagnostics().remove(0).help.unwrap();
        assert!(help.contains(&folder.path().join("none").display().to_string()), "{help}");
    }

    #[test]
    fn a_copy_is_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let from = filled(&folder.path().join("app.db"));
        let to = folder.path().join("copy.db");
        let mut seen = Vec::new();
        let unstopped = AtomicBool::new(false);
        let made = copy(&from, &to, Writers::Free, SOON, &unstopped, &mut |progress| seen.push(progress));
        assert_eq!(made.unwrap(), Made::Copied);
        assert_eq!(to.metadata().unwrap().len(), folder.path().join("app.db").metadata().unwrap().len());
        assert!(seen.len() > 1 && seen.last().is_some_and(|last| last.done == last.total));
        let copied = Connection::open(&to).unwrap();
        let sum = |connection: &Connection| {
            connection.query_row("SELECT hex(group_concat(x, '')) FROM t", [], |row| row.get::<_, String>(0))
        };
        assert_eq!(sum(&copied).unwrap(), sum(&from).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        let again = copy(&from, &to, Writers::Free, SOON, &AtomicBool::new(false), &mut |_| ());
        assert!(matches!(again, Err(Error::AlreadyThere { .. })));
    }

    #[test]
    fn a_copy_that_is_stopped_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let from = filled(&folder.path().join("app.db"));
        let to = folder.path().join("copy.db");
        let interrupt = AtomicBool::new(false);
        let stopped =
            copy(&from, &to, Writers::Free, SOON, &interrupt, &mut |_| interrupt.store(true, Ordering::Relaxed));
        assert!(matches!(stopped, Err(Error::Interrupted)));
        let writer = Connection::open(folder.path().join("app.db")).unwrap();
        writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let locked = copy(&from, &to, Writers::Free, SOON, &AtomicBool::new(false), &mut |_| ());
        assert!(matches!(locked, Err(Error::Locked { .. })), "{locked:?}");
        writer.execute_batch("ROLLBACK").unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
