//! What hangs on a table and goes with it.

use crate::diff::{Change, TableChange};
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Kind;
use crate::lint::step::Step;
use crate::schema::Name;

rule! {
    /// A trigger or an index that a rebuilt table loses, though nothing drops it.
    ///
    /// # Why
    ///
    /// DROP TABLE drops the table's triggers and indexes. A script that makes the table anew has to make them anew; one that
    /// forgets them loses them without a word.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, state TEXT);
    /// CREATE INDEX task_by_state ON task (state);
    /// -- migrate:up
    /// CREATE TABLE task_2 (id INTEGER PRIMARY KEY, state TEXT NOT NULL DEFAULT 'open');
    /// INSERT INTO task_2 (id, state) SELECT id, coalesce(state, 'open') FROM task;
    /// DROP TABLE task;
    /// ALTER TABLE task_2 RENAME TO task;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, state TEXT);
    /// CREATE INDEX task_by_state ON task (state);
    /// -- migrate:up
    /// CREATE TABLE task_2 (id INTEGER PRIMARY KEY, state TEXT NOT NULL DEFAULT 'open');
    /// INSERT INTO task_2 (id, state) SELECT id, coalesce(state, 'open') FROM task;
    /// DROP TABLE task;
    /// ALTER TABLE task_2 RENAME TO task;
    /// CREATE INDEX task_by_state ON task (state);
    /// ```
    ///
    /// # Fix
    ///
    /// Make it again at the end of the script. If it is to go, drop it before the table, so that the script says so.
    "SC213", "lost-with-table", Error, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let is_dropped =
        |name: &Name| step.statement(|kind| matches!(kind, Kind::Drop(dropped) if dropped == name)).is_some();
    let survives = |table: &Name| step.after.tables.contains_key(table);
    let mut found = Vec::new();
    let mut lost = |what: &str, name: &Name, table: &Name| {
        let drop = step.statement(|kind| matches!(kind, Kind::DropTable(dropped) if dropped == table));
        if let Some(drop) = drop.filter(|_| !is_dropped(name) && survives(table)) {
            let message = format!("the {what} `{name}` goes with the old `{table}` and does not come back");
            let help = format!("make it again on the new table, or say `DROP {} {name}` before", what.to_uppercase());
            found.push(Found::statement(drop, message).help(help));
        }
    };
    for change in &step.changes {
        if let Change::DropTrigger(trigger) = change {
            lost("trigger", &trigger.name, &trigger.table);
        }
    }
    for (alter, change) in step.table_changes() {
        if let TableChange::DropIndex(index) = change {
            lost("index", &index.name, &alter.before.name);
        }
    }
    found
}
