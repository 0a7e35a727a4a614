//! CHECK where rows may be otherwise.

use super::over_rows::{Tightening, columns_in, found, is_old};
use crate::diff::TableChange;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;
use crate::schema::Expression;
use crate::token::significant_tokens;

rule! {
    /// A new CHECK constraint on a table that has rows.
    ///
    /// # Why
    ///
    /// On an empty database the script runs. On one where a row violates the check it stops, in production rather than
    /// here. Where a database is at hand its rows are asked.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, price INTEGER);
    /// -- migrate:up
    /// ALTER TABLE product ADD CHECK (price > 0);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, price INTEGER);
    /// -- migrate:up
    /// UPDATE product SET price = NULL WHERE price <= 0;
    /// ALTER TABLE product ADD CHECK (price > 0);
    /// ```
    ///
    /// # Fix
    ///
    /// Change the rows first. A line `-- stops at:` with a query, as generated scripts have it, looks for such rows before
    /// anything runs.
    "SC205", "check-over-rows", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    for (alter, change) in step.table_changes() {
        let TableChange::AddCheck(check) = change else { continue };
        let columns = columns_in(&alter.after, check.expression.as_str());
        let is_about_old = columns.iter().any(|column| is_old(alter, column));
        let is_looser = alter.changes.iter().any(
            |other| matches!(other, TableChange::DropCheck(old) if is_longer_list(&old.expression, &check.expression)),
        );
        let is_prepared = columns.iter().any(|column| step.is_prepared(&alter.after.name, column));
        if !is_about_old || is_looser || is_prepared {
            continue;
        }
        let words: Vec<&str> = check.expression.as_str().split_whitespace().collect();
        let message = format!("rows of `{}` may violate the new CHECK ({})", alter.after.name, words.join(" "));
        let help = "change these rows first; generated scripts look for them before they run";
        all.extend(found(step, &Tightening { alter, change, columns, message, help }));
    }
    all
}

/// Whether a check says `x IN (…)` with all that the old one has in its list, and more.
fn is_longer_list(old: &Expression, new: &Expression) -> bool {
    let split = |expression: &Expression| -> Option<(Vec<String>, Vec<String>)> {
        let tokens: Vec<_> = significant_tokens(expression.as_str()).collect();
        let at = tokens.iter().position(|token| token.is_word("IN"))?;
        let is_list = tokens.get(at + 1)?.is_operator("(") && tokens.last()?.is_operator(")");
        let text =
            |tokens: &[crate::token::Token<'_>]| tokens.iter().map(|t| t.unquoted().into_owned()).collect::<Vec<_>>();
        is_list.then(|| (text(&tokens[..at]), text(&tokens[at + 2..tokens.len() - 1])))
    };
    let (Some((old_head, old_list)), Some((new_head, new_list))) = (split(old), split(new)) else { return false };
    old_head == new_head && old_list.iter().all(|value| new_list.contains(value))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn a_longer_list_refuses_no_row_and_a_shorter_one_does() {
        let rebuild = |old: &str, new: &str| {
            format!(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, s CHECK (s IN ({old})));\n-- migrate:up\n\
                 CREATE TABLE n (id INTEGER PRIMARY KEY, s CHECK (s IN ({new})));\nINSERT INTO n (id, s) SELECT id, s FROM t;\n\
                 DROP TABLE t;\nALTER TABLE n RENAME TO t;"
            )
        };
        clean("SC205", &rebuild("'a', 'b'", "'b', 'c', 'a'"));
        finds("SC205", &rebuild("'a', 'b'", "'a', 'c'"), "rows of `t` may violate the new CHECK (s IN ('a', 'c'))");
    }

    #[test]
    fn a_check_on_a_new_column_is_asked_by_sqlite_itself() {
        clean(
            "SC205",
            "CREATE TABLE t (id INTEGER PRIMARY KEY);\n-- migrate:up\nALTER TABLE t ADD COLUMN a INT DEFAULT 1 CHECK (a > 0);",
        );
    }
}
