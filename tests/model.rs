//! The laws of the model: what is written reads as what it was, real schemas and random ones come back from it as they
//! were, and no input makes the readers panic.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use schemactl::database::{Filter, introspect};
use schemactl::model::{self, Model, Settings};
use schemactl::report::{Report, Source};
use schemactl::schema::Schema;

use crate::support::command::Project;
use crate::support::{generate, mutate, readers, shared};

fn read(text: &str) -> Schema {
    let source = Arc::new(Source { path: "model.toml".to_owned(), text: text.to_owned() });
    let model = Model::read(&[source], &Settings::default());
    model.unwrap_or_else(|error| panic!("{:#?}\n{text}", error.diagnostics())).schema
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_as_what_it_was(schema in generate::schema()) {
        let text = model::write(&schema);
        let again = read(&text);
        prop_assert_eq!(&again, &schema, "{}", text);
        prop_assert_eq!(model::write(&again), text);
    }

    #[test]
    fn a_change_changes_the_model((before, after) in mutate::change()) {
        prop_assert_ne!(read(&model::write(&before)), read(&model::write(&after)));
        prop_assert_ne!(model::write(&before), model::write(&after));
    }
}

/// Tables of the real schemas in which other tools keep their versions.
const LEFT_ALONE: [&str; 3] = ["schemactl_*", "schema_migrations", "ar_internal_metadata"];

#[test]
fn real_schemas_come_back_from_their_models() {
    let Some(schemas) = shared::folder("corpus/schemas") else { return };
    for file in shared::files(&schemas, "sql") {
        let project = Project::new();
        let connection = rusqlite::Connection::open(project.path("app.db")).unwrap();
        connection.execute_batch(&std::fs::read_to_string(&file).unwrap()).unwrap();
        drop(connection);
        let model = project.run(&["introspect", "--database", "app.db"]).ends_with(0).stdout;
        project.write("migrations.toml", &format!("[schemactl]\ndatabase = \"new.db\"\n\n{model}"));
        std::fs::create_dir(project.path("versions")).unwrap();
        project.run(&["revision", "--autogenerate", "-m", "All of it"]).ends_with(0);
        project.run(&["upgrade", "head"]).ends_with(0);
        project.run(&["check"]).ends_with(0);
        let again = project.run(&["introspect"]).ends_with(0).stdout;
        assert_eq!(again, model, "{}", file.display());
        let ignored: Vec<&str> = LEFT_ALONE.iter().flat_map(|name| ["--ignore", name]).collect();
        if let Some(ended) = project.python("schema_equal.py", &[&["app.db", "new.db"], ignored.as_slice()].concat()) {
            ended.ends_with(0);
        }
    }
}

#[test]
fn a_schema_is_written_as_a_person_would() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            r#"
            CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE "user" (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                name TEXT NOT NULL COLLATE NOCASE DEFAULT 'it''s',
                state TEXT CHECK (state IN ('new', 'gone')),
                created TEXT DEFAULT CURRENT_TIMESTAMP,
                age INTEGER DEFAULT (1 + 1) CONSTRAINT adult CHECK (age >= 18),
                shout TEXT AS (upper(name)),
                team INTEGER REFERENCES team(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
                gone INTEGER REFERENCES nowhere,
                "odd name" VARCHAR(20),
                untyped
            ) STRICT;
            "#
            .replace("VARCHAR(20)", "ANY")
            .replace("untyped\n", "untyped ANY\n")
            .as_str(),
        )
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE membership (a, b TEXT, PRIMARY KEY (a, b DESC), UNIQUE (b), CHECK (a > b),
                 CONSTRAINT f FOREIGN KEY (a) REFERENCES team) WITHOUT ROWID;
             CREATE INDEX by_name ON user (name COLLATE BINARY, \"odd name\" DESC);
             CREATE UNIQUE INDEX once ON user (lower(name)) WHERE state <> 'gone';
             CREATE VIEW v(x) AS SELECT \"id\" FROM user WHERE name = 'x';
             CREATE TRIGGER r AFTER INSERT ON team BEGIN\n  SELECT 1;\nEND;
             CREATE VIRTUAL TABLE f USING fts5(name, content='user');",
        )
        .unwrap();
    let schema = introspect::read(&connection, &Filter::default()).unwrap();
    let want = r#"[tables.team.columns]
id = "INTEGER PRIMARY KEY"
name = "TEXT NOT NULL UNIQUE"

[tables.user]
strict = true

[tables.user.columns]
id = "INTEGER PRIMARY KEY AUTOINCREMENT"
name = "TEXT NOT NULL DEFAULT 'it''s' COLLATE NOCASE"
state = { type = "TEXT", one_of = ["new", "gone"] }
created = "TEXT DEFAULT CURRENT_TIMESTAMP"
age = { type = "INTEGER", default = { sql = "1 + 1" }, check = { name = "adult", sql = "age >= 18" } }
shout = { type = "TEXT", generated = "upper(name)" }
team = { type = "INTEGER", references = "team(id)", on_delete = "CASCADE", deferrable = "INITIALLY DEFERRED" }
gone = { type = "INTEGER", references = "nowhere", unchecked = true }
"odd name" = "ANY"
untyped = "ANY"

