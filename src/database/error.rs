//! What goes wrong when a database is opened or its schema is read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ffi};

use crate::report::{Class, Diagnostic, Report, grouped};
use crate::schema::{Name, ObjectRef};

/// Why a database cannot be opened, read or understood.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error("there is no database `{}`", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The folder that should hold the file is missing.
    #[error("there is no folder `{}` for the database `{}`", .folder.display(), .path.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The path names a folder.
    #[error("`{}` is a folder, not a database", .path.display())]
    IsFolder {
        /// The path.
        path: PathBuf,
    },
    /// The path names a pipe, a device or a socket.
    #[error("`{}` is no regular file", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The path is a symbolic link that leads nowhere.
    #[error("`{}` is a symbolic link to `{}`, which does not exist", .path.display(), .target.display())]
    DanglingLink {
        /// The link.
        path: PathBuf,
        /// What it names.
        target: PathBuf,
    },
    /// Symbolic links that lead back to themselves.
    #[error("the symbolic links at `{}` go in a circle", .path.display())]
    LinkLoop {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refuses access.
    #[error("no permission to read `{}`", .path.display())]
    NoPermission {
        /// The path.
        path: PathBuf,
    },
    /// The operating system fails in another way.
    #[error("cannot look at `{}`: {source}", .path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What it says.
        source: std::io::Error,
    },
    /// A copy of a database cannot be written.
    #[error("cannot write the copy `{}`: {source}", .path.display())]
    NoCopy {
        /// The copy.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file may only be read.
    #[error("the database `{}` is read-only", .path.display())]
    ReadOnlyFile {
        /// The file.
        path: PathBuf,
    },
    /// The folder may not be written, and SQLite needs a file beside the database.
    #[error("the folder `{}` is not writable, and SQLite keeps the {needed} of `{}` there", .folder.display(), .path.display())]
    ReadOnlyFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
        /// `journal` or `write-ahead log`.
        needed: &'static str,
    },
    /// The file is something else.
    #[error("`{}` is not a SQLite database{}", .path.display(), if *.text { ": it is a text file" } else { ", or it is encrypted" })]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// Whether it begins with text.
        text: bool,
    },
    /// The file was written by a SQLite that is newer than any yet.
    #[error("`{}` has a file format that this SQLite ({}) does not know", .path.display(), rusqlite::version())]
    NewerFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file is shorter than its header says.
    #[error("the database `{}` is truncated: {actual} bytes of {expected}", .path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        actual: u64,
        /// Its length in bytes by its header.
        expected: u64,
    },
    /// The file is damaged, or an object in its schema is.
    #[error("the database `{}` is damaged: {message}", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        message: String,
    },
    /// A trigger hangs on a table in which a virtual table keeps its rows: SQLite reads no such schema where those tables
    /// are guarded (<https://www.sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigdefensive>).
    #[error("the database `{}` has trigger `{trigger}` on a shadow table, which no guarded connection takes", .path.display())]
    ShadowTrigger {
        /// The file.
        path: PathBuf,
        /// The trigger.
        trigger: String,
    },
    /// A crashed transaction waits to be rolled back, which a reader cannot do.
    #[error("a crashed transaction in `{}` must be rolled back first, which needs write access", .path.display())]
    HotJournal {
        /// The file.
        path: PathBuf,
    },
    /// Another connection holds the lock.
    #[error("the database `{}` is locked by another program (waited {})", .path.display(), words_of(*.waited))]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The disk, or the place for temporary files, is full.
    #[error("no space is left for `{}` or for SQLite's temporary files", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// A copy would not fit.
    #[error(
        "no room for a copy in `{}`: it needs {} bytes, and {} are free", .folder.display(), grouped(*.needed), grouped(*.free)
    )]
    NoRoom {
        /// Where it was to be.
        folder: PathBuf,
        /// The size of the database in bytes.
        needed: u64,
        /// What is free, in bytes.
        free: u64,
    },
    /// A file stands where a new one should be made.
    #[error("`{}` is there already", .path.display())]
    AlreadyThere {
        /// The file.
        path: PathBuf,
    },
    /// The user wants to stop.
    #[error("interrupted")]
    Interrupted,
    /// SQLite fails in another way.
    #[error("SQLite cannot read `{}`: {message}", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        message: String,
    },
    /// An object's CREATE statement holds what schemactl does not know.
    #[error("cannot read {object}: {message}")]
    Unreadable {
        /// The object.
        object: ObjectRef,
        /// What is not known.
        message: String,
        /// Its CREATE statement.
        sql: String,
    },
    /// An object reads differently to schemactl and to SQLite.
    #[error("{object} reads differently to SQLite: {what} is {sqlite} there and {read} here")]
    Disagreement {
        /// The object.
        object: ObjectRef,
        /// The property.
        what: String,
        /// What SQLite's pragmas say.
        sqlite: String,
        /// What was read from its CREATE statement.
        read: String,
    },
    /// The version table's name is taken by another table.
    #[error("the table `{table}` is not schemactl's: it has the columns {columns}")]
    ForeignVersionTable {
        /// The table.
        table: Name,
        /// Its columns.
        columns: String,
    },
    /// The version table is one of another schemactl.
    #[error("the version table `{table}` has no column {missing}: another version of schemactl made it")]
    OtherVersionTable {
        /// The table.
        table: Name,
        /// The columns that it lacks.
        missing: String,
    },
    /// A row of the version table cannot be read.
    #[error("the table `{table}` holds a row that schemactl did not write: {message}")]
    BadVersionRow {
        /// The table.
        table: Name,
        /// What is wrong.
        message: String,
    },
    /// A pattern in `ignore` is none.
    #[error("`{pattern}` is not a pattern: {message}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        message: String,
    },
}

