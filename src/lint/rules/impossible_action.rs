//! Foreign key actions that can only fail.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;
use crate::schema::{Action, Column, Table};

rule! {
    /// ON DELETE or ON UPDATE SET NULL on a column that takes no NULL.
    ///
    /// # Why
    ///
    /// The action can never be carried out: whoever deletes the parent gets "NOT NULL constraint failed". SET DEFAULT where
    /// there is no default sets NULL as well.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL UNIQUE REFERENCES user (id) ON DELETE SET NULL);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, owner INTEGER UNIQUE REFERENCES user (id) ON DELETE SET NULL);
    /// ```
    ///
    /// # Fix
    ///
    /// Let the column take NULL, or choose RESTRICT or CASCADE.
    "SC118", "impossible-action", Error, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (table, key) in subject.foreign_keys() {
        for (event, action) in [("ON DELETE", key.on_delete), ("ON UPDATE", key.on_update)] {
            let columns = key.columns.iter().filter_map(|name| table.column(name));
            for column in columns.filter(|column| is_impossible(table, column, action)) {
                let message = format!(
                    "`{}.{}` takes no NULL, but is set to it {event} of `{}`",
                    table.name, column.name, key.parent
                );
                let help = "let it take NULL, or choose RESTRICT or CASCADE";
                found.push(Found::column(table, &column.name, message).help(help));
            }
        }
    }
    found
}

fn is_impossible(table: &Table, column: &Column, action: Action) -> bool {
    let takes_null = column.not_null.is_none() && !table.is_not_null_by_key(column);
    let sets_null = match action {
        Action::SetNull => true,
        Action::SetDefault => {
            column.default.as_ref().is_none_or(|default| default.normal().eq_ignore_ascii_case("NULL"))
        }
        _ => false,
    };
    sets_null && !takes_null
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn set_default_needs_a_default() {
        let task = |column: &str| {
            format!(
                "CREATE TABLE u (id INTEGER PRIMARY KEY); CREATE TABLE t (a INTEGER NOT NULL {column} UNIQUE REFERENCES u ON DELETE SET DEFAULT)"
            )
        };
        finds("SC118", &task(""), "`t.a` takes no NULL");
        clean("SC118", &task("DEFAULT 1"));
    }
}
