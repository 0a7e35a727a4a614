//! Triggers that watch nothing.

use crate::database::check::Problem;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;

rule! {
    /// A trigger on an update of a column that does not exist.
    ///
    /// # Why
    ///
    /// SQLite does not look whether the columns behind UPDATE OF exist. A trigger with a slip in it, or whose column was
    /// renamed or dropped, is there and never fires.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, state TEXT, moved_at TEXT);
    /// CREATE TRIGGER task_moved AFTER UPDATE OF status ON task BEGIN
    ///   UPDATE task SET moved_at = datetime('now') WHERE id = new.id;
    /// END;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, state TEXT, moved_at TEXT);
    /// CREATE TRIGGER task_moved AFTER UPDATE OF state ON task BEGIN
    ///   UPDATE task SET moved_at = datetime('now') WHERE id = new.id;
    /// END;
    /// ```
    ///
    /// # Fix
    ///
    /// Correct the name of the column.
    "SC116", "trigger-never-fires", Error, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let problems = subject.problems.iter().filter(|problem| problem.problem == Problem::NeverFires);
    problems
        .map(|problem| {
            let message = format!("{} never fires: {}", problem.object, problem.message);
            Found::object(problem.object.clone(), message).help("correct the name of the column")
        })
        .collect()
}
