//! `backup`, `restore`, and the copy that is made before a run which discards rows.
//!
//! Backups stand in the folder `backups` beside the database, with the time and the revision in their names. The copy
//! before a run is made while the run holds the write lock: it is what the run began with, to the row.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::Connection;

use crate::database::backup::{self, Progress, Writers};
use crate::database::runner::Step;
use crate::database::{self, Access, Filter, version_table};
use crate::libsql::{self, Server};
use crate::report::{Class, Diagnostic, Report};
use crate::revision::{RevisionId, Section};
use crate::schema::Name;
use crate::token::significant_tokens;

use super::{Rows, discard, overwrite};

/// How the names of copies end.
const ENDING: &str = ".bak";
/// How the names of copies end that are SQL.
const ENDING_OF_DUMP: &str = ".sql";

/// A backup of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was made, as its name says: `20261122T193712Z`.
    pub made: String,
    /// The revisions that the database stood at, joined by `+`; `base` for none.
    pub revision: String,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder cannot be made or read, or a file not be removed.
    #[error("cannot keep backups in `{}`: {source}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A backup that is not what it was.
    #[error("the backup `{}` is damaged: {message}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        message: String,
    },
    /// There is none.
    #[error("there is no backup of `{}`", .database.display())]
    None {
        /// The database.
        database: PathBuf,
    },
    /// The server does not give a copy.
    #[error(transparent)]
    Server(#[from] libsql::Error),
    /// The database or the copy cannot be read or written.
    #[error(transparent)]
    Database(#[from] database::Error),
}

impl Report for BackupError {
    fn class(&self) -> Class {
        match self {
            BackupError::Database(error) => error.class(),
            BackupError::Server(error) => error.class(),
            BackupError::None { .. } => Class::Input,
            _ => Class::Database,
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let (code, help) = match self {
            BackupError::Database(error) => return error.diagnostics(),
            BackupError::Server(error) => return error.diagnostics(),
            BackupError::Folder { .. } => {
                ("backup_folder", "see to the folder; a run goes without a copy with `--no-backup`")
            }
            BackupError::Damaged { .. } => ("damaged_backup", "choose another one: `schemactl backups` lists them"),
            BackupError::None { .. } => ("no_backup", "name the file: `schemactl restore FILE`"),
        };
        vec![Diagnostic::new(code, self.to_string()).help(help)]
    }
}

/// How copies are made.
pub struct Options<'a> {
    /// Who else may write meanwhile.
    pub writers: Writers,
    /// How long to wait for other connections.
    pub lock_timeout: Duration,
    /// Set from outside when the user wants to stop.
    pub interrupt: &'a AtomicBool,
    /// The time, RFC 3339 in UTC.
    pub now: &'a str,
    /// Told how far a copy has come.
    pub progress: &'a dyn Fn(Progress),
}

/// Copies a database to the folder of its backups, or to a file that is named.
///
/// # Errors
/// When there is no room, or one of the two files cannot be used.
pub fn make(
    database: &Path,
    to: Option<&Path>,
    version_table: &Name,
    options: &Options<'_>,
) -> Result<Backup, BackupError> {
    let missing = || database::Error::Missing { path: database.to_owned() };
    let connection = database::open(database, Access::Read, options.lock_timeout)?.ok_or_else(missing)?;
    let revision = revision(&connection, version_table)?;
    let made: String = options.now.chars().filter(char::is_ascii_alphanumeric).collect();
    let (path, made) = if let Some(to) = to {
        (to.to_owned(), made)
    } else {
        let folder = folder(database);
        std::fs::create_dir_all(&folder).map_err(|source| BackupError::Folder { folder, source })?;
        free_name(database, &made, &revision, ENDING)
    };
    let (writers, lock_timeout, interrupt) = (options.writers, options.lock_timeout, options.interrupt);
    backup::copy(&connection, &path, writers, lock_timeout, interrupt, &mut |progress| (options.progress)(progress))?;
    let unreadable = |source| BackupError::Folder { folder: folder(database), source };
    let bytes = path.metadata().map_err(unreadable)?.len();
    Ok(Backup { path, bytes, made, revision })
}

/// Copies a database on a server to a file of SQL, as it is at this moment: in the folder of backups of `database`, a
/// file that need not exist, or where it is said.
///
/// # Errors
/// When the server does not give it, or the file cannot be written.
pub fn dump(
    server: &Server,
    database: &Path,
    to: Option<&Path>,
    version_table: &Name,
    now: &str,
) -> Result<Backup, BackupError> {
    let image = server.image(version_table)?.into_connection()?;
    let revision = revision(&image, version_table)?;
    let made: String = now.chars().filter(char::is_ascii_alphanumeric).collect();
    let folder = folder(database);
    let failed = |source| BackupError::Folder { folder: folder.clone(), source };
    let (path, made) = if let Some(to) = to {
        (to.to_owned(), made)
    } else {
        std::fs::create_dir_all(&folder).map_err(failed)?;
        free_name(database, &made, &revision, ENDING_OF_DUMP)
    };
    // Under its own name it is whole or not there.
    let part = path.with_extension("part");
    let mut file = std::fs::File::create_new(&part).map_err(failed)?;
    let written = server.dump(&mut file).map_err(BackupError::from);
    let written = written.and_then(|bytes| file.sync_all().map(|()| bytes).map_err(failed));
    let kept = written.and_then(|bytes| match path.symlink_metadata() {
        Ok(_) => Err(database::Error::AlreadyThere { path: path.clone() }.into()),
        Err(_) => std::fs::rename(&part, &path).map(|()| bytes).map_err(failed),
    });
    if kept.is_err() {
        // What is left of it says less than the error.
        let _ = std::fs::remove_file(&part);
    }
    Ok(Backup { path, bytes: kept?, made, revision })
}

/// The backups of a database, the newest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(database: &Path) -> Result<Vec<Backup>, BackupError> {
    named(database, &[ENDING, ENDING_OF_DUMP])
}

