//! Reads a database's schema: one query over `sqlite_schema`, each statement read by `sql`, all of it held against
//! what SQLite's pragmas say.
//!
//! Compiles nothing, so that a broken view stands in no one's way. Never guesses: where the two readings differ, the
//! object is named and nothing is returned.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use indexmap::IndexMap;
use rusqlite::Connection;

use super::cross_check;
use super::error::Error;
use super::filter::Filter;
use super::filter::is_of_another_tool;
use crate::schema::{Name, ObjectKind, ObjectRef, Schema, Table};
use crate::sql::{self, Statement};

/// What has been read before: statements that have not changed since are neither read nor held against the pragmas
/// again. For one database, whatever the filter.
#[derive(Debug, Default)]
pub struct Known {
    /// The rows of `sqlite_schema` that the filter took, in their order.
    read: VecDeque<(Row, Statement)>,
    /// What its tables and views say, for the fingerprint.
    texts: sql::Texts,
}

impl Known {
    /// What was read of an object before, if its row is still the same; its own row if not, and the rows before it, are
    /// given to `gone`.
    fn take(&mut self, row: &Row, gone: &mut Vec<Row>) -> Option<Statement> {
        let is_it = |(before, _): &(Row, Statement)| before.kind == row.kind && before.name == row.name;
        let place = self.read.iter().position(is_it)?;
        gone.extend(self.read.drain(..place).map(|(row, _)| row));
        let (before, statement) = self.read.pop_front()?;
        if before == *row {
            return Some(statement);
        }
        gone.push(before);
        None
    }
}

/// Reads a schema as [`read_again`], and gives its fingerprint too.
///
/// # Errors
///
/// As [`read`].
pub fn read_with_fingerprint(
    connection: &Connection,
    filter: &Filter,
    known: &mut Known,
) -> Result<(Schema, String), Error> {
    let schema = read_again(connection, filter, known)?;
    let fingerprint = known.texts.fingerprint(&schema);
    Ok((schema, fingerprint))
}

/// Reads the schema of a connection's main database, without what the filter leaves out.
///
/// # Errors
///
/// Names the object that cannot be read, or that SQLite reads differently, and both readings.
pub fn read(connection: &Connection, filter: &Filter) -> Result<Schema, Error> {
    read_rows(connection, filter, &mut Known::default(), Keep::No, CrossCheck::Made)
}

/// Reads a schema as [`read`], and gives its fingerprint too. One with the fingerprint that is expected was held against
/// the pragmas when that was recorded, and is not again.
///
/// # Errors
///
/// As [`read`].
pub fn read_expected(
    connection: &Connection,
    filter: &Filter,
    expected: Option<&str>,
) -> Result<(Schema, String), Error> {
    if expected.is_some() {
        let schema = read_rows(connection, filter, &mut Known::default(), Keep::No, CrossCheck::LeftOut)?;
        let fingerprint = sql::fingerprint(&schema);
        if Some(fingerprint.as_str()) == expected {
            return Ok((schema, fingerprint));
        }
    }
    let schema = read(connection, filter)?;
    let fingerprint = sql::fingerprint(&schema);
    Ok((schema, fingerprint))
}

/// The same for a database that has been read before.
///
/// # Errors
///
/// As [`read`].
pub fn read_again(connection: &Connection, filter: &Filter, known: &mut Known) -> Result<Schema, Error> {
    read_rows(connection, filter, known, Keep::Yes, CrossCheck::Made)
}

/// Whether what is read is kept for the next time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

/// Whether what is read is held against SQLite's pragmas.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CrossCheck {
    Made,
    LeftOut,
}

