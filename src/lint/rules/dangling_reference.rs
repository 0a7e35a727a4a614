//! References that follow a table to its end.

use crate::diff::TableChange;
use crate::lint::found::{Found, listed};
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;

rule! {
    /// A revision that leaves a foreign key referring to a table that is gone.
    ///
    /// # Why
    ///
    /// ALTER TABLE … RENAME TO takes the foreign keys of other tables along. When the old table is renamed out of the way,
    /// a new one made in its place and the old one dropped, they all refer to the one that was dropped. Nothing says so,
    /// until the next INSERT fails with "no such table".
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// CREATE TABLE note (id INTEGER PRIMARY KEY, user_id INTEGER UNIQUE REFERENCES user (id));
    /// -- migrate:up
    /// ALTER TABLE user RENAME TO old_user;
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// INSERT INTO user (id) SELECT id FROM old_user;
    /// DROP TABLE old_user;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// CREATE TABLE note (id INTEGER PRIMARY KEY, user_id INTEGER UNIQUE REFERENCES user (id));
    /// -- migrate:up
    /// CREATE TABLE new_user (id INTEGER PRIMARY KEY, name TEXT);
    /// INSERT INTO new_user (id) SELECT id FROM user;
    /// DROP TABLE user;
    /// ALTER TABLE new_user RENAME TO user;
    /// ```
    ///
    /// # Fix
    ///
    /// Make the new table under another name, drop the old one, and rename the new one last.
    /// See <https://www.sqlite.org/lang_altertable.html#otheralter>, whose caution is about this.
    "SC214", "dangling-reference", Error, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (alter, change) in step.table_changes() {
        let TableChange::AddForeignKey(key) = change else { continue };
        let is_gone = !step.after.tables.contains_key(&key.parent);
        let was_elsewhere = alter
            .before
            .foreign_keys
            .iter()
            .find(|old| old.columns == key.columns && step.before.tables.contains_key(&old.parent));
        if let Some(old) = was_elsewhere.filter(|_| is_gone) {
            let message = format!(
                "{} of `{}` referred to `{}` and now refers to `{}`, which is gone",
                listed(&key.columns),
                alter.after.name,
                old.parent,
                key.parent
            );
            let help = "make the new table under another name, drop the old one, and rename the new one last";
            found.push(Found::sql(step.place(&[&key.parent, &old.parent]), message).help(help));
        }
    }
    found
}
