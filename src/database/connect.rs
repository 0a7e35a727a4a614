//! Opens database files: says what is wrong with a path before SQLite says "unable to open", creates nothing unasked.
//!
//! Nothing here reads the schema's meaning or changes a row.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::Error;
use super::math;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading. A missing file stays missing.
    Read,
    /// Reading and writing a file that exists.
    Write,
    /// Reading and writing; a missing file is created.
    Create,
}

/// Opens a database file; `None` for a file that is missing and only to be read.
///
/// `lock_timeout` is how long each statement waits for a lock.
///
/// # Errors
///
/// Says what stands at the path instead of a database that can be used in this way
/// (<https://www.sqlite.org/rescode.html>).
pub fn open(path: &Path, access: Access, lock_timeout: Duration) -> Result<Option<Connection>, Error> {
    let exists = exists(path)?;
    if !exists {
        match access {
            Access::Read => return Ok(None),
            Access::Write => return Err(Error::Missing { path: path.to_owned() }),
            Access::Create => require_folder(path)?,
        }
    }
    let log_existed = exists && log_of(path).exists();
    let connection = match connect(path, access, lock_timeout) {
        // What a crash left half done is taken back by whoever opens the file and may write it
        // (https://www.sqlite.org/atomiccommit.html, 4.2); a reader who may does not ask for another to do it.
        Err(Error::HotJournal { .. }) => {
            let rolled_back = connect(path, Access::Write, lock_timeout);
            drop(rolled_back.map_err(|_| Error::HotJournal { path: path.to_owned() })?);
            connect(path, access, lock_timeout)?
        }
        connected => connected?,
    };
    match access {
        Access::Read if !log_existed && is_write_ahead(&connection) => {
            // A reader of a database in WAL mode leaves `-wal` and `-shm` behind; a writer removes them when it closes.
            drop(connection);
            let tidy = connect(path, Access::Write, lock_timeout)
                .and_then(|writer| match writer.pragma_update(None, "query_only", true) {
                    Ok(()) => Ok(writer),
                    Err(error) => Err(Error::from_sqlite(path, &error)),
                })
                .or_else(|_| connect(path, Access::Read, lock_timeout))?;
            Ok(Some(tidy))
        }
        Access::Read => Ok(Some(connection)),
        Access::Write | Access::Create => match connection.is_readonly("main") {
            Ok(false) => Ok(Some(connection)),
            Ok(true) => Err(Error::ReadOnlyFile { path: path.to_owned() }),
            Err(error) => Err(Error::from_sqlite(path, &error)),
        },
    }
}

/// Whether a regular file stands at the path.
fn exists(path: &Path) -> Result<bool, Error> {
    let owned = || path.to_owned();
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(Error::IsFolder { path: owned() }),
        Ok(found) if !found.is_file() => Err(Error::NotAFile { path: owned() }),
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => match std::fs::read_link(path) {
                Ok(target) => Err(Error::DanglingLink { path: owned(), target }),
                Err(_) => Ok(false),
            },
            ErrorKind::NotADirectory => Err(Error::NoFolder { path: owned(), folder: folder_of(path) }),
            ErrorKind::PermissionDenied => Err(Error::NoPermission { path: owned() }),
            _ if std::fs::read_link(path).is_ok() => Err(Error::LinkLoop { path: owned() }),
            _ => Err(Error::Io { path: owned(), source: error }),
        },
    }
}

fn require_folder(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    if folder.is_dir() { Ok(()) } else { Err(Error::NoFolder { path: path.to_owned(), folder }) }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The write-ahead log, which stands beside the file itself, not beside a link to it.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    log.push("-wal");
    PathBuf::from(log)
}

fn is_write_ahead(connection: &Connection) -> bool {
    connection
        .pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0))
        .is_ok_and(|mode| mode.eq_ignore_ascii_case("wal"))
}