fn read_rows(
    connection: &Connection,
    filter: &Filter,
    known: &mut Known,
    keep: Keep,
    cross_check: CrossCheck,
) -> Result<Schema, Error> {
    // All of it is one look at the database: what others commit meanwhile is not seen, and the lock is taken once.
    let look = if connection.is_autocommit() { Some(connection.unchecked_transaction()) } else { None };
    let _look = look.transpose().map_err(|error| failed(connection, &error))?;
    let mut before = std::mem::take(known);
    let is_first = before.read.is_empty();
    // Tables and views that are not as they were before, and rows that are no more.
    let (mut fresh, mut gone) = (BTreeSet::new(), Vec::new());
    let rows = rows_since(connection, &mut before, &mut gone).map_err(|error| failed(connection, &error))?;
    let shadows = shadow_tables(connection, &rows).map_err(|error| failed(connection, &error))?;
    let mut schema = Schema::default();
    let mut left_out: BTreeSet<Name> = shadows;
    let mut read = Vec::with_capacity(rows.len());
    let mut statements = Vec::new();
    for (row, known) in rows {
        let Some(sql) = row.sql.as_deref() else { continue };
        let name = Name::new(&row.name);
        let on = Name::new(&row.table);
        // A name that the filter takes can belong to a table that comes later: tables come before what hangs on them.
        let hangs_on_left_out = left_out.contains(&on) || filter.ignores(&row.table);
        let is_on_another = matches!(row.kind.as_str(), "index" | "trigger");
        if left_out.contains(&name) && !is_on_another || is_on_another && hangs_on_left_out {
            continue;
        }
        if filter.ignores(&row.name) && row.kind != "index" {
            // Triggers have a name space of their own.
            if row.kind != "trigger" {
                left_out.insert(name);
            }
            continue;
        }
        let statement = if let Some(statement) = known.or_else(|| before.take(&row, &mut gone)) {
            statement
        } else {
            let unreadable = |error: sql::ReadError| Error::Unreadable {
                object: row.object(),
                message: error.to_string(),
                sql: sql.to_owned(),
            };
            let statement = sql::read(sql).map_err(unreadable)?;
            row.check(&statement)?;
            if !is_first && !matches!(statement, Statement::Trigger(_)) {
                fresh.insert(on);
            }
            statement
        };
        if keep == Keep::Yes {
            statements.push(statement.clone());
        }
        let is_another_tool = matches!(&statement, Statement::Table(table) if is_of_another_tool(table));
        if is_another_tool {
            left_out.insert(name);
        } else {
            add(&mut schema, statement, &row)?;
        }
        read.push(row);
    }
    gone.extend(before.read.into_iter().map(|(row, _)| row));
    let gone = gone.iter().filter(|row| row.kind != "trigger");
    fresh.extend(gone.map(|row| Name::from(row.table.as_str())));
    if cross_check == CrossCheck::Made {
        cross_check::check(connection, to_check(&schema, &read, (!is_first).then_some(&fresh)))?;
    }
    if keep == Keep::Yes {
        let mut texts = if is_first { sql::Texts::default() } else { before.texts };
        for table in &fresh {
            texts.forget(table);
        }
        *known = Known { read: read.into_iter().zip(statements).collect(), texts };
    }
    for table in schema.tables.values_mut() {
        table.indexes.retain(|name, _| !filter.ignores(name.as_str()));
    }
    Ok(schema)
}

/// The tables that are to be held against the pragmas: all, or those that are fresh.
fn to_check<'a>(schema: &'a Schema, read: &'a [Row], fresh: Option<&BTreeSet<Name>>) -> Vec<cross_check::Read<'a>> {
    let is_asked = |name: &Name| fresh.is_none_or(|fresh| fresh.contains(name));
    let mut tables: IndexMap<Name, cross_check::Read<'a>> = IndexMap::new();
    if fresh.is_some_and(BTreeSet::is_empty) {
        return Vec::new();
    }
    for row in read {
        let Some(sql) = row.sql.as_deref() else { continue };
        let name = Name::from(row.table.as_str());
        if row.kind == "index"
            && let Some(on) = tables.get_mut(&name)
        {
            on.indexes.push(sql);
        } else if row.kind == "table"
            && is_asked(&name)
            && let Some(table) = schema.tables.get(&name)
        {
            tables.insert(name, cross_check::Read { table, sql, indexes: Vec::new() });
        }
    }
    tables.into_values().collect()
}

/// Reads some tables with their indexes; those that are not there are left out. For databases without virtual tables,
/// whose statements this program's own SQLite has just run: nothing is held against the pragmas.
///
/// # Errors
///
/// Names the object that cannot be read.
pub fn read_tables(
    connection: &Connection,
    filter: &Filter,
    names: &BTreeSet<Name>,
) -> Result<IndexMap<Name, Table>, Error> {
    let list = names.iter().map(Name::as_str).collect::<serde_json::Value>().to_string();
    let rows = rows_on(connection, &list).map_err(|error| failed(connection, &error))?;
    let mut schema = Schema::default();
    for row in rows.iter().filter(|row| !filter.ignores(&row.table) && !filter.ignores(&row.name)) {
        let Some(sql) = &row.sql else { continue };
        let unreadable = |error: sql::ReadError| Error::Unreadable {
            object: row.object(),
            message: error.to_string(),
            sql: sql.clone(),
        };
        let statement = sql::read(sql).map_err(unreadable)?;
        let is_another_tool = matches!(&statement, Statement::Table(table) if is_of_another_tool(table));
        let is_known = !matches!(&statement, Statement::Index { table, .. } if !schema.tables.contains_key(table));
        if !is_another_tool && is_known {
            add(&mut schema, statement, row)?;
        }
    }
    Ok(schema.tables)
}

