//! Every real schema at hand, read, written, built by SQLite from what was written, and compared by SQLite's own
//! facts.

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

fn texts(connection: &Connection, sql: &str, parameters: &[&str]) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What SQLite itself knows of a schema; types and defaults in the form in which spelling does not count.
fn facts(connection: &Connection) -> Vec<String> {
    let tables = "SELECT format('table %s: %s %d %d %d', name, type, ncol, wr, strict) FROM pragma_table_list \
                  WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'";
    let mut facts = texts(connection, tables, &[]);
    for name in texts(connection, "SELECT name FROM pragma_table_list WHERE schema = 'main'", &[]) {
        let mut statement = connection.prepare("SELECT * FROM pragma_table_xinfo(?)").unwrap();
        let mut columns = statement.query([&name]).unwrap();
        // A view that does not work has no columns.
        while let Ok(Some(column)) = columns.next() {
            let text = |name| column.get::<_, Option<String>>(name).unwrap();
            let numbers = ["cid", "notnull", "pk", "hidden"].map(|name| column.get::<_, i64>(name).unwrap());
            facts.push(format!(
                "column {name} {:?} {:?} {numbers:?} {:?}",
                text("name"),
                text("type").map(|text| TypeName::new(text).normal()),
                text("dflt_value").map(|text| Expression::default_value(&text).normal()),
            ));
        }
        let keys = "SELECT format('foreign key %s: %d %d %s %s %s %s %s %s', ?1, id, seq, \"table\", \"from\", \"to\", \
                    on_update, on_delete, match) FROM pragma_foreign_key_list(?1)";
        facts.extend(texts(connection, keys, &[&name]));
        let indexes = "SELECT format('index %s: %s %d %d %s', CASE origin WHEN 'c' THEN l.name ELSE ?1 END, origin, \
                       l.\"unique\", partial, \
                       group_concat(format('%d %s %d %s %d', cid, x.name, \"desc\", coll, key))) \
                       FROM pragma_index_list(?1) l, pragma_index_xinfo(l.name) x GROUP BY l.name";
        facts.extend(texts(connection, indexes, &[&name]));
    }
    facts.sort();
    facts
}

