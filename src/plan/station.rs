//! Whether rows could live in the schema after a change: they are copied into a scratch database of it, by the same
//! expressions as a rebuild copies them.

use indexmap::IndexMap;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;

use crate::database::Scratch;
use crate::diff::{AlterTable, Change, ColumnOrder, diff};
use crate::model::Renames;
use crate::schema::{Name, Schema};

use super::Error;
use super::rebuild::Columns;
use super::rows::RowWork;

/// A schema on the way of the rows, empty but for the rows that have come through.
pub struct Station {
    scratch: Scratch,
    /// What a table is copied by, by its name before.
    copies: IndexMap<Name, Copy>,
}

struct Copy {
    /// The table's name here.
    name: Name,
    select: String,
    insert: String,
}

impl Station {
    /// The station that a change leads to.
    pub(super) fn build(before: &Schema, after: &Schema, renames: &Renames, work: &RowWork) -> Result<Station, Error> {
        let scratch = Scratch::build(after)?;
        scratch.connection().set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        let mut kept: IndexMap<Name, AlterTable> = after
            .tables
            .values()
            .filter_map(|table| {
                let before = before.tables.get(&table.name)?.clone();
                Some((table.name.clone(), AlterTable { before, after: table.clone(), changes: Vec::new() }))
            })
            .collect();
        for change in diff(before, after, renames, ColumnOrder::Strict) {
            match change {
                Change::AlterTable(alter) => {
                    kept.insert(alter.after.name.clone(), alter);
                }
                Change::CreateTable(table) => {
                    kept.shift_remove(&table.name);
                }
                _ => {}
            }
        }
        let copies = kept.values().map(|alter| (alter.before.name.clone(), Copy::of(alter, work))).collect();
        Ok(Station { scratch, copies })
    }

    /// Copies a table anew from where its rows come from, and says whether all of them are accepted. Returns its name
    /// here, or none where it goes with the change.
    pub(super) fn accepts(&self, from: &Connection, table: &Name) -> Result<Option<&Name>, rusqlite::Error> {
        let Some(copy) = self.copies.get(table) else { return Ok(None) };
        let connection = self.scratch.connection();
        connection.execute(&format!("DELETE FROM {}", copy.name.quoted()), [])?;
        let mut insert = connection.prepare(&copy.insert)?;
        let mut select = from.prepare(&copy.select)?;
        let width = select.column_count();
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..width).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>()?;
            insert.execute(rusqlite::params_from_iter(values))?;
        }
        Ok(Some(&copy.name))
    }

    /// The rows here.
    pub(super) fn connection(&self) -> &Connection {
        self.scratch.connection()
    }
}

impl Copy {
    fn of(alter: &AlterTable, work: &RowWork) -> Copy {
        let Columns { into, from, .. } = Columns::of(alter, &alter.after, work);
        let places: Vec<String> = (1..=into.len()).map(|place| format!("?{place}")).collect();
        Copy {
            name: alter.after.name.clone(),
            select: format!("SELECT {} FROM {}", from.join(", "), alter.before.name.quoted()),
            insert: format!(
                "INSERT OR ABORT INTO {} ({}) VALUES ({})",
                alter.after.name.quoted(),
                into.join(", "),
                places.join(", ")
            ),
        }
    }
}

/// Whether the rows of a table pass all stations.
pub(super) fn pass(connection: &Connection, table: &Name, way: &[Station]) -> bool {
    let (mut from, mut name) = (connection, table);
    for station in way {
        match station.accepts(from, name) {
            Ok(Some(here)) => (from, name) = (station.connection(), here),
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, introspect};

    fn schema(sql: &str) -> Schema {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        introspect::read(&connection, &Filter::default()).unwrap()
    }

    #[test]
    fn rows_pass_where_the_schema_after_takes_them() {
        let before = schema("CREATE TABLE t (a TEXT, b)");
        let after = schema("CREATE TABLE t (a TEXT CHECK (a IS date(a)), b)");
        let way = [Station::build(&before, &after, &Renames::default(), &RowWork::default()).unwrap()];
        let rows = Connection::open_in_memory().unwrap();
        rows.execute_batch("CREATE TABLE t (a TEXT, b); INSERT INTO t VALUES ('2026-01-01', 1)").unwrap();
        assert!(pass(&rows, &Name::from("t"), &way));
        rows.execute_batch("INSERT INTO t VALUES ('yesterday', 1)").unwrap();
        assert!(!pass(&rows, &Name::from("t"), &way));
        assert!(pass(&rows, &Name::from("gone"), &way));
    }
}
