//! AUTOINCREMENT.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;

rule! {
    /// AUTOINCREMENT, which most tables do not need.
    ///
    /// # Why
    ///
    /// `INTEGER PRIMARY KEY` numbers rows by itself. AUTOINCREMENT adds one promise: that the number of a deleted row is
    /// never given again. For that SQLite reads and writes another table with each INSERT. The rule is off where the
    /// settings say nothing, since some tables need just that.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
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
    /// Take AUTOINCREMENT out, or agree to it where numbers are known outside of the database:
    /// `allow = { SC111 = "invoices are numbered by it" }`. See <https://www.sqlite.org/autoinc.html>.
    "SC111", "needless-autoincrement", Off, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let tables = subject.tables().filter(|table| table.primary_key.as_ref().is_some_and(|key| key.autoincrement));
    tables
        .filter_map(|table| {
            let alias = table.rowid_alias()?;
            let message = format!("`{}.{}` has AUTOINCREMENT", table.name, alias.name);
            Some(
                Found::column(table, &alias.name, message)
                    .help("take it out, unless numbers must never be given twice"),
            )
        })
        .collect()
}
