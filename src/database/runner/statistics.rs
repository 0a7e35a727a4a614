//! What ANALYZE has found stays when a table is rebuilt or renamed: SQLite forgets it with the table that is dropped, and
//! leaves it under the old name of one that is renamed (<https://www.sqlite.org/fileformat2.html#stat1tab>), so that
//! queries would be planned without it from then on.
//!
//! Puts back what still holds, and never what describes another index than the one that is there.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::block;
use super::evidence::Intended;
use super::permission::Actions;
use crate::diff::{AlterTable, TableChange};
use crate::schema::{Index, KeyColumn, Name, Schema, Table};
use crate::sql;

/// Where ANALYZE writes, the columns `tbl` and `idx` first.
const TABLES: [(&str, &[&str]); 2] =
    [("sqlite_stat1", &["tbl", "idx", "stat"]), ("sqlite_stat4", &["tbl", "idx", "neq", "nlt", "ndlt", "sample"])];

/// The statistics of the tables that a script can reach, and what becomes of these tables.
#[derive(Default)]
pub(super) struct Statistics {
    tables: Vec<Noted>,
    /// The columns of tables that the script rebuilds, and what each is copied from.
    copied: BTreeMap<Name, Copied>,
    /// Indexes that were dropped by themselves.
    dropped_indexes: BTreeSet<Name>,
    /// Whether rows have taken the new name of their table, which SQLite has not read yet.
    has_moved: bool,
    /// How many rows were written here that no statement of the script has written.
    pub written: u64,
}

/// A table and what was known of it at some moment.
struct Noted {
    /// The table as it was then; its rows go by the names that it had.
    before: Table,
    /// The indexes that its constraints have made.
    keys: Keys,
    /// Columns that have been renamed since, by the names that they had.
    renamed: BTreeMap<Name, Name>,
    /// The name before the script.
    origin: Name,
    /// The name that the table has now, or had at last.
    name: Name,
    /// The name under which it was dropped.
    dropped: Option<Name>,
    rows: Vec<StatisticRow>,
}

type Copied = BTreeMap<Name, Option<Name>>;

/// The columns of indexes that constraints have made, as SQLite compares them.
type Keys = BTreeMap<Name, Vec<KeyColumn>>;

struct StatisticRow {
    /// Its place in [`TABLES`].
    kind: usize,
    /// The index; `None` for a row about a table without any.
    index: Option<Name>,
    values: Vec<Value>,
}

/// The names by which tables go, by root page: no ALTER TABLE gives a table another.
pub(super) struct Names {
    tables: BTreeMap<i64, Name>,
    /// The columns of those that are about to be altered.
    altered: Vec<(i64, Vec<Name>)>,
}

impl Statistics {
    /// Notes the statistics of tables of a schema.
    pub(super) fn gather(
        &mut self,
        connection: &Connection,
        schema: &Schema,
        script: &str,
        reached: &dyn Fn(&Name) -> bool,
    ) -> rusqlite::Result<()> {
        let mut found: BTreeMap<Name, Vec<StatisticRow>> = BTreeMap::new();
        for (name, row) in rows(connection, "typeof(tbl) = 'text'", &[])? {
            if reached(&name) {
                found.entry(name).or_default().push(row);
            }
        }
        if !found.is_empty() {
            for block in block::blocks(script) {
                let Ok(rebuild) = block.rebuild else { continue };
                // Of a table that is rebuilt twice it is not certain which of them comes next.
                self.copied.entry(block.table).and_modify(Copied::clear).or_insert(rebuild.copied);
            }
        }
        for (name, rows) in found {
            if let Some(table) = schema.tables.get(&name) {
                self.tables.push(Noted::new(connection, table.clone(), table.name.clone(), rows)?);
            }
        }
        Ok(())
    }

    /// Notes the statistics of a table that is about to be dropped: its columns may have other names than before the
    /// script.
    pub(super) fn gather_before_drop(&mut self, connection: &Connection, name: &Name) -> rusqlite::Result<()> {
        let mut origin = name.clone();
        let copied = self.copied.get(name);
        for noted in self.tables.iter_mut().filter(|noted| noted.name == *name && noted.dropped.is_none()) {
            noted.dropped = Some(name.clone());
            if let Some(copied) = copied {
                noted.copy_columns(copied);
            }
            origin = noted.origin.clone();
        }
        if !has_any(connection)? {
            return Ok(());
        }
        let Some(table) = as_it_stands(connection, name)? else { return Ok(()) };
        let rows = rows(connection, "tbl = ?1 COLLATE NOCASE", &[name.as_str()])?;
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        let mut new = Noted { dropped: Some(name.clone()), ..Noted::new(connection, table, origin, rows)? };
        if let Some(copied) = copied {
            new.copy_columns(copied);
        }
        // What is known last counts: it goes by the names of now.
        for old in self.tables.iter_mut().filter(|old| old.name == *name) {
            let (before, now) = (old.before.name.clone(), old.name.clone());
            let is_same = |one: &StatisticRow, other: &StatisticRow| {
                let index = one.index.as_ref().map(|index| index_name(index, &before, &now));
                one.kind == other.kind && index == other.index
            };
            old.rows.retain(|row| !new.rows.iter().any(|newer| is_same(row, newer)));
        }
        self.tables.push(new);
        Ok(())
    }

