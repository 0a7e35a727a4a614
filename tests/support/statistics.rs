//! What ANALYZE has found must still be known of each index that a change leaves as it is, whatever it is called then.

use std::collections::BTreeMap;

use rusqlite::Connection;
use schemactl::diff::Renames;
use schemactl::plan::{Draft, write_section};
use schemactl::schema::{Column, Index, IndexKey, IndexTerm, Name, Schema, Table};

use super::ways::{self, Format};

/// What is known of each index, by table and index.
fn known(connection: &Connection) -> BTreeMap<(Name, Name), String> {
    if !connection.table_exists(None, "sqlite_stat1").unwrap() {
        return BTreeMap::new();
    }
    let sql = "SELECT tbl, idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let name = |at| row.get::<_, String>(at).map(Name::new);
        Ok(((name(0)?, name(1)?), row.get(2)?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// An index over columns alone, as it is called and written after renames. A rebuild copies no generated column, and so
/// does not say what one of another name was called before.
fn renamed(index: &Index, before: &Table, table: &Name, renames: &Renames) -> Option<Index> {
    let new_column = |column: &Name| {
        let mut renamed = renames.columns.iter().filter(|((of, _), old)| of == table && *old == column);
        renamed.next().map_or_else(|| column.clone(), |((_, new), _)| new.clone())
    };
    let term = |term: &IndexTerm| match &term.key {
        IndexKey::Column(column) => {
            let new = new_column(column);
            let is_told = new == *column || before.column(column).is_some_and(Column::is_copied);
            is_told.then(|| IndexTerm { key: IndexKey::Column(new), ..term.clone() })
        }
        IndexKey::Expression(_) => None,
    };
    let terms = index.terms.iter().map(term).collect::<Option<_>>()?;
    let name = renames.indexes.iter().find(|(_, old)| **old == index.name).map_or(&index.name, |(new, _)| new).clone();
    index.predicate.is_none().then(|| Index { name, terms, ..index.clone() })
}

/// Runs both scripts on an analysed copy, and returns how many facts had to be kept.
pub fn kept(
    filled: &Connection,
    draft: &Draft,
    (before, after): (&Schema, &Schema),
    renames: &Renames,
    format: Format,
) -> Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = ways::file(folder.path(), "analysed.db", filled, format);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("ANALYZE").map_err(|error| error.to_string())?;
    let mut number = 0;
    let back = renames.reversed();
    let steps = [("up", &draft.up, before, after, renames), ("down", &draft.down, after, before, &back)];
    for (name, statements, from, to, renames) in steps {
        let was = known(&connection);
        let script = write_section(statements);
        if ways::run(&path, name, &script, false).is_err() {
            return Ok(number);
        }
        let is = known(&connection);
        for new in to.tables.values() {
            // The entries of an index end in the rowid, or in the key: with the one or the other it is not the same index.
            let old = origin(new, from, to, renames).filter(|old| old.without_rowid == new.without_rowid);
            let Some(old) = old else { continue };
            for index in old.indexes.values() {
                let Some(wanted) = renamed(index, old, &new.name, renames) else { continue };
                let Some(fact) = was.get(&(old.name.clone(), index.name.clone())) else { continue };
                if new.indexes.get(&wanted.name) != Some(&wanted) {
                    continue;
                }
                number += 1;
                let kept = is.get(&(new.name.clone(), wanted.name.clone()));
                if kept != Some(fact) {
                    return Err(format!(
                        "of {} it is known: {kept:?}, and it was {fact}\n{name}\n{script}",
                        wanted.name
                    ));
                }
            }
        }
        if let Some((table, index)) =
            is.keys().find(|(table, _)| !to.tables.contains_key(table) && from.tables.contains_key(table))
        {
            return Err(format!("of {table}, which is gone, {index} is still known\n{name}\n{script}"));
        }
    }
    Ok(number)
}

/// The table that one has been before.
fn origin<'a>(new: &Table, from: &'a Schema, to: &Schema, renames: &Renames) -> Option<&'a Table> {
    match renames.tables.get(&new.name) {
        Some(old) => from.tables.get(old),
        None => from.tables.get(&new.name).filter(|_| !renames.tables.values().any(|old| *old == new.name)),
    }
    .filter(|_| to.tables.contains_key(&new.name))
}
