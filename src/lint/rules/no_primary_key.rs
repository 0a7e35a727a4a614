//! Tables whose rows nothing names.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;
use crate::schema::{IndexKey, Name, Table};

rule! {
    /// A table without a primary key.
    ///
    /// # Why
    ///
    /// Nothing names a row: it can be there twice, nothing can refer to it, and its rowid may be another one after a
    /// VACUUM, since only an `INTEGER PRIMARY KEY` keeps it. A UNIQUE constraint over columns that are NOT NULL counts as a
    /// key here.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE setting (name TEXT, value TEXT);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE setting (name TEXT NOT NULL PRIMARY KEY, value TEXT);
    /// ```
    ///
    /// # Fix
    ///
    /// Make the columns that name a row the primary key, or add `id INTEGER PRIMARY KEY`.
    "SC114", "no-primary-key", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let tables = subject.tables().filter(|table| table.primary_key.is_none() && !has_key(table));
    tables
        .map(|table| {
            let help = "make the columns that name a row the primary key, or add `id INTEGER PRIMARY KEY`";
            Found::table(table, format!("the table `{}` has no primary key", table.name)).help(help)
        })
        .collect()
}

/// Whether something unique that is never NULL names each row.
fn has_key(table: &Table) -> bool {
    let is_set = |name: &Name| table.column(name).is_some_and(|column| column.not_null.is_some());
    let by_constraint = table.uniques.iter().any(|unique| unique.columns.iter().all(|key| is_set(&key.name)));
    by_constraint
        || table
            .indexes
            .values()
            .filter(|index| index.unique && index.predicate.is_none())
            .any(|index| index.terms.iter().all(|term| matches!(&term.key, IndexKey::Column(name) if is_set(name))))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn a_unique_constraint_that_takes_no_null_names_rows_as_well() {
        clean("SC114", "CREATE TABLE t (a NOT NULL UNIQUE)");
        clean("SC114", "CREATE TABLE t (a NOT NULL, b NOT NULL); CREATE UNIQUE INDEX i ON t (a, b)");
        finds("SC114", "CREATE TABLE t (a UNIQUE)", "the table `t` has no primary key");
    }
}
