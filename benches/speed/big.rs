//! A large table: rebuilt, and changed without being rebuilt.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rusqlite::Connection;
use schemactl::database::{Filter, introspect};
use schemactl::diff::ColumnOrder;
use schemactl::model::Intent;
use schemactl::plan::{Options, Switches, draft, write_section};
use schemactl::schema::{Schema, SqliteVersion};

use crate::measure::{Side, compare, done, schemactl};
use crate::sqlite;

const TABLE: &str = "CREATE TABLE big (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, c TEXT, d TEXT, e INTEGER)";
const INDEXES: &str = "CREATE INDEX big_a ON big (a); CREATE INDEX big_b_e ON big (b, e)";

fn rows() -> u64 {
    crate::measure::asked("SCHEMACTL_BENCH_ROWS").and_then(|rows| rows.parse().ok()).unwrap_or(5_000_000)
}

thread_local! {
    static MADE: OnceCell<Rc<tempfile::TempDir>> = const { OnceCell::new() };
}

/// The database that all of these begin with, made once.
fn original() -> PathBuf {
    let folder = MADE.with(|made| Rc::clone(made.get_or_init(|| Rc::new(make()))));
    folder.path().join("original.db")
}

fn make() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = Connection::open(folder.path().join("original.db")).expect("a database");
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = OFF; {TABLE}; CREATE TABLE parent (id INTEGER PRIMARY KEY);
             INSERT INTO parent WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 100) SELECT i FROM n;
             INSERT INTO big WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {})
               SELECT i, abs(random()) % 1000000, abs(random()) % 1000, 'text ' || hex(randomblob(8)), 'more text ' || i, i % 77 FROM n;
             {INDEXES}",
            rows()
        ))
        .expect("the rows");
    folder
}

fn schema(sql: &str) -> Schema {
    let connection = Connection::open_in_memory().expect("a database");
    connection.execute_batch(sql).expect("a schema");
    introspect::read(&connection, &Filter::default()).expect("a schema")
}

/// A project whose second revision leads to that table.
fn project(folder: &Path, table: &str, settings: &str) {
    std::fs::create_dir_all(folder.join("versions")).expect("a folder");
    std::fs::write(folder.join("migrations.toml"), format!("[schemactl]\ndatabase = \"app.db\"\n{settings}\n"))
        .expect("a file");
    let parent = "CREATE TABLE parent (id INTEGER PRIMARY KEY)";
    let of = |table: &str| {
        let indexes: Vec<&str> =
            INDEXES.split("; ").filter(|index| !index.contains("(b, e)") || table.contains("b INTEGER")).collect();
        schema(&format!("{table}; {parent}; {}", indexes.join("; ")))
    };
    let options = Options {
        target: SqliteVersion::new(3, 54),
        column_order: ColumnOrder::Loose,
        catalog_edits: settings.contains("catalog_edits = true"),
        fast_rebuild: settings.contains("fast_rebuild = true"),
        switches: Switches::All,
    };
    let draft = draft(&of(TABLE), &of(table), &Intent::default(), options).expect("a draft");
    let write = |id: &str, parent: &str, up: &str| {
        let text = format!("-- revision: {id}\n-- parents: {parent}\n-- message: {id}\n\n-- migrate:up\n{up}\n");
        std::fs::write(folder.join(format!("versions/{id}_x.sql")), text).expect("a file");
    };
    write("r1", "none", "");
    write("r2", "r1", &write_section(&draft.up));
}

/// One change by the program, against SQL that does the same.
fn change(what: &str, table: &str, settings: &str, name: &str, sql: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    project(folder, table, settings);
    let database = folder.join("app.db");
    let stamped = folder.join("stamped.db");
    std::fs::copy(original(), &database).expect("room for a copy");
    done(schemactl(folder, &["stamp", "r1"]));
    std::fs::rename(&database, &stamped).expect("a file");
    let fresh = || {
        let _ = std::fs::remove_file(folder.join("app.db-journal"));
        std::fs::copy(&stamped, &database).expect("room for a copy");
        // What is still to be written to the disk would be written while the clock runs.
        std::fs::File::open(&database).and_then(|file| file.sync_all()).expect("a disk");
    };
    let command = || schemactl(folder, &["upgrade", "--no-backup"]);
    let ours = Side { name: "schemactl", prepare: &fresh, command: &command };
    let theirs = || sqlite::runs(&database, sql);
    compare(what, 3, &ours, &Side { name, prepare: &fresh, command: &theirs });
}

