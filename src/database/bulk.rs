//! Builds schemas of many objects: SQLite reads all of `sqlite_schema` for each CREATE, so that ten thousand tables one
//! after the other take a minute.
//!
//! Each object is created for real, in small databases where SQLite refuses what it refuses. Their rows of
//! `sqlite_schema` then make up one database, put together page by page
//! (<https://www.sqlite.org/fileformat2.html>): every table and index gets an empty page of its own.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::connect;
use super::scratch::{BuildError, Scratch, index_statement, table_statement, trigger_statement, view_statement};
use super::stand_ins::StandIns;
use super::switches::Switches;
use crate::schema::{Name, ObjectRef, Schema};

/// From how many objects on the detour is worth it.
const MANY: usize = 150;
/// How many tables and views are created in one small database.
const AT_ONCE: usize = 50;
const PAGE_SIZE: u16 = 1024;

/// The CREATE statements of objects that need each other and no others to be created, and of some more.
pub(super) type Group = Vec<(ObjectRef, String)>;

/// The tables, indexes, views and triggers of a schema in groups that can be created each by itself; `None` where
/// objects are in each other's way.
pub(super) fn groups(schema: &Schema) -> Option<Vec<Group>> {
    let indexes = schema.tables.values().flat_map(|table| table.indexes.keys());
    let names = schema.tables.keys().chain(schema.views.keys()).chain(schema.virtual_tables.keys()).chain(indexes);
    let mut taken: BTreeSet<&Name> = BTreeSet::new();
    if !names.into_iter().all(|name| taken.insert(name)) {
        return None;
    }
    let mut triggers: BTreeMap<&Name, Group> = BTreeMap::new();
    for trigger in schema.triggers.values() {
        if !schema.tables.contains_key(&trigger.table) && !schema.views.contains_key(&trigger.table) {
            return None;
        }
        triggers.entry(&trigger.table).or_default().push(trigger_statement(trigger));
    }
    let tables = schema.tables.values().map(|table| {
        let indexes = table.indexes.values().map(|index| index_statement(&table.name, index));
        (&table.name, std::iter::once(table_statement(table)).chain(indexes).collect::<Group>())
    });
    let views = schema.views.values().map(|view| (&view.name, vec![view_statement(view)]));
    let owners: Vec<(&Name, Group)> = tables.chain(views).collect();
    let group = |owners: &[(&Name, Group)]| {
        let own = owners.iter().flat_map(|(_, statements)| statements.iter().cloned());
        let hung = owners.iter().filter_map(|(name, _)| triggers.get(name)).flatten().cloned();
        own.chain(hung).collect()
    };
    Some(owners.chunks(AT_ONCE).map(group).collect())
}

/// Builds a schema of many objects; `None` where it is not worth it or not possible, and one after the other it must be.
pub(super) fn build(schema: &Schema, stand_ins: &StandIns) -> Result<Option<Scratch>, BuildError> {
    let objects = schema.tables.len() + schema.views.len() + schema.triggers.len();
    let Some(groups) = (objects >= MANY).then(|| groups(schema)).flatten() else { return Ok(None) };
    let mut rows = Rows::default();
    let mut stand_ins = stand_ins.clone();
    for group in groups {
        let Ok(mut small) = Scratch::with(stand_ins) else { return Ok(None) };
        if small.connection.execute_batch("BEGIN").is_err() {
            return Ok(None);
        }
        for (object, sql) in &group {
            small.create(object, sql)?;
        }
        if rows.take(&small.connection).is_err() {
            return Ok(None);
        }
        stand_ins = small.stand_ins;
    }
    let Ok(connection) = rows.assemble(schema, &stand_ins) else { return Ok(None) };
    let mut scratch =
        Scratch { connection, stand_ins, known: std::cell::RefCell::default(), switches: Switches::default() };
    for table in schema.virtual_tables.values() {
        let (object, sql) = super::scratch::virtual_table_statement(table);
        scratch.create(&object, &sql)?;
    }
    Ok(Some(scratch))
}

