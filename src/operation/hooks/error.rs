//! A hook that did not end well, or cannot run at all.

use std::path::PathBuf;

use super::Moment;
use crate::report::{Class, Diagnostic, Place, Report};

/// What is wrong with a hook.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It failed.
    #[error("the hook `{}` failed: {why}", .moment.key())]
    Failed {
        /// When it ran.
        moment: Moment,
        /// The exit code that this ends in.
        class: Class,
        /// How it failed.
        why: String,
        /// The hook, or the statement of it.
        place: Place,
        /// What it printed, where that was kept.
        printed: String,
    },
    /// The user wants to stop.
    #[error("interrupted in the hook `{}`", .moment.key())]
    Interrupted {
        /// When it ran.
        moment: Moment,
    },
    /// There is no moment between revisions that are one transaction.
    #[error("hooks around each revision cannot run where all revisions are one transaction")]
    InTransaction {
        /// The first of these hooks.
        place: Place,
    },
    /// Its text cannot be read.
    #[error("{}", .0.message)]
    Text(Diagnostic),
    /// What it left of a script is none.
    #[error("the hook `post_write` left no script in `{}`: {why}", .path.display())]
    NoScript {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// How much of what a command printed is noted with its failure; all of it is shown where it runs.
const LAST_LINES: usize = 5;

impl Report for HookError {
    fn class(&self) -> Class {
        match self {
            HookError::Failed { class, .. } => *class,
            HookError::Interrupted { .. } => Class::Interrupted,
            HookError::InTransaction { .. } | HookError::Text(_) | HookError::NoScript { .. } => Class::Input,
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let told = |code| Diagnostic::new(code, self.to_string());
        vec![match self {
            HookError::Failed { moment, place, printed, .. } => {
                let lines: Vec<&str> = printed.lines().collect();
                let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
                let (code, left) = moment.failed();
                let mut diagnostic = told(code).at(place.clone()).note(left);
                diagnostic.notes.extend(last.iter().map(|line| format!("it printed: {line}")));
                diagnostic.help("correct it, or go on without hooks by `--no-hooks`")
            }
            HookError::Interrupted { moment } => told("interrupted").note(moment.failed().1),
            HookError::InTransaction { place } => {
                told("hooks_in_transaction").at(place.clone()).help("pass `--transaction each`, or `--no-hooks`")
            }
            HookError::Text(diagnostic) => diagnostic.clone(),
            HookError::NoScript { .. } => told("after_hook_failed").help("correct the file, or the hook"),
        }]
    }
}
