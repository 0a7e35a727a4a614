//! What is lost on the way back.

use crate::diff::{Change, ColumnOrder, Discard};
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;

rule! {
    /// A revision that discards rows or values when it is taken back.
    ///
    /// # Why
    ///
    /// Taking back a new table or column drops it, with all that was written meanwhile. That is what a way back does, so
    /// the rule is off where the settings say nothing; it is for those who want to see it in review.
    ///
    /// # Bad
    ///
    /// ```sql
    /// -- migrate:up
    /// CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);
    /// -- migrate:down
    /// DROP TABLE note;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT);
    /// -- migrate:up
    /// CREATE INDEX note_text ON note (text);
    /// -- migrate:down
    /// DROP INDEX note_text;
    /// ```
    ///
    /// # Fix
    ///
    /// `schemactl backup` before a downgrade, which `downgrade` does by itself unless the settings say `backup = "never"`.
    "SC211", "down-discards", Off, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    if step.script.down.as_ref().is_none_or(crate::revision::Section::is_empty) {
        return Vec::new();
    }
    let back = step.changes.iter().map(|change: &Change| change.reversed(ColumnOrder::Loose));
    let discards = back.flat_map(|change| change.discards());
    discards
        .map(|discard| match discard {
            Discard::Rows { table } => {
                Found::sql(step.place(&[&table]), format!("taking this back discards the rows of `{table}`"))
            }
            Discard::Values { table, column } => {
                let message = format!("taking this back discards the values of `{table}.{column}`");
                Found::sql(step.place(&[&column, &table]), message)
            }
        })
        .collect()
}