    /// Notes what a statement is about to drop, and the names before it alters tables; `None` where no statistics go by
    /// them.
    pub(super) fn note(&mut self, connection: &Connection, actions: &Actions) -> rusqlite::Result<Option<Names>> {
        for table in &actions.dropped {
            self.gather_before_drop(connection, table)?;
        }
        self.dropped_indexes.extend(actions.dropped_indexes.iter().cloned());
        if actions.altered.is_empty() || !has_any(connection)? {
            return Ok(None);
        }
        let tables = tables(connection)?;
        let is_altered = |(_, name): &(&i64, &Name)| actions.altered.contains(*name);
        let columns = |(page, name): (&i64, &Name)| Ok((*page, columns(connection, name)?));
        let altered = tables.iter().filter(is_altered).map(columns).collect::<rusqlite::Result<_>>()?;
        Ok(Some(Names { tables, altered }))
    }

    /// Follows tables and columns to the names that they have been given since.
    pub(super) fn follow(&mut self, connection: &Connection, before: &Names) -> rusqlite::Result<()> {
        let now = tables(connection)?;
        for (page, old) in &before.altered {
            let (Some(name), Some(new)) = (before.tables.get(page), now.get(page)) else { continue };
            if let Some(renamed) = renamed_column(old, &columns(connection, new)?) {
                let of_table = self.tables.iter_mut().filter(|noted| noted.name == *name);
                of_table.for_each(|noted| noted.rename_column(&renamed));
            }
        }
        for (page, old) in &before.tables {
            let Some(new) = now.get(page).filter(|new| !new.is_spelled_like(old)) else { continue };
            self.move_rows(connection, old, new)?;
            self.tables.iter_mut().filter(|noted| noted.name == *old).for_each(|noted| noted.name = new.clone());
        }
        Ok(())
    }

    /// Gives rows of the statistics the new name of their table.
    fn move_rows(&mut self, connection: &Connection, old: &Name, new: &Name) -> rusqlite::Result<()> {
        for (table, _) in TABLES {
            if !connection.table_exists(Some("main"), table)? {
                continue;
            }
            let sql = format!("SELECT EXISTS (SELECT 1 FROM main.{table} WHERE tbl = ?1 COLLATE NOCASE)");
            if !connection.query_row(&sql, [old.as_str()], |row| row.get::<_, bool>(0))? {
                continue;
            }
            let mut written = 0;
            if old != new {
                // A table that had the name long ago has left them.
                let sql = format!("DELETE FROM main.{table} WHERE tbl = ?1 COLLATE NOCASE");
                written += connection.execute(&sql, [new.as_str()])?;
            }
            // SQLite gives the indexes of constraints their new names in the same way.
            let sql = format!(
                "UPDATE main.{table} SET tbl = ?2, idx = CASE \
                     WHEN idx = ?1 COLLATE NOCASE THEN ?2 \
                     WHEN idx LIKE 'sqlite\\_autoindex\\_%' ESCAPE '\\' THEN 'sqlite_autoindex_' || ?2 || substr(idx, length(?1) + 18) \
                     ELSE idx END WHERE tbl = ?1 COLLATE NOCASE"
            );
            written += connection.execute(&sql, [old.as_str(), new.as_str()])?;
            self.written += written as u64;
            self.has_moved = true;
        }
        Ok(())
    }

    /// Puts back the rows that went with a table that was rebuilt, or with an index that was made again, where table and
    /// index are still what they were.
    pub(super) fn put_back(
        &self,
        connection: &Connection,
        after: &Schema,
        intended: &Intended,
    ) -> rusqlite::Result<()> {
        let mut missing = Vec::new();
        for noted in &self.tables {
            // One that was put aside and dropped at last stands under its first name again.
            let Some(new) = after.tables.get(&noted.name).or_else(|| after.tables.get(&noted.origin)) else { continue };
            let was_rebuilt = noted.dropped.as_ref().is_some_and(|name| !intended.created.contains(name));
            let keys = keys(connection, &new.name)?;
            for row in &noted.rows {
                let was_dropped = row.index.as_ref().is_some_and(|index| self.dropped_indexes.contains(index));
                let Some(row) = noted.row_of(row, new, &keys).filter(|_| was_rebuilt || was_dropped) else { continue };
                if row.is_missing(connection)? {
                    missing.push(row);
                }
            }
        }
        for row in &missing {
            row.insert(connection)?;
        }
        // Reads the statistics again, and analyses nothing (https://www.sqlite.org/lang_analyze.html).
        if missing.is_empty() && !self.has_moved {
            Ok(())
        } else {
            connection.execute_batch("ANALYZE main.sqlite_schema")
        }
    }
}

