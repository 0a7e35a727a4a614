//! Wide schemas: read and compared.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::Connection;

use crate::measure::{Side, compare, done, schemactl};
use crate::sqlite;

/// A database of so many tables, each with eight columns, a UNIQUE, a foreign key and an index.
fn write(path: &Path, tables: usize) {
    let connection = Connection::open(path).expect("a database");
    let mut sql = "BEGIN;".to_owned();
    for n in 0..tables {
        let parent = n / 2;
        let _ = write!(
            sql,
            "CREATE TABLE table_{n} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, code VARCHAR(20) UNIQUE, size INTEGER DEFAULT 0,
               price REAL, note TEXT DEFAULT 'none', made_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, parent_id INTEGER REFERENCES table_{parent} (id));
             CREATE INDEX table_{n}_by_name ON table_{n} (name, size DESC);"
        );
    }
    connection.execute_batch(&(sql + "COMMIT")).expect("the schema");
}

/// A thousand and ten thousand tables.
pub fn run() {
    for (tables, few) in [(1000, 10), (10_000, 5)] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let database = folder.join("app.db");
        write(&database, tables);
        let sqlite = || sqlite::opens(&database);
        let sqlite = Side { name: "SQLite, opening the database", prepare: &|| (), command: &sqlite };
        let library = || sqlite::compares(&database);
        let library = Side { name: "the library", prepare: &|| (), command: &library };
        compare(&format!("{tables} tables: introspect and diff"), few, &library, &sqlite);
        let model = schemactl(folder, &["introspect", "--database", "app.db"]).output().expect("a model").stdout;
        let model = String::from_utf8(model).expect("it is text");
        let head = if model.contains("[schemactl]") { "" } else { "[schemactl]\ndatabase = \"app.db\"\n\n" };
        std::fs::write(folder.join("migrations.toml"), head.to_owned() + &model).expect("a file");
        std::fs::create_dir_all(folder.join("versions")).expect("a folder");
        std::fs::write(
            folder.join("versions/r1_base.sql"),
            "-- revision: r1\n-- parents: none\n-- message: Base\n\n-- migrate:up\n\n-- migrate:down\n",
        )
        .expect("a file");
        done(schemactl(folder, &["stamp", "head"]));
        let check = || schemactl(folder, &["check"]);
        let check = Side { name: "check", prepare: &|| (), command: &check };
        compare(&format!("{tables} tables: `check` with its model in TOML, nothing to do"), few, &check, &sqlite);
    }
}
