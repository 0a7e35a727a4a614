//! Changes -> statements, proved on a scratch database before they are shown.
//!
//! [`draft()`] is the way in: both directions between two schemas. [`native`] is the one predicate "ALTER TABLE can do
//! this", [`rebuild`] what is done where it cannot, [`planner`] the one ordering rule. Nothing here touches a database
//! of the user's.
//!
//! For a runner that cannot switch all that a rebuild needs, [`Options::switches`] says what is left, and [`confine()`]
//! puts a script that stands already in the form for it.

pub mod catalog;
mod confined;
mod dependents;
pub mod draft;
mod filler;
pub mod gate;
pub mod keep;
pub mod native;
mod one_way;
pub mod planner;
mod qualifier;
pub mod rebuild;
mod requirement;
mod rows;
pub mod sample;
mod section;
pub mod statement;
pub mod station;
mod virtual_table;

pub use crate::database::Switches;
pub use draft::{Draft, draft, draft_keeping};
pub use one_way::counters_lost;
pub use planner::{Options, Plan, plan};
pub use requirement::too_new;
pub use rows::RowWork;
pub use section::confine;
pub use statement::{Statement, write_section};
pub use virtual_table::holds_rows;

use crate::database::{self, scratch};
use crate::report::{Class, Diagnostic, Report};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refuses one of the two schemas.
    #[error(transparent)]
    Schema(#[from] scratch::BuildError),
    /// The scratch database could not be read back.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// The scratch database itself failed.
    #[error("the scratch database failed")]
    Scratch(#[from] rusqlite::Error),
    /// SQLite refuses a statement for which there is no other way.
    #[error("SQLite refuses a planned statement: {message}")]
    Refused {
        /// The statement.
        sql: String,
        /// SQLite's words.
        message: String,
    },
    /// The statements do not lead to the wanted schema.
    #[error("the planned statements do not lead to the wanted schema")]
    NotReached {
        /// What still differs, a sentence each.
        differences: Vec<String>,
        /// The statements.
        script: String,
    },
    /// A statement of a script has no form for a runner with fewer switches.
    #[error("`{statement}` has no form for a runner that cannot switch what it needs: {message}")]
    NotConfined {
        /// The first line of the statement.
        statement: String,
        /// What stands in the way.
        message: String,
    },
    /// Made-up rows did not survive.
    #[error("the planned statements lose rows")]
    RowsLost {
        /// What was lost, a sentence each.
        losses: Vec<String>,
        /// The statements.
        script: String,
    },
}

impl Report for Error {
    fn class(&self) -> Class {
        match self {
            Error::Schema(error) => error.class(),
            Error::Database(error) => error.class(),
            _ => Class::Input,
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let not_proved = |notes: &[String], script: &str| {
            let mut diagnostic = Diagnostic::new("not_proved", self.to_string());
            diagnostic.notes = notes.to_vec();
            diagnostic.notes.push(format!("the statements were:\n{script}"));
            vec![diagnostic.help(
                "nothing was written; write the revision by hand with `schemactl revision -m \"...\"`, and report this with the schema before and after",
            )]
        };
        match self {
            Error::Schema(error) => error.diagnostics(),
            Error::Database(error) => error.diagnostics(),
            Error::Scratch(error) => vec![Diagnostic::new("scratch", format!("{self}: {error}"))],
            Error::Refused { sql, .. } => not_proved(&[], sql),
            Error::NotConfined { .. } => vec![
                Diagnostic::new("not_confined", self.to_string())
                    .help("write this revision anew with `catalog_edits = false`, or change the statement by hand"),
            ],
            Error::NotReached { differences, script } => not_proved(differences, script),
            Error::RowsLost { losses, script } => not_proved(losses, script),
        }
    }
}
