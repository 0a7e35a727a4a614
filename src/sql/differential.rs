//! Every real schema at hand, read, written, built by SQLite from what was written, and compared by SQLite's own
//! facts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection};

use super::*;
use crate::schema::{Expression, TypeName};

/// The folder of real schemas, if it is at hand.
fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("SCHEMACTL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let corpus = shared.join("corpus");
    if !corpus.is_dir() {
        println!("skipped: no real schemas in {}", corpus.display());
        return None;
    }
    Some(corpus)
}

fn sql_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "sql")).collect();
    files.sort();
    files
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut batch = Batch::new(connection, sql);
    while let Some(mut statement) = batch.next()? {
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
    }
    Ok(())
}

fn rows(connection: &Connection, sql: &str, parameters: &[&str]) -> Vec<Vec<String>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    statement
        .query_map(rusqlite::params_from_iter(parameters), |row| {
            (0..columns).map(|column| row.get_ref(column).map(|value| format!("{value:?}"))).collect()
        })
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// What SQLite itself knows of a schema; types and defaults in the form in which spelling does not count.
fn facts(connection: &Connection) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    let tables = "SELECT name, type, ncol, wr, strict FROM pragma_table_list WHERE schema = 'main'";
    for table in rows(connection, tables, &[]) {
        facts.insert(format!("table {table:?}"));
    }
    let names: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for name in &names {
        let mut statement = connection
            .prepare("SELECT name, type, \"notnull\", dflt_value, pk, hidden, cid FROM pragma_table_xinfo(?)")
            .unwrap();
        let mut columns = statement.query([name]).unwrap();
        // A view that does not work has no columns.
        while let Ok(Some(column)) = columns.next() {
            let default: Option<String> = column.get(3).unwrap();
            let numbers: Vec<i64> = [2, 4, 5, 6].map(|place| column.get(place).unwrap()).into();
            facts.insert(format!(
                "column {name} {} {} {numbers:?} {:?}",
                column.get::<_, String>(0).unwrap(),
                TypeName::new(column.get::<_, String>(1).unwrap()).normal(),
                default.map(|text| Expression::default_value(&text).normal()),
            ));
        }
        for key in rows(connection, "SELECT * FROM pragma_foreign_key_list(?)", &[name]) {
            facts.insert(format!("foreign key {name} {key:?}"));
        }
        let indexes = "SELECT CASE origin WHEN 'c' THEN l.name END, l.\"unique\", origin, partial, \
                       group_concat(format('%d %s %d %s %d', cid, x.name, \"desc\", coll, key)) \
                       FROM pragma_index_list(?) l, pragma_index_xinfo(l.name) x GROUP BY l.name";
        for (place, index) in rows(connection, indexes, &[name]).iter().enumerate() {
            facts.insert(format!("index {name} {index:?} {}", if index[0] == "Null" { place } else { 0 }));
        }
    }
    facts
}

/// Reads and writes all that a database holds and compares with what SQLite makes of the written text.
fn survives(connection: &Connection, place: &str) -> usize {
    let written = Connection::open_in_memory().unwrap();
    let shadows: BTreeSet<String> = connection
        .prepare("SELECT name FROM pragma_table_list WHERE type = 'shadow'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut statement =
        connection.prepare("SELECT tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid").unwrap();
    let objects: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    for (table, sql) in &objects {
        let object =
            read(sql).unwrap_or_else(|error| panic!("{place}: {error} in\n{sql}\nat {:?}", &sql[error.span.clone()]));
        let text = write(&object);
        let again = read(&text).unwrap_or_else(|error| panic!("{place}: {error} in what was written:\n{text}"));
        assert_eq!(object, again, "{place}:\n{sql}\nwritten as\n{text}");
        assert_eq!(text, write(&again), "{place}: two texts for one object");
        if !shadows.contains(table) && !table.starts_with("sqlite_") {
            run(&written, &format!("{text};"))
                .unwrap_or_else(|error| panic!("{place}: {error} in\n{text}\nfrom\n{sql}"));
        }
    }
    let (before, after) = (facts(connection), facts(&written));
    let lost: Vec<&String> = before.difference(&after).filter(|fact| !fact.contains("sqlite_s")).collect();
    let new: Vec<&String> = after.difference(&before).filter(|fact| !fact.contains("sqlite_s")).collect();
    assert!(lost.is_empty() && new.is_empty(), "{place}:\nlost {lost:#?}\nnew {new:#?}");
    objects.len()
}

fn write(object: &Statement) -> String {
    match object {
        Statement::Table(table) => write_table(table),
        Statement::Index { table, index } => write_index(table, index),
        Statement::View(view) => write_view(view),
        Statement::Trigger(trigger) => write_trigger(trigger),
        Statement::VirtualTable(table) => write_virtual_table(table),
    }
}

#[test]
fn real_schemas_survive_reading_and_writing() {
    let Some(corpus) = corpus() else { return };
    let mut objects = 0;
    for file in sql_files(&corpus.join("schemas")) {
        let connection = Connection::open_in_memory().unwrap();
        run(&connection, &fs::read_to_string(&file).unwrap()).unwrap();
        objects += survives(&connection, &file.display().to_string());
    }
    assert!(objects > 500, "only {objects} objects");
}

#[test]
fn all_states_of_real_histories_survive_reading_and_writing() {
    let Some(corpus) = corpus() else { return };
    let mut objects = 0;
    for history in fs::read_dir(corpus.join("histories")).unwrap().map(|entry| entry.unwrap().path()) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        for step in sql_files(&history) {
            run(&connection, &fs::read_to_string(&step).unwrap()).unwrap();
            objects += survives(&connection, &step.display().to_string());
        }
    }
    assert!(objects > 5_000, "only {objects} objects");
}
