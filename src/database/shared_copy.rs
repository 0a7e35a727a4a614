//! Copies a database file in no time and in no room, where the filesystem lets two files share their blocks.
//!
//! Only for a database that nobody can write meanwhile. Says no rather than take a file that is not the whole database.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;

use super::connect::{Access, open};
use super::error::Error;

/// What asks the filesystem to share blocks, and fails where it cannot.
#[cfg(target_os = "linux")]
const SHARE: &[&str] = &["cp", "--reflink=always", "--"];
#[cfg(target_os = "macos")]
const SHARE: &[&str] = &["cp", "-c", "--"];
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
const SHARE: &[&str] = &[];

/// Makes a file that shares its blocks with that of a database; false where that cannot be, and nothing is left then.
///
/// The caller must hold the write lock, and have written nothing yet. A program of its own does it: were this process
/// to open the file and close it, all its locks on it would be gone
/// (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
pub(super) fn make(from: &Connection, to: &Path) -> Result<bool, Error> {
    let Some(path) = from.path().filter(|path| !path.is_empty()).map(Path::new) else { return Ok(false) };
    let Some((program, args)) = SHARE.split_first() else { return Ok(false) };
    if !is_whole(from, path)? {
        return Ok(false);
    }
    let mut share = Command::new(program);
    share.args(args).arg(path).arg(to).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let io = |source| Error::Io { path: to.to_owned(), source };
    if share.status().is_ok_and(|status| status.success()) {
        std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(io)?;
        return Ok(true);
    }
    if to.exists() {
        std::fs::remove_file(to).map_err(io)?;
    }
    Ok(false)
}

/// Whether all that is committed stands in the file itself. What stands in the write-ahead log is brought there, which
/// needs no lock but that of checkpoints (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>); readers may
/// keep it from being done.
fn is_whole(from: &Connection, path: &Path) -> Result<bool, Error> {
    let mode: Result<String, _> = from.pragma_query_value(None, "journal_mode", |row| row.get(0));
    match mode.map_err(|error| Error::on(from, &error))?.as_str() {
        "delete" | "truncate" | "persist" => Ok(true),
        "wal" => {
            let Some(writer) = open(path, Access::Write, Duration::ZERO)? else { return Ok(false) };
            let ask = "PRAGMA main.wal_checkpoint(PASSIVE)";
            let number = |row: &rusqlite::Row<'_>, at: usize| row.get::<_, i64>(at);
            let outcome = writer.query_row(ask, [], |row| Ok((number(row, 0)?, number(row, 1)?, number(row, 2)?)));
            Ok(outcome.is_ok_and(|(busy, frames, done)| busy == 0 && frames == done))
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(path: &Path, mode: &str) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", mode).unwrap();
        connection.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
        connection
    }

    #[test]
    fn what_only_the_write_ahead_log_has_is_brought_into_the_file_or_the_file_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        let writer = database(&path, "wal");
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM t").unwrap();
        writer.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        let from = open(&path, Access::Read, Duration::ZERO).unwrap().unwrap();
        assert!(!is_whole(&from, &path).unwrap(), "a reader keeps the log from being brought in");
        reader.execute_batch("COMMIT").unwrap();
        assert!(is_whole(&from, &path).unwrap());
        let taken = folder.path().join("taken.db");
        std::fs::copy(&path, &taken).unwrap();
        let rows = Connection::open(&taken).unwrap().query_row("SELECT count(*) FROM t", [], |row| row.get(0));
        assert_eq!(rows, Ok(2));
    }

    #[test]
    fn a_shared_copy_is_the_database_and_its_writer_keeps_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        for mode in ["delete", "wal"] {
            let writer = database(&path, mode);
            writer.execute_batch("BEGIN IMMEDIATE").unwrap();
            let from = open(&path, Access::Read, Duration::ZERO).unwrap().unwrap();
            let to = folder.path().join(format!("{mode}.db"));
            let is_shared = make(&from, &to).unwrap();
            assert_eq!(is_shared, to.exists(), "nothing is left where blocks cannot be shared");
            let other = Command::new("sqlite3").arg(&path).arg("BEGIN IMMEDIATE").output();
            assert!(other.is_err() || !other.is_ok_and(|output| output.status.success()), "the lock is gone");
            if is_shared {
                let count = |path: &Path| {
                    Connection::open(path).unwrap().query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
                };
                assert_eq!(count(&to), Ok(1));
            } else {
                println!("skipped: the filesystem shares no blocks");
            }
            drop((from, writer));
            std::fs::remove_file(&path).unwrap();
        }
    }
}
