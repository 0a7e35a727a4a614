//! Names that stand for nothing, or for too much.

use super::mention::{Mention, list, with_choices};
use super::naming::Verb;
use crate::report::{Class, Diagnostic, Report, count};

/// A name that does not stand for what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamingError {
    /// Not a name at all.
    #[error("`{written}` does not name a revision: {why}")]
    Malformed {
        /// What was written.
        written: String,
        /// What was expected.
        why: &'static str,
    },
    /// No revision and no label is called that, or begins with it.
    #[error("there is no revision `{written}`")]
    Unknown {
        /// What was written.
        written: String,
        /// What may be meant.
        near: Option<String>,
        /// The revision of that name, or the newest ones where nothing is near.
        candidates: Vec<Mention>,
        /// How many older ones there are beside these.
        more: usize,
        /// The labels that there are.
        labels: Vec<String>,
    },
    /// Another revision stands for it.
    #[error("the revision `{written}` is replaced by `{}`", by.id)]
    Replaced {
        /// What was written.
        written: String,
        /// The revision that stands for it.
        by: Mention,
    },
    /// No branch is called that.
    #[error("there is no branch `{written}`")]
    UnknownBranch {
        /// What was written.
        written: String,
        /// What may be meant.
        near: Option<String>,
        /// The labels that there are.
        labels: Vec<String>,
    },
    /// Several revisions begin with it.
    #[error("`{written}` could be {}", count(candidates.len(), "revision"))]
    Ambiguous {
        /// What was written.
        written: String,
        /// The revisions.
        candidates: Vec<Mention>,
    },
    /// A revision that is not on the branch that was named with it.
    #[error("the revision `{}` is not on the branch `{branch}`", revision.id)]
    NotInBranch {
        /// The revision.
        revision: Mention,
        /// The branch.
        branch: String,
        /// Where the branch ends.
        heads: Vec<Mention>,
    },
    /// One head is meant and there are several.
    #[error("`{written}` means one revision, and there are {}", count(heads.len(), "head"))]
    SeveralHeads {
        /// What was written.
        written: String,
        /// The heads.
        heads: Vec<Mention>,
        /// The command.
        verb: Verb,
    },
    /// Steps are counted from where the database stands, and it stands at several revisions.
    #[error("`{written}` counts from one revision, and the database stands at {}", count(current.len(), "revision"))]
    SeveralCurrent {
        /// What was written.
        written: String,
        /// Where the database stands.
        current: Vec<Mention>,
        /// The command.
        verb: Verb,
    },
    /// A walk comes to a place where it could go on in several ways.
    #[error("`{written}` could go on in {} {}", count(choices.len(), "way"), match at {
        Some(at) => format!("{} `{}`", if *upwards { "after" } else { "below" }, at.id),
        None => "from the base".to_owned(),
    })]
    Fork {
        /// What was written.
        written: String,
        /// The place; none for the base.
        at: Option<Mention>,
        /// Whether the walk goes up.
        upwards: bool,
        /// The ways.
        choices: Vec<Mention>,
        /// The command.
        verb: Verb,
    },
    /// More steps than there are.
    #[error("`{written}` goes too far: there {} {} {}", if *found == 1 { "is" } else { "are" },
        match found { 0 => "no revisions".to_owned(), &found => count(usize::try_from(found).unwrap_or(usize::MAX), "revision") },
        if *upwards { "above" } else { "below" })]
    TooFar {
        /// What was written.
        written: String,
        /// How many steps there are.
        found: u64,
        /// Where they lead; none for the base.
        end: Option<Mention>,
        /// Whether the walk goes up.
        upwards: bool,
        /// The command.
        verb: Verb,
    },
    /// Steps down in an upgrade, or up in a downgrade.
    #[error("`{written}` goes {}, and `{}` goes the other way", if *upwards { "up" } else { "down" }, verb.as_str())]
    WrongDirection {
        /// What was written.
        written: String,
        /// Whether the steps go up.
        upwards: bool,
        /// The command.
        verb: Verb,
    },
    /// Steps where a revision must be named itself.
    #[error("there is no revision `{written}`: steps are not counted from a name here")]
    StepsNotAllowed {
        /// What was written.
        written: String,
        /// The command.
        verb: Verb,
    },
    /// `current` without a database.
    #[error("`{written}` counts from where a database stands, and no database is given")]
    NoCurrent {
        /// What was written.
        written: String,
    },
    /// Nothing of the branch is applied, or nothing that ends on it.
    #[error("the database does not stand on the branch `{branch}`")]
    BranchNotApplied {
        /// The branch.
        branch: String,
        /// Where the database stands.
        current: Vec<Mention>,
    },
}

