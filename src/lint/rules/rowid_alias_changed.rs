//! A primary key that becomes the rowid, or is it no longer.

use crate::diff::TableChange;
use crate::lint::found::{Found, type_text};
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;

rule! {
    /// A revision after which the primary key is the rowid, or is it no longer.
    ///
    /// # Why
    ///
    /// `INTEGER PRIMARY KEY` and `INT PRIMARY KEY` are two things: only the first is the rowid. When it is lost, new rows
    /// are not numbered any more and NULL goes in as a key; full-text tables, which remember rowids, point to other rows
    /// after the next VACUUM. When it is gained, keys that are no integers are refused, and rowids change.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// -- migrate:up
    /// CREATE TABLE user_2 (id BIGINT NOT NULL PRIMARY KEY, name TEXT);
    /// INSERT INTO user_2 (id, name) SELECT id, name FROM user;
    /// DROP TABLE user;
    /// ALTER TABLE user_2 RENAME TO user;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// -- migrate:up
    /// CREATE TABLE user_2 (id INTEGER PRIMARY KEY, name VARCHAR(40));
    /// INSERT INTO user_2 (id, name) SELECT id, name FROM user;
    /// DROP TABLE user;
    /// ALTER TABLE user_2 RENAME TO user;
    /// ```
    ///
    /// # Fix
    ///
    /// Keep the type exactly `INTEGER`. Where the change is meant, agree to it with a reason.
    /// See <https://www.sqlite.org/lang_createtable.html#rowid>.
    "SC209", "rowid-alias-changed", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for alter in step.altered().filter(|alter| !alter.changes.contains(&TableChange::SetWithoutRowid(true))) {
        let (before, after) = (alter.before.rowid_alias(), alter.after.rowid_alias());
        let table = &alter.after.name;
        let (column, message) = match (before, after) {
            (Some(old), None) => {
                let now = alter
                    .after
                    .columns
                    .iter()
                    .find(|column| alter.old_column(&column.name).is_some_and(|known| known.name == old.name));
                // A key that goes altogether is another rule's matter.
                let Some(now) = now else { continue };
                (&now.name, format!("`{table}.{}`, now {}, is the rowid no longer", now.name, type_text(now)))
            }
            (None, Some(new)) if alter.old_column(&new.name).is_some() => {
                (&new.name, format!("`{table}.{}` becomes the rowid", new.name))
            }
            _ => continue,
        };
        found.push(
            Found::sql(step.place(&[column, table]), message).help("if it is not meant, keep the type as it was"),
        );
    }
    found
}
