//! Which SQLite a statement needs, from what the object uses (<https://www.sqlite.org/changes.html>).

use crate::schema::{Index, IndexKey, SqliteVersion, Table};

use super::statement::OLDEST;

/// The oldest SQLite that can create a table.
#[must_use]
pub fn of_table(table: &Table) -> SqliteVersion {
    let mut version = OLDEST;
    if table.without_rowid {
        version = version.max(SqliteVersion { major: 3, minor: 8, patch: 2 });
    }
    if table.columns.iter().any(|column| column.generated.is_some()) {
        version = version.max(SqliteVersion::new(3, 31));
    }
    if table.strict {
        version = version.max(SqliteVersion::new(3, 37));
    }
    version
}

/// The oldest SQLite that can create an index.
#[must_use]
pub fn of_index(index: &Index) -> SqliteVersion {
    if index.terms.iter().any(|term| matches!(term.key, IndexKey::Expression(_))) {
        SqliteVersion::new(3, 9)
    } else {
        OLDEST
    }
}