impl NamingError {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            NamingError::Malformed { .. } => "malformed_revision",
            NamingError::Unknown { .. } => "unknown_revision",
            NamingError::Replaced { .. } => "replaced_revision",
            NamingError::UnknownBranch { .. } => "unknown_branch",
            NamingError::Ambiguous { .. } => "ambiguous_revision",
            NamingError::NotInBranch { .. } => "not_in_branch",
            NamingError::SeveralHeads { .. } => "several_heads",
            NamingError::SeveralCurrent { .. } => "several_current",
            NamingError::Fork { .. } => "ambiguous_walk",
            NamingError::TooFar { .. } => "too_far",
            NamingError::WrongDirection { .. } => "wrong_direction",
            NamingError::StepsNotAllowed { .. } => "steps_not_allowed",
            NamingError::NoCurrent { .. } => "no_current",
            NamingError::BranchNotApplied { .. } => "branch_not_applied",
        }
    }

    fn choices(&self) -> &[Mention] {
        match self {
            NamingError::TooFar { end: Some(one), .. } | NamingError::Replaced { by: one, .. } => {
                std::slice::from_ref(one)
            }
            NamingError::Ambiguous { candidates, .. } | NamingError::Unknown { candidates, .. } => candidates,
            NamingError::NotInBranch { heads, .. } | NamingError::SeveralHeads { heads, .. } => heads,
            NamingError::Fork { choices, .. } => choices,
            NamingError::SeveralCurrent { current, .. } | NamingError::BranchNotApplied { current, .. } => current,
            _ => &[],
        }
    }

    fn help(&self) -> String {
        match self {
            NamingError::Malformed { .. } => {
                "revisions are named as `head`, `ae10`, `ae10+2`, `-1`, `label@head`".to_owned()
            }
            NamingError::Unknown { near: Some(near), .. } | NamingError::UnknownBranch { near: Some(near), .. } => {
                format!("did you mean `{near}`?")
            }
            NamingError::Unknown { .. } | NamingError::UnknownBranch { .. } => {
                "`schemactl history` lists the revisions".to_owned()
            }
            NamingError::Replaced { by, .. } => format!("name the revision that stands for it: `{}`", by.id),
            NamingError::Ambiguous { .. } => "write more of the identifier".to_owned(),
            NamingError::NotInBranch { revision, branch, .. } => {
                format!("leave the branch out: `{}`, or go to its end: `{branch}@head`", revision.id)
            }
            NamingError::SeveralHeads { heads, verb, .. } => several_heads(heads, *verb),
            NamingError::SeveralCurrent { current, verb, .. } => several_current(current, *verb),
            NamingError::Fork { choices, upwards: true, verb, .. } => format!(
                "name the way: `schemactl {} {}`, or put a branch before it, `label@+1`",
                verb.as_str(),
                first(choices)
            ),
            NamingError::Fork { choices, verb, .. } => {
                format!("name the revision to stop at: `schemactl {} {}`", verb.as_str(), first(choices))
            }
            NamingError::TooFar { upwards: true, verb: verb @ (Verb::Upgrade | Verb::Switch), .. } => {
                format!("`schemactl {} heads` goes to the end", verb.as_str())
            }
            NamingError::TooFar { found: 0, upwards: false, verb: Verb::Downgrade, .. } => {
                "there is nothing to take back: `schemactl current` says where the database stands".to_owned()
            }
            NamingError::TooFar { upwards: false, verb: Verb::Downgrade, .. } => {
                "`schemactl downgrade base` takes back everything".to_owned()
            }
            NamingError::TooFar { .. } => "`schemactl history` lists the revisions".to_owned(),
            NamingError::WrongDirection { written, verb: Verb::Upgrade | Verb::Switch, .. } => {
                format!("`schemactl downgrade {written}` goes down")
            }
            NamingError::WrongDirection { written, verb: Verb::Downgrade, .. } => {
                format!("`schemactl upgrade {written}` goes up")
            }
            NamingError::WrongDirection { .. } => "a range ends above where it begins".to_owned(),
            NamingError::StepsNotAllowed { verb: Verb::History, .. } => {
                "write the identifier, or `-2:` for the last three revisions".to_owned()
            }
            NamingError::StepsNotAllowed { .. } => "write the identifier; `schemactl history` lists them".to_owned(),
            NamingError::NoCurrent { .. } => "give a database with `--database`".to_owned(),
            NamingError::BranchNotApplied { branch, .. } => {
                format!(
                    "`schemactl upgrade {branch}@head` applies the branch; `schemactl current` says what is applied"
                )
            }
        }
    }
}