/// A row of `sqlite_schema` (<https://www.sqlite.org/schematab.html>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

impl Row {
    fn object(&self) -> ObjectRef {
        let is_virtual = || self.sql.as_ref().is_some_and(|sql| module_of(sql).is_some());
        let kind = match self.kind.as_str() {
            "index" => ObjectKind::Index,
            "view" => ObjectKind::View,
            "trigger" => ObjectKind::Trigger,
            _ if is_virtual() => ObjectKind::VirtualTable,
            _ => ObjectKind::Table,
        };
        ObjectRef::new(kind, &Name::new(&self.name))
    }

    /// The row's own columns say the same as its statement.
    fn check(&self, statement: &Statement) -> Result<(), Error> {
        let (kind, name, table) = match statement {
            Statement::Table(table) => ("table", &table.name, &table.name),
            Statement::VirtualTable(table) => ("table", &table.name, &table.name),
            Statement::View(view) => ("view", &view.name, &view.name),
            Statement::Index { table, index } => ("index", &index.name, table),
            Statement::Trigger(trigger) => ("trigger", &trigger.name, &trigger.table),
        };
        let differs = |what: &str, sqlite: &str, read: &str| {
            Err(cross_check::disagreement(self.object(), what, format!("`{sqlite}`"), format!("`{read}`")))
        };
        if self.kind != kind {
            return differs("its kind", &self.kind, kind);
        }
        if self.name != name.as_str() {
            return differs("its name", &self.name, name.as_str());
        }
        if *table != *self.table.as_str() {
            return differs("its table", &self.table.to_ascii_lowercase(), &table.folded());
        }
        Ok(())
    }
}

pub(super) fn rows(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")?;
    let rows = statement
        .query_map([], |row| Ok(Row { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? }))?;
    rows.collect()
}

/// All rows, each with what it was read as before where it is the next of those and the same; where it is not the same
/// any more, what it was is given to `gone`.
fn rows_since(
    connection: &Connection,
    before: &mut Known,
    gone: &mut Vec<Row>,
) -> rusqlite::Result<Vec<(Row, Option<Statement>)>> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")?;
    let mut rows = statement.query([])?;
    let mut all = Vec::with_capacity(before.read.len());
    while let Some(row) = rows.next()? {
        let text = |place: usize| row.get_ref(place).map(|value| value.as_str_or_null());
        let (kind, name, table, sql) = (text(0)??, text(1)??, text(2)??, text(3)??);
        let is_it = |known: &Row| kind == Some(known.kind.as_str()) && name == Some(known.name.as_str());
        let is_next = before.read.front().is_some_and(|(known, _)| is_it(known));
        let next = if is_next { before.read.pop_front() } else { None };
        let is_same = |known: &Row| table == Some(known.table.as_str()) && sql == known.sql.as_deref();
        match next {
            Some((known, statement)) if is_same(&known) => all.push((known, Some(statement))),
            next => {
                gone.extend(next.map(|(known, _)| known));
                all.push((Row { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? }, None));
            }
        }
    }
    Ok(all)
}

/// The tables of these names, a list as JSON, and their indexes.
fn rows_on(connection: &Connection, names: &str) -> rusqlite::Result<Vec<Row>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('table', 'index') \
               AND tbl_name COLLATE NOCASE IN (SELECT value FROM json_each(?1)) ORDER BY rowid";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([names], |row| {
        Ok(Row { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    })?;
    rows.collect()
}

