//! Databases of other tools, taken over and continued: with the real tools where they are installed, and with files and
//! tables as the tools make them.

mod again;
mod made;
mod once;
mod real;
mod refused;
mod taken;

use std::path::Path;

use rusqlite::Connection;

use crate::support::command::Project;

/// A script that makes a table with a trigger, one that changes it, and one that is left to run; with their ways down.
const SCRIPTS: [(&str, &str); 3] = [
    (
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n\
         CREATE TRIGGER users_named AFTER UPDATE ON users BEGIN\n  \
         SELECT CASE WHEN new.name = ';' THEN raise(ABORT, 'END;') END;\nEND;\n",
        "DROP TABLE users;\n",
    ),
    (
        "ALTER TABLE users ADD COLUMN email TEXT;\nCREATE INDEX users_email ON users (email);\n",
        "DROP INDEX users_email;\nALTER TABLE users DROP COLUMN email;\n",
    ),
    ("CREATE VIEW names AS SELECT name FROM users;\n", "DROP VIEW names;\n"),
];

/// Runs SQL on a database of a project.
fn sql(project: &Project, database: &str, text: &str) {
    let connection = Connection::open(project.path(database)).unwrap();
    connection.execute_batch(text).unwrap_or_else(|error| panic!("{error}: {text}"));
}

/// The rows of a question, their values joined by bars.
fn ask(project: &Project, question: &str) -> Vec<String> {
    let connection = Connection::open(project.path("app.db")).unwrap();
    let mut statement = connection.prepare(question).unwrap();
    let width = statement.column_count();
    let text = |row: &rusqlite::Row<'_>, place| {
        row.get::<_, rusqlite::types::Value>(place).map(|value| match value {
            rusqlite::types::Value::Null => "NULL".to_owned(),
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        })
    };
    let rows = statement.query_map([], |row| (0..width).map(|place| text(row, place)).collect::<Result<Vec<_>, _>>());
    rows.unwrap().map(|row| row.unwrap().join("|")).collect()
}

/// Has the independent judge compare two databases, but for what tools keep for themselves.
#[track_caller]
fn same_schema(project: &Project, a: &str, b: &str) {
    assert!(Path::new(&project.path(a)).is_file() && Path::new(&project.path(b)).is_file());
    let others =
        ["schemactl_*", "*migration*", "alembic_version", "*schema_history", "goose_db_version", "atlas_schema_*"];
    let mut args = vec![a, b];
    for table in others {
        args.extend(["--ignore", table]);
    }
    if let Some(judged) = project.python("schema_equal.py", &args) {
        judged.ends_with(0);
    }
}

#[test]
fn the_readme_lists_all_tools_that_can_be_taken_over_from() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once("## Coming from another tool").unwrap();
    let rows: String =
        section.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `")).collect();
    for (_, name) in schemactl::database::Tool::ALL {
        assert!(rows.contains(&format!("`{name}`")), "{name}");
    }
}
