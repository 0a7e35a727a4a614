//! Which SQLite a statement needs, from what the object uses (<https://www.sqlite.org/changes.html>).

use crate::diff::Change;
use crate::schema::{Index, IndexKey, Name, SqliteVersion, Table};

use super::statement::OLDEST;

/// What a table is, with the oldest SQLite that can read it: older ones refuse the whole database.
fn traits(table: &Table) -> impl Iterator<Item = (&'static str, SqliteVersion)> {
    let is_generated = table.columns.iter().any(|column| column.generated.is_some());
    [
        (table.without_rowid, "is WITHOUT ROWID", SqliteVersion { major: 3, minor: 8, patch: 2 }),
        (is_generated, "has a generated column", SqliteVersion::new(3, 31)),
        (table.strict, "is STRICT", SqliteVersion::new(3, 37)),
    ]
    .into_iter()
    .filter_map(|(is_so, what, version)| is_so.then_some((what, version)))
}

/// The oldest SQLite that can create a table.
#[must_use]
pub fn of_table(table: &Table) -> SqliteVersion {
    traits(table).map(|(_, version)| version).fold(OLDEST, Ord::max)
}

/// The tables that changes make such that a SQLite could not read them that could before, each with what it is then, and
/// the oldest that can.
#[must_use]
pub fn too_new(changes: &[Change], oldest: SqliteVersion) -> Vec<(&Name, &'static str, SqliteVersion)> {
    let mut found = Vec::new();
    for change in changes {
        let (before, after) = match change {
            Change::CreateTable(table) => (None, table),
            Change::AlterTable(alter) => (Some(&alter.before), &alter.after),
            _ => continue,
        };
        let is_known = |what: &str| before.is_some_and(|before| traits(before).any(|(known, _)| known == what));
        let new = traits(after).filter(|(what, version)| *version > oldest && !is_known(what));
        found.extend(new.map(|(what, version)| (&after.name, what, version)));
    }
    found
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