[tables.user.indexes]
by_name = ["name COLLATE BINARY", '"odd name" DESC']
once = { columns = ["lower(name)"], unique = true, where = "state <> 'gone'" }

[tables.membership]
primary_key = ["a", "b DESC"]
without_rowid = true
uniques = [["b"]]
checks = ["a > b"]
foreign_keys = [{ columns = ["a"], references = "team", name = "f" }]

[tables.membership.columns]
a = ""
b = "TEXT"

[virtual_tables.f]
using = "fts5(name, content='user')"

[views.v]
columns = ["x"]
sql = """SELECT "id" FROM user WHERE name = 'x'"""

[triggers.r]
sql = """
CREATE TRIGGER r AFTER INSERT ON team
BEGIN
  SELECT 1;
END"""
"#;
    let text = model::write(&schema);
    assert_eq!(text, want, "{text}");
    assert_eq!(read(&text), schema);
}

/// Random numbers, the same in every run (<https://www.jstatsoft.org/article/view/v008i14>).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// Pieces that mean something to one of the readers.
const PIECES: [&str; 28] = [
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "\\",
    "\0",
    "--",
    "/*",
    "\n",
    "\r\n",
    "é",
    "=",
    ".",
    "sql = ",
    "true",
    "CHECK",
    "REFERENCES",
    "CONSTRAINT x",
    "\u{feff}",
    "\\u0041",
];

fn mutated(sample: &str, numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = sample.as_bytes().to_vec();
    for _ in 0..=numbers.below(4) {
        let (from, to) = (numbers.below(bytes.len() + 1), numbers.below(bytes.len() + 1));
        let (start, end) = (from.min(to), from.max(to).min(from.min(to) + numbers.below(40)));
        let piece = match numbers.below(4) {
            0 => Vec::new(),
            1 => [&bytes[start..end], &bytes[start..end]].concat(),
            2 => PIECES[numbers.below(PIECES.len())].as_bytes().to_vec(),
            _ => vec![u8::try_from(numbers.below(256)).unwrap()],
        };
        let end = if numbers.below(2) == 0 { start } else { end.max(start) };
        bytes.splice(start..end, piece);
    }
    bytes
}

#[test]
fn no_input_makes_the_readers_panic() {
    const RUNS: usize = 3_000;
    const LONGEST: Duration = Duration::from_secs(20);
    let statements = [
        "CREATE TABLE IF NOT EXISTS main.\"t\" (a INTEGER PRIMARY KEY AUTOINCREMENT, b VARCHAR(20) NOT NULL ON CONFLICT \
         FAIL DEFAULT (1 + 2) COLLATE NOCASE REFERENCES [u] (x) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, c AS \
         (a || 'x') STORED, CONSTRAINT k UNIQUE (a, b DESC), CHECK (a > 0), FOREIGN KEY (a, b) REFERENCES u) STRICT",
        "CREATE UNIQUE INDEX i ON t (a COLLATE NOCASE DESC, lower(b)) WHERE c IS NOT NULL /* all */",
        "CREATE VIEW v (a, b) AS WITH w AS (SELECT 1) SELECT *, `x` FROM w -- end",
        "CREATE TRIGGER r INSTEAD OF UPDATE OF a, b ON v FOR EACH ROW WHEN new.a > 1 BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE f USING fts5(a, content='t', tokenize = \"porter unicode61\")",
    ];
    let model = "[schemactl]\ndatabase = \"a.db\"\nignore = [\"x_*\"]\n\n[tables.t]\nprimary_key = [\"a\"]\nstrict = true\n\
                 uniques = [{ columns = [\"b\"], name = \"k\" }]\nchecks = ['a > 0']\n\n[tables.t.columns]\na = \"INT\"\n\
                 b = { type = \"TEXT\", not_null = true, default = \"it's\", one_of = [\"x\", 1, 2.5], unique = true }\n\
                 c = { type = \"INT\", references = \"t(a)\", on_delete = \"CASCADE\" }\n\n[tables.t.indexes]\ni = [\"b DESC\"]\n\
                 j = { columns = [\"lower(b)\"], unique = true, where = \"c > 1\" }\n\n[views.v]\nsql = \"\"\"\nSELECT a,\n  \
                 b FROM t\"\"\"\n\n[triggers.r]\nsql = 'CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END'\n\n\
                 [virtual_tables.f]\nusing = \"fts5(a)\"\n";
    let began = Instant::now();
    let mut numbers = Numbers(0x5eed_0000_cafe);
    for statement in &statements {
        readers::sql(statement.as_bytes());
    }
    readers::model(model.as_bytes());
    for _ in 0..RUNS {
        let sample = statements[numbers.below(statements.len())];
        readers::sql(&mutated(sample, &mut numbers));
        readers::model(&mutated(model, &mut numbers));
    }
    assert!(began.elapsed() < LONGEST, "{:?}", began.elapsed());
}
