//! `databases`: where the many databases of a fleet are listed.

use super::toml_reader::{Fields, Text, Value};
use crate::report::Diagnostic;

/// Where databases are listed. The texts are as written, paths count from where they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin<T = String> {
    /// A pattern of file names, such as `data/{tenant}/main.db`.
    Pattern(T),
    /// A file with a list, text or JSON; `-` is standard input.
    File(T),
    /// A query to a database.
    Query {
        /// The file of the database that is asked.
        database: T,
        /// What it is asked: an id, a path and, if it likes, a wave.
        sql: T,
    },
    /// A command that prints a list.
    Command(T),
}

impl<T> Origin<T> {
    /// The same with its texts made into something else.
    pub fn try_map<U, E>(&self, mut change: impl FnMut(&T) -> Result<U, E>) -> Result<Origin<U>, E> {
        Ok(match self {
            Origin::Pattern(pattern) => Origin::Pattern(change(pattern)?),
            Origin::File(file) => Origin::File(change(file)?),
            Origin::Query { database, sql } => Origin::Query { database: change(database)?, sql: change(sql)? },
            Origin::Command(command) => Origin::Command(change(command)?),
        })
    }
}

const FORMS: &str = "a pattern, a table such as `{ file = \"tenants.txt\" }`, or a list of these";

/// The origins that a value of `databases` names, at least one.
pub(super) fn read<'a>(value: &Value<'a>) -> Option<Vec<Origin<Text<'a>>>> {
    let items = value.one_or_many();
    if items.is_empty() {
        value.mistake(Diagnostic::new("empty", "`databases` is empty, expected at least one pattern"));
    }
    items.iter().map(read_one).collect()
}

fn read_one<'a>(value: &Value<'a>) -> Option<Origin<Text<'a>>> {
    if value.kind().is_str() {
        return value.text().map(Origin::Pattern);
    }
    let fields = value.fields_or("`databases`", FORMS)?;
    let [pattern, file, command] = ["pattern", "file", "command"].map(|key| fields.text(key));
    let query = (fields.text("database"), fields.text("sql"));
    let origin = match (pattern, file, command, query) {
        (Some(pattern), None, None, (None, None)) => Some(Origin::Pattern(pattern)),
        (None, Some(file), None, (None, None)) => Some(Origin::File(file)),
        (None, None, Some(command), (None, None)) => Some(Origin::Command(command)),
        (None, None, None, (Some(database), Some(sql))) => Some(Origin::Query { database, sql }),
        _ => {
            one_of_four(&fields);
            None
        }
    };
    fields.finish();
    origin
}

fn one_of_four(fields: &Fields<'_>) {
    let message = "`databases` takes one of `pattern`, `file`, `command`, or `database` and `sql` together";
    fields.mistake(Diagnostic::new("bad_value", message));
}