/// The tables that virtual tables keep their content in: those that SQLite knows as such, and for a module that is
/// missing here all that bear the virtual table's name (<https://www.sqlite.org/vtab.html#xshadowname>).
fn shadow_tables<T>(connection: &Connection, rows: &[(Row, T)]) -> rusqlite::Result<BTreeSet<Name>> {
    let rows = || rows.iter().map(|(row, _)| row);
    let virtual_tables: BTreeMap<&str, String> = rows()
        .filter_map(|row| Some((row.name.as_str(), module_of(row.sql.as_ref().filter(|_| row.kind == "table")?)?)))
        .collect();
    if virtual_tables.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut shadows = names(connection, "PRAGMA main.table_list", |row| {
        let is_shadow = row.get_ref(0)?.as_str()? == "main" && row.get_ref(2)?.as_str()? == "shadow";
        is_shadow.then(|| row.get::<_, String>(1).map(Name::new)).transpose()
    })?;
    let modules =
        names(connection, "PRAGMA module_list", |row| row.get::<_, String>(0).map(|name| Some(Name::new(name))))?;
    for (name, module) in virtual_tables {
        if !modules.contains(&Name::new(module)) {
            let prefix = format!("{}_", name.to_ascii_lowercase());
            let belongs = |row: &&Row| row.kind == "table" && row.name.to_ascii_lowercase().starts_with(&prefix);
            shadows.extend(rows().filter(belongs).map(|row| Name::new(&row.name)));
        }
    }
    Ok(shadows)
}

