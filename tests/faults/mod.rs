//! What goes wrong around the binary: it is killed, the disk is full, the file is damaged, others are there too.
//!
//! After each fault the database is whole, stands exactly at a revision, and the next run finishes.

mod crash;
mod crowd;
mod disk;
mod file;
mod fleet;

use rusqlite::Connection;

use crate::support::command::Project;

/// The number of revisions of the chain that are applied, when the database is whole and has exactly their tables.
#[track_caller]
fn stands_at(project: &Project) -> usize {
    let connection = Connection::open(project.path("app.db")).unwrap();
    let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(one("PRAGMA integrity_check"), "ok");
    let names = |sql: &str| -> Vec<usize> {
        let mut statement = connection.prepare(sql).unwrap();
        let names = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let mut numbers: Vec<usize> = names.map(|name| name.unwrap()[1..].parse().unwrap()).collect();
        numbers.sort_unstable();
        numbers
    };
    let tables = names("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 't[0-9]*'");
    let has_table = connection.prepare("SELECT revision FROM schemactl_version").is_ok();
    let applied = if has_table { names("SELECT revision FROM schemactl_version") } else { Vec::new() };
    assert_eq!(tables, applied, "tables and revisions");
    assert_eq!(applied, (1..=applied.len()).collect::<Vec<_>>(), "a chain without gaps");
    for table in &tables {
        let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM t{table}"), [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "t{table} has lost its rows");
    }
    applied.len()
}

/// Brings `app.db` into a journal mode.
fn set_journal_mode(project: &Project, mode: &str) {
    let connection = Connection::open(project.path("app.db")).unwrap();
    connection.pragma_update(None, "journal_mode", mode).unwrap();
}

/// The names of all files of the project, and their bytes.
fn files(project: &Project) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(project.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}
