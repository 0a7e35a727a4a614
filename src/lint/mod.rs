//! What is wrong or dangerous in a model and in its revisions, though SQLite takes it.
//!
//! Scripts are not judged by their words: each is run in a scratch database, and what it has changed there is the same
//! list of changes for a script that was written by hand and one that was generated. A rule is a file in `rules/` and a
//! line below; its doc comment is what `explain` prints. Prints nothing; runs nothing on a database of the user's.

mod allow;
mod facts;
mod finding;
mod found;
mod judge;
mod levels;
mod replay;
mod rule;
mod rules;
mod scope;
mod stage;
mod statement;
mod step;
mod subject;

#[cfg(test)]
mod tests;

pub use finding::{Finding, Linted};
pub use levels::{Levels, unknown};
pub use rule::{Group, Rule};
pub use rules::rules;
pub use scope::{Scope, lint, lint_database, slips};

/// The rule of a code or a name, in any case.
#[must_use]
pub fn rule(word: &str) -> Option<&'static Rule> {
    let is_meant = |rule: &&Rule| rule.code.eq_ignore_ascii_case(word) || rule.name.eq_ignore_ascii_case(word);
    rules().iter().copied().find(is_meant)
}
