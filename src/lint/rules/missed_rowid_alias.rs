//! `INTEGER PRIMARY KEY` is the rowid, `INT PRIMARY KEY` is not.

use crate::lint::found::{Found, type_text};
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Subject, affinity};
use crate::schema::{Affinity, Column, Table};

rule! {
    /// A primary key of integers that is not the rowid, because its type is not exactly INTEGER.
    ///
    /// # Why
    ///
    /// Only `INTEGER PRIMARY KEY` is another name for the rowid. With `INT`, `BIGINT` or `INTEGER PRIMARY KEY DESC` SQLite
    /// keeps an index beside the table, numbers no rows by itself, and takes NULL as a key, several times.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INT PRIMARY KEY, name TEXT);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);
    /// ```
    ///
    /// # Fix
    ///
    /// Write `INTEGER PRIMARY KEY`. Where the numbers come from outside and the rowid is not wanted, make the table WITHOUT
    /// ROWID. See <https://www.sqlite.org/lang_createtable.html#rowid>.
    "SC103", "missed-rowid-alias", Warn, Check::Schema(check)
}

/// The only key column of a table with a rowid, where it holds integers and is not the rowid.
pub(super) fn missed(table: &Table) -> Option<&Column> {
    let [only] = table.primary_key.as_ref()?.columns.as_slice() else { return None };
    let is_missed = !table.without_rowid && table.rowid_alias().is_none();
    table.column(&only.name).filter(|column| is_missed && affinity(column) == Affinity::Integer)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let keys = subject.tables().filter_map(|table| Some((table, missed(table)?)));
    keys.map(|(table, column)| {
        let is_integer = column.type_name.as_ref().is_some_and(crate::schema::TypeName::is_integer);
        let written = if is_integer {
            "INTEGER PRIMARY KEY DESC".to_owned()
        } else {
            format!("{} PRIMARY KEY", type_text(column))
        };
        let message = format!("`{}.{}` is not the rowid: it is declared {written}", table.name, column.name);
        Found::column(table, &column.name, message).help("write `INTEGER PRIMARY KEY`")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn the_way_of_writing_decides() {
        finds("SC103", "CREATE TABLE t (id INTEGER PRIMARY KEY DESC)", "declared INTEGER PRIMARY KEY DESC");
        finds("SC103", "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)", "declared BIGINT PRIMARY KEY");
        finds("SC103", "CREATE TABLE t (id INT PRIMARY KEY) STRICT", "declared INT PRIMARY KEY");
        clean("SC103", "CREATE TABLE t (id INT PRIMARY KEY) WITHOUT ROWID");
        clean("SC103", "CREATE TABLE t (id INTEGER, PRIMARY KEY (id DESC))");
        clean("SC103", "CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b))");
    }
}
