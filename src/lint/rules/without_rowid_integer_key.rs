//! WITHOUT ROWID where the rowid would do better.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;
use crate::schema::TypeName;

rule! {
    /// `INTEGER PRIMARY KEY` in a table WITHOUT ROWID.
    ///
    /// # Why
    ///
    /// In an ordinary table the column is the rowid, which SQLite finds fastest and numbers by itself. WITHOUT ROWID takes
    /// that away: the INSERT has to bring a number, and rows are kept in a tree that is made for other keys.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT) WITHOUT ROWID;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// ```
    ///
    /// # Fix
    ///
    /// Take WITHOUT ROWID out. See <https://www.sqlite.org/withoutrowid.html>, "When to use WITHOUT ROWID".
    "SC115", "without-rowid-integer-key", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for table in subject.tables().filter(|table| table.without_rowid) {
        let Some([only]) = table.primary_key.as_ref().map(|key| key.columns.as_slice()) else { continue };
        let column = table.column(&only.name);
        if column.and_then(|column| column.type_name.as_ref()).is_some_and(TypeName::is_integer) {
            let message = format!("`{}.{}` would be the rowid, but the table is WITHOUT ROWID", table.name, only.name);
            found.push(Found::column(table, &only.name, message).help("take WITHOUT ROWID out"));
        }
    }
    found
}