fn connect(path: &Path, access: Access, lock_timeout: Duration) -> Result<Connection, Error> {
    let failed = |error: rusqlite::Error| match Error::from_sqlite(path, &error) {
        Error::Locked { path, .. } => Error::Locked { path, waited: lock_timeout },
        other => other,
    };
    let flags = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    // An absolute path is never taken for `:memory:` or for a `file:` URI with parameters of its own.
    let absolute = std::path::absolute(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let connection = Connection::open_with_flags(absolute, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    connection.busy_timeout(lock_timeout).map_err(failed)?;
    set_up(&connection).map_err(failed)?;
    Ok(connection)
}

/// Brings a fresh connection into the state that all code here relies on, and reads the schema once, so that a
/// damaged file is found before anything is asked of it.
///
/// `trusted_schema` stays on: views that call `pragma_…` functions would not compile without it, and nothing that is
/// registered here has side effects that a hostile schema could use. Extensions cannot be loaded at all.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    math::register_where_missing(connection)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// A database in memory, set up as [`open`] does, foreign keys off.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    math::register_where_missing(&connection)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::{Class, Report};

    const AT_ONCE: Duration = Duration::from_millis(50);

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn database(folder: &tempfile::TempDir, sql: &str) -> PathBuf {
        let path = folder.path().join("app.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(sql).unwrap();
        path
    }

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn refused(path: &Path, access: Access) -> Error {
        let error = open(path, access, AT_ONCE).unwrap_err();
        assert_eq!(error.diagnostics().len(), 1);
        error
    }

    /// Whether the operating system refuses this user anything; it does not refuse root.
    fn permissions_count(folder: &tempfile::TempDir) -> bool {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join("probe");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        let count = fs::read(&path).is_err();
        fs::remove_file(&path).unwrap();
        if !count {
            eprintln!("skipped: this user may read and write everything");
        }
        count
    }

    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_missing_file_is_created_only_when_asked() {
        let folder = folder();
        let path = folder.path().join("app.db");
        assert!(open(&path, Access::Read, AT_ONCE).unwrap().is_none());
        assert!(matches!(refused(&path, Access::Write), Error::Missing { .. }));
        assert_eq!(names(&folder), Vec::<String>::new());
        assert!(open(&path, Access::Create, AT_ONCE).unwrap().is_some());
        assert!(path.exists());
    }

    #[test]
    fn names_that_sqlite_would_take_for_something_else_are_file_names() {
        let folder = folder();
        let path = folder.path().join("file:x.db?mode=memory");
        let connection = open(&path, Access::Create, AT_ONCE).unwrap().unwrap();
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        assert_eq!(names(&folder), ["file:x.db?mode=memory"]);
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let folder = folder();
        let missing = folder.path().join("no/such/app.db");
        assert!(open(&missing, Access::Read, AT_ONCE).unwrap().is_none());
        assert!(matches!(refused(&missing, Access::Create), Error::NoFolder { .. }));
        assert!(matches!(refused(folder.path(), Access::Read), Error::IsFolder { .. }));

        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink("nowhere.db", &link).unwrap();
        assert!(matches!(refused(&link, Access::Create), Error::DanglingLink { .. }));
        let circle = folder.path().join("circle.db");
        std::os::unix::fs::symlink("circle.db", &circle).unwrap();
        assert!(matches!(refused(&circle, Access::Create), Error::LinkLoop { .. }));
        assert_eq!(names(&folder), ["circle.db", "link.db"]);
    }

    #[test]
    fn other_files_are_not_taken_for_databases() {
        let folder = folder();
        let path = folder.path().join("app.db");
        fs::write(&path, "title,body\n".repeat(100)).unwrap();
        assert!(matches!(refused(&path, Access::Read), Error::NotADatabase { text: true, .. }));
        fs::write(&path, (0..4096u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect::<Vec<_>>())
            .unwrap();
        assert!(matches!(refused(&path, Access::Write), Error::NotADatabase { text: false, .. }));
    }

    #[test]
    fn an_empty_file_is_an_empty_database() {
        let folder = folder();
        let path = folder.path().join("app.db");
        fs::write(&path, "").unwrap();
        assert!(open(&path, Access::Read, AT_ONCE).unwrap().is_some());
        assert!(open(&path, Access::Write, AT_ONCE).unwrap().is_some());
    }

    #[test]
    fn damage_is_told_apart() {
        let folder = folder();
        let path = database(&folder, "CREATE TABLE t (a); CREATE TABLE u (b)");
        let whole = fs::read(&path).unwrap();

        fs::write(&path, &whole[..4096]).unwrap();
        assert!(matches!(refused(&path, Access::Read), Error::Truncated { actual: 4096, .. }));
        fs::write(&path, &whole[..200]).unwrap();
        assert!(matches!(refused(&path, Access::Read), Error::Truncated { actual: 200, .. }));

        let mut newer = whole.clone();
        newer[18] = 3;
        fs::write(&path, &newer).unwrap();
        assert!(matches!(refused(&path, Access::Write), Error::NewerFormat { .. } | Error::ReadOnlyFile { .. }));
        newer[19] = 3;
        fs::write(&path, &newer).unwrap();
        assert!(matches!(refused(&path, Access::Read), Error::NewerFormat { .. }));

        let at = whole.windows(12).position(|w| w == b"CREATE TABLE").unwrap();
        let mut malformed = whole.clone();
        malformed[at..at + 12].copy_from_slice(b"CREATE TIBLE");
        fs::write(&path, &malformed).unwrap();
        let Error::Corrupt { message, .. } = refused(&path, Access::Read) else { panic!("expected a damaged schema") };
        assert!(message.contains("malformed database schema"), "{message}");
    }

    #[test]
    fn a_trigger_on_a_shadow_table_is_named_and_not_taken_for_damage() {
        let folder = folder();
        let path = folder.path().join("a.db");
        let unguarded = Connection::open(&path).unwrap();
        unguarded
            .execute_batch(
                "CREATE TABLE n (c); CREATE VIRTUAL TABLE f USING fts5 (a);
                 CREATE TRIGGER count_f AFTER INSERT ON f_data BEGIN INSERT INTO n VALUES (1); END",
            )
            .unwrap();
        drop(unguarded);
        let found = refused(&path, Access::Read);
        assert!(matches!(&found, Error::ShadowTrigger { trigger, .. } if trigger == "count_f"), "{found}");
        Connection::open(&path).unwrap().execute_batch("DROP TRIGGER count_f").unwrap();
        assert!(open(&path, Access::Read, AT_ONCE).is_ok());
    }

    #[test]
    fn reading_in_wal_mode_leaves_nothing_behind() {
        let folder = folder();
        let path = database(&folder, "PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
        let before = (names(&folder), fs::read(&path).unwrap());
        let connection = open(&path, Access::Read, AT_ONCE).unwrap().unwrap();
        assert_eq!(connection.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)), Ok(0));
        assert!(connection.execute_batch("INSERT INTO t VALUES (1)").is_err());
        drop(connection);
        assert_eq!((names(&folder), fs::read(&path).unwrap()), before);
    }

    #[test]
    fn reading_a_wal_that_others_write_sees_their_rows_and_leaves_it_alone() {
        let folder = folder();
        let path = database(&folder, "PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        let reader = open(&path, Access::Read, AT_ONCE).unwrap().unwrap();
        assert_eq!(reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)), Ok(1));
    }

    #[test]
    fn a_locked_file_ends_in_the_class_locked() {
        let folder = folder();
        let path = database(&folder, "CREATE TABLE t (a)");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let error = refused(&path, Access::Read);
        assert_eq!(error.class(), Class::Locked);
        assert!(error.to_string().contains("waited 50 ms"), "{error}");
    }

    #[test]
    fn a_crashed_transaction_is_taken_back_by_a_reader_who_may_and_named_to_others() {
        let folder = folder();
        let path = database(&folder, "CREATE TABLE t (a)");
        let crashed = folder.path().join("crashed.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("PRAGMA cache_size = 1; BEGIN; INSERT INTO t SELECT randomblob(3000) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200) SELECT i FROM n)")
            .unwrap();
        fs::copy(&path, &crashed).unwrap();
        fs::copy(folder.path().join("app.db-journal"), folder.path().join("crashed.db-journal")).unwrap();
        if permissions_count(&folder) {
            set_mode(&crashed, 0o444);
            assert!(matches!(refused(&crashed, Access::Read), Error::HotJournal { .. }));
            set_mode(&crashed, 0o644);
        }
        let reader = open(&crashed, Access::Read, AT_ONCE).unwrap().unwrap();
        assert_eq!(reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)), Ok(0));
        assert!(reader.execute_batch("INSERT INTO t VALUES (1)").is_err(), "it only reads");
        assert!(!folder.path().join("crashed.db-journal").exists());
    }

    #[test]
    fn files_and_folders_that_may_not_be_used_are_named() {
        let folder = folder();
        if !permissions_count(&folder) {
            return;
        }
        let path = database(&folder, "CREATE TABLE t (a)");
        set_mode(&path, 0o444);
        assert!(matches!(refused(&path, Access::Write), Error::ReadOnlyFile { .. }));
        assert!(open(&path, Access::Read, AT_ONCE).unwrap().is_some());
        set_mode(&path, 0o000);
        assert!(matches!(refused(&path, Access::Read), Error::NoPermission { .. }));
        set_mode(&path, 0o644);

        Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
        set_mode(folder.path(), 0o555);
        assert!(matches!(refused(&path, Access::Read), Error::ReadOnlyFolder { needed: "write-ahead log", .. }));
        let new = folder.path().join("new.db");
        let error = refused(&new, Access::Create);
        set_mode(folder.path(), 0o755);
        assert!(
            matches!(error, Error::ReadOnlyFolder { .. } | Error::NoPermission { .. } | Error::Sqlite { .. }),
            "{error}"
        );
    }

    #[test]
    fn schemas_of_others_cannot_do_harm() {
        let folder = folder();
        let path = database(&folder, "CREATE TABLE t (a)");
        let connection = open(&path, Access::Write, AT_ONCE).unwrap().unwrap();
        assert!(connection.query_row("SELECT load_extension('x')", [], |_| Ok(())).is_err());
        connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
        assert!(connection.execute_batch("UPDATE sqlite_schema SET sql = 'x'").is_err());
    }
}