/// Copies that are being made, or whose making was ended by force.
///
/// # Errors
/// When the folder cannot be read.
pub fn unfinished(database: &Path) -> Result<Vec<Backup>, BackupError> {
    named(database, &[".bak.unfinished"])
}

fn named(database: &Path, endings: &[&str]) -> Result<Vec<Backup>, BackupError> {
    let folder = folder(database);
    let failed = |source| BackupError::Folder { folder: folder.clone(), source };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let prefix = format!("{}.", file_name(database));
    let mut backups = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let rest = name.strip_prefix(&prefix);
        let stem = rest.and_then(|rest| endings.iter().find_map(|ending| rest.strip_suffix(ending)));
        let words = stem.and_then(|stem| stem.split_once('.'));
        if let Some((made, revision)) = words {
            let bytes = entry.metadata().map_err(failed)?.len();
            backups.push(Backup { path: entry.path(), bytes, made: made.to_owned(), revision: revision.to_owned() });
        }
    }
    backups.sort_by(|one, other| age(other).cmp(&age(one)));
    Ok(backups)
}

/// Removes the oldest backups of a database until no more than so many are left, and they take no more than so many
/// bytes together. The one that was made last stays in any case, whatever its clock said; older ones of its revision go
/// first, so that a run which fails again and again does not drive out what only the others have.
///
/// # Errors
/// When a file cannot be removed.
pub fn prune(database: &Path, last: &Backup, kept: usize, size: Option<u64>) -> Result<Vec<Backup>, BackupError> {
    let mut all = list(database)?;
    all.sort_by_key(|backup| (backup.path != last.path, backup.revision == last.revision));
    let mut bytes = 0;
    let fits = |(place, backup): (usize, &Backup)| {
        bytes += backup.bytes;
        place == 0 || place < kept && size.is_none_or(|size| bytes <= size)
    };
    let left = all.iter().enumerate().map(fits).take_while(|fits| *fits).count();
    let old = all.split_off(left);
    for backup in &old {
        let folder = folder(database);
        std::fs::remove_file(&backup.path).map_err(|source| BackupError::Folder { folder, source })?;
    }
    Ok(old)
}

/// Puts the content of a backup in the place of a database's, in one transaction. The database may be missing.
///
/// # Errors
/// When the backup is damaged, or one of the two files cannot be used; the database is then as it was.
pub fn restore(from: &Path, database: &Path, options: &Options<'_>) -> Result<(), BackupError> {
    let source = sound(from, options.lock_timeout)?;
    let missing = || database::Error::Missing { path: database.to_owned() };
    let mut target = database::open(database, Access::Create, options.lock_timeout)?.ok_or_else(missing)?;
    backup::restore(&source, &mut target, database, options.lock_timeout, options.interrupt, &mut |progress| {
        (options.progress)(progress);
    })?;
    Ok(())
}

/// Opens a backup that is whole.
///
/// # Errors
/// When it is damaged, no database, or not there.
pub fn sound(from: &Path, lock_timeout: Duration) -> Result<Connection, BackupError> {
    let missing = || database::Error::Missing { path: from.to_owned() };
    let source = database::open(from, Access::Read, lock_timeout)?.ok_or_else(missing)?;
    let verdict = source.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    let message = match verdict {
        Ok(verdict) if verdict == "ok" => None,
        Ok(verdict) => Some(verdict),
        Err(error) => Some(error.to_string()),
    };
    match message {
        None => Ok(source),
        Some(message) => Err(BackupError::Damaged { path: from.to_owned(), message }),
    }
}

/// Whether steps discard or write over rows or values that a database has. What cannot be foreseen is taken for the
/// worst.
///
/// # Errors
/// When the database cannot be read.
pub fn is_needed(
    connection: &Connection,
    rows: &Rows<'_>,
    filter: &Filter,
    steps: &[Step],
) -> Result<bool, database::Error> {
    if !may_discard(steps) {
        return Ok(false);
    }
    let scripts: Vec<&Section> = steps.iter().filter_map(|step| step.script.as_ref()).collect();
    if overwrite::any_of(connection, rows, filter, &scripts)? {
        return Ok(true);
    }
    if !scripts.iter().any(|script| has_word(script, "DROP")) {
        return Ok(false);
    }
    discard::any_of(connection, rows, filter, scripts.into_iter())
}

