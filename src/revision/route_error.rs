//! Routes that cannot be taken.

use super::id::RevisionId;
use super::mention::{Mention, list, with_choices};
use super::naming_error::NamingError;
use super::problem::Problem;
use crate::report::{Class, Diagnostic, Report};

/// Why there is no route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The target stands for nothing, or for too much.
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// The scripts do not hang together.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Broken {
        /// What is wrong; never empty.
        problems: Vec<Problem>,
    },
    /// The database has revisions of which there is no script.
    #[error("the database has {}, of which there is no script", list(revisions))]
    UnknownApplied {
        /// The revisions.
        revisions: Vec<RevisionId>,
    },
    /// A downgrade to a revision that is not applied.
    #[error("`{}` is not applied, so there is no way down to it", revision.id)]
    NotApplied {
        /// The target.
        revision: Mention,
        /// Where the database stands.
        current: Vec<Mention>,
    },
    /// A downgrade to a revision that nothing applied follows, and that another branch needs.
    #[error("nothing that follows `{}` is applied; other branches need it", revision.id)]
    NothingAbove {
        /// The target.
        revision: Mention,
        /// Where the database stands.
        current: Vec<Mention>,
    },
    /// A downgrade whose branch is none of those that begin at its target.
    #[error("no branch that begins at the target of `{written}` leads to `{branch}`")]
    NotABranch {
        /// What was written.
        written: String,
        /// The branch.
        branch: String,
        /// The revisions that the branches begin with.
        choices: Vec<Mention>,
    },
    /// A revision that is to be recorded together with one that needs it.
    #[error("`{}` comes before `{}`, a database cannot stand at both", older.id, newer.id)]
    Overlap {
        /// The one that is needed.
        older: Mention,
        /// The one that needs it.
        newer: Mention,
    },
    /// The ends of a range are not on one line.
    #[error("`{lower}` does not come before `{upper}` on one line")]
    NotAnAncestor {
        /// Where the range begins.
        lower: String,
        /// Where it ends.
        upper: String,
    },
}

impl RouteError {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            RouteError::Naming(error) => error.code(),
            RouteError::Broken { problems } => problems.first().map_or("broken", Problem::code),
            RouteError::UnknownApplied { .. } => "unknown_applied",
            RouteError::NotApplied { .. } => "not_applied",
            RouteError::NothingAbove { .. } => "nothing_above",
            RouteError::NotABranch { .. } => "not_a_branch",
            RouteError::Overlap { .. } => "overlap",
            RouteError::NotAnAncestor { .. } => "not_an_ancestor",
        }
    }
}

impl Report for RouteError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let new = || Diagnostic::new(self.code(), self.to_string());
        vec![match self {
            RouteError::Naming(error) => return error.diagnostics(),
            RouteError::Broken { problems } => return problems.iter().flat_map(Report::diagnostics).collect(),
            RouteError::UnknownApplied { .. } => new().help(
                "bring back their files, as by checking out the branch that has them; \
                 `schemactl stamp --purge` forgets what was applied",
            ),
            RouteError::NotApplied { revision, current } => {
                with_choices(new().help(format!("`schemactl upgrade {}` goes up to it", revision.id)), current)
            }
            RouteError::NothingAbove { revision, current } => with_choices(
                new().help(format!("`schemactl downgrade {}@-1` takes `{}` back itself", revision.id, revision.id)),
                current,
            ),
            RouteError::NotABranch { choices, .. } => {
                with_choices(new().help("put one of these before the `@`, or leave the branch out"), choices)
            }
            RouteError::Overlap { newer, .. } => {
                new().help(format!("`schemactl stamp {}` records it and everything that it needs", newer.id))
            }
            RouteError::NotAnAncestor { .. } => {
                new().help("a range goes from the older to the newer revision: `older:newer`")
            }
        }]
    }
}