/// A table of which the statistics are wanted, with its indexes; `None` where their texts cannot be read.
fn as_it_stands(connection: &Connection, name: &Name) -> rusqlite::Result<Option<Table>> {
    let sql = "SELECT sql FROM main.sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('table', 'index') \
               AND sql IS NOT NULL ORDER BY type = 'index'";
    let mut statement = connection.prepare(sql)?;
    let texts = statement.query_map([name.as_str()], |row| row.get::<_, String>(0))?;
    let mut table: Option<Table> = None;
    for text in texts {
        match (sql::read(&text?), &mut table) {
            (Ok(sql::Statement::Table(read)), _) => table = Some(read),
            (Ok(sql::Statement::Index { index, .. }), Some(table)) => {
                table.indexes.insert(index.name.clone(), index);
            }
            _ => return Ok(None),
        }
    }
    Ok(table)
}

/// Whether the database has statistics.
fn has_any(connection: &Connection) -> rusqlite::Result<bool> {
    connection.table_exists(Some("main"), TABLES[0].0)
}

/// Rows of the statistics, each with the name of its table.
fn rows(connection: &Connection, condition: &str, values: &[&str]) -> rusqlite::Result<Vec<(Name, StatisticRow)>> {
    let mut found = Vec::new();
    for (kind, (name, columns)) in TABLES.iter().enumerate() {
        if !connection.table_exists(Some("main"), name)? {
            continue;
        }
        let sql = format!("SELECT {} FROM main.{name} WHERE {condition}", columns.join(", "));
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let index = row.get::<_, Option<String>>(1)?.map(Name::new);
            let values = (0..columns.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            found.push((Name::new(row.get::<_, String>(0)?), StatisticRow { kind, index, values }));
        }
    }
    Ok(found)
}

