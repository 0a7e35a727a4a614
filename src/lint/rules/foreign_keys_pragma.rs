//! Foreign keys that a script thinks it has switched off.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Kind;
use crate::lint::step::Step;

rule! {
    /// `PRAGMA foreign_keys` in a script.
    ///
    /// # Why
    ///
    /// Inside of a transaction it does nothing, without a word: a table is dropped with foreign keys on, and the rows of its
    /// children go with it. schemactl runs each script in a transaction, with foreign keys off, and checks all references
    /// before it commits.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// -- migrate:up
    /// PRAGMA foreign_keys = OFF;
    /// ALTER TABLE user ADD COLUMN name TEXT;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// -- migrate:up
    /// ALTER TABLE user ADD COLUMN name TEXT;
    /// ```
    ///
    /// # Fix
    ///
    /// Take it out. See <https://www.sqlite.org/pragma.html#pragma_foreign_keys>.
    "SC302", "foreign-keys-pragma", Error, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    if !step.section.transaction {
        return Vec::new();
    }
    let statements = step.statements.iter().filter(
        |statement| matches!(&statement.kind, Kind::Pragma { name, value: Some(_) } if *name == *"foreign_keys"),
    );
    statements
        .map(|statement| {
            let message = "`PRAGMA foreign_keys` does nothing inside of a transaction";
            Found::statement(statement, message)
                .help("take it out: schemactl switches foreign keys off around the script")
        })
        .collect()
}
