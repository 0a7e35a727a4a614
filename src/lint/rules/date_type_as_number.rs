//! Dates are text or numbers, and the type does not say which.

use crate::lint::found::{Found, type_text};
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Subject, affinity, type_words};
use crate::schema::Affinity;

rule! {
    /// A type for dates or times, which SQLite takes as NUMERIC.
    ///
    /// # Why
    ///
    /// SQLite has no type for dates. In a column that is declared `DATETIME`, text such as `'2026-11-22 19:00:00'` stays as
    /// it is, but `'2026'` and `'20261122'` become numbers. The rule is off where the settings say nothing, since
    /// timestamps in the usual form do not suffer.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE event (id INTEGER PRIMARY KEY, happened_at DATETIME);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE event (id INTEGER PRIMARY KEY, happened_at TEXT);
    /// ```
    ///
    /// # Fix
    ///
    /// Declare the column TEXT for ISO 8601 text, INTEGER for seconds since 1970, or REAL for Julian days.
    /// See <https://www.sqlite.org/datatype3.html#date_and_time_datatype>.
    "SC106", "date-type-as-number", Off, Check::Schema(check)
}

const TEMPORAL: [&str; 6] = ["DATE", "DATETIME", "TIMESTAMP", "TIMESTAMPTZ", "TIME", "DATETIME2"];

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for table in subject.tables().filter(|table| !table.strict) {
        for column in &table.columns {
            let is_number = affinity(column) == Affinity::Numeric;
            if is_number && type_words(column).iter().any(|word| TEMPORAL.contains(&word.as_str())) {
                let message = format!(
                    "`{}.{}` is declared {}, which SQLite takes as NUMERIC",
                    table.name,
                    column.name,
                    type_text(column)
                );
                found.push(
                    Found::column(table, &column.name, message).help("declare it TEXT or INTEGER, as its values are"),
                );
            }
        }
    }
    found
}