/// The names of all tables that have pages, by the first of them.
fn tables(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, Name>> {
    let sql = "SELECT rootpage, name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, Name::new(row.get::<_, String>(1)?)));
    connection.prepare(sql)?.query_map([], row)?.collect()
}

fn columns(connection: &Connection, table: &Name) -> rusqlite::Result<Vec<Name>> {
    let sql = "SELECT name FROM pragma_table_xinfo(?1, 'main') ORDER BY cid";
    let row = |row: &rusqlite::Row<'_>| Ok(Name::new(row.get::<_, String>(0)?));
    connection.prepare(sql)?.query_map([table.as_str()], row)?.collect()
}

/// The indexes that the constraints of a table have made. That of the key of a table without rowids is no object of its
/// own, and goes by the name of the table.
fn keys(connection: &Connection, table: &Name) -> rusqlite::Result<Keys> {
    let sql = "SELECT iif(i.name IN (SELECT name FROM main.sqlite_schema), i.name, ?1), x.name, x.coll, x.\"desc\" \
               FROM pragma_index_list(?1, 'main') AS i JOIN pragma_index_xinfo(i.name, 'main') AS x \
               WHERE i.origin <> 'c' AND x.key ORDER BY i.seq, x.seqno";
    let mut keys = Keys::new();
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([table.as_str()])?;
    while let Some(row) = rows.next()? {
        let text = |at| row.get::<_, Option<String>>(at);
        let name = Name::new(text(1)?.unwrap_or_default());
        let column = KeyColumn { name, collate: text(2)?.map(Name::new), descending: row.get(3)? };
        keys.entry(Name::new(row.get::<_, String>(0)?)).or_default().push(column);
    }
    Ok(keys)
}

/// The one column that has another name than before, old and new; RENAME COLUMN leaves all of them in their places.
fn renamed_column(before: &[Name], after: &[Name]) -> Option<(Name, Name)> {
    let mut changed = before.iter().zip(after).filter(|(old, new)| old != new);
    let (old, new) = changed.next()?;
    let is_only_one = before.len() == after.len() && changed.next().is_none();
    is_only_one.then(|| (old.clone(), new.clone()))
}

/// The name of an index after its table has been given another: SQLite numbers the indexes of constraints, and calls
/// that of the key of a table without a rowid by the name of the table.
fn index_name(index: &Name, old: &Name, new: &Name) -> Name {
    if index == old {
        return new.clone();
    }
    let number = |index: &Name| {
        let number = index.folded().strip_prefix("sqlite_autoindex_")?.strip_prefix(&old.folded())?.to_owned();
        number.starts_with('_').then_some(number)
    };
    number(index).map_or_else(|| index.clone(), |number| Name::new(format!("sqlite_autoindex_{new}{number}")))
}

impl Noted {
    fn new(connection: &Connection, before: Table, origin: Name, rows: Vec<StatisticRow>) -> rusqlite::Result<Noted> {
        let (name, keys) = (before.name.clone(), keys(connection, &before.name)?);
        Ok(Noted { before, keys, renamed: BTreeMap::new(), origin, name, dropped: None, rows })
    }

    fn rename_column(&mut self, (old, new): &(Name, Name)) {
        let before = self.renamed.iter().find(|(_, now)| *now == old).map_or(old, |(before, _)| before).clone();
        self.renamed.insert(before, new.clone());
    }

    /// Follows columns to those that their values are copied to.
    fn copy_columns(&mut self, copied: &Copied) {
        let now = |column: &Name| {
            let is_copy = |(new, from): &(&Name, &Option<Name>)| from.as_ref() == Some(column) && *new != column;
            let stays = copied.get(column).is_some_and(|from| from.as_ref() == Some(column));
            copied.iter().filter(|_| !stays).find(is_copy).map_or_else(|| column.clone(), |(new, _)| new.clone())
        };
        let names = self.before.columns.iter().map(|column| &column.name);
        let renamed = names.map(|name| (name.clone(), now(self.renamed.get(name).unwrap_or(name))));
        self.renamed = renamed.filter(|(before, now)| before != now).collect();
    }

    /// What is known of an index as it is to be said of a table that came of this one, where the index is still there.
    fn row_of(&self, row: &StatisticRow, new: &Table, keys: &Keys) -> Option<StatisticRow> {
        let index = match &row.index {
            None => None,
            Some(name) => Some(self.index_of(name, new, keys)?),
        };
        let mut values = row.values.clone();
        values[0] = Value::Text(new.name.as_str().to_owned());
        values[1] = index.as_ref().map_or(Value::Null, |index| Value::Text(index.as_str().to_owned()));
        Some(StatisticRow { kind: row.kind, index, values })
    }

    /// The index that is what one of this table was: the one of its name, or one that has come in its place.
    fn index_of(&self, name: &Name, new: &Table, keys: &Keys) -> Option<Name> {
        // Samples of an index end in the rowid, or in the key.
        if self.before.without_rowid != new.without_rowid {
            return None;
        }
        let Some(index) = self.before.indexes.get(name) else {
            let name_now = |name: &Name| self.renamed.get(name).unwrap_or(name).clone();
            let column_now = |column: &KeyColumn| KeyColumn { name: name_now(&column.name), ..column.clone() };
            let key: Vec<KeyColumn> = self.keys.get(name)?.iter().map(column_now).collect();
            return keys.iter().find(|(_, other)| **other == key).map(|(name, _)| name.clone());
        };
        let rename = |(before, after): (&Name, &Name)| TableChange::RenameColumn {
            before: before.clone(),
            after: after.clone(),
        };
        let changes = self.renamed.iter().map(rename).collect();
        let way = AlterTable { before: self.before.clone(), after: new.clone(), changes };
        let is_same = |other: &&Index| way.is_only_renamed(index, other);
        let found = match new.indexes.get(name) {
            Some(same_name) => Some(same_name).filter(is_same),
            None => new.indexes.values().filter(|other| !self.before.indexes.contains_key(&other.name)).find(is_same),
        };
        found.map(|found| found.name.clone())
    }
}

impl StatisticRow {
    /// Whether nothing is known of the index, or of the table: the script may have run ANALYZE itself.
    fn is_missing(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let (name, _) = TABLES[self.kind];
        if !connection.table_exists(Some("main"), name)? {
            return Ok(false);
        }
        let sql = format!(
            "SELECT NOT EXISTS (SELECT 1 FROM main.{name} WHERE tbl = ?1 COLLATE NOCASE AND ifnull(idx = ?2, ?2 IS NULL))"
        );
        connection.query_row(&sql, [&self.values[0], &self.values[1]], |row| row.get(0))
    }

    fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let (name, columns) = TABLES[self.kind];
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO main.{name} ({}) VALUES ({places})", columns.join(", "));
        connection.execute(&sql, params_from_iter(&self.values)).map(|_| ())
    }
}
