//! Revisions in an application of one's own: its connection brought to where its revisions lead, by the runner that the
//! command line has too, with the same version table.
//!
//! # How to
//!
//! The scripts of `versions/` are built into the application by its build script, which reads and checks them all, so that
//! one that is malformed is an error of the build:
//!
//! ```toml
//! # Cargo.toml
//! [dependencies]
//! schemactl = { version = "0.1", default-features = false, features = ["runner"] }
//!
//! [build-dependencies]
//! schemactl = { version = "0.1", default-features = false }
//! ```
//!
//! ```ignore
//! // build.rs
//! fn main() -> Result<(), schemactl::build::Error> {
//!     schemactl::build::embed(["versions"])
//! }
//! ```
//!
//! ```ignore
//! // main.rs
//! use schemactl::rusqlite::Connection;
//!
//! let mut connection = Connection::open("app.db")?;
//! schemactl::embed!().ensure(&mut connection)?;
//! ```
//!
//! [`Revisions::ensure`] belongs at the start of a program: where there is nothing to do it asks the database one question,
//! else it is [`Revisions::upgrade`] to `head`. Several processes and threads may do it at once: one runs the revisions,
//! the others wait for it and find nothing to do. `examples/embedded.rs` is a whole program.
//!
//! # What happens to the connection
//!
//! Revisions run as on the command line: foreign keys off and checked, each revision one transaction with its row in the
//! version table. Afterwards `foreign_keys`, the busy timeout and every other setting that this takes are as they were,
//! whatever happened. Two things SQLite can set but not tell, so they have to be set again, or for the first time, after
//! revisions have run: an authorizer or a progress handler, and a busy handler that is not a timeout.
//!
//! Functions and collations that the schema uses must be registered before. The connection may be one to a database in
//! memory. It is refused, by an error and with nothing changed, where revisions have to run and it is inside a
//! transaction, may only read, has other databases attached, or has temporary tables, views or triggers: names in scripts
//! could mean those.
//!
//! Nothing here prints, and nothing makes a copy of the database before rows are discarded.

mod connection;
mod error;
mod revisions;

use rusqlite::Connection;

pub use crate::database::runner::{Done, Drift, Op, Transaction};
pub use error::Error;
pub use revisions::{Outcome, Revisions};

/// Runs all revisions that the database does not have.
///
/// # Errors
/// As [`Revisions::upgrade`].
pub fn upgrade(connection: &mut Connection, revisions: &Revisions) -> Result<Outcome, Error> {
    revisions.upgrade(connection, "head")
}

/// The revisions that the build script has put in, as [`Revisions`].
///
/// The build script calls `schemactl::build::embed`. Where a program has several sets of revisions, each is embedded by
/// `schemactl::build::embed_as("name", …)` and had by `embed!("name")`.
#[macro_export]
macro_rules! embed {
    () => {
        $crate::embed!("revisions")
    };
    ($name:literal) => {
        include!(concat!(
            env!(
                "OUT_DIR",
                "there is no build script; write a build.rs that calls `schemactl::build::embed([\"versions\"])`"
            ),
            "/schemactl_",
            $name,
            ".rs"
        ))
    };
}
