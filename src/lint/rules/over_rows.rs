//! What the rules have in common that look for changes which rows can refuse.
//!
//! Such a change is fine where the script looks for the rows itself before it runs, by lines `-- stops at:`, unless the
//! rows of the database at hand are known to stand in its way.

use crate::diff::{AlterTable, Change, TableChange};
use crate::lint::found::Found;
use crate::lint::step::Step;
use crate::plan::{RowWork, gate};
use crate::report::count;
use crate::schema::Name;

/// A change that rows can refuse.
pub(super) struct Tightening<'a> {
    pub alter: &'a AlterTable,
    pub change: &'a TableChange,
    /// The columns that it is about.
    pub columns: Vec<&'a Name>,
    pub message: String,
    pub help: &'static str,
}

/// What is to be said of it.
pub(super) fn found(step: &Step<'_>, tightening: &Tightening<'_>) -> Option<Found> {
    let Tightening { alter, change, columns, message, help } = tightening;
    let only = AlterTable { changes: renames_and(alter, change), ..(*alter).clone() };
    let gates = gate::gates(step.before, &[Change::AlterTable(only)], &RowWork::default());
    let answers = step.facts.offending(&gates);
    let offending = answers.as_deref().unwrap_or_default();
    let (table, before) = (&alter.after.name, &alter.before.name);
    let is_asked = step.is_asked(table, columns) || step.is_asked(before, columns);
    if is_asked && offending.is_empty() {
        return None;
    }
    let mut names = columns.clone();
    names.push(table);
    let mut found = Found::sql(step.place(&names), message.clone()).help(*help);
    for rows in offending {
        let examples = rows.examples.join("; ");
        found = found.note(format!("{} of the database in the way, such as {examples}", count(rows.number, "row")));
    }
    if answers.is_some() && found.notes.is_empty() {
        found = found.note("no row of the database at hand is in the way");
    }
    Some(found)
}

/// The change alone, with the renames that it needs to be understood.
fn renames_and(alter: &AlterTable, change: &TableChange) -> Vec<TableChange> {
    let is_rename = |other: &&TableChange| matches!(other, TableChange::Rename | TableChange::RenameColumn { .. });
    let mut changes: Vec<TableChange> = alter.changes.iter().filter(is_rename).cloned().collect();
    changes.push(change.clone());
    changes
}

/// Whether a column is there before the revision.
pub(super) fn is_old(alter: &AlterTable, column: &Name) -> bool {
    alter.old_column(column).is_some()
}

/// The columns of a table that an expression names.
pub(super) fn columns_in<'a>(table: &'a crate::schema::Table, sql: &str) -> Vec<&'a Name> {
    let mut columns: Vec<&Name> = Vec::new();
    for token in crate::token::significant_tokens(sql) {
        let named = table.columns.iter().map(|column| &column.name).find(|name| **name == *token.unquoted());
        if let Some(name) = named.filter(|name| !columns.contains(name)) {
            columns.push(name);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{lines, lines_with_rows};

    const UNIQUE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a);\n-- migrate:up\n\
                          -- stops at: equal rows in `t` (a)\n--   SELECT id FROM t WHERE a IS NOT NULL\n\
                          CREATE UNIQUE INDEX i ON t (a);";

    #[test]
    fn a_question_in_the_script_is_enough_until_rows_are_known_to_be_in_the_way() {
        assert!(lines("SC204", UNIQUE).is_empty());
        assert!(lines_with_rows("SC204", "INSERT INTO t (a) VALUES (1), (2)", UNIQUE).is_empty());
        let found = lines_with_rows("SC204", "INSERT INTO t (a) VALUES (1), (1), (2)", UNIQUE);
        assert!(found[0].contains("of the database in the way, such as id = 1, a = 1; id = 2"), "{found:?}");
    }

    #[test]
    fn rows_that_are_fine_are_said_to_be_so() {
        let not_null =
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a);\n-- migrate:up\nALTER TABLE t ALTER COLUMN a SET NOT NULL;";
        let with = |rows: &str| lines_with_rows("SC203", rows, not_null);
        assert!(with("INSERT INTO t (a) VALUES (1)")[0].contains("no row of the database at hand is in the way"));
        assert!(with("INSERT INTO t (a) VALUES (NULL), (1)")[0].contains("1 row of the database in the way"));
    }

    #[test]
    fn what_is_discarded_is_counted() {
        let drop = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b);\nCREATE TABLE u (a);\n-- migrate:up\n\
                    ALTER TABLE t RENAME COLUMN a TO c; ALTER TABLE t DROP COLUMN c; DROP TABLE u;";
        let rows = "INSERT INTO t (a) VALUES (1), (NULL), (2); INSERT INTO u VALUES (1)";
        assert!(lines_with_rows("SC202", rows, drop)[0].contains("`t.a` 2 rows of the database have a value in it"));
        assert!(lines_with_rows("SC201", rows, drop)[0].contains("it has 1 row in the database"));
    }
}