/// Rows of `sqlite_schema` by the kind of object, in the order in which SQLite can read them.
#[derive(Default)]
struct Rows {
    tables: Vec<Row>,
    indexes: Vec<Row>,
    views: Vec<Row>,
    triggers: Vec<Row>,
}

struct Row {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

impl Rows {
    fn take(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")?;
        let rows = statement.query_map([], |row| {
            Ok(Row { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
        })?;
        for row in rows {
            let row = row?;
            // Each small database with an AUTOINCREMENT has one of these; there can be only one.
            if row.name == "sqlite_sequence" && self.tables.iter().any(|table| table.name == row.name) {
                continue;
            }
            match row.kind.as_str() {
                "view" => self.views.push(row),
                "trigger" => self.triggers.push(row),
                // Indexes of constraints stand behind their table.
                "index" if row.sql.is_some() => self.indexes.push(row),
                _ => self.tables.push(row),
            }
        }
        Ok(())
    }

    /// One database with all of them.
    fn assemble(mut self, schema: &Schema, stand_ins: &StandIns) -> rusqlite::Result<Connection> {
        self.triggers.sort_by_key(|row| schema.triggers.get_index_of(&Name::new(&row.name)));
        let rows: Vec<Row> = [self.tables, self.indexes, self.views, self.triggers].into_iter().flatten().collect();
        let roots: Vec<u8> = rows.iter().filter_map(|row| leaf_of(row, schema)).collect();
        let image = image(&rows, &roots, schema)?;
        let mut connection = connect::in_memory()?;
        let length = image.len();
        connection.deserialize_read_exact("main", image.as_slice(), length, false)?;
        stand_ins.register(&connection)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    }
}

/// The kind of page that an empty table or index is; `None` for a view or a trigger.
fn leaf_of(row: &Row, schema: &Schema) -> Option<u8> {
    const TABLE: u8 = 0x0d;
    const INDEX: u8 = 0x0a;
    match row.kind.as_str() {
        "index" => Some(INDEX),
        "table" if schema.tables.get(&Name::new(&row.name)).is_some_and(|table| table.without_rowid) => Some(INDEX),
        "table" => Some(TABLE),
        _ => None,
    }
}

/// The file: what SQLite writes for the rows, and behind it an empty page for each root.
fn image(rows: &[Row], roots: &[u8], schema: &Schema) -> rusqlite::Result<Vec<u8>> {
    let mut connection = Connection::open_in_memory()?;
    connection.pragma_update(None, "page_size", PAGE_SIZE)?;
    // A first table settles the file format and the encoding.
    connection.execute_batch("CREATE TABLE first (x); DROP TABLE first; BEGIN")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    connection.pragma_update(None, "writable_schema", true)?;
    // Roots get numbers that are large enough to be sure, then their own: rows never grow by that.
    let far: i64 = 1 << 30;
    {
        let mut insert = connection
            .prepare("INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let mut next = far;
        for row in rows {
            let root = if leaf_of(row, schema).is_some() { next } else { 0 };
            next += i64::from(root != 0);
            insert.execute(rusqlite::params![row.kind, row.name, row.table, root, row.sql])?;
        }
    }
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    connection.execute("UPDATE sqlite_schema SET rootpage = rootpage - ?1 WHERE rootpage > 0", [far - pages - 1])?;
    connection.execute_batch("COMMIT")?;
    let mut image = connection.serialize("main")?.to_vec();
    for &leaf in roots {
        let start = image.len();
        image.resize(start + usize::from(PAGE_SIZE), 0);
        image[start] = leaf;
        image[start + 5..start + 7].copy_from_slice(&PAGE_SIZE.to_be_bytes());
    }
    let pages = u32::try_from(image.len() / usize::from(PAGE_SIZE)).unwrap_or(u32::MAX);
    image[28..32].copy_from_slice(&pages.to_be_bytes());
    // The number of pages counts only while these two agree.
    let change_counter: [u8; 4] = [image[24], image[25], image[26], image[27]];
    image[92..96].copy_from_slice(&change_counter);
    Ok(image)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::database::{Filter, introspect};

    fn many() -> String {
        let mut sql = "CREATE VIRTUAL TABLE f USING fts5(a);".to_owned();
        for n in 0..MANY {
            let next = (n + 1) % MANY;
            write!(
                sql,
                "CREATE TABLE t{n} (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT COLLATE unicase UNIQUE, b CHECK (fold(b) > 0), p REFERENCES t{next} (id));
                 CREATE TABLE w{n} (x, y DEFAULT {n}, PRIMARY KEY (x, y), UNIQUE (y)) WITHOUT ROWID;
                 CREATE INDEX i{n} ON t{n} (a DESC) WHERE a > 1; CREATE VIEW v{n} AS SELECT a FROM t{n};
                 CREATE TRIGGER b{n} AFTER INSERT ON t{n} BEGIN INSERT INTO w{n} VALUES (NEW.id, NEW.id); END;
                 CREATE TRIGGER a{n} INSTEAD OF INSERT ON v{n} BEGIN INSERT INTO t{n} (p) VALUES (7); END;"
            )
            .unwrap();
        }
        sql
    }

    fn schema(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        scratch.schema(&Filter::default()).unwrap()
    }

    #[test]
    fn many_objects_are_built_as_one_after_the_other() {
        let schema = schema(&many());
        let scratch = build(&schema, &StandIns::default()).unwrap().unwrap();
        let read = introspect::read(&scratch.connection, &Filter::default()).unwrap();
        assert_eq!(read, schema);
        assert!(read.tables.keys().eq(schema.tables.keys()) && read.triggers.keys().eq(schema.triggers.keys()));
        assert_eq!(scratch.stand_ins.collations.len() + scratch.stand_ins.functions.len(), 2);
    }

    #[test]
    fn what_is_built_so_is_a_sound_database_that_can_be_used() {
        let sql = many().replace("fold(b)", "length(b)").replace("COLLATE unicase", "");
        let scratch = build(&schema(&sql), &StandIns::default()).unwrap().unwrap();
        let connection = &scratch.connection;
        let check = || connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(check(), "ok");
        connection
            .execute_batch(
                "BEGIN; INSERT INTO v7 VALUES ('x'); INSERT INTO v7 VALUES ('y'); DROP VIEW v8; DROP TABLE t8; CREATE TABLE new (a UNIQUE);
                 INSERT INTO f VALUES ('word'); ALTER TABLE w9 RENAME COLUMN y TO z; COMMIT; VACUUM",
            )
            .unwrap();
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT count(*) FROM t7") + number("SELECT count(*) FROM w7"), 4);
        assert_eq!(number("SELECT seq FROM sqlite_sequence WHERE name = 't7'"), 2);
        assert_eq!(check(), "ok");
    }

    #[test]
    fn names_that_are_taken_twice_are_left_to_sqlite_to_refuse() {
        let mut schema = schema(&many());
        let (_, mut index) = schema.tables[0].indexes.pop().unwrap();
        index.name = Name::from("v3");
        schema.tables[0].indexes.insert(index.name.clone(), index);
        assert!(build(&schema, &StandIns::default()).unwrap().is_none());
        let error = Scratch::build(&schema).unwrap_err();
        assert!(error.message.contains("there is already"), "{error}");
    }

    #[test]
    fn an_object_among_many_that_sqlite_refuses_is_named() {
        let mut schema = schema(&many());
        schema.tables[100].columns[1].default = Some(crate::schema::Expression::new("absent + 1"));
        let error = Scratch::build(&schema).unwrap_err();
        assert_eq!(error.object.name, *schema.tables[100].name.as_str());
        assert!(error.offset.is_some() || error.message.contains("default"), "{error:?}");
    }
}
