//! Views and triggers that SQLite takes and cannot use.

use crate::database::check::Problem;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;

rule! {
    /// A view or a trigger that names a table or a column which does not exist.
    ///
    /// # Why
    ///
    /// SQLite takes it without looking. Each query of the view fails, or each statement that fires the trigger, and ALTER
    /// TABLE refuses to rename anything in the whole database.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// CREATE VIEW person AS SELECT id, full_name FROM user;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// CREATE VIEW person AS SELECT id, name FROM user;
    /// ```
    ///
    /// # Fix
    ///
    /// Correct the name. If it is so on purpose, say `unchecked = true` in the model.
    "SC117", "does-not-compile", Error, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let problems = subject.problems.iter().filter(|problem| problem.problem == Problem::DoesNotCompile);
    problems
        .map(|problem| Found::object(problem.object.clone(), format!("{}: {}", problem.object, problem.message)))
        .collect()
}
