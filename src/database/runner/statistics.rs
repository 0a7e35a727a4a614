//! What ANALYZE has found stays when a table is rebuilt: SQLite forgets it with the table that is dropped
//! (<https://www.sqlite.org/fileformat2.html#stat1tab>), and queries would be planned without it from then on.
//!
//! Puts back what still holds, and never what describes another index than the one that is there.

use std::collections::BTreeMap;
use std::rc::Rc;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::evidence::Intended;
use crate::schema::{Name, Schema, Table};
use crate::sql;

/// Where ANALYZE writes, the columns `tbl` and `idx` first.
const TABLES: [(&str, &[&str]); 2] =
    [("sqlite_stat1", &["tbl", "idx", "stat"]), ("sqlite_stat4", &["tbl", "idx", "neq", "nlt", "ndlt", "sample"])];

/// The statistics of the tables that a script can reach.
#[derive(Default)]
pub(super) struct Statistics {
    rows: Vec<StatisticRow>,
}

struct StatisticRow {
    /// Its place in [`TABLES`].
    kind: usize,
    /// The table as it was then.
    table: Rc<Table>,
    /// The index; `None` for a row about a table without any.
    index: Option<Name>,
    values: Vec<Value>,
}

impl Statistics {
    /// Notes the statistics of tables of a schema.
    pub(super) fn gather(
        &mut self,
        connection: &Connection,
        schema: &Schema,
        reached: &dyn Fn(&Name) -> bool,
    ) -> rusqlite::Result<()> {
        let mut tables: BTreeMap<&Name, Rc<Table>> = BTreeMap::new();
        self.note(connection, "typeof(tbl) = 'text'", &[], &mut |name| {
            let (name, table) = schema.tables.get_key_value(name).filter(|(name, _)| reached(name))?;
            Some(Rc::clone(tables.entry(name).or_insert_with(|| Rc::new(table.clone()))))
        })
    }

    /// Notes the statistics of a table that is about to be dropped: its columns may have other names than before the script.
    pub(super) fn gather_before_drop(&mut self, connection: &Connection, name: &Name) -> rusqlite::Result<()> {
        if !connection.table_exists(Some("main"), TABLES[0].0)? {
            return Ok(());
        }
        let Some(table) = as_it_stands(connection, name)?.map(Rc::new) else { return Ok(()) };
        self.note(connection, "tbl = ?1 COLLATE NOCASE", &[name.as_str()], &mut |_| Some(Rc::clone(&table)))
    }

    fn note(
        &mut self,
        connection: &Connection,
        condition: &str,
        values: &[&str],
        table_of: &mut dyn FnMut(&Name) -> Option<Rc<Table>>,
    ) -> rusqlite::Result<()> {
        let mut noted = Vec::new();
        for (kind, (name, columns)) in TABLES.iter().enumerate() {
            if !connection.table_exists(Some("main"), name)? {
                continue;
            }
            let sql = format!("SELECT {} FROM main.{name} WHERE {condition}", columns.join(", "));
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            while let Some(row) = rows.next()? {
                let Some(table) = table_of(&Name::new(row.get::<_, String>(0)?)) else { continue };
                let index = row.get::<_, Option<String>>(1)?.map(Name::new);
                let values = (0..columns.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?;
                noted.push(StatisticRow { kind, table, index, values });
            }
        }
        // What is known last counts: it goes by the names of now.
        self.rows.retain(|old| !noted.iter().any(|new| new.is_about_the_same(old)));
        self.rows.append(&mut noted);
        Ok(())
    }

    /// Puts back the rows that went with a table that was rebuilt, where table and index are still what they were.
    pub(super) fn put_back(
        &self,
        connection: &Connection,
        after: &Schema,
        intended: &Intended,
    ) -> rusqlite::Result<()> {
        let was_rebuilt = |name: &Name| intended.dropped.contains(name) && !intended.created.contains(name);
        let mut missing = Vec::new();
        for row in self.rows.iter().filter(|row| was_rebuilt(&row.table.name)) {
            let Some(new) = after.tables.get(&row.table.name) else { continue };
            if still_holds(row.index.as_ref(), &row.table, new) && row.is_missing(connection)? {
                missing.push(row);
            }
        }
        for row in &missing {
            row.insert(connection)?;
        }
        // Reads the statistics again, and analyses nothing (https://www.sqlite.org/lang_analyze.html).
        if missing.is_empty() { Ok(()) } else { connection.execute_batch("ANALYZE main.sqlite_schema") }
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

impl StatisticRow {
    fn is_about_the_same(&self, other: &StatisticRow) -> bool {
        self.kind == other.kind && self.table.name == other.table.name && self.index == other.index
    }

    /// Whether nothing is known of the index: the script may have run ANALYZE itself.
    fn is_missing(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let (name, _) = TABLES[self.kind];
        if !connection.table_exists(Some("main"), name)? {
            return Ok(false);
        }
        let sql = format!("SELECT NOT EXISTS (SELECT 1 FROM main.{name} WHERE tbl = ?1 COLLATE NOCASE AND idx IS ?2)");
        connection.query_row(&sql, [&self.values[0], &self.values[1]], |row| row.get(0))
    }

    fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let (name, columns) = TABLES[self.kind];
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO main.{name} ({}) VALUES ({places})", columns.join(", "));
        connection.execute(&sql, params_from_iter(&self.values)).map(|_| ())
    }
}

/// Whether what is known of an index of a table describes the one that is there now. SQLite numbers the indexes of
/// constraints, and calls that of the key of a table without a rowid by the name of the table.
fn still_holds(index: Option<&Name>, old: &Table, new: &Table) -> bool {
    match index {
        None => new.indexes.is_empty(),
        Some(name) => match (old.indexes.get(name), new.indexes.get(name)) {
            (Some(old), Some(new)) => old == new,
            (None, None) => {
                old.primary_key == new.primary_key
                    && old.uniques == new.uniques
                    && old.without_rowid == new.without_rowid
            }
            _ => false,
        },
    }
}
