//! Foreign keys between columns that compare differently.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Subject, affinity, collation};
use crate::schema::Affinity;

rule! {
    /// A foreign key between columns with different collations.
    ///
    /// # Why
    ///
    /// The foreign key compares as the parent does, everything else as the child does: a child `'ADA'` may belong to the
    /// parent `'ada'`, and a join from the child does not find it. An index on the child sorts as the child does, so the
    /// foreign key cannot use it.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY);
    /// CREATE TABLE login (id INTEGER PRIMARY KEY, user TEXT UNIQUE REFERENCES user (name));
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY);
    /// CREATE TABLE login (id INTEGER PRIMARY KEY, user TEXT COLLATE NOCASE UNIQUE REFERENCES user (name));
    /// ```
    ///
    /// # Fix
    ///
    /// Give both columns the same COLLATE. See <https://www.sqlite.org/foreignkeys.html#fk_basics>.
    "SC113", "foreign-key-collation", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (table, key) in subject.foreign_keys() {
        for reference in subject.references(table, key).into_iter().flatten() {
            let (own, other) = (collation(reference.child), collation(reference.parent));
            let is_text = |column| matches!(affinity(column), Affinity::Text | Affinity::Blob | Affinity::Numeric);
            if own != other && is_text(reference.child) && is_text(reference.parent) {
                let message = format!(
                    "`{}.{}` compares by {own} and refers to `{}.{}`, which compares by {other}",
                    table.name, reference.child.name, key.parent, reference.parent.name
                );
                found.push(Found::column(table, &reference.child.name, message).help(format!("add COLLATE {other}")));
            }
        }
    }
    found
}
