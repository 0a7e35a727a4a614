//! What ANALYZE has found stays when a table is rebuilt: SQLite forgets it with the table that is dropped
//! (<https://www.sqlite.org/fileformat2.html#stat1tab>), and queries would be planned without it from then on.
//!
//! Puts back what still holds, and never what describes another index than the one that is there.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::evidence::Intended;
use crate::schema::{Name, Schema, Table};

/// Where ANALYZE writes, the columns `tbl` and `idx` first.
const TABLES: [(&str, &[&str]); 2] =
    [("sqlite_stat1", &["tbl", "idx", "stat"]), ("sqlite_stat4", &["tbl", "idx", "neq", "nlt", "ndlt", "sample"])];

/// The statistics of the tables that a script can reach.
pub(super) struct Statistics {
    rows: Vec<StatisticRow>,
}

struct StatisticRow {
    /// Its place in [`TABLES`].
    kind: usize,
    table: Name,
    /// The index; `None` for a row about a table without any.
    index: Option<Name>,
    values: Vec<Value>,
}

impl Statistics {
    /// Notes the statistics of tables.
    pub(super) fn gather(connection: &Connection, reached: &dyn Fn(&Name) -> bool) -> rusqlite::Result<Statistics> {
        let mut found = Vec::new();
        for (kind, (name, columns)) in TABLES.iter().enumerate() {
            if !connection.table_exists(Some("main"), name)? {
                continue;
            }
            let sql = format!("SELECT {} FROM main.{name} WHERE typeof(tbl) = 'text'", columns.join(", "));
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let table = Name::new(row.get::<_, String>(0)?);
                if reached(&table) {
                    let index = row.get::<_, Option<String>>(1)?.map(Name::new);
                    let values = (0..columns.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?;
                    found.push(StatisticRow { kind, table, index, values });
                }
            }
        }
        Ok(Statistics { rows: found })
    }

    /// Puts back the rows that went with a table that was rebuilt, where table and index are still what they were.
    pub(super) fn put_back(
        &self,
        connection: &Connection,
        before: &Schema,
        after: &Schema,
        intended: &Intended,
    ) -> rusqlite::Result<()> {
        let was_rebuilt = |name: &Name| intended.dropped.contains(name) && !intended.created.contains(name);
        let mut missing = Vec::new();
        for row in self.rows.iter().filter(|row| was_rebuilt(&row.table)) {
            let tables = (before.tables.get(&row.table), after.tables.get(&row.table));
            let (Some(old), Some(new)) = tables else { continue };
            if still_holds(row.index.as_ref(), old, new) && row.is_missing(connection)? {
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

impl StatisticRow {
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
