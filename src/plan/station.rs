//! Whether rows could live in the schema after a change: they are copied into a scratch database of it, by the same
//! expressions as a rebuild copies them.

use indexmap::IndexMap;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;

use crate::database::Scratch;
use crate::diff::{AlterTable, Change, ColumnOrder, Renames, TableChange, diff};
use crate::schema::{Check, Column, ForeignKey, Name, Schema};

use super::Error;
use super::filler::named_columns;
use super::rebuild::Columns;
use super::rows::RowWork;

/// A schema on the way of the rows, empty but for the rows that have come through.
pub struct Station {
    scratch: Scratch,
    /// What a table is copied by, by its name before.
    copies: IndexMap<Name, Copy>,
}

struct Copy {
    /// What happens to the table.
    alter: AlterTable,
    /// The table's name here.
    name: Name,
    /// Whether nothing of the table changes.
    is_plain: bool,
    /// The foreign keys that the change brings, by the names before it.
    new_keys: Vec<ForeignKey>,
    /// The checks that the change brings.
    new_checks: Vec<Check>,
    select: String,
    insert: String,
}

/// Rows that do not pass, and why.
pub(super) struct Refused(pub String);

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Refused {
        Refused(error.to_string())
    }
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
        let mut copies: IndexMap<Name, Copy> =
            kept.into_values().map(|alter| (alter.before.name.clone(), Copy::of(alter, work))).collect();
        let names: Vec<(Name, Name)> = copies.iter().map(|(name, copy)| (copy.name.clone(), name.clone())).collect();
        for key in copies.values_mut().flat_map(|copy| &mut copy.new_keys) {
            let before = names.iter().find(|(here, _)| *here == key.parent);
            key.parent = before.map_or_else(|| key.parent.clone(), |(_, before)| before.clone());
        }
        Ok(Station { scratch, copies })
    }

    /// The station at which rows of one schema have to fit another one, too: its checks, keys and foreign keys where
    /// they are about columns that both have. None where it asks nothing more of them.
    ///
    /// # Errors
    /// When SQLite refuses what both ask together.
    pub fn demands(schema: &Schema, other: &Schema) -> Result<Option<Station>, Error> {
        let mut stricter = schema.clone();
        for (name, table) in &mut stricter.tables {
            let Some(other) = other.tables.get(name) else { continue };
            let is_shared = |name: &Name| table.column(name).is_some_and(Column::is_copied);
            let checks = other.checks.iter().filter(|check| named_columns(other, check).into_iter().all(is_shared));
            let uniques = other.uniques.iter().filter(|key| key.columns.iter().all(|column| is_shared(&column.name)));
            let keys = other
                .foreign_keys
                .iter()
                .filter(|key| key.columns.iter().all(is_shared) && schema.tables.contains_key(&key.parent));
            let checks: Vec<_> = checks.filter(|check| !table.checks.contains(check)).cloned().collect();
            let uniques: Vec<_> = uniques.filter(|key| !table.uniques.contains(key)).cloned().collect();
            let keys: Vec<_> = keys.filter(|key| !table.foreign_keys.contains(key)).cloned().collect();
            table.checks.extend(checks);
            table.uniques.extend(uniques);
            table.foreign_keys.extend(keys);
        }
        if stricter == *schema {
            return Ok(None);
        }
        Station::build(schema, &stricter, &Renames::default(), &RowWork::default()).map(Some)
    }

    /// Copies a table anew from where its rows come from, and says whether all of them are accepted. Returns its name
    /// here, or none where it goes with the change.
    pub(super) fn accepts(&self, from: &Connection, table: &Name) -> Result<Option<&Name>, Refused> {
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
        if !copy.new_keys.is_empty() && self.has_orphans(&copy.name) {
            return Err(Refused("they would refer to nothing".to_owned()));
        }
        Ok(Some(&copy.name))
    }

    /// How many rows of a table are accepted, each by itself, if other values fill what they bring nothing for.
    pub(super) fn accepted(&self, from: &Connection, table: &Name, work: &RowWork) -> u32 {
        let Some(copy) = self.copies.get(table).map(|copy| Copy::of(copy.alter.clone(), work)) else { return 0 };
        let connection = self.scratch.connection();
        let count = || -> rusqlite::Result<u32> {
            connection.execute(&format!("DELETE FROM {}", copy.name.quoted()), [])?;
            let mut insert = connection.prepare(&copy.insert)?;
            let mut select = from.prepare(&copy.select)?;
            let width = select.column_count();
            let mut rows = select.query([])?;
            let mut accepted = 0;
            while let Some(row) = rows.next()? {
                let values = (0..width).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>()?;
                accepted += u32::from(insert.execute(rusqlite::params_from_iter(values)).is_ok());
            }
            Ok(accepted)
        };
        // What SQLite cannot even work out fills nothing.
        count().unwrap_or(0)
    }

    /// Whether a row of a table refers to nothing. A foreign key that fits no table is another matter.
    fn has_orphans(&self, table: &Name) -> bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM pragma_foreign_key_check(?1))";
        self.connection().query_row(sql, [table.as_str()], |row| row.get(0)).unwrap_or(false)
    }

    /// The foreign keys that a change brings to a table.
    pub(super) fn new_keys(&self, table: &Name) -> &[ForeignKey] {
        self.copies.get(table).map_or(&[], |copy| &copy.new_keys)
    }

    /// The checks that a change brings to a table.
    pub(super) fn new_checks(&self, table: &Name) -> &[Check] {
        self.copies.get(table).map_or(&[], |copy| &copy.new_checks)
    }

    /// The rows here.
    pub(super) fn connection(&self) -> &Connection {
        self.scratch.connection()
    }
}