/// The names that rows of a pragma tell. As a table in a SELECT a pragma costs three times as much.
fn names(
    connection: &Connection,
    pragma: &str,
    name: fn(&rusqlite::Row<'_>) -> rusqlite::Result<Option<Name>>,
) -> rusqlite::Result<BTreeSet<Name>> {
    connection.prepare(pragma)?.query_map([], name)?.filter_map(Result::transpose).collect()
}

/// The module that a CREATE VIRTUAL TABLE statement names.
fn module_of(sql: &str) -> Option<String> {
    let mut tokens = crate::token::significant_tokens(sql);
    let is_virtual = tokens.next()?.is_word("CREATE") && tokens.next()?.is_word("VIRTUAL");
    if !is_virtual {
        return None;
    }
    tokens.find(|token| token.is_word("USING"))?;
    tokens.next().map(|module| module.unquoted().into_owned())
}

fn add(schema: &mut Schema, statement: Statement, row: &Row) -> Result<(), Error> {
    match statement {
        Statement::Table(table) => {
            schema.tables.insert(table.name.clone(), table);
        }
        Statement::VirtualTable(table) => {
            schema.virtual_tables.insert(table.name.clone(), table);
        }
        Statement::View(view) => {
            schema.views.insert(view.name.clone(), view);
        }
        Statement::Trigger(trigger) => {
            schema.triggers.insert(trigger.name.clone(), trigger);
        }
        Statement::Index { table, index } => {
            let on: &mut Table = schema.tables.get_mut(&table).ok_or_else(|| Error::Disagreement {
                object: row.object(),
                what: "its table".to_owned(),
                sqlite: format!("`{table}`"),
                read: "not a table".to_owned(),
            })?;
            on.indexes.insert(index.name.clone(), index);
        }
    }
    Ok(())
}

pub(super) fn failed(connection: &Connection, error: &rusqlite::Error) -> Error {
    Error::on(connection, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of(sql: &str, filter: &Filter) -> Result<Schema, Error> {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        read(&connection, filter)
    }

    fn tables(sql: &str) -> Vec<String> {
        schema_of(sql, &Filter::default()).unwrap().tables.keys().map(ToString::to_string).collect()
    }

    /// Each schema of the corpus, where it is at hand.
    pub(super) fn corpus() -> Vec<(String, String)> {
        let shared = std::env::var_os("SCHEMACTL_SHARED")
            .map_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), Into::into);
        let Ok(folder) = std::fs::read_dir(shared.join("corpus/schemas")) else {
            eprintln!("skipped: no corpus at {}", shared.display());
            return Vec::new();
        };
        let mut all: Vec<(String, String)> = folder
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn every_schema_of_the_corpus_reads_the_same_to_sqlite() {
        for (path, sql) in corpus() {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(&sql).unwrap();
            let schema = read(&connection, &Filter::default()).unwrap_or_else(|error| panic!("{path}: {error}"));
            let tables: u32 = connection
                .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert!(!schema.is_empty() && schema.tables.len() <= tables as usize, "{path}");
        }
    }

    #[test]
    fn every_corner_of_create_table_reads_the_same_to_sqlite() {
        let schema = schema_of(
            "CREATE TABLE a (id INTEGER PRIMARY KEY DESC, b VARCHAR (20) /* x */ DEFAULT -5, c DEFAULT (1 + 2), d DEFAULT +7,
               e 'my type' DEFAULT word, f \"x\" y COLLATE nocase UNIQUE, g AS (b || 1), h INT AS (c) STORED NOT NULL, UNIQUE (f), UNIQUE (b DESC, c));
             CREATE TABLE b (x INT, y TEXT COLLATE RTRIM, PRIMARY KEY (y, x, y), UNIQUE (x, y)) WITHOUT ROWID;
             CREATE TABLE c (x TEXT PRIMARY KEY, y ANY DEFAULT NULL, z INTEGER REFERENCES c) STRICT;
             CREATE TABLE \"we\"\"ird [t]\" (\"a b\" INTEGER PRIMARY KEY AUTOINCREMENT, [c] REFERENCES Nowhere (Q) ON DELETE SET NULL ON UPDATE CASCADE,
               FOREIGN KEY (\"a b\", c) REFERENCES b MATCH FULL DEFERRABLE INITIALLY DEFERRED);
             CREATE UNIQUE INDEX i ON \"we\"\"ird [t]\" (c COLLATE nocase DESC, \"a b\" + 1) WHERE c > 1;
             CREATE INDEX j ON a (f, lower(f) COLLATE RTRIM, (b), \"typo\");
             CREATE INDEX k ON b ('y')",
            &Filter::default(),
        )
        .unwrap();
        assert_eq!(schema.tables.len(), 4);
        assert_eq!(schema.tables[&Name::from("A")].indexes[&Name::from("j")].terms.len(), 4);
    }

    #[test]
    fn what_is_not_of_the_model_is_left_out() {
        let sql = "CREATE TABLE sqliteX (a); CREATE TABLE _cf_KV (a); CREATE TABLE alembic_version (version_num);
             CREATE TABLE schemactl_version (revision); CREATE TABLE cache_a (a UNIQUE, b); CREATE INDEX ca ON cache_a (b);
             CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a REFERENCES cache_a (a));
             CREATE INDEX cache_i ON t (a); CREATE VIEW cache_v AS SELECT 1; CREATE VIEW v AS SELECT * FROM cache_a;
             CREATE TRIGGER on_cache AFTER INSERT ON cache_a BEGIN SELECT 1; END;
             CREATE TRIGGER t AFTER INSERT ON t BEGIN INSERT INTO cache_a VALUES (1, 2); END;
             CREATE TRIGGER cache_t AFTER INSERT ON t BEGIN SELECT 1; END; ANALYZE;";
        let filter = Filter::new(Name::from("schemactl_version"), ["Cache_*"]).unwrap();
        let schema = schema_of(sql, &filter).unwrap();
        let names = |keys: Vec<&Name>| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(names(schema.tables.keys().collect()), "sqliteX t");
        assert_eq!(names(schema.views.keys().collect()), "v");
        assert_eq!(names(schema.triggers.keys().collect()), "t");
        assert_eq!(schema.tables[1].indexes.len(), 0);
    }

    #[test]
    fn tables_behind_virtual_tables_are_left_out() {
        let sql = "CREATE TABLE docs (title, body); CREATE TABLE docs_f_other (a);
             CREATE VIRTUAL TABLE docs_f USING fts5(title, content = 'docs');
             CREATE VIRTUAL TABLE r USING rtree(id, a, b); CREATE VIRTUAL TABLE f4 USING fts4(x)";
        assert_eq!(tables(sql), ["docs", "docs_f_other"]);
        let schema = schema_of(sql, &Filter::default()).unwrap();
        assert_eq!(schema.virtual_tables.len(), 3);
    }

    #[test]
    fn tables_behind_a_module_that_is_missing_are_left_out() {
        let sql = "CREATE TABLE vectors_chunks (a); CREATE TABLE vector (a); PRAGMA writable_schema = ON;
             INSERT INTO sqlite_schema VALUES ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0(a float[3])');
             PRAGMA writable_schema = RESET";
        assert_eq!(tables(sql), ["vector"]);
    }

    #[test]
    fn a_broken_view_and_a_missing_collation_stand_in_no_ones_way() {
        let connection = Connection::open_in_memory().unwrap();
        connection.create_collation("unicase", str::cmp).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (a COLLATE unicase UNIQUE); CREATE VIEW v AS SELECT absent FROM nowhere;
                 CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO nowhere VALUES (1); END",
            )
            .unwrap();
        connection.remove_collation("unicase").unwrap();
        let schema = read(&connection, &Filter::default()).unwrap();
        assert_eq!((schema.tables.len(), schema.views.len(), schema.triggers.len()), (1, 1, 1));
    }

    #[test]
    fn what_was_read_before_never_stands_for_what_is_there_now() {
        let connection = Connection::open_in_memory().unwrap();
        let filter = Filter::default();
        let mut known = Known::default();
        for change in [
            "CREATE TABLE a (x TEXT, y INT); CREATE TABLE b (x TEXT, y INT); CREATE TABLE c (z); CREATE INDEX i ON a (x)",
            "CREATE VIEW v AS SELECT \"x\" FROM a; CREATE TRIGGER t AFTER INSERT ON b BEGIN DELETE FROM c; END",
            "SELECT 1",
            "ALTER TABLE a ADD COLUMN w TEXT DEFAULT 'w'",
            "DROP INDEX i; CREATE INDEX i ON b (y DESC)",
            "DROP VIEW v; ALTER TABLE a RENAME TO e; ALTER TABLE b RENAME COLUMN y TO Y",
            "DROP TABLE e; CREATE TABLE a (x TEXT) STRICT; ALTER TABLE c RENAME TO d",
            "DROP TRIGGER t; DROP TABLE b; CREATE TABLE b (x TEXT PRIMARY KEY, y INT) WITHOUT ROWID",
            "CREATE VIEW v AS SELECT x AS one FROM a; CREATE VIEW w AS SELECT \"y\" AS one FROM b",
            "DROP VIEW v; CREATE VIEW v AS SELECT x AS two FROM a; ALTER TABLE b RENAME COLUMN y TO z",
            "DROP VIEW w; DROP VIEW v; CREATE TABLE v (one); CREATE VIEW w AS SELECT one FROM v",
            "DROP VIEW w; DROP TABLE v; CREATE VIEW v AS SELECT x FROM a",
            "DROP VIEW v; DROP TABLE a; DROP TABLE b; DROP TABLE d",
            "CREATE TABLE a (x TEXT, y TEXT)",
        ] {
            connection.execute_batch(change).unwrap();
            let (schema, fingerprint) = read_with_fingerprint(&connection, &filter, &mut known).unwrap();
            let fresh = read(&connection, &filter).unwrap();
            assert_eq!(schema, fresh, "{change}");
            let names = |schema: &Schema| schema.tables.keys().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(names(&schema), names(&fresh), "{change}");
            assert_eq!(fingerprint, sql::fingerprint(&fresh), "{change}");
        }
    }

    #[test]
    fn only_a_schema_that_was_recorded_is_not_held_against_the_pragmas() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a INT, b TEXT)").unwrap();
        let filter = Filter::default();
        let (schema, recorded) = read_expected(&connection, &filter, None).unwrap();
        assert_eq!(read_expected(&connection, &filter, Some(&recorded)).unwrap(), (schema, recorded.clone()));
        // The connection goes on to believe what it has read before.
        let edit =
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a INT NOT NULL, b TEXT)'";
        connection.execute_batch(edit).unwrap();
        for expected in [None, Some(recorded.as_str())] {
            let error = read_expected(&connection, &filter, expected).unwrap_err();
            assert!(matches!(error, Error::Disagreement { .. }), "{error}");
        }
        let edited = sql::fingerprint(&Schema {
            tables: read_tables(&connection, &filter, &[Name::from("t")].into()).unwrap(),
            ..Schema::default()
        });
        assert_eq!(read_expected(&connection, &filter, Some(&edited)).unwrap().1, edited);
    }

    #[test]
    fn an_object_that_reads_differently_to_sqlite_is_named_with_both_readings() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a INT, b TEXT); CREATE INDEX i ON t (a)").unwrap();
        let mut schema = read(&connection, &Filter::default()).unwrap();
        let differs = |schema: &Schema| {
            let read = schema.tables.values().map(|table| cross_check::Read { table, sql: "", indexes: Vec::new() });
            cross_check::check(&connection, read.collect()).unwrap_err().to_string()
        };
        let table = &mut schema.tables[0];
        table.columns[0].not_null = Some(crate::schema::NotNull::default());
        assert_eq!(
            differs(&schema),
            "table `t` reads differently to SQLite: NOT NULL of the column `a` is false there and true here"
        );
        schema.tables[0].columns[0].not_null = None;
        schema.tables[0].indexes[0].terms[0].descending = true;
        assert_eq!(
            differs(&schema),
            "index `i` reads differently to SQLite: what it sorts by is a BINARY there and a BINARY DESC here"
        );
    }
}
