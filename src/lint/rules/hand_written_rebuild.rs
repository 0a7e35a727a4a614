//! Rebuilds that were written by hand.

use crate::lint::found::{Found, listed};
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Kind;
use crate::lint::step::Step;
use crate::schema::{Action, Name};

rule! {
    /// A rebuild written by hand of a table that others refer to with CASCADE, SET NULL or SET DEFAULT.
    ///
    /// # Why
    ///
    /// Where foreign keys are on, as they are by default in many programs, DROP TABLE deletes the rows that refer to the
    /// table before it goes. schemactl switches foreign keys off around scripts; the shell, or another tool that runs the
    /// same file, does not, and nothing in the file stops it.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT);
    /// CREATE TABLE member (id INTEGER PRIMARY KEY, team_id INTEGER UNIQUE REFERENCES team (id) ON DELETE CASCADE);
    /// -- migrate:up
    /// CREATE TABLE team_2 (id INTEGER PRIMARY KEY, name VARCHAR(40));
    /// INSERT INTO team_2 (id, name) SELECT id, name FROM team;
    /// DROP TABLE team;
    /// ALTER TABLE team_2 RENAME TO team;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT);
    /// CREATE TABLE member (id INTEGER PRIMARY KEY, team_id INTEGER UNIQUE REFERENCES team (id));
    /// -- migrate:up
    /// CREATE TABLE team_2 (id INTEGER PRIMARY KEY, name VARCHAR(40));
    /// INSERT INTO team_2 (id, name) SELECT id, name FROM team;
    /// DROP TABLE team;
    /// ALTER TABLE team_2 RENAME TO team;
    /// ```
    ///
    /// # Fix
    ///
    /// Change the model and let `schemactl revision --autogenerate` write the script: it carries a guard that stops where
    /// foreign keys are on, and brings back triggers, views, indexes and counters.
    /// See <https://www.sqlite.org/lang_altertable.html#otheralter>.
    "SC305", "hand-written-rebuild", Warn, Check::Revision(check)
}

/// The table whose check fails where foreign keys are on, in scripts that are generated.
const GUARD: &str = "pragma_foreign_keys";

fn check(step: &Step<'_>) -> Vec<Found> {
    let is_guarded = step.statements.iter().any(|statement| statement.names(&GUARD.into()));
    if is_guarded {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (table, _) in step.rebuilt() {
        let drop = step.statement(|kind| matches!(kind, Kind::DropTable(dropped) if dropped == table));
        let children = children(step, table);
        if let Some(drop) = drop.filter(|_| !children.is_empty()) {
            let message = format!("DROP TABLE reaches into {} wherever foreign keys are on", listed(children));
            let help = "change the model, and let `schemactl revision --autogenerate` write the rebuild";
            found.push(Found::statement(drop, message).help(help));
        }
    }
    found
}

/// The tables whose rows go or change when rows of the parent go.
fn children<'a>(step: &'a Step<'_>, parent: &Name) -> Vec<&'a Name> {
    let acts = |action| !matches!(action, Action::NoAction | Action::Restrict);
    let tables = step.before.tables.values().filter(|table| table.name != *parent);
    tables
        .filter(|table| table.foreign_keys.iter().any(|key| key.parent == *parent && acts(key.on_delete)))
        .map(|table| &table.name)
        .collect()
}
