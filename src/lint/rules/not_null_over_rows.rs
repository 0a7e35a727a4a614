//! NOT NULL where rows may have no value.

use super::over_rows::{Tightening, found};
use crate::diff::{ColumnDifference, TableChange};
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;

rule! {
    /// NOT NULL on a column of a table that has rows, without values for those that have none.
    ///
    /// # Why
    ///
    /// On an empty database the script runs. On one with rows it stops where a row has no value, in production rather
    /// than here. Where a database is at hand its rows are asked.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, mail TEXT);
    /// -- migrate:up
    /// ALTER TABLE user ADD COLUMN team INTEGER NOT NULL;
    /// ALTER TABLE user ALTER COLUMN mail SET NOT NULL;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, mail TEXT);
    /// -- migrate:up
    /// ALTER TABLE user ADD COLUMN team INTEGER NOT NULL DEFAULT 1;
    /// UPDATE user SET mail = 'nobody@example.org' WHERE mail IS NULL;
    /// ALTER TABLE user ALTER COLUMN mail SET NOT NULL;
    /// ```
    ///
    /// # Fix
    ///
    /// Give the column a default, or fill it first: `backfill = "..."` in the model writes the UPDATE. A line
    /// `-- stops at:` with a query, as generated scripts have it, looks for such rows before anything runs.
    "SC203", "not-null-over-rows", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    for (alter, change) in step.table_changes() {
        let table = &alter.after.name;
        let (column, message) = match change {
            TableChange::AddColumn(column) => {
                let is_null =
                    column.default.as_ref().is_none_or(|default| default.normal().eq_ignore_ascii_case("NULL"));
                let has_value = !is_null || column.generated.is_some() || step.is_filled(table, &column.name);
                if column.not_null.is_none() || has_value {
                    continue;
                }
                let message = format!("the new column `{table}.{}` is NOT NULL and has no default", column.name);
                (column, message)
            }
            TableChange::AlterColumn { before, after } => {
                let differs = alter.column_differences(before, after).contains(&ColumnDifference::NotNull);
                if !differs || after.not_null.is_none() {
                    continue;
                }
                (
                    after,
                    format!("`{table}.{}` becomes NOT NULL, and nothing fills the rows where it is NULL", after.name),
                )
            }
            _ => continue,
        };
        if step.is_prepared(table, &column.name) {
            continue;
        }
        let help = "give it a default, or fill it first with an UPDATE: `backfill` in the model writes one";
        let tightening = Tightening { alter, change, columns: vec![&column.name], message, help };
        all.extend(found(step, &tightening));
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn a_copy_that_brings_values_is_enough() {
        let rebuild = |insert: &str| {
            format!(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n-- migrate:up\n\
                 CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL);\n\
                 INSERT INTO n {insert} FROM t;\nDROP TABLE t;\nALTER TABLE n RENAME TO t;"
            )
        };
        clean("SC203", &rebuild("(id, a, b) SELECT id, coalesce(a, ''), id"));
        finds("SC203", &rebuild("(id, a, b) SELECT id, a, id"), "`t.a` becomes NOT NULL");
    }
}
