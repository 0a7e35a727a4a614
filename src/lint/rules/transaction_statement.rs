//! Transactions inside of the transaction.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Kind;
use crate::lint::step::Step;

rule! {
    /// BEGIN, COMMIT, ROLLBACK or a savepoint in a script.
    ///
    /// # Why
    ///
    /// A revision, its checks and the note that it ran are one transaction. A script that ends it leaves the database
    /// between two revisions when something fails; schemactl refuses to run it.
    ///
    /// # Bad
    ///
    /// ```sql
    /// -- migrate:up
    /// BEGIN;
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// COMMIT;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// -- migrate:up
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// ```
    ///
    /// # Fix
    ///
    /// Take it out.
    "SC303", "transaction-statement", Error, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    if !step.section.transaction {
        return Vec::new();
    }
    let statements = step.statements.iter().filter(|statement| statement.kind == Kind::Transaction);
    statements
        .map(|statement| {
            let message = format!("`{}` has no place in a script, which is one transaction", statement.text);
            Found::statement(statement, message).help("take it out")
        })
        .collect()
}
