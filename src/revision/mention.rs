//! How revisions are spoken of in messages.

use std::fmt;

use chrono::{DateTime, Utc};

use super::header::Revision;
use super::id::RevisionId;
use crate::report::{Diagnostic, first_few, first_notes};

/// The most revisions that one message lists.
const LISTED: usize = 8;

/// A revision as a message shows it: `` `ec7d02f185ab` Added user table, 2026-11-22 19:37 ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Its identifier.
    pub id: RevisionId,
    /// Its message.
    pub message: String,
    /// When it was written.
    pub created: Option<DateTime<Utc>>,
}

impl From<&Revision> for Mention {
    fn from(revision: &Revision) -> Mention {
        Mention { id: revision.id.clone(), message: revision.message.clone(), created: revision.created }
    }
}

impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.id)?;
        if !self.message.is_empty() {
            write!(f, " {}", self.message)?;
        }
        match self.created {
            Some(created) => write!(f, ", {}", created.format("%Y-%m-%d %H:%M")),
            None => Ok(()),
        }
    }
}

/// Identifiers in a sentence: `` `a`, `b` and `c` ``; many are cut short.
pub(super) fn list<T: AsRef<str>>(ids: &[T]) -> String {
    let quoted = |id: &T| format!("`{}`", id.as_ref());
    match ids {
        [] => "none".to_owned(),
        [one] => quoted(one),
        many if many.len() > LISTED => first_few(many.iter().map(quoted), LISTED),
        [first @ .., last] => {
            format!("{} and {}", first.iter().map(quoted).collect::<Vec<_>>().join(", "), quoted(last))
        }
    }
}

/// Adds the revisions to choose from to a diagnostic, a line each.
pub(super) fn with_choices(mut diagnostic: Diagnostic, choices: &[Mention]) -> Diagnostic {
    diagnostic.notes.extend(first_notes(choices, LISTED));
    diagnostic
}