impl Report for Error {
    fn class(&self) -> Class {
        match self {
            Error::Locked { .. } => Class::Locked,
            Error::BadPattern { .. } => Class::Input,
            Error::Interrupted => Class::Interrupted,
            _ => Class::Database,
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let (code, help) = self.code_and_help();
        let mut diagnostic = Diagnostic::new(code, self.to_string());
        if let Error::Unreadable { sql, .. } = self {
            diagnostic = diagnostic.note(format!("its statement is: {sql}"));
        }
        diagnostic.help = help;
        vec![diagnostic]
    }
}

impl Error {
    fn code_and_help(&self) -> (&'static str, Option<String>) {
        let (code, help) = match self {
            Error::Missing { .. } => (
                "no_database",
                "check the path of the database, or run `schemactl upgrade head` to create it".to_owned(),
            ),
            Error::NoFolder { folder, .. } => ("no_folder", format!("run `mkdir -p {}`", folder.display())),
            Error::IsFolder { path } => {
                ("is_folder", format!("name a file in it: `{}`", path.join("app.db").display()))
            }
            Error::NotAFile { .. } => ("not_a_file", "name the file that holds the database".to_owned()),
            Error::DanglingLink { path, .. } => {
                ("dangling_link", format!("let the link `{}` lead to a file, or remove it", path.display()))
            }
            Error::LinkLoop { path } => ("link_loop", format!("remove the link `{}`", path.display())),
            Error::NoPermission { path } => {
                ("no_permission", format!("run as a user who may read it, or `chmod u+r {}`", path.display()))
            }
            Error::ReadOnlyFile { path } => {
                ("read_only", format!("run as a user who may write it, or `chmod u+w {}`", path.display()))
            }
            Error::ReadOnlyFolder { folder, .. } => {
                ("read_only_folder", format!("make the folder writable: `chmod u+w {}`", folder.display()))
            }
            Error::NotADatabase { text: true, .. } => ("not_a_database", "check the path of the database".to_owned()),
            Error::NotADatabase { text: false, .. } => (
                "not_a_database",
                "check the path; a database that SQLCipher or the like encrypted must be decrypted first".to_owned(),
            ),
            Error::NewerFormat { .. } => ("newer_format", "use a newer schemactl".to_owned()),
            Error::Truncated { path, .. } | Error::Corrupt { path, .. } => (
                "corrupt",
                format!(
                    "restore a backup, or save what is left: `sqlite3 {} .recover | sqlite3 recovered.db`",
                    path.display()
                ),
            ),
            Error::ShadowTrigger { path, trigger } => (
                "trigger_on_shadow_table",
                format!(
                    "drop it, and those like it: `sqlite3 {} 'DROP TRIGGER \"{}\"'`",
                    path.display(),
                    trigger.replace('"', "\"\"")
                ),
            ),
            Error::HotJournal { path } => (
                "hot_journal",
                format!("run `schemactl status` once as a user who may write `{}` and its folder", path.display()),
            ),
            Error::Locked { .. } => {
                ("locked", "wait until the other program is done, or wait longer with `--lock-timeout`".to_owned())
            }
            Error::Full { .. } => {
                ("full", "free some space; the environment variable SQLITE_TMPDIR moves the temporary files".to_owned())
            }
            Error::NoRoom { .. } => {
                ("no_room", "free some space; a run goes without a copy with `--no-backup`".to_owned())
            }
            Error::NoCopy { path, .. } => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                ("no_copy", format!("run as a user who may write the folder `{}`", folder.display()))
            }
            Error::AlreadyThere { .. } => ("already_there", "name another file, or remove this one".to_owned()),
            Error::Interrupted => return ("interrupted", None),
            Error::Io { .. } => return ("io", None),
            Error::Sqlite { .. } => return ("sqlite", None),
            Error::Unreadable { object, .. } => {
                ("unreadable", format!("leave it out: add `{}` to `ignore` in the settings", object.name))
            }
            Error::Disagreement { object, .. } => {
                ("disagreement", format!("leave it out: add `{}` to `ignore` in the settings", object.name))
            }
            Error::ForeignVersionTable { .. } | Error::BadVersionRow { .. } => {
                ("version_table", "give schemactl another table: set `version_table` in the settings".to_owned())
            }
            Error::OtherVersionTable { table, .. } => {
                let (old, kept) = (table.quoted(), Name::new(format!("{table}_old")).quoted());
                let help = format!(
                    "keep it under another name, `ALTER TABLE {old} RENAME TO {kept}`, and record anew where the database \
                     stands, `schemactl stamp REV`: its column `revision` names all that is applied"
                );
                ("version_table", help)
            }
            Error::BadPattern { .. } => ("bad_pattern", "write a pattern such as `cache_*`".to_owned()),
        };
        (code, Some(help))
    }

