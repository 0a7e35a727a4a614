//! Columns that go.

use crate::diff::TableChange;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;
use crate::report::grouped;

rule! {
    /// A revision that drops a column.
    ///
    /// # Why
    ///
    /// Its values are gone; downgrade brings the column back, empty. Programs that still run fail at the next query. Where
    /// a database is at hand the values are counted that are not NULL.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT, fax TEXT);
    /// -- migrate:up
    /// ALTER TABLE user DROP COLUMN fax;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT, fax TEXT);
    /// -- migrate:up
    /// -- schemactl: allow SC202 no program has read it since version 3
    /// ALTER TABLE user DROP COLUMN fax;
    /// ```
    ///
    /// # Fix
    ///
    /// Make sure that nothing uses the column, then agree to it with a reason. `keep_dropped = true` in the settings puts
    /// its values aside, so that downgrade brings them back.
    "SC202", "drop-column", Error, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (alter, change) in step.table_changes() {
        let column = match change {
            TableChange::DropColumn(column) if column.is_copied() => column,
            // A column that becomes a generated one loses what was in it.
            TableChange::AlterColumn { before, after } if before.is_copied() && !after.is_copied() => before,
            _ => continue,
        };
        let (table, column) = (&alter.before.name, &column.name);
        if step.keeps(table) || step.is_carried_over(table, column) {
            continue;
        }
        let message = format!("drops the column `{table}.{column}`");
        let one = Found::sql(step.place(&[column, table]), message)
            .help("if it is meant, say why in the line before: `-- schemactl: allow SC202 ...`");
        found.push(match step.facts.values(table, column) {
            Some(1) => one.label("1 row of the database has a value in it"),
            Some(values) => one.label(format!("{} rows of the database have a value in it", grouped(values))),
            None => one,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn a_column_that_a_rebuild_leaves_out_is_dropped_too() {
        finds(
            "SC202",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b);\n-- migrate:up\nCREATE TABLE n (id INTEGER PRIMARY KEY, a);\n\
             INSERT INTO n SELECT id, a FROM t;\nDROP TABLE t;\nALTER TABLE n RENAME TO t;",
            "drops the column `t.b`",
        );
    }

    #[test]
    fn a_column_that_is_copied_into_another_is_not_lost() {
        clean(
            "SC202",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);\n-- migrate:up\n\
             CREATE TABLE n (id INTEGER PRIMARY KEY, first TEXT, last TEXT);\n\
             INSERT INTO n SELECT id, substr(name, 1, 4), substr(name, 5) FROM t;\nDROP TABLE t;\nALTER TABLE n RENAME TO t;",
        );
    }

    #[test]
    fn a_generated_column_has_no_values_to_lose() {
        clean(
            "SC202",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b AS (a + 1));\n-- migrate:up\nALTER TABLE t DROP COLUMN b;",
        );
    }
}
