//! Many small revisions: from empty to head, and nothing to do.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::{Side, compare, done, schemactl, skipped};
use crate::sqlite;

fn up(number: usize) -> String {
    format!(
        "CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER);\n\
         CREATE INDEX i{number} ON t{number} (name);\n"
    )
}

/// The same chain for all tools.
fn write(folder: &Path, length: usize) {
    for name in ["versions", "dbmate", "sqlx"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    let config = "[schemactl]\ndatabase = \"app.db\"\n";
    std::fs::write(folder.join("migrations.toml"), config).expect("a file");
    let put = |path: String, text: &str| std::fs::write(folder.join(path), text).expect("a file");
    for number in 1..=length {
        let parent = if number == 1 { "none".to_owned() } else { format!("r{:05}", number - 1) };
        let (up, down) = (up(number), format!("DROP TABLE t{number};\n"));
        let halves = format!("-- migrate:up\n{up}\n-- migrate:down\n{down}");
        put(
            format!("versions/r{number:05}_step.sql"),
            &format!("-- revision: r{number:05}\n-- parents: {parent}\n-- message: Step {number}\n\n{halves}"),
        );
        put(format!("dbmate/{:014}_step.sql", 20_260_101_000_000 + number), &halves);
        put(format!("sqlx/{:014}_step.sql", 20_260_101_000_000 + number), &up);
    }
}

/// A tool of others, in the path or in the folder that the variable names.
fn tool(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("SCHEMACTL_PEERS").into_iter().chain(std::env::var_os("PATH"));
    folders
        .flat_map(|list| std::env::split_paths(&list).collect::<Vec<_>>())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A thousand revisions from empty to head.
pub fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, 1000);
    let fresh = || {
        for name in ["app.db", "app.db-wal", "app.db-shm", "app.db-journal"] {
            let _ = std::fs::remove_file(folder.join(name));
        }
    };
    let command = || schemactl(folder, &["upgrade"]);
    let ours = Side { name: "schemactl", prepare: &fresh, command: &command };
    let what = "chain: 1,000 revisions, empty to head";
    let sql = (1..=1000).fold(String::from("BEGIN;"), |mut sql, number| {
        let _ = write!(sql, "{}", up(number));
        sql
    }) + "COMMIT";
    let sqlite = || sqlite::runs(&folder.join("app.db"), &sql);
    let sqlite = Side { name: "SQLite, the same statements in one transaction", prepare: &fresh, command: &sqlite };
    compare(what, 5, &ours, &sqlite);
    let url = format!("sqlite://{}", folder.join("app.db").display());
    let arguments: [(&str, Vec<&str>); 2] = [
        ("dbmate", vec!["--url", &url, "--migrations-dir", "dbmate", "--no-dump-schema", "up"]),
        ("sqlx", vec!["migrate", "run", "--source", "sqlx", "--database-url", &url]),
    ];
    for (name, arguments) in arguments {
        let Some(path) = tool(name) else {
            skipped(what, &format!("{name} is not there"));
            continue;
        };
        let command = || {
            let mut command = Command::new(&path);
            command.args(&arguments).current_dir(folder);
            command
        };
        // sqlx wants the file to be there.
        let prepare = || {
            fresh();
            std::fs::write(folder.join("app.db"), "").expect("a file");
        };
        compare(what, 5, &ours, &Side { name, prepare: &prepare, command: &command });
    }
}

/// Ten thousand revisions that are all applied.
pub fn history() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, 10_000);
    // Where the database stands is written down; nothing of this is about running ten thousand scripts.
    done(schemactl(folder, &["stamp", "head"]));
    let database = folder.join("app.db");
    let sqlite = || sqlite::opens(&database);
    let sqlite = Side { name: "SQLite, opening the database", prepare: &|| (), command: &sqlite };
    for (word, runs) in [("current", 10), ("heads", 10), ("history", 10), ("check", 10), ("upgrade", 10)] {
        let command = || schemactl(folder, &[word]);
        let ours = Side { name: word, prepare: &|| (), command: &command };
        compare(&format!("10,000 revisions: `{word}`, nothing to do"), runs, &ours, &sqlite);
    }
}
