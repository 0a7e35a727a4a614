//! Tables that go.

use crate::diff::Change;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;
use crate::report::grouped;
use crate::schema::Name;

rule! {
    /// A revision that drops a table.
    ///
    /// # Why
    ///
    /// Its rows are gone; downgrade brings the table back, empty. Programs that still run fail at the next query. Where a
    /// database is at hand its rows are counted.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE report (id INTEGER PRIMARY KEY, text TEXT);
    /// -- migrate:up
    /// DROP TABLE report;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE report (id INTEGER PRIMARY KEY, text TEXT);
    /// -- migrate:up
    /// -- schemactl: allow SC201 the last program that wrote reports was switched off in May
    /// DROP TABLE report;
    /// ```
    ///
    /// # Fix
    ///
    /// Make sure that nothing uses the table, then agree to it with a reason. `keep_dropped = true` in the settings puts
    /// its rows aside, so that downgrade brings them back.
    "SC201", "drop-table", Error, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let dropped = step.changes.iter().filter_map(|change| match change {
        Change::DropTable(table) => Some(&table.name),
        Change::DropVirtualTable(table) => Some(&table.name),
        _ => None,
    });
    dropped.filter(|name| !step.keeps(name)).map(|name| found(step, name)).collect()
}

fn found(step: &Step<'_>, name: &Name) -> Found {
    let found = Found::sql(step.place(&[name]), format!("drops the table `{name}`"))
        .help("if it is meant, say why in the line before: `-- schemactl: allow SC201 ...`");
    match step.facts.rows(name) {
        Some(1) => found.label("it has 1 row in the database"),
        Some(rows) => found.label(format!("it has {} rows in the database", grouped(rows))),
        None => found,
    }
}
