//! Revisions that cannot be taken back.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;

rule! {
    /// A revision without a way back, and without a word about why.
    ///
    /// # Why
    ///
    /// `downgrade` stops at it. When the release has to be taken back there is only the backup.
    ///
    /// # Bad
    ///
    /// ```sql
    /// -- migrate:up
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// -- migrate:up
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// -- migrate:down
    /// DROP TABLE user;
    /// ```
    ///
    /// # Fix
    ///
    /// Write a section `-- migrate:down`, or say in the head of the script why there is none: `-- irreversible: ...`.
    "SC210", "no-way-back", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let is_empty = step.script.down.as_ref().is_none_or(|down| down.is_empty() && !step.section.is_empty());
    if !is_empty || step.script.revision.irreversible.is_some() {
        return Vec::new();
    }
    let help = "write a `-- migrate:down` section, or say why there is none: `-- irreversible: ...` in its head";
    vec![Found::head(format!("the revision `{}` cannot be taken back", step.script.revision.id)).help(help)]
}
