//! Foreign keys that nothing answers.

use crate::database::check::Problem;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;

rule! {
    /// A foreign key whose parent is missing, or is not unique in these columns.
    ///
    /// # Why
    ///
    /// SQLite takes the table and refuses the rows: the first INSERT, UPDATE or DELETE that has to ask the parent fails
    /// with "foreign key mismatch" or "no such table".
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE country (id INTEGER PRIMARY KEY, code TEXT NOT NULL);
    /// CREATE TABLE city (id INTEGER PRIMARY KEY, country TEXT UNIQUE REFERENCES country (code));
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE country (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);
    /// CREATE TABLE city (id INTEGER PRIMARY KEY, country TEXT UNIQUE REFERENCES country (code));
    /// ```
    ///
    /// # Fix
    ///
    /// Refer to the primary key of the parent, or make the columns UNIQUE, with the collation of the columns and without a
    /// WHERE. See <https://www.sqlite.org/foreignkeys.html#fk_indexes>.
    "SC102", "foreign-key-mismatch", Error, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let problems = subject.problems.iter().filter(|problem| problem.problem == Problem::ForeignKey);
    problems
        .map(|problem| Found::object(problem.object.clone(), format!("{}: {}", problem.object, problem.message)))
        .collect()
}
