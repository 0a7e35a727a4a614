//! Revisions as other tools run them: what their files are called, and what stands in them. One file a tool.
//!
//! Pure: takes scripts that are proved and gives texts back. Nothing here is read or run; what a script needs of the one
//! that runs it is said by whoever calls.

mod d1;
mod dbmate;
mod diesel;
mod golang_migrate;
mod goose;
pub mod number;
mod refinery;
pub mod script;
mod sql;
mod sqlx;

use std::fmt;

pub use number::{Number, Numbers};
pub use script::{Half, Way};

use crate::report::{Class, Diagnostic, Report};
use crate::revision::{Mention, Revision, slug};

/// A tool that runs scripts of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// sqlx, in applications and as `sqlx migrate`.
    Sqlx,
    /// dbmate.
    Dbmate,
    /// goose.
    Goose,
    /// diesel.
    Diesel,
    /// refinery.
    Refinery,
    /// golang-migrate.
    GolangMigrate,
    /// Cloudflare's D1, by `wrangler d1 migrations`.
    D1,
    /// None: scripts for the sqlite3 shell and whatever else runs a file of SQL.
    Sql,
}

impl Tool {
    /// All of them with the word of each.
    pub const ALL: [(&str, Tool); 8] = [
        ("sqlx", Tool::Sqlx),
        ("dbmate", Tool::Dbmate),
        ("goose", Tool::Goose),
        ("diesel", Tool::Diesel),
        ("refinery", Tool::Refinery),
        ("golang-migrate", Tool::GolangMigrate),
        ("d1", Tool::D1),
        ("sql", Tool::Sql),
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, tool)| *tool == self).map_or("sql", |(word, _)| word)
    }

    /// The folder in which it looks for scripts where it is told nothing.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Tool::Dbmate => "db/migrations",
            Tool::Sql => "sql",
            _ => "migrations",
        }
    }

    /// Whether it can be told to run a script outside a transaction.
    #[must_use]
    pub fn can_run_outside(self) -> bool {
        !matches!(self, Tool::Refinery | Tool::GolangMigrate | Tool::D1)
    }

    /// Whether it takes revisions back.
    #[must_use]
    pub fn goes_down(self) -> bool {
        !matches!(self, Tool::Refinery | Tool::D1)
    }

    /// The files of a revision.
    ///
    /// # Errors
    /// When something in a script has another meaning there.
    pub fn files(self, piece: &Piece<'_>) -> Result<Vec<File>, Error> {
        match self {
            Tool::Sqlx => Ok(sqlx::files(piece)),
            Tool::Dbmate => dbmate::files(piece),
            Tool::Goose => goose::files(piece),
            Tool::Diesel => Ok(diesel::files(piece)),
            Tool::Refinery => Ok(refinery::files(piece)),
            Tool::GolangMigrate => Ok(golang_migrate::files(piece)),
            Tool::D1 => Ok(d1::files(piece)),
            Tool::Sql => Ok(sql::files(piece)),
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A revision that is to be written.
#[derive(Debug, Clone)]
pub struct Piece<'a> {
    /// What its head says.
    pub revision: &'a Revision,
    /// The number under which the other tool knows it.
    pub number: Number,
    /// Its place among all that are written, counted from 1.
    pub position: usize,
    /// Its way up.
    pub up: Half,
    /// Its way down, or why there is none.
    pub down: Result<Half, String>,
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder, with `/` between its parts.
    pub path: String,
    /// Its text, lines ended by a single byte.
    pub text: String,
}

impl Piece<'_> {
    /// The words of the message, or else the identifier.
    #[must_use]
    pub fn slug(&self) -> String {
        let slug = slug(&self.revision.message);
        if slug.is_empty() { self.revision.id.to_string() } else { slug }
    }

    /// The number and the words: `20261122193712_added_user_table`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}_{}", self.number.digits(), self.slug())
    }

    /// The first line of a script, which says where it is from.
    fn head(&self) -> String {
        let message = self.revision.message.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = if message.is_empty() { String::new() } else { format!(": {message}") };
        format!("-- revision {}{words}\n", self.revision.id)
    }

    /// The way down; one that fails with the reason where there is none, since a tool would else pass over it to the
    /// revision before.
    fn way_down(&self) -> Half {
        self.down
            .clone()
            .unwrap_or_else(|why| Half::refusing(&format!("{} cannot be taken back: {why}", self.revision.id)))
    }

    /// Two files, one for each direction, with what stands before a script that the tool is to leave outside a
    /// transaction.
    fn pair(&self, mark: &str) -> Vec<File> {
        let file = |direction: &str, half: &Half| {
            let mark = if half.way == Way::Within { "" } else { mark };
            let text = format!("{mark}{}\n{}", self.head(), half.text());
            File { path: format!("{}.{direction}.sql", self.name()), text }
        };
        vec![file("up", &self.up), file("down", &self.way_down())]
    }
}

/// A revision that another tool cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has to run outside a transaction.
    #[error("{tool} runs each script in a transaction, and {revision} says `transaction:false`")]
    NeedsOutside {
        /// The revision.
        revision: Mention,
        /// The tool.
        tool: Tool,
    },
    /// A line of a script is one of the tool's own marks.
    #[error("{revision} has the line `{line}`, which is a mark to {tool}")]
    Mark {
        /// The revision.
        revision: Mention,
        /// The tool.
        tool: Tool,
        /// The line.
        line: String,
    },
}

impl Report for Error {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        vec![match self {
            Error::NeedsOutside { .. } => Diagnostic::new("not_for_tool", self.to_string())
                .help("run that revision with schemactl, and export those before it and those after it by a range"),
            Error::Mark { .. } => Diagnostic::new("mark_in_sql", self.to_string())
                .help("write that line differently, such as with two spaces after the dashes"),
        }]
    }
}

impl Error {
    /// Refuses a piece with a line that a tool would take for a mark.
    fn refuse_marks(piece: &Piece<'_>, tool: Tool, is_mark: impl Fn(&str) -> bool) -> Result<(), Error> {
        let halves = [Some(&piece.up), piece.down.as_ref().ok()];
        let mut lines = halves.into_iter().flatten().flat_map(|half| half.sql.lines());
        match lines.find(|line| is_mark(line)) {
            Some(line) => {
                Err(Error::Mark { revision: Mention::from(piece.revision), tool, line: line.trim().to_owned() })
            }
            None => Ok(()),
        }
    }
}
