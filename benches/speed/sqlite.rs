//! SQLite by itself, the same that the program has in it: this binary, run again with a word for what to do.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use schemactl::database::{Access, Filter, introspect, open};
use schemactl::diff::{ColumnOrder, Renames, diff};

const WORDS: [&str; 5] = ["sqlite-run", "sqlite-open", "introspect-and-diff", "sqlite-each", "sqlite-watch"];

/// Whether this process is to be one side of a comparison.
pub fn is_asked(args: &[String]) -> bool {
    args.first().is_some_and(|word| WORDS.contains(&word.as_str()))
}

/// Does what the word says to a database.
pub fn run(args: &[String]) {
    let [word, database, rest @ ..] = args else { panic!("a word and a database") };
    if word == WORDS[3] {
        for folder in std::fs::read_dir(database).expect("a folder") {
            let connection = Connection::open(folder.expect("an entry").path().join("main.db")).unwrap();
            connection.execute_batch(&rest[0]).unwrap();
        }
        return;
    }
    if word == WORDS[2] {
        let connection = open(Path::new(database), Access::Read, Duration::ZERO).unwrap().expect("it exists");
        let schema = introspect::read(&connection, &Filter::default()).unwrap();
        assert!(diff(&schema, &schema, &Renames::default(), ColumnOrder::Loose).is_empty());
        return;
    }
    let mut connection = Connection::open(database).unwrap();
    if word == WORDS[1] {
        return connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).unwrap();
    }
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    if word == WORDS[4] {
        let (instructions, interrupt) = (AtomicU64::new(0), AtomicBool::new(false));
        let watch = move || {
            instructions.fetch_add(10_000, Ordering::Relaxed);
            interrupt.load(Ordering::Relaxed)
        };
        connection.progress_handler(10_000, Some(watch)).unwrap();
    }
    connection.execute_batch(&rest[0]).unwrap();
}

fn command(word: &str, database: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this process has a file"));
    command.arg(word).arg(database);
    command
}

/// Runs SQL.
pub fn runs(database: &Path, sql: &str) -> Command {
    let mut command = command(WORDS[0], database);
    command.arg(sql);
    command
}

/// The same under the watch that the runner keeps: a count of instructions, and a look at whether to stop.
pub fn watches(database: &Path, sql: &str) -> Command {
    let mut command = command(WORDS[4], database);
    command.arg(sql);
    command
}

/// Runs SQL on `main.db` in each folder of a folder, one after the other.
pub fn each(folder: &Path, sql: &str) -> Command {
    let mut command = command(WORDS[3], folder);
    command.arg(sql);
    command
}

/// Opens a database and asks one question, so that the schema is read.
pub fn opens(database: &Path) -> Command {
    command(WORDS[1], database)
}

/// Reads a schema and compares it, with the library.
pub fn compares(database: &Path) -> Command {
    command(WORDS[2], database)
}
