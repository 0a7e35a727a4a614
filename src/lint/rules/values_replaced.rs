//! Values of which only what was computed of them is left.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Statement;
use crate::lint::step::Step;
use crate::operation::flow::{Conversion, Flow};
use crate::report::grouped;

rule! {
    /// A revision that replaces the values of a column by what it computes of them.
    ///
    /// # Why
    ///
    /// The old values are gone; downgrade keeps the new ones, and the next upgrade computes once more, of those. Where a
    /// database is at hand the values are counted that are not the same afterwards.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, price TEXT);
    /// -- migrate:up
    /// CREATE TABLE product_2 (id INTEGER PRIMARY KEY, price INTEGER);
    /// INSERT INTO product_2 (id, price) SELECT id, CAST(ltrim(price, '$') AS INTEGER) FROM product;
    /// DROP TABLE product;
    /// ALTER TABLE product_2 RENAME TO product;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, price TEXT);
    /// -- migrate:up
    /// CREATE TABLE product_2 (id INTEGER PRIMARY KEY, price INTEGER, price_text TEXT);
    /// INSERT INTO product_2 (id, price, price_text) SELECT id, CAST(ltrim(price, '$') AS INTEGER), price FROM product;
    /// DROP TABLE product;
    /// ALTER TABLE product_2 RENAME TO product;
    /// ```
    ///
    /// # Fix
    ///
    /// Keep the old values in a column or a table of their own until it is sure that the new ones are right;
    /// `keep_dropped = true` in the settings does so for what `using` replaces. Or agree to it with a reason:
    /// `-- schemactl: allow SC215 ...` in the line before.
    "SC215", "values-replaced", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut flow = Flow::of(step.before);
    flow.follow(step.section.sql());
    flow.conversions().iter().map(|conversion| found(step, conversion)).collect()
}

fn found(step: &Step<'_>, conversion: &Conversion) -> Found {
    let Conversion { table, column, expressions, .. } = conversion;
    let by = expressions.iter().map(|expression| format!("`{expression}`")).collect::<Vec<_>>().join(" and ");
    // At the statement that computes it, not where the table is made.
    let computes = |statement: &&Statement| statement.is_of_rows() && statement.names(table) && statement.names(column);
    let place = step.statements.iter().find(computes).and_then(|statement| {
        let start = statement.text.find(expressions.first()?)? + statement.span.start;
        Some(start..start + expressions.first()?.len())
    });
    let place = place.unwrap_or_else(|| step.place(&[column, table]));
    let one = Found::sql(place, format!("replaces the values of `{table}.{column}` by {by}"))
        .help("if it is meant, say why in the line before: `-- schemactl: allow SC215 ...`");
    match step.facts.replaced(conversion) {
        Some(1) => one.label("1 value of the database is not the same afterwards"),
        Some(number) => one.label(format!("{} values of the database are not the same afterwards", grouped(number))),
        None => one,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds, lines_with_rows};

    #[test]
    fn a_value_that_reads_the_same_is_not_counted() {
        let converted = |using: &str| {
            format!(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n-- migrate:up\nCREATE TABLE n (id INTEGER PRIMARY KEY, a INTEGER);\n\
                 INSERT INTO n (id, a) SELECT id, {using} FROM t;\nDROP TABLE t;\nALTER TABLE n RENAME TO t;"
            )
        };
        let rows = "INSERT INTO t (a) VALUES ('1'), ('007'), (NULL), ('x'), ('2.50')";
        for (using, number) in [("CAST(a AS INTEGER)", 3), ("trim(a)", 2), ("trim(a, 'x')", 3)] {
            let lines = lines_with_rows("SC215", rows, &converted(using));
            assert!(lines.len() == 1 && lines[0].contains(&format!("{number} values of the database")), "{lines:?}");
        }
        finds("SC215", &converted("CAST(a AS INTEGER)"), "replaces the values of `t.a` by `CAST(a AS INTEGER)`");
        clean("SC215", &converted("coalesce(a, 0)"));
    }

    #[test]
    fn an_update_of_every_row_replaces_and_one_of_some_rows_is_anothers_matter() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n-- migrate:up\n";
        finds("SC215", &format!("{before}UPDATE t SET a = lower(a);"), "by `lower(a)`");
        clean("SC215", &format!("{before}UPDATE t SET a = lower(a) WHERE id = 1;"));
        clean("SC215", &format!("{before}ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = lower(a);"));
    }
}
