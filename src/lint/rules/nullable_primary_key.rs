//! NULL in a primary key.

use super::missed_rowid_alias::missed;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;
use crate::schema::{KeyColumn, Table};

rule! {
    /// A primary key that takes NULL.
    ///
    /// # Why
    ///
    /// In SQLite PRIMARY KEY does not mean NOT NULL, unless the column is the rowid, or the table is STRICT or WITHOUT
    /// ROWID. Rows with NULL as their key go in, as many as one likes, since NULL differs from NULL.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE country (code TEXT PRIMARY KEY, name TEXT);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE country (code TEXT NOT NULL PRIMARY KEY, name TEXT);
    /// ```
    ///
    /// # Fix
    ///
    /// Add NOT NULL to the columns of the key. See <https://www.sqlite.org/quirks.html>, "Primary keys can sometimes
    /// contain NULLs".
    "SC104", "nullable-primary-key", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for table in subject.tables().filter(|table| missed(table).is_none() && table.rowid_alias().is_none()) {
        for KeyColumn { name, .. } in table.primary_key.iter().flat_map(|key| &key.columns) {
            if takes_null(table, name) {
                let message = format!("`{}.{name}` is part of the primary key and takes NULL", table.name);
                found.push(Found::column(table, name, message).help("add NOT NULL"));
            }
        }
    }
    found
}

fn takes_null(table: &Table, name: &crate::schema::Name) -> bool {
    table.column(name).is_some_and(|column| column.not_null.is_none() && !table.is_not_null_by_key(column))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn what_forbids_null_by_itself_is_fine() {
        clean("SC104", "CREATE TABLE t (a TEXT PRIMARY KEY) STRICT");
        clean("SC104", "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID");
        clean("SC104", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
        finds("SC104", "CREATE TABLE t (a TEXT NOT NULL, b TEXT, PRIMARY KEY (a, b))", "`t.b`");
    }

    #[test]
    fn sqlite_takes_null_where_it_is_found_and_only_there() {
        for (sql, takes) in [
            ("CREATE TABLE t (a TEXT PRIMARY KEY)", true),
            ("CREATE TABLE t (a INT PRIMARY KEY)", true),
            ("CREATE TABLE t (a TEXT PRIMARY KEY) STRICT", false),
            ("CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID", false),
            ("CREATE TABLE t (a TEXT NOT NULL PRIMARY KEY)", false),
        ] {
            let connection = rusqlite::Connection::open_in_memory().unwrap();
            connection.execute_batch(sql).unwrap();
            let inserted = connection.execute_batch("INSERT INTO t VALUES (NULL), (NULL)").is_ok();
            assert_eq!(inserted, takes, "{sql}");
        }
    }
}