    /// What a failure on a connection means. A transaction that is open is rolled back where the file must be looked
    /// at: to close a file drops the locks that this process holds on it
    /// (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
    #[must_use]
    pub(super) fn on(connection: &Connection, error: &rusqlite::Error) -> Error {
        const LOOKED_AT: [i32; 4] =
            [ffi::SQLITE_NOTADB, ffi::SQLITE_CORRUPT, ffi::SQLITE_READONLY, ffi::SQLITE_CANTOPEN];
        if LOOKED_AT.contains(&primary_code(error)) && !connection.is_autocommit() {
            // Where it fails, the file is no better than the error that is told.
            let _ = connection.execute_batch("ROLLBACK");
        }
        Error::from_sqlite(connection.path().unwrap_or_default().as_ref(), error)
    }

    /// What a failure of SQLite on a file means. Looks at the file where SQLite's code alone does not tell.
    #[must_use]
    pub fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Error {
        let path = path.to_owned();
        let message = words(error);
        let code = extended_code(error);
        match code & 0xff {
            _ if code == ffi::SQLITE_READONLY_ROLLBACK => Error::HotJournal { path },
            _ if code == ffi::SQLITE_READONLY_DIRECTORY => read_only_folder(path),
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Error::Locked { path, waited: Duration::ZERO },
            ffi::SQLITE_FULL => Error::Full { path },
            ffi::SQLITE_INTERRUPT => Error::Interrupted,
            ffi::SQLITE_NOTADB => Header::read(&path).map_or_else(|error| error, |header| header.explain(path)),
            ffi::SQLITE_CORRUPT => match Header::read(&path) {
                Ok(header) if header.expected > header.actual => {
                    Error::Truncated { path, actual: header.actual, expected: header.expected }
                }
                _ => match shadow_trigger(&message) {
                    Some(trigger) => Error::ShadowTrigger { path, trigger: trigger.to_owned() },
                    None => Error::Corrupt { path, message },
                },
            },
            ffi::SQLITE_READONLY => match Header::read(&path) {
                Ok(header) if header.write_version > 2 => Error::NewerFormat { path },
                _ => Error::ReadOnlyFile { path },
            },
            ffi::SQLITE_CANTOPEN if MAY_LOOK => match std::fs::File::open(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Error::NoPermission { path },
                Err(_) => Error::Sqlite { path, message },
                Ok(_) => read_only_folder(path),
            },
            _ => Error::Sqlite { path, message },
        }
    }
}