fn first(choices: &[Mention]) -> &str {
    choices.first().map_or("heads", |choice| choice.id.as_str())
}

fn several_heads(heads: &[Mention], verb: Verb) -> String {
    let one = first(heads);
    match verb {
        Verb::Upgrade => format!(
            "`schemactl upgrade heads` runs all of them, `schemactl upgrade {one}` one; \
             `schemactl merge heads -m \"…\"` joins them"
        ),
        Verb::Switch => format!(
            "`schemactl switch heads` goes to all of them, `schemactl switch {one}` to one; \
             `schemactl merge heads -m \"…\"` joins them"
        ),
        Verb::Downgrade => "name the revision to go back to, as `schemactl downgrade -1` or an identifier".to_owned(),
        Verb::Stamp => format!("`schemactl stamp heads` records all of them, `schemactl stamp {one}` one"),
        Verb::Revision => format!(
            "`schemactl merge heads -m \"…\"` joins them; `schemactl revision --head {one} -m \"…\"` goes on from one"
        ),
        Verb::Merge => "`schemactl merge heads -m \"…\"` joins all of them".to_owned(),
        Verb::Rebase => format!("name one of them: `schemactl rebase REV --onto {one}`"),
        Verb::History | Verb::Show => format!("write `heads` for all of them, or one, such as `{one}`"),
    }
}

fn several_current(current: &[Mention], verb: Verb) -> String {
    let one = first(current);
    match verb {
        Verb::Downgrade => format!("say which: `schemactl downgrade {one}@-1`"),
        Verb::Upgrade => format!("say which: `schemactl upgrade {one}@+1`, or all: `schemactl upgrade heads`"),
        _ => format!("name one of them, such as `{one}`"),
    }
}

impl Report for NamingError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = Diagnostic::new(self.code(), self.to_string()).help(self.help());
        let mut diagnostic = with_choices(diagnostic, self.choices());
        if let NamingError::Unknown { more: more @ 1.., .. } = self {
            diagnostic = diagnostic.note(format!("and {} before these", count(*more, "revision")));
        }
        if let NamingError::Unknown { near: None, labels, .. } | NamingError::UnknownBranch { near: None, labels, .. } =
            self
            && !labels.is_empty()
        {
            diagnostic = diagnostic.note(format!("branches: {}", list(labels)));
        }
        vec![diagnostic]
    }
}
