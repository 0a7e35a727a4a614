//! What a user should know about a route before it is taken.

use super::mention::{Mention, list, with_choices};
use crate::report::{Diagnostic, count};

/// Something about a route that is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// The database stands at the target.
    #[error("the database is at `{}` already", revision.id)]
    AlreadyThere {
        /// The target.
        revision: Mention,
    },
    /// The database is past the target of an upgrade.
    #[error("`{}` is applied already, and the database is past it", revision.id)]
    Older {
        /// The target.
        revision: Mention,
    },
    /// An upgrade to the base, which is below everything.
    #[error("the base is below every revision, an upgrade does not go there")]
    UpToBase,
    /// There are no revisions at all.
    #[error("there are no revisions yet")]
    NoRevisions,
    /// A downgrade that finds nothing to take back.
    #[error("nothing that is applied would be taken back")]
    NothingApplied,
    /// A downgrade of one branch takes back revisions of others too.
    #[error("{} not on the branch `{branch}` would be taken back too", count(revisions.len(), "revision"))]
    OtherBranches {
        /// The branch.
        branch: String,
        /// The revisions.
        revisions: Vec<Mention>,
    },
    /// The branch of a downgrade to the base does not exist; everything would be taken back.
    #[error("there is no branch `{written}`; everything would be taken back")]
    UnknownBranch {
        /// What was written.
        written: String,
        /// The branch that may be meant.
        near: Option<String>,
    },
    /// Revisions that were to be recorded are not, since the stamp of another moves the record of their line.
    #[error("{} would not be recorded: the stamp of {} moves the record of the line", list(left_out), list(recorded))]
    NotRecorded {
        /// The revisions that are left out.
        left_out: Vec<super::id::RevisionId>,
        /// The revisions that are recorded.
        recorded: Vec<super::id::RevisionId>,
    },
}

impl Remark {
    /// Whether the route does what is hardly meant, so that the user must agree to it first.
    #[must_use]
    pub fn is_doubt(&self) -> bool {
        matches!(self, Remark::UnknownBranch { .. } | Remark::NotRecorded { .. })
    }

    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Remark::AlreadyThere { .. } => "already_there",
            Remark::Older { .. } => "older",
            Remark::UpToBase => "up_to_base",
            Remark::NoRevisions => "no_revisions",
            Remark::NothingApplied => "nothing_applied",
            Remark::OtherBranches { .. } => "other_branches",
            Remark::UnknownBranch { .. } => "unknown_branch",
            Remark::NotRecorded { .. } => "not_recorded",
        }
    }

    /// The remark as it is shown.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let diagnostic = Diagnostic::new(self.code(), self.to_string());
        match self {
            Remark::AlreadyThere { .. } | Remark::NothingApplied => diagnostic,
            Remark::Older { revision } => {
                diagnostic.help(format!("`schemactl downgrade {}` goes back to it", revision.id))
            }
            Remark::UpToBase => diagnostic.help("`schemactl downgrade base` takes back everything"),
            Remark::NoRevisions => diagnostic.help("`schemactl revision --autogenerate -m \"…\"` writes the first"),
            Remark::OtherBranches { revisions, .. } => with_choices(diagnostic, revisions),
            Remark::UnknownBranch { near: Some(near), .. } => diagnostic.help(format!("did you mean `{near}`?")),
            Remark::UnknownBranch { near: None, .. } => {
                diagnostic.help("`schemactl downgrade base` if everything is meant")
            }
            Remark::NotRecorded { left_out, .. } => diagnostic.help(format!(
                "stamp again: `schemactl stamp {}`",
                left_out.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ")
            )),
        }
    }
}
