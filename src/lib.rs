//! schemactl keeps a SQLite database in step with a model, through revisions that are proved before they are written.
//!
//! What it does for its users is in the README. **To run revisions in an application of your own**, see
//! [`application`]: three lines, and a build dependency. The rest of this page is for those who change schemactl: how data
//! flows, what may use what, where a new thing goes, and which test holds which promise.
//!
//! # How data flows
//!
//! ```text
//! migrations.toml ─ model ──▶ the schema as written ── built in a scratch database, read back ──▶ wanted ┐
//! the database ──────────────── introspect ────────────────────────────────────────────────────▶ actual ├─ diff ─▶ changes
//! versions/*.sql ───────────── run in a scratch database, read back ───────────────────────────▶ actual ┘          │
//!                                                                                                                  │
//! versions/…_added_user_table.sql ◀── proved on scratch databases: up and down ◀── statements, up and down ◀─ plan ┘
//!      │
//!      └─ revision: graph, target ─▶ route ─ runner ─▶ the database and its version table, or SQL text with --sql
//! ```
//!
//! One reader serves all three schemas: each is built in SQLite and read back from it. So nothing is compared as it
//! happened to be typed, and SQLite itself says what a statement does.
//!
//! # Modules
//!
//! A module uses only modules above it in this table.
//!
//! | module | what it answers |
//! |---|---|
//! | [`token`] | what the tokens of SQL are, where they stand, which mean the same |
//! | [`report`] | what is wrong, where, what to do now, and with which exit code a command ends |
//! | [`schema`] | what a schema is: owned values, in the order of the file |
//! | [`sql`] | how an object is read from SQL and written as SQL |
//! | [`mirror`] | which rows another tool keeps of what it ran; pure |
//! | [`diff`] | which changes lie between two schemas |
//! | [`model`] | how a schema, and what is meant beside it, is said in TOML; the settings |
//! | [`revision`] | what a script is, which graph scripts form, which way leads from one place to another |
//! | [`database`] | everything that SQLite is asked: introspect, scratch databases, the version table, the runner |
//! | [`build`] | how an application's build script puts revisions into it; prints what Cargo reads |
//! | [`application`] | how an application runs revisions on its own connection; reads the clock |
//! | [`plan`] | which statements make the changes, in which order, and what proves them |
//! | [`libsql`] | what a server answers: its schema as an image in memory, revisions run on it, questions about its rows |
//! | [`adopt`] | how other tools keep their scripts and their account of what is applied: one file a tool |
//! | [`export`] | how other tools are given revisions: their files and marks; pure |
//! | [`operation`] | what a person asks for, done with all of the above; prints nothing |
//! | [`picture`] | how a schema is drawn: Mermaid, DOT, SVG, HTML; pure |
//! | [`docs`] | what is said of a schema on one page, as Markdown or HTML; pure |
//! | [`lint`] | what is wrong or dangerous in a model and its revisions, though SQLite takes it: one rule a file |
//! | [`fleet`] | the same for many databases: where they are listed, what each came to, what all came to |
//! | [`cli`] | the command line: but for the two above the only module that prints, or reads clock and environment |
//!
//! What an application needs is a feature each: without any there is [`build`] and what it stands on, with `runner` also
//! [`application`] and what it stands on, with `cli`, the default, all.
//!
//! In [`schema`], [`sql`], [`model`] and [`diff`] the folder says the form and the file says the object: how a column
//! is written is in `src/sql/column.rs`, when a view has changed is in `src/diff/view.rs`.
//!
//! # Where to add what
//!
//! - **A property of a column** (or of an index, a trigger, …): the field in `src/schema/column.rs`. `src/sql/column.rs`,
//!   `src/model/column.rs` and `src/diff/column.rs` take the struct apart without `..` where they write or compare it, so
//!   the compiler asks for the rest.
//!   Then a clause in `tests/support/generate.rs`, and the laws of `tests/properties.rs` hold for it or fail.
//! - **Something that `ALTER TABLE` can do**: `src/plan/native.rs`. What it says is tried on a scratch database; a wrong
//!   answer costs a rebuild, never a row.
//! - **Something that rows may refuse**: `src/plan/gate`, a query for the rows in the way. It is asked before a
//!   script is written and again before it runs.
//! - **The order of statements**: the list at the head of `src/plan/planner.rs`, and nowhere else.
//! - **A setting**: `src/model/settings.rs`, and a row in the README.
//! - **A key in the head of scripts**: `src/revision/header.rs`, and a row in the README.
//! - **A command**: a file in `src/cli` with its arguments and its body, two lines in `src/cli/mod.rs`, a row in the
//!   README. What it does, apart from asking and printing, is a file in `src/operation`.
//! - **A rule of `lint`**: a file in `src/lint/rules` and two lines in `src/lint/rules/mod.rs`; its doc comment is its page,
//!   and the examples in it are its first tests. Tests ask for the row in the README and the key in the JSON Schema.
//! - **A tool for `export`**: a file in `src/export` that gives the files of a revision, and its word in the list of tools.
//! - **A kind of error**: a variant of the module's own enum with its words, its class and its help in `Report`;
//!   `src/cli/diagnostic.rs` shows it as text or JSON.
//!
//! # Which promise is held where
//!
//! | promise | test |
//! |---|---|
//! | what is read is written and read again the same; random schemas keep all laws | `tests/properties.rs` |
//! | walks over revision graphs end where Alembic's do | `tests/traversal` |
//! | real projects' schemas pass through every stage | `tests/histories.rs` |
//! | a revision that fails or is killed leaves the database at a revision | `src/database/runner/tests.rs`, `tests/faults` |
//! | what else must not get lost, promise by promise | `tests/README.md` |
//! | no change is missed or made up, and each has a reverse | `src/diff/tests` |
//! | help, errors, exit codes and JSON | `tests/cli` |
//! | an application's connection stays its own | `tests/library.rs` |
//! | the README's story prints what it shows; its tables list all there is | `tests/readme.rs` |
//! | this page is true | `tests/architecture.rs` |

pub mod token;

pub mod report;

pub mod schema;

#[cfg(feature = "runner")]
pub mod sql;

#[cfg(feature = "runner")]
pub mod mirror;

#[cfg(feature = "runner")]
pub mod diff;

#[cfg(feature = "cli")]
pub mod model;

pub mod revision;

#[cfg(feature = "runner")]
pub mod database;

pub mod build;

#[cfg(feature = "runner")]
pub mod application;

#[cfg(feature = "cli")]
pub mod plan;

#[cfg(feature = "cli")]
pub mod libsql;

#[cfg(feature = "cli")]
pub mod adopt;

#[cfg(feature = "cli")]
pub mod export;

#[cfg(feature = "cli")]
pub mod operation;

#[cfg(feature = "cli")]
pub mod picture;

#[cfg(feature = "cli")]
pub mod docs;

#[cfg(feature = "cli")]
pub mod lint;

#[cfg(feature = "cli")]
pub mod fleet;

#[cfg(feature = "cli")]
pub mod cli;

#[cfg(feature = "runner")]
pub use application::{Error, Outcome, Revisions, upgrade};

/// The SQLite of this crate, so that an application opens its connections with the same.
#[cfg(feature = "runner")]
pub use rusqlite;
