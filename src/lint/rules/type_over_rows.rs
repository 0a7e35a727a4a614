//! Types that change what is stored.

use super::over_rows::{Tightening, found};
use crate::diff::TableChange;
use crate::lint::found::{Found, type_text};
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;
use crate::lint::subject::{affinity, affinity_word};
use crate::schema::Affinity;

rule! {
    /// A type with another affinity, or STRICT, on a table that has rows.
    ///
    /// # Why
    ///
    /// When the rows are copied, SQLite converts their values: text that looks like a number becomes one and loses its
    /// zeros, a large integer becomes a rounded REAL. Nothing says so, and downgrade does not bring it back. A STRICT table
    /// refuses what does not fit. Where a database is at hand its rows are asked.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, sku TEXT);
    /// -- migrate:up
    /// CREATE TABLE product_2 (id INTEGER PRIMARY KEY, sku INTEGER);
    /// INSERT INTO product_2 (id, sku) SELECT id, sku FROM product;
    /// DROP TABLE product;
    /// ALTER TABLE product_2 RENAME TO product;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, sku TEXT);
    /// -- migrate:up
    /// CREATE TABLE product_2 (id INTEGER PRIMARY KEY, sku INTEGER);
    /// INSERT INTO product_2 (id, sku) SELECT id, CAST(ltrim(sku, 'A-') AS INTEGER) FROM product;
    /// DROP TABLE product;
    /// ALTER TABLE product_2 RENAME TO product;
    /// ```
    ///
    /// # Fix
    ///
    /// Say how a value is converted: `using = "..."` in the model. A line `-- stops at:` with a query, as generated scripts
    /// have it, looks for values that would not survive.
    "SC207", "type-over-rows", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    for (alter, change) in step.table_changes() {
        let table = &alter.after;
        let (columns, message) = match change {
            TableChange::AlterColumn { before, after } => {
                let (old, new) = (affinity(before), affinity(after));
                let is_copied = before.is_copied() && after.is_copied();
                if is_harmless(old, new) || !is_copied || step.is_prepared(&table.name, &after.name) {
                    continue;
                }
                let message = format!(
                    "`{}.{}` becomes {} instead of {}: values are converted to {}",
                    table.name,
                    after.name,
                    type_text(after),
                    type_text(before),
                    affinity_word(new)
                );
                (vec![&after.name], message)
            }
            TableChange::SetStrict(true) => (
                Vec::new(),
                format!("`{}` becomes STRICT: values that do not fit their types stand in the way", table.name),
            ),
            _ => continue,
        };
        let help = "say how values are converted: `using` in the model writes it into the script";
        all.extend(found(step, &Tightening { alter, change, columns, message, help }));
    }
    all
}

/// Whether values stay what they are: INTEGER and NUMERIC convert alike, and a REAL column gives its numbers to both.
fn is_harmless(old: Affinity, new: Affinity) -> bool {
    let is_number = |affinity| matches!(affinity, Affinity::Integer | Affinity::Numeric);
    old == new || new == Affinity::Blob || is_number(new) && (is_number(old) || old == Affinity::Real)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    fn retyped(old: &str, new: &str) -> String {
        format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a {old});\n-- migrate:up\nCREATE TABLE n (id INTEGER PRIMARY KEY, a {new});\n\
             INSERT INTO n (id, a) SELECT id, a FROM t;\nDROP TABLE t;\nALTER TABLE n RENAME TO t;"
        )
    }

    #[test]
    fn types_with_the_same_effect_on_values_are_fine() {
        for (old, new) in [("VARCHAR(9)", "TEXT"), ("INTEGER", "DATETIME"), ("REAL", "NUMERIC"), ("TEXT", "BLOB")] {
            clean("SC207", &retyped(old, new));
        }
        finds("SC207", &retyped("", "INTEGER"), "`t.a` becomes INTEGER instead of no type");
        finds("SC207", &retyped("INTEGER", "REAL"), "values are converted to REAL");
        finds(
            "SC207",
            &retyped("TEXT, b", "TEXT, b) STRICT; --").replace("STRICT; --)", "STRICT"),
            "`t` becomes STRICT",
        );
    }
}
