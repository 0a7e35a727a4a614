//! Foreign keys where rows may refer to nothing.

use super::over_rows::{Tightening, found, is_old};
use crate::diff::TableChange;
use crate::lint::found::{Found, listed};
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;

rule! {
    /// A new foreign key on a table that has rows.
    ///
    /// # Why
    ///
    /// Rows that refer to nothing stay in the table, and the next change of one of them fails. schemactl checks all
    /// references before it commits, so that the revision stops there; other tools let it pass. Where a database is at hand
    /// its rows are asked.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, owner INTEGER);
    /// -- migrate:up
    /// CREATE TABLE task_2 (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES user (id));
    /// INSERT INTO task_2 (id, owner) SELECT id, owner FROM task;
    /// DROP TABLE task;
    /// ALTER TABLE task_2 RENAME TO task;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, owner INTEGER);
    /// -- migrate:up
    /// UPDATE task SET owner = NULL WHERE owner NOT IN (SELECT id FROM user);
    /// CREATE TABLE task_2 (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES user (id));
    /// INSERT INTO task_2 (id, owner) SELECT id, owner FROM task;
    /// DROP TABLE task;
    /// ALTER TABLE task_2 RENAME TO task;
    /// ```
    ///
    /// # Fix
    ///
    /// Mend the rows first. A line `-- stops at:` with a query, as generated scripts have it, looks for such rows before
    /// anything runs.
    "SC206", "foreign-key-over-rows", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    for (alter, change) in step.table_changes() {
        let TableChange::AddForeignKey(key) = change else { continue };
        // The same reference with another action is no new one.
        let is_known = alter.before.foreign_keys.iter().any(|old| {
            old.columns == key.columns && old.parent == key.parent && old.parent_columns == key.parent_columns
        });
        let is_prepared = key.columns.iter().any(|column| step.is_prepared(&alter.after.name, column));
        // Where the parent is gone no row fits, which is another rule's matter.
        let is_there = step.after.tables.contains_key(&key.parent);
        if !is_there || is_known || is_prepared || !key.columns.iter().any(|column| is_old(alter, column)) {
            continue;
        }
        let message = format!(
            "{} of `{}` refers to `{}` from now on: rows that refer to nothing stand in the way",
            listed(&key.columns),
            alter.after.name,
            key.parent
        );
        let columns = key.columns.iter().collect();
        let help = "mend these rows first; generated scripts look for them before they run";
        all.extend(found(step, &Tightening { alter, change, columns, message, help }));
    }
    all
}
