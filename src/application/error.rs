//! What an application is told when its database cannot be brought to where its revisions lead.

use std::fmt::{self, Write as _};

use crate::database;
use crate::database::runner::{Problem, RunError};
use crate::report::{Class, Diagnostic, Report, count};
use crate::revision::{FolderError, NamingError, RevisionId};

/// Why a database is not where its revisions lead. What it says can stand in a log by itself; [`Report`] gives the same in
/// parts, with the place in the script and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The folder of revisions cannot be read.
    Folder(FolderError),
    /// The target is no name of a place.
    Target(NamingError),
    /// The database has revisions that these are not: a newer version of the application was here.
    Newer {
        /// The revisions, in the order of their application.
        unknown: Vec<RevisionId>,
    },
    /// The connection has other databases attached.
    Attached {
        /// Their names.
        names: Vec<String>,
    },
    /// The connection has temporary objects.
    Temporary {
        /// Their names.
        names: Vec<String>,
    },
    /// The connection may only read.
    ReadOnly,
    /// The database cannot be read.
    Database(database::Error),
    /// The scripts or the way to the target.
    Revisions(Box<dyn Report>),
    /// The run.
    Run(RunError),
}

impl Error {
    /// Whether others held the database for longer than the lock timeout, so that it may work another time.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.class() == Class::Locked
    }

    fn of_report(report: Box<dyn Report>) -> Error {
        Error::Revisions(report)
    }
}

impl From<Box<dyn Report>> for Error {
    fn from(report: Box<dyn Report>) -> Error {
        Error::of_report(report)
    }
}

impl From<database::Error> for Error {
    fn from(error: database::Error) -> Error {
        Error::Database(error)
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Error {
        match error {
            RunError { problem: Problem::Plan(report), .. } => Error::of_report(report),
            error => Error::Run(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self.diagnostics().iter().map(on_one_line).collect();
        f.write_str(&told.join("; "))
    }
}

/// Message, place and facts of a diagnostic. What to do is left out, since it is said to who works on the revisions.
fn on_one_line(diagnostic: &Diagnostic) -> String {
    let mut line = diagnostic.message.clone();
    if let Some(place) = &diagnostic.place {
        let (number, column) = place.line_and_column();
        let _ = write!(line, " at {}:{number}:{column}", place.source.path);
    }
    for note in &diagnostic.notes {
        line.push_str("; ");
        line.push_str(note);
    }
    line
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Folder(error) => error.source(),
            Error::Database(error) => error.source(),
            Error::Run(error) => error.source(),
            Error::Revisions(error) => error.source(),
            _ => None,
        }
    }
}

impl Report for Error {
    fn class(&self) -> Class {
        match self {
            Error::Folder(error) => error.class(),
            Error::Target(error) => error.class(),
            Error::Newer { .. } => Class::No,
            Error::Attached { .. } | Error::Temporary { .. } | Error::ReadOnly => Class::Database,
            Error::Database(error) => error.class(),
            Error::Revisions(error) => error.class(),
            Error::Run(error) => error.class(),
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let list = |words: &[String]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        vec![match self {
            Error::Folder(error) => return error.diagnostics(),
            Error::Target(error) => return error.diagnostics(),
            Error::Database(error) => return error.diagnostics(),
            Error::Revisions(error) => return error.diagnostics(),
            Error::Run(error) => return error.diagnostics(),
            Error::Newer { unknown } => {
                let ids: Vec<String> = unknown.iter().map(ToString::to_string).collect();
                let words = "that this application does not know, so that it is too old for it";
                let found = format!("the database has {} ({}) {words}", count(ids.len(), "revision"), list(&ids));
                Diagnostic::new("newer_database", found).help("start the version of the application that has them")
            }
            Error::Attached { names } => {
                let found = format!("the connection has other databases attached: {}", list(names));
                Diagnostic::new("attached", found).help("attach them after the revisions have run")
            }
            Error::Temporary { names } => {
                let found = format!("the connection has temporary objects: {}", list(names));
                Diagnostic::new("temporary", found).help("create them after the revisions have run")
            }
            Error::ReadOnly => Diagnostic::new("read_only", "revisions have to run, and the connection may only read")
                .help("open the database for writing, and without `PRAGMA query_only`"),
        }]
    }
}
