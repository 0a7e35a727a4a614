//! Statements that reach every row.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Kind;
use crate::lint::step::Step;
use crate::schema::Name;

rule! {
    /// UPDATE or DELETE without WHERE.
    ///
    /// # Why
    ///
    /// It reaches every row, and a forgotten WHERE looks the same. Filling a column that the script itself has added is
    /// meant for all rows and is not found.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, state TEXT);
    /// -- migrate:up
    /// UPDATE user SET state = 'new';
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, state TEXT);
    /// -- migrate:up
    /// UPDATE user SET state = 'new' WHERE state IS NULL;
    /// ```
    ///
    /// # Fix
    ///
    /// Say which rows are meant; where it is all of them, `WHERE true` says so.
    "SC301", "update-without-where", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in &step.statements {
        let (verb, table) = match &statement.kind {
            Kind::Update { table, columns, has_condition: false }
                if !columns.iter().all(|column| is_new(step, table, column)) =>
            {
                ("UPDATE", table)
            }
            Kind::Delete { table, has_condition: false } => ("DELETE", table),
            _ => continue,
        };
        // Rows of a table that the script itself has made were put there by it.
        if step.before.tables.contains_key(table) {
            let message = format!("{verb} without WHERE reaches every row of `{table}`");
            found.push(
                Found::statement(statement, message).help("say which rows are meant; `WHERE true` for all of them"),
            );
        }
    }
    found
}

/// Whether a column comes with this revision.
fn is_new(step: &Step<'_>, table: &Name, column: &Name) -> bool {
    step.before.tables.get(table).is_some_and(|table| table.column(column).is_none())
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn what_the_script_itself_has_made_may_be_filled() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a);\n-- migrate:up\n";
        clean("SC301", &format!("{before}ALTER TABLE t ADD COLUMN b; UPDATE t SET b = a;"));
        clean("SC301", &format!("{before}CREATE TABLE n (a); INSERT INTO n SELECT a FROM t; DELETE FROM n;"));
        finds(
            "SC301",
            &format!("{before}ALTER TABLE t ADD COLUMN b; UPDATE t SET b = a, a = 0;"),
            "UPDATE without WHERE",
        );
        finds("SC301", &format!("{before}DELETE FROM t;"), "DELETE without WHERE reaches every row of `t`");
        clean("SC301", &format!("{before}CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END;"));
    }
}