/// Whether steps discard rows or values of some database, by their words alone.
#[must_use]
pub fn may_discard(steps: &[Step]) -> bool {
    let mut scripts = steps.iter().filter_map(|step| step.script.as_ref());
    scripts.any(|script| has_word(script, "DROP") || overwrite::may(script))
}

fn has_word(script: &Section, word: &str) -> bool {
    significant_tokens(script.sql()).any(|token| token.is_word(word))
}

/// The revisions that a database stands at, as a word.
fn revision(connection: &Connection, table: &Name) -> Result<String, database::Error> {
    let rows = version_table::read(connection, table)?;
    let parents: BTreeSet<&RevisionId> = rows.iter().flat_map(|row| &row.parents).collect();
    let heads: Vec<&str> =
        rows.iter().map(|row| &row.revision).filter(|id| !parents.contains(id)).map(RevisionId::as_str).collect();
    Ok(if heads.is_empty() { "base".to_owned() } else { heads.join("+") })
}

/// The folder of a database's backups, beside the file itself, not beside a link to it.
#[must_use]
pub fn folder(database: &Path) -> PathBuf {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    real.parent().unwrap_or(Path::new(".")).join("backups")
}

fn file_name(database: &Path) -> String {
    database.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A name that no backup has yet, and the time in it; a second one within a second gets a number.
fn free_name(database: &Path, made: &str, revision: &str, ending: &str) -> (PathBuf, String) {
    let name = |made: &str| folder(database).join(format!("{}.{made}.{revision}{ending}", file_name(database)));
    let numbered = |number: u32| if number == 1 { made.to_owned() } else { format!("{made}-{number}") };
    (1..=u32::MAX)
        .map(|number| (name(&numbered(number)), numbered(number)))
        .find(|(path, _)| path.symlink_metadata().is_err())
        .expect("a folder holds fewer files than there are numbers")
}

/// What backups are sorted by: the time, and the number within a second.
fn age(backup: &Backup) -> (&str, u32) {
    match backup.made.split_once('-') {
        Some((made, number)) => (made, number.parse().unwrap_or(0)),
        None => (&backup.made, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_listed_with_its_time_and_revision_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("app.db");
        Connection::open(&database).unwrap().execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
        let make = |now: &str| {
            let interrupt = AtomicBool::new(false);
            let progress = &|_| ();
            let (writers, lock_timeout) = (Writers::Free, Duration::ZERO);
            let options = Options { writers, lock_timeout, interrupt: &interrupt, now, progress };
            super::make(&database, None, &Name::from("schemactl_version"), &options).unwrap()
        };
        for now in ["2026-11-22T19:37:12Z", "2026-11-22T19:37:13Z", "2026-11-22T19:37:13Z", "2026-11-22T19:37:13Z"] {
            make(now);
        }
        let made: Vec<String> = list(&database).unwrap().into_iter().map(|backup| backup.made).collect();
        assert_eq!(made, ["20261122T193713Z-3", "20261122T193713Z-2", "20261122T193713Z", "20261122T193712Z"]);
        let last = list(&database).unwrap().remove(0);
        let prune = |kept, size| prune(&database, &last, kept, size);
        let gone = prune(3, None).unwrap();
        assert_eq!((gone.len(), gone[0].made.as_str(), gone[0].revision.as_str()), (1, "20261122T193712Z", "base"));
        let bytes = list(&database).unwrap()[0].bytes;
        assert_eq!(prune(3, Some(3 * bytes)).unwrap(), []);
        assert_eq!(prune(3, Some(3 * bytes - 1)).unwrap().len(), 1);
        assert_eq!(prune(3, Some(1)).unwrap().len(), 1);
        assert_eq!(list(&database).unwrap()[0].made, "20261122T193713Z-3", "the newest is kept in any case");
    }

    #[test]
    fn a_run_that_fails_again_and_again_does_not_drive_out_the_copy_of_another_revision() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("app.db");
        std::fs::create_dir(super::folder(&database)).unwrap();
        for name in ["10.r0", "11.r1", "12.r2", "13.r2", "14.r2"] {
            std::fs::write(super::folder(&database).join(format!("app.db.202611221937{name}.bak")), "x").unwrap();
        }
        let left = || -> Vec<String> { list(&database).unwrap().into_iter().map(|it| it.revision).collect() };
        assert_eq!(left(), ["r2", "r2", "r2", "r1", "r0"]);
        let last = list(&database).unwrap().remove(0);
        prune(&database, &last, 4, None).unwrap();
        assert_eq!(left(), ["r2", "r2", "r1", "r0"]);
        prune(&database, &last, 2, None).unwrap();
        assert_eq!(left(), ["r2", "r1"]);
    }
}