/// Reads and writes all that a database holds and compares with what SQLite makes of the written text.
fn survives(connection: &Connection, place: &str) -> usize {
    let written = Connection::open_in_memory().unwrap();
    let shadows = texts(connection, "SELECT name FROM pragma_table_list WHERE type = 'shadow'", &[]);
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
    let (before, mut new) = (facts(connection), facts(&written));
    let mut lost = Vec::new();
    for fact in before {
        match new.binary_search(&fact) {
            Ok(place) => drop(new.remove(place)),
            Err(_) => lost.push(fact),
        }
    }
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

#[test]
fn odd_statements_survive_reading_and_writing() {
    // Each of them is accepted by SQLite; all share one database.
    let statements = [
        // Types: missing, of many words, quoted, with arguments, swallowing GENERATED ALWAYS.
        "CREATE TABLE types(a, b UNSIGNED BIG INT, c VARCHAR ( +20 ), d 'DECIMAL'(10, -5), e \"INTEGER\", f [my type], \
         g Generated Always AS (a + 1), h INT GENERATED\n ALWAYS AS (a) STORED, i VARCHAR(5) GENERATED ALWAYS AS (a) \
         VIRTUAL, j AS (a), k \"\", l \"primary key\", m 'NUMERIC' UNIQUE, n text/* c */collate nocase, \
         o long -- word\n varchar, p generated always, q any type always)",
        "CREATE TABLE quoted_key(\"id\" \"INTEGER\" PRIMARY KEY, 'a b' [int])",
        // Defaults.
        "CREATE TABLE defaults(a DEFAULT +1, b DEFAULT - 1.5e3, c DEFAULT word, d DEFAULT \"quoted\", e DEFAULT 'it''s', \
         f DEFAULT x'00', g DEFAULT NULL, h DEFAULT true, i DEFAULT current_timestamp, j DEFAULT (1 + 2), \
         k DEFAULT ('a' || 'b'), l DEFAULT (-5), m DEFAULT (((7))), n DEFAULT -0x10, o DEFAULT 1_000, \
         p DEFAULT (1 -- no\n), q DEFAULT (/* c */ 'x'), r DEFAULT -'5', s DEFAULT abort DEFAULT 2, \
         t DEFAULT \"CURRENT_TIME\", u DEFAULT (random()), v DEFAULT -NULL, w DEFAULT [b])",
        // Constraints that stand where no one would write them.
        "CREATE TABLE idle(a INT CONSTRAINT x, b INT CONSTRAINT y DEFAULT 1 CONSTRAINT z COLLATE nocase CONSTRAINT w, \
         c INT NULL ON CONFLICT IGNORE CONSTRAINT u NULL CONSTRAINT v CONSTRAINT n NOT NULL, \
         CONSTRAINT t, CONSTRAINT s CONSTRAINT ch CHECK (a > 0) CONSTRAINT r)",
        "CREATE TABLE twice(a INT NOT NULL ON CONFLICT FAIL CONSTRAINT n NOT NULL ON CONFLICT IGNORE DEFAULT 1 DEFAULT 2 \
         COLLATE nocase COLLATE rtrim CHECK (a > 0) CONSTRAINT c CHECK (a < 9) UNIQUE UNIQUE REFERENCES idle(a) \
         REFERENCES twice)",
        "CREATE TABLE no_commas(a, b, CHECK (a > 0) UNIQUE (a) CONSTRAINT p PRIMARY KEY (b DESC, a COLLATE nocase ASC) \
         ON CONFLICT ROLLBACK FOREIGN KEY (a) REFERENCES idle FOREIGN KEY (b) REFERENCES idle(b) DEFERRABLE CHECK (b))",
        "CREATE TABLE conflicts(a PRIMARY KEY DESC ON CONFLICT REPLACE, b UNIQUE ON CONFLICT IGNORE, \
         c NOT NULL ON CONFLICT ABORT, UNIQUE (b, c) ON CONFLICT FAIL, CHECK (b > 0) ON CONFLICT IGNORE)",
        // Keys.
        "CREATE TABLE increment(a INTEGER CONSTRAINT k PRIMARY KEY ASC ON CONFLICT FAIL AUTOINCREMENT, b)",
        "CREATE TABLE increment_later(a INTEGER, b, PRIMARY KEY (a AUTOINCREMENT))",
        "CREATE TABLE no_alias(a INTEGER PRIMARY KEY DESC, b)",
        "CREATE TABLE alias(a INTEGER, b, PRIMARY KEY ('a' DESC))",
        "CREATE TABLE bracketed(a, b, PRIMARY KEY ((a), (\"b\" COLLATE nocase) DESC), UNIQUE ((b COLLATE rtrim)))",
        "CREATE TABLE truth(true, false, current_date TEXT, UNIQUE (true, FALSE DESC))",
        "CREATE TABLE both(a INT, b INT, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID",
        "CREATE TABLE both_again(a INT PRIMARY KEY) without rowid,strict -- end",
        // Foreign keys.
        "CREATE TABLE keys(a REFERENCES idle ON DELETE SET NULL ON UPDATE SET DEFAULT MATCH full, \
         b REFERENCES missing(x) NOT NULL NOT DEFERRABLE INITIALLY DEFERRED UNIQUE DEFERRABLE INITIALLY IMMEDIATE, \
         c DEFERRABLE INITIALLY DEFERRED, d REFERENCES [a b](\"c d\") ON DELETE CASCADE ON DELETE RESTRICT ON UPDATE NO ACTION, \
         e REFERENCES idle(a) MATCH simple ON INSERT CASCADE DEFERRABLE INITIALLY DEFERRED, \
         FOREIGN KEY (a, b) REFERENCES keys(a, b) ON UPDATE CASCADE NOT DEFERRABLE INITIALLY IMMEDIATE)",
        // Names.
        "CREATE TABLE \"select\"(\"from\" INT, [to ] TEXT, `a``b`, 'c''d', \"e\"\"f\", before, without, key, Größe, a$b, _, \
         \"\", left, offset INT, replace)",
        "CREATE TABLE IF NOT EXISTS main.\"main\"(a)",
        "CREATE TABLE \"line\nbreak\"(\"-- a\" CHECK (\"-- a\" <> '-- b' /* ) */ AND 1 -- )\n), \"/*\" TEXT DEFAULT '*/')",
        // Indexes.
        "CREATE INDEX terms ON types(a, 'b' COLLATE nocase DESC, \"c\" ASC, (d), (e COLLATE rtrim), a + b COLLATE nocase, \
         (a + b) COLLATE nocase DESC, lower(c) COLLATE nocase, -a COLLATE rtrim, a || 'x' ASC, \
         CASE WHEN a THEN b ELSE c END COLLATE nocase, CAST(a AS TEXT) COLLATE nocase, ((f COLLATE rtrim) COLLATE nocase), \
         'x' || f COLLATE nocase, (lower(a) COLLATE rtrim) COLLATE nocase, ((a) || (b)), 1, NULL)",
        "CREATE UNIQUE INDEX main.partial ON types(a) WHERE (a IS NOT NULL) AND b > 0 -- all",
        "CREATE INDEX partial_too ON types(b, a) WHERE ((a > 0)) /* end */",
        "CREATE INDEX names ON \"select\"(before DESC, \"from\" || key, replace, replace(key, 'a', 'b'))",
        "CREATE TABLE order_names(\"asc\", \"desc\")",
        "CREATE INDEX order_names_index ON order_names(asc, desc, desc desc, desc asc, asc || desc, asc || desc desc)",
        // Views.
        "CREATE VIEW v AS -- first\nSELECT a+b, a  +  b AS \"c\" FROM types -- last",
        "CREATE VIEW v2(\"x y\", z) AS WITH w(q) AS (VALUES (1)) SELECT q, ';' FROM w UNION ALL SELECT 1, 2 /* open",
        "CREATE VIEW v3 AS VALUES (1), (2);",
        // Triggers.
        "CREATE TRIGGER tr AFTER UPDATE OF a, \"b\" ON main.types FOR EACH ROW WHEN new.a > 0 BEGIN -- first\n \
         UPDATE types SET b = CASE WHEN new.a THEN 1 ELSE 2 END; SELECT ';'; -- last\n END",
        "CREATE TRIGGER tr2 DELETE ON types WHEN (SELECT count(*) FROM types) BEGIN SELECT 1; END;",
        "CREATE TRIGGER tr3 INSTEAD OF INSERT ON v BEGIN INSERT INTO idle(a) VALUES (new.c); REPLACE INTO idle VALUES(1,2,3); \
         DELETE FROM idle; WITH x AS (SELECT 1) SELECT * FROM x; VALUES (1); END",
        "CREATE TABLE begin(begin, \"end\")",
        "CREATE TRIGGER begin BEFORE INSERT ON begin WHEN new.begin = CASE new.\"end\" WHEN 1 THEN 2 END -- no\n BEGIN \
         SELECT new.begin; END",
        "CREATE TRIGGER tr4 UPDATE ON begin WHEN ((new.begin)) BEGIN UPDATE begin SET begin = 1 WHERE \"end\" = new.\"end\"; END",
        // Virtual tables.
        "CREATE VIRTUAL TABLE fts USING fts5(a, \"b c\" UNINDEXED, , content='', tokenize = \"unicode61 tokenchars '-_'\", \
         prefix='2 3' /* c */ )",
        "CREATE VIRTUAL TABLE IF NOT EXISTS main.tree USING \"rtree\"(id, x0, x1, -- dimension\n +label TEXT)",
        "CREATE VIRTUAL TABLE stat USING dbstat()",
        "CREATE VIRTUAL TABLE fts4 USING fts4(body TEXT, tokenize=simple, notindexed=body)",
    ];
    let connection = Connection::open_in_memory().unwrap();
    for sql in statements {
        run(&connection, sql).unwrap_or_else(|error| panic!("{error} in\n{sql}"));
        // As it is typed, before SQLite takes things off.
        let object = read(sql).unwrap_or_else(|error| panic!("{error} in\n{sql}"));
        assert_eq!(read(&write(&object)), Ok(object), "{sql}");
    }
    assert!(survives(&connection, "odd statements") >= statements.len());
}
