//! What is wrong with a fleet as a whole, before anything is done to a database of it.

use std::path::PathBuf;

use crate::database;
use crate::report::{Class, Diagnostic, Place, Report};

/// Why there is no fleet to work on.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// A pattern of file names that is none.
    #[error("`{pattern}` is not a pattern: {why}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// A list, or a folder that a pattern leads to, cannot be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line of a list is neither a path nor what stands for one.
    #[error("{message}")]
    BadLine {
        /// What is wrong with it.
        message: String,
        /// Where it stands.
        place: Place,
    },
    /// A command that lists databases fails.
    #[error("the command `{command}`, which lists the databases, {why}")]
    Command {
        /// The command.
        command: String,
        /// How it ended.
        why: String,
    },
    /// A query that lists databases fails or answers something else.
    #[error("the query `{sql}`, which lists the databases, {why}")]
    Query {
        /// The query.
        sql: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database that is asked for the others cannot be read.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// Nothing is found.
    #[error("{what}: no database is found")]
    None {
        /// Where it was looked for.
        what: String,
    },
    /// Two databases have one name.
    #[error("`{}` and `{}` both have the id `{id}`", .first.display(), .second.display())]
    SameId {
        /// The id.
        id: String,
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// One database has two names.
    #[error("`{first}` and `{second}` are the same database, `{}`", .path.display())]
    SameDatabase {
        /// One id.
        first: String,
        /// The other.
        second: String,
        /// The file.
        path: PathBuf,
    },
    /// A report that is to be taken up is none.
    #[error("{message}")]
    BadReport {
        /// What is wrong with it.
        message: String,
        /// Where.
        place: Place,
    },
}

impl Report for FleetError {
    fn class(&self) -> Class {
        match self {
            FleetError::Database(error) => error.class(),
            _ => Class::Input,
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let (code, help) = match self {
            FleetError::Database(database::Error::Missing { .. }) => {
                ("no_database", "check the path of the database that lists the others")
            }
            FleetError::Database(error) => return error.diagnostics(),
            FleetError::BadPattern { .. } => ("bad_pattern", "write one such as `data/{tenant}/main.db`"),
            FleetError::Unreadable { .. } => ("unreadable_file", "check the path"),
            FleetError::BadLine { .. } => {
                ("bad_line", "a line is a path, or JSON: `{\"id\":\"acme\",\"database\":\"data/acme.db\",\"wave\":1}`")
            }
            FleetError::Command { .. } => ("list_command", "run it by itself; it prints a path, or JSON, on each line"),
            FleetError::Query { .. } => {
                ("list_query", "answer with id and path, and a wave if you like: `SELECT id, path FROM tenants`")
            }
            FleetError::None { .. } => (
                "empty_fleet",
                "check where it looks: paths count from the current folder, those in the settings from theirs",
            ),
            FleetError::SameId { .. } => {
                ("same_id", "name more of the path: `{region}/{tenant}.db` instead of `*/{tenant}.db`")
            }
            FleetError::SameDatabase { .. } => {
                ("same_database", "list it once: it would be worked on twice at the same time")
            }
            FleetError::BadReport { .. } => ("bad_report", "name a file that `--report` has written"),
        };
        let mut diagnostic = Diagnostic::new(code, self.to_string()).help(help);
        if let FleetError::BadLine { place, .. } | FleetError::BadReport { place, .. } = self {
            diagnostic.place = Some(place.clone());
        }
        vec![diagnostic]
    }
}
