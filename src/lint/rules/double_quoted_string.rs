//! Strings in double quotes, in the schema.

use crate::database::check::Problem;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;

rule! {
    /// A word in double quotes that names nothing, so that SQLite takes it as a string.
    ///
    /// # Why
    ///
    /// Double quotes are for names. Where nothing has that name SQLite takes the word as a string: a slip in the name of a
    /// column is no error, it compares with its own name. SQLite built without this quirk refuses the schema.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ("open", "done")));
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('open', 'done')));
    /// ```
    ///
    /// # Fix
    ///
    /// Put strings in single quotes, and correct names. See <https://www.sqlite.org/quirks.html#dblquote>.
    "SC110", "double-quoted-string", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let problems = subject.problems.iter().filter(|problem| problem.problem == Problem::String);
    problems
        .map(|problem| {
            let message = format!("{} has a string in double quotes: {}", problem.object, problem.message);
            Found::object(problem.object.clone(), message).help("write it in single quotes, or correct the name")
        })
        .collect()
}
