//! What the settings run beside revisions: before and after a run, before and after each revision, after a script is
//! written. Statements run here, on the run's own connection; commands are run by the caller.
//!
//! No hook is a part of a revision's transaction. A command runs while no lock is held, so that it can use the database.

mod error;
mod post_write;
mod run;
mod statements;

use std::path::PathBuf;

use rusqlite::Connection;

pub use error::HookError;
pub use post_write::post_write;
pub use run::{Beside, run};

use super::walk::{self, Errand, Walked};
use crate::database::runner::{Event, Transaction};
use crate::model::{Hook, Hooks, Settings};
use crate::report::{Class, Failure, Place};

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the first revision of a run.
    BeforeRun,
    /// After the last one.
    AfterRun,
    /// Before each revision.
    BeforeRevision,
    /// After each revision.
    AfterRevision,
    /// After a script is written.
    PostWrite,
}

impl Moment {
    /// Its key in the settings.
    fn key(self) -> &'static str {
        match self {
            Moment::BeforeRun => "before_run",
            Moment::AfterRun => "after_run",
            Moment::BeforeRevision => "before_revision",
            Moment::AfterRevision => "after_revision",
            Moment::PostWrite => "post_write",
        }
    }

    /// The code of a failure, and what it leaves.
    fn failed(self) -> (&'static str, &'static str) {
        match self {
            Moment::BeforeRun => ("before_hook_failed", "nothing was run"),
            Moment::BeforeRevision => ("before_hook_failed", "the revision was not run; those before it stay"),
            Moment::AfterRevision => ("after_hook_failed", "the revision stays; those after it were not run"),
            Moment::AfterRun => ("after_hook_failed", "all revisions were run, and stay"),
            Moment::PostWrite => ("after_hook_failed", "the script was written, and stays"),
        }
    }

    fn failure(self, class: Class, why: String, place: Place) -> HookError {
        HookError::Failed { moment: self, class, why, place, printed: String::new() }
    }

    /// Variables for every command. It is to run schemactl without running hooks again.
    fn variables(self) -> Vec<(&'static str, String)> {
        vec![("SCHEMACTL_HOOK", self.key().to_owned()), ("SCHEMACTL_NO_HOOKS", "1".to_owned())]
    }
}

/// A command for the shell.
#[derive(Debug)]
pub struct Command<'a> {
    /// The line.
    pub line: &'a str,
    /// The folder to run it in.
    pub folder: PathBuf,
    /// Variables for it, beside those of the process.
    pub variables: &'a [(&'static str, String)],
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Well or not.
    pub how: How,
    /// What it printed; nothing where that was shown at once.
    pub printed: String,
}

/// How a command ended.
#[derive(Debug)]
pub enum How {
    /// Well.
    Well,
    /// Not well, in words that go on after "the command".
    Badly(String),
    /// The user wants to stop.
    Interrupted,
}

/// Runs a command; nothing of what it prints may reach the answer.
pub type Shell<'a> = &'a dyn Fn(&Command<'_>) -> Ended;

/// As [`walk::walk`], with the hooks of the settings around it.
///
/// # Errors
/// As [`walk::walk`], and when a hook fails. What stands before it stays done.
pub fn walk<'s>(
    errand: &Errand<'_, 's>,
    connection: &mut Connection,
    shell: Shell<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Walked<'s>, Failure> {
    let beside = Beside { direction: errand.direction, id: None, shell };
    walk::walk_by(errand, connection, |ground, connection, plan| {
        run(&beside, ground, connection, plan, errand.options, observer)
    })
}

/// Refuses hooks that cannot run: around each revision where all are one transaction, or with variables that are not set.
///
/// # Errors
/// When there are such ones.
pub fn refuse_unfit(hooks: &Hooks, transaction: Transaction) -> Result<(), HookError> {
    let Hooks { before_run, after_run, before_revision, after_revision, post_write: _ } = hooks;
    let mut around_each = before_revision.iter().chain(after_revision);
    if let (Transaction::All, Some(hook)) = (transaction, around_each.clone().next()) {
        return Err(HookError::InTransaction { place: hook.place.clone() });
    }
    let mistake = before_run.iter().chain(after_run).chain(&mut around_each).find_map(|hook| hook.text.as_ref().err());
    mistake.map_or(Ok(()), |mistake| Err(HookError::Text(mistake.clone())))
}

fn command(
    settings: &Settings,
    moment: Moment,
    hook: &Hook,
    line: &str,
    variables: &[(&'static str, String)],
    shell: Shell<'_>,
) -> Result<(), HookError> {
    let Ended { how, printed } = shell(&Command { line, folder: settings.path("."), variables });
    match how {
        How::Well => Ok(()),
        How::Badly(how) => {
            let why = format!("the command {how}");
            Err(HookError::Failed { moment, class: Class::No, why, place: hook.place.clone(), printed })
        }
        How::Interrupted => Err(HookError::Interrupted { moment }),
    }
}