/// The new table, the rows, the old one away, then the indexes: the order that is fastest, in one transaction.
fn by_hand(table: &str, columns: &str, indexes: &str, pragma: &str) -> String {
    let staged = table.replacen("CREATE TABLE big", "CREATE TABLE new_big", 1);
    format!(
        "{pragma} BEGIN IMMEDIATE; {staged}; INSERT INTO new_big ({columns}) SELECT {columns} FROM big; DROP TABLE big;
         ALTER TABLE new_big RENAME TO big; {indexes}; COMMIT"
    )
}

const ALL: &str = "id, a, b, c, d, e";

/// The rebuild in both ways.
pub fn rebuilds() {
    let table = TABLE.replace("c TEXT", "c TEXT COLLATE NOCASE");
    let threads = by_hand(&table, ALL, INDEXES, "PRAGMA threads = 2;");
    let plain = by_hand(&table, ALL, INDEXES, "");
    let best = "SQL by hand, indexes after the copy, two sorting threads";
    change("rebuild", &table, "", best, &threads);
    change("fast rebuild", &table, "fast_rebuild = true", best, &threads);
    change("fast rebuild", &table, "fast_rebuild = true", "SQL by hand, indexes after the copy", &plain);
}

/// What it costs to watch a long statement, as the runner does it.
pub fn progress() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("app.db");
    let table = TABLE.replace("c TEXT", "c TEXT COLLATE NOCASE");
    let sql = by_hand(&table, ALL, INDEXES, "PRAGMA threads = 2;");
    let fresh = || {
        let _ = std::fs::copy(original(), &database).expect("room for a copy");
        std::fs::File::open(&database).and_then(|file| file.sync_all()).expect("a disk");
    };
    let (watched, plain) = (|| sqlite::watches(&database, &sql), || sqlite::runs(&database, &sql));
    let ours = Side { name: "watched", prepare: &fresh, command: &watched };
    compare(
        "rebuild by hand, watched",
        3,
        &ours,
        &Side { name: "the same, not watched", prepare: &fresh, command: &plain },
    );
}

/// Changes that touch no row, against one look at each row; and columns dropped together.
pub fn changes() {
    let look = "one SELECT that looks at each row";
    let scan = "SELECT sum(c IS NULL) FROM big NOT INDEXED";
    let lookup = "SELECT count(*) FROM big NOT INDEXED WHERE NOT EXISTS (SELECT 1 FROM parent WHERE parent.id = big.e)";
    for (what, from, to, settings, sql) in [
        ("NOT NULL", "c TEXT", "c TEXT NOT NULL", "", scan),
        ("a CHECK", "e INTEGER)", "e INTEGER, CHECK (e >= 0))", "", scan),
        ("a foreign key, edited in", "e INTEGER)", "e INTEGER REFERENCES parent (id))", "catalog_edits = true", lookup),
        ("a type, edited in", "c TEXT", "c VARCHAR(80)", "catalog_edits = true", scan),
    ] {
        change(&format!("metadata: {what}"), &TABLE.replace(from, to), settings, look, sql);
    }
    let table = TABLE.replace(" c TEXT, d TEXT,", "");
    let sql = by_hand(&table, "id, a, b, e", INDEXES, "PRAGMA threads = 2;");
    change("two columns dropped", &table, "", "SQL by hand, one rebuild, two sorting threads", &sql);
    let sql = "ALTER TABLE big DROP COLUMN c; ALTER TABLE big DROP COLUMN d";
    change("two columns dropped", &table, "", "ALTER TABLE, twice", sql);
    change("two columns dropped, fast rebuild", &table, "fast_rebuild = true", "ALTER TABLE, twice", sql);
}