impl Copy {
    fn of(alter: AlterTable, work: &RowWork) -> Copy {
        let Columns { into, from, .. } = Columns::of(&alter, &alter.after, work);
        let named_before = |name: &Name| alter.old_column(name).map(|column| column.name.clone());
        let new_keys = alter.changes.iter().filter_map(|change| match change {
            TableChange::AddForeignKey(key) => {
                let columns = key.columns.iter().map(named_before).collect::<Option<_>>()?;
                Some(ForeignKey { columns, ..key.clone() })
            }
            _ => None,
        });
        let new_checks = alter.changes.iter().filter_map(|change| match change {
            TableChange::AddCheck(check) => Some(check.clone()),
            _ => None,
        });
        let places: Vec<String> = (1..=into.len()).map(|place| format!("?{place}")).collect();
        Copy {
            name: alter.after.name.clone(),
            is_plain: alter.changes.is_empty(),
            new_keys: new_keys.collect(),
            new_checks: new_checks.collect(),
            select: format!("SELECT {} FROM {}", from.join(", "), alter.before.name.quoted()),
            insert: format!(
                "INSERT OR ABORT INTO {} ({}) VALUES ({})",
                alter.after.name.quoted(),
                into.join(", "),
                places.join(", ")
            ),
            alter,
        }
    }
}

/// Whether the way asks something of a table's rows: a table that stays as it is takes all that it took.
pub(super) fn is_demanding(table: &Name, way: &[Station]) -> bool {
    let mut name = table;
    way.iter().any(|station| match station.copies.get(name) {
        Some(copy) => {
            name = &copy.name;
            !copy.is_plain
        }
        None => false,
    })
}

/// Whether the rows of a table pass all stations.
pub(super) fn pass(connection: &Connection, table: &Name, way: &[Station]) -> bool {
    refusal(connection, table, way).is_none()
}

/// What the first station that does not take all rows of a table says.
pub(super) fn refusal(connection: &Connection, table: &Name, way: &[Station]) -> Option<Refused> {
    let (mut from, mut name) = (connection, table);
    for station in way {
        match station.accepts(from, name) {
            Ok(Some(here)) => (from, name) = (station.connection(), here),
            Ok(None) => return None,
            Err(refused) => return Some(refused),
        }
    }
    None
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

    #[test]
    fn rows_pass_where_a_new_foreign_key_finds_their_parents() {
        let before = schema("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a)");
        let after = schema("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a REFERENCES p)");
        let way = [Station::build(&before, &after, &Renames::default(), &RowWork::default()).unwrap()];
        let rows = Connection::open_in_memory().unwrap();
        rows.execute_batch("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a); INSERT INTO p VALUES (3)")
            .unwrap();
        rows.execute_batch("INSERT INTO t VALUES (3), (NULL)").unwrap();
        assert!(pass(&rows, &Name::from("p"), &way) && pass(&rows, &Name::from("t"), &way));
        rows.execute_batch("INSERT INTO t VALUES (4)").unwrap();
        assert!(!pass(&rows, &Name::from("t"), &way));
        assert_eq!(way[0].new_keys(&Name::from("t")).len(), 1);
    }
}
