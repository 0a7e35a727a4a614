//! The tools that people come from: how each is recognised, how its scripts are read, and what its table says of them.
//!
//! One file a tool, for those whose scripts are SQL. Of the others only the table is known: what they have made is in the
//! database. Nothing of theirs is written here, and nothing is decided about revisions.

mod atlas;
mod d1;
mod dbmate;
mod diesel;
mod drizzle;
mod error;
mod flyway;
mod folder;
mod geni;
mod golang_migrate;
mod goose;
mod leftover;
mod moment;
mod naming;
mod noted;
mod pairs;
mod prisma;
mod recognise;
mod refinery;
mod rows;
mod sqlx;
mod transaction;

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use error::Error;
pub use folder::find as find_folder;
pub use leftover::{Leftover, leftovers};
pub use noted::{Since, note, since, versions};
pub use recognise::{Found, found, locked, named};
pub use rows::Table;

use crate::database::Tool;
use crate::revision::Body;
use crate::token::significant_tokens;

/// A script of another tool.
#[derive(Debug, Clone)]
pub struct Script {
    /// What the tool calls it: a number, a time, the name of a file.
    pub version: String,
    /// What it does, as its name says.
    pub message: String,
    /// When it was written, where its name says so.
    pub created: Option<DateTime<Utc>>,
    /// Its file; the one that goes up, where there are two.
    pub path: PathBuf,
    /// The text of that file, as checksums are made of it.
    pub text: String,
    /// The SQL that carries it out.
    pub up: Half,
    /// The SQL that takes it back.
    pub down: Option<Half>,
}

impl Script {
    /// The text with the line ends that it may have had when it ran: a checkout changes them.
    fn spellings(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let unix = self.text.replace("\r\n", "\n");
        let windows = unix.replace('\n', "\r\n");
        [Cow::Borrowed(self.text.as_str()), Cow::Owned(unix), Cow::Owned(windows)].into_iter()
    }
}

/// One direction of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// The SQL, with Unix line ends.
    pub sql: String,
    /// Whether it runs inside a transaction.
    pub transaction: bool,
}

impl Half {
    /// SQL that runs inside a transaction unless `transaction` says otherwise.
    fn new(sql: &str, transaction: bool) -> Half {
        let sql = sql.strip_prefix('\u{feff}').unwrap_or(sql);
        let sql = sql.replace("\r\n", "\n");
        if transaction { transaction::settle(sql) } else { Half { sql, transaction } }
    }

    /// It as it stands in a revision.
    #[must_use]
    pub fn body(&self) -> Body<'_> {
        Body { sql: &self.sql, transaction: self.transaction }
    }

    /// Where a statement stands that takes the transaction of the section back, which no revision does.
    #[must_use]
    pub fn rollback(&self) -> Option<Range<usize>> {
        transaction::rollback(self)
    }

    /// The same; none for what holds no statement: a way back that does nothing is none.
    fn unless_empty(self) -> Option<Half> {
        let is_empty = significant_tokens(&self.sql).next().is_none();
        (!is_empty).then_some(self)
    }
}

/// A script that a database has had, as the tool's table says.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// What the tool calls it.
    pub version: String,
    /// Its place in the list of scripts; none where its file is gone.
    pub script: Option<usize>,
    /// When it was applied, where the tool keeps that.
    pub at: Option<DateTime<Utc>>,
    /// How long it took; zero where the tool does not keep that.
    pub duration: Duration,
    /// What is wrong with it.
    pub trouble: Option<Trouble>,
}

/// What can be wrong with a script that a database has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It began, and did not come to its end.
    Failed,
    /// Its file is not what ran: the checksum is another.
    Edited,
}

impl Applied {
    /// A row about a script, found by its version.
    fn new(version: impl Into<String>, scripts: &[Script]) -> Applied {
        let version = version.into();
        let script = scripts.iter().position(|script| script.version == version);
        Applied { version, script, at: None, duration: Duration::ZERO, trouble: None }
    }
}

/// How a tool that runs SQL keeps its scripts and its account.
pub struct Convention {
    /// Where its scripts lie unless somebody says otherwise.
    pub folders: &'static [&'static str],
    /// Reads the scripts of a folder, in the order in which the tool runs them.
    pub scripts: fn(&Path) -> Result<Vec<Script>, Error>,
    /// Reads which of them a database has had, in the order of the scripts where the tool does not keep another.
    pub applied: fn(&Table<'_>, &[Script]) -> Result<Vec<Applied>, Error>,
    /// How somebody gets out of a script that began and did not come to its end.
    pub after_failure: &'static str,
}

/// How a tool keeps its scripts; none for those whose scripts are programs.
#[must_use]
pub fn convention(tool: Tool) -> Option<Convention> {
    Some(match tool {
        Tool::Atlas => atlas::CONVENTION,
        Tool::D1 => d1::CONVENTION,
        Tool::Dbmate => dbmate::CONVENTION,
        Tool::Diesel => diesel::CONVENTION,
        Tool::Drizzle => drizzle::CONVENTION,
        Tool::Flyway => flyway::CONVENTION,
        Tool::Geni => geni::CONVENTION,
        Tool::GolangMigrate => golang_migrate::CONVENTION,
        Tool::Goose => goose::CONVENTION,
        Tool::Prisma => prisma::CONVENTION,
        Tool::Refinery => refinery::CONVENTION,
        Tool::Sqlx => sqlx::CONVENTION,
        _ => return None,
    })
}

/// For tools that never leave a script half done.
const ALL_OR_NOTHING: &str = "run it to its end with the tool, or take it back, and adopt then";

/// A folder with these files, which goes when the test ends.
#[cfg(test)]
fn folder_of(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}