/// Whether a file may be opened to say more about what is wrong with it. To close it again drops the locks that this
/// process holds on it (<https://www.sqlite.org/howtocorrupt.html>, 2.2): the command line has none left by then, an
/// application may have connections of its own.
const MAY_LOOK: bool = cfg!(feature = "cli");

/// `30 s`, `1500 ms`: as it was asked for.
pub(super) fn words_of(wait: Duration) -> String {
    let milliseconds = wait.as_millis();
    if milliseconds > 0 && milliseconds.is_multiple_of(1000) {
        format!("{} s", milliseconds / 1000)
    } else {
        format!("{milliseconds} ms")
    }
}

/// The trigger that SQLite names when it does not read a schema because of it: `malformed database schema (x) - …`.
fn shadow_trigger(message: &str) -> Option<&str> {
    let (before, why) = message.split_once(") - ")?;
    let trigger = before.split_once('(')?.1;
    why.starts_with("cannot create triggers on shadow tables").then_some(trigger)
}

fn read_only_folder(path: PathBuf) -> Error {
    // Journals stand beside the file itself, not beside a link to it.
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    let folder = real.parent().unwrap_or(Path::new("/")).to_owned();
    let is_wal = Header::read(&real).is_ok_and(|header| header.write_version == 2);
    Error::ReadOnlyFolder { path, folder, needed: if is_wal { "write-ahead log" } else { "journal" } }
}

/// What the first 100 bytes of a file say (<https://www.sqlite.org/fileformat.html#the_database_header>).
///
/// Read only after SQLite has failed, and not in an application: see [`MAY_LOOK`].
struct Header {
    is_sqlite: bool,
    is_text: bool,
    write_version: u8,
    read_version: u8,
    actual: u64,
    expected: u64,
}

impl Header {
    fn read(path: &Path) -> Result<Header, Error> {
        use std::io::Read;
        if !MAY_LOOK {
            return Err(Error::NotADatabase { path: path.to_owned(), text: false });
        }
        let io = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::PermissionDenied => Error::NoPermission { path: path.to_owned() },
            _ => Error::Io { path: path.to_owned(), source },
        };
        let file = std::fs::File::open(path).map_err(io)?;
        let actual = file.metadata().map_err(io)?.len();
        let mut bytes = Vec::new();
        file.take(100).read_to_end(&mut bytes).map_err(io)?;
        let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
        let number = |at: usize| u64::from(u32::from_be_bytes([byte(at), byte(at + 1), byte(at + 2), byte(at + 3)]));
        let page_size = match u16::from_be_bytes([byte(16), byte(17)]) {
            1 => 65536,
            size => u64::from(size),
        };
        Ok(Header {
            is_sqlite: bytes.starts_with(b"SQLite format 3\0"),
            is_text: std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains('\0')),
            write_version: byte(18),
            read_version: byte(19),
            actual,
            expected: (number(28) * page_size).max(100),
        })
    }

    fn explain(&self, path: PathBuf) -> Error {
        if !self.is_sqlite {
            Error::NotADatabase { path, text: self.is_text }
        } else if self.read_version > 2 {
            Error::NewerFormat { path }
        } else if self.actual < self.expected {
            Error::Truncated { path, actual: self.actual, expected: self.expected }
        } else {
            Error::Corrupt { path, message: "its header is not that of a SQLite database".to_owned() }
        }
    }
}

/// SQLite's own words about a failure, without the statement that failed.
#[must_use]
pub(super) fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqliteFailure(code, None) => code.to_string(),
        other => other.to_string(),
    }
}

/// The extended result code of a failure (<https://www.sqlite.org/rescode.html>); 0 where it is not SQLite's.
#[must_use]
pub(super) fn extended_code(error: &rusqlite::Error) -> i32 {
    match error {
        rusqlite::Error::SqlInputError { error, .. } => error.extended_code,
        error => error.sqlite_error().map_or(0, |error| error.extended_code),
    }
}

/// The primary result code of a failure.
#[must_use]
pub(super) fn primary_code(error: &rusqlite::Error) -> i32 {
    extended_code(error) & 0xff
}
