//! The fast rebuild does what the script says, whatever the table looks like, and takes the script's own way where it
//! cannot.

use std::path::Path;

use rusqlite::Connection;
use schemactl::diff::ColumnOrder;
use schemactl::model::Intent;
use schemactl::plan::{Draft, Options, Switches, draft};
use schemactl::schema::SqliteVersion;

use crate::support::case::Case;
use crate::support::ways::{self, Taken};
use crate::support::{laws, shared};

fn filled(sql: &str) -> Connection {
    let connection = laws::open();
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error} in\n{sql}"));
    connection
}

fn drafted(before: &str, after: &str) -> Draft {
    let options = Options {
        target: SqliteVersion::new(3, 54),
        column_order: ColumnOrder::Strict,
        catalog_edits: false,
        fast_rebuild: false,
        switches: Switches::All,
    };
    let (before, after) = (laws::read(&filled(before)), laws::read(&filled(after)));
    draft(&before, &after, &Intent::default(), options).unwrap_or_else(|error| panic!("{error:?}"))
}

/// The ways that a change and its way back take, in every format of the file.
#[track_caller]
fn taken(before: &str, rows: &str, after: &str) -> Taken {
    let draft = drafted(before, after);
    let mut all: Vec<Taken> = Vec::new();
    for number in 0..12 {
        let database = filled(&format!("{before};{rows}"));
        let taken = ways::same(&database, &draft.up, &draft.down, ways::format(number));
        all.push(taken.unwrap_or_else(|problem| panic!("{problem}")));
    }
    assert!(all.iter().all(|taken| *taken == all[0]), "{all:?}");
    all[0]
}

#[track_caller]
fn fast(before: &str, rows: &str, after: &str) {
    let taken = taken(before, rows, after);
    assert!(taken.fast > 0 && taken.classic == 0, "{taken:?}\n{before}\n{after}");
}

#[track_caller]
fn classic(before: &str, rows: &str, after: &str) {
    let taken = taken(before, rows, after);
    assert!(taken.classic > 0, "{taken:?}\n{before}\n{after}");
}

const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 3 FROM n LIMIT 900)";

#[test]
fn tables_of_every_kind_are_rebuilt_in_the_fast_way() {
    let around = "CREATE INDEX ib ON t (b, a DESC); CREATE UNIQUE INDEX ia ON t (a) WHERE b > 5;
         CREATE INDEX ie ON t (lower(a) COLLATE NOCASE); CREATE VIEW v AS SELECT a, b FROM t;
         CREATE TRIGGER g AFTER DELETE ON t BEGIN UPDATE other SET x = OLD.b; END;
         CREATE TRIGGER f AFTER UPDATE ON t BEGIN INSERT INTO other VALUES (NEW.b); END;
         CREATE TABLE other (x REFERENCES t (id) ON DELETE CASCADE)";
    let rows = format!(
        "{MANY} INSERT INTO t (id, a, b) SELECT i, 'a' || i, i % 7 FROM n; INSERT INTO other SELECT id FROM t; ANALYZE"
    );
    for (columns, options) in [
        ("id INTEGER PRIMARY KEY, a TEXT, b INT", ""),
        ("id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE, b INT", ""),
        ("id INT UNIQUE, a TEXT, b INT, PRIMARY KEY (b, a), UNIQUE (a, b)", ""),
        ("id INTEGER PRIMARY KEY, a TEXT, b INT", "STRICT"),
        ("id INT UNIQUE, a TEXT, b INT, PRIMARY KEY (b, id)", "WITHOUT ROWID"),
        ("id INT UNIQUE, a TEXT, b INT, PRIMARY KEY (a DESC, id)", "STRICT, WITHOUT ROWID"),
        ("id INTEGER PRIMARY KEY, a TEXT, b INT, s INT AS (id + 1) STORED UNIQUE, w INT AS (b * 2)", ""),
    ] {
        let before = format!("CREATE TABLE t ({columns}) {options}; {around}");
        let (columns, keys) = columns
            .split_once(", PRIMARY KEY (")
            .map_or((columns, String::new()), |(columns, keys)| (columns, format!(", PRIMARY KEY ({keys}")));
        let (first, rest) = columns.split_once(", ").unwrap();
        let after = format!(
            "CREATE TABLE t ({rest}, {first}, extra INT NOT NULL DEFAULT 7 CHECK (extra > 0), p REFERENCES t{keys}) {options}; {around}"
        );
        // A column without a type has no place in a STRICT table.
        let after = if options.contains("STRICT") { after.replace("p REF", "p INT REF") } else { after };
        fast(&before, &rows, &after);
    }
}

#[test]
fn an_index_over_values_that_change_is_built_again() {
    let before =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b); CREATE INDEX ia ON t (a); CREATE INDEX ib ON t (b)";
    let rows = "INSERT INTO t VALUES (1, '7', 'x'), (5, '12', 2)";
    fast(before, rows, &before.replace("a TEXT", "a INT"));
    fast(
        before,
        rows,
        &before.replace("b)", "b NOT NULL COLLATE NOCASE)").replacen("ON t (b NOT NULL COLLATE NOCASE)", "ON t (b)", 1),
    );
}

#[test]
fn values_that_copying_turns_into_others_do_not_stay_in_an_old_index() {
    let definition = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); CREATE INDEX ia ON t (a)";
    let after = "CREATE TABLE t (x INT DEFAULT 1, id INTEGER PRIMARY KEY, a INT); CREATE INDEX ia ON t (a)";
    let draft = drafted(definition, after);
    // Text that has come into the column while it was one of text, as an edit of the schema leaves it.
    let database = filled(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TXT); CREATE INDEX ia ON t (a); INSERT INTO t VALUES (1, 7), (2, x'41');
         PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)' WHERE name = 't';
         PRAGMA writable_schema = RESET; INSERT INTO t VALUES (3, 12);
         PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE \"t\" (id INTEGER PRIMARY KEY, a INT)' WHERE name = 't';
         PRAGMA writable_schema = RESET",
    );
    assert_eq!(
        database.query_row("SELECT typeof(a) FROM t WHERE id = 3", [], |row| row.get::<_, String>(0)).unwrap(),
        "text"
    );
    let taken = ways::same(&database, &draft.up, &draft.down, ways::format(0)).unwrap();
    assert_eq!(taken, Taken { fast: 1, classic: 0 });
}

#[test]
fn columns_that_go_together_cost_one_copy() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT, c, d TEXT); CREATE INDEX ib ON t (b); CREATE INDEX id ON t (d)";
    let after = before.replace(" a TEXT,", "").replace(" c,", "");
    let read = |sql: &str| laws::read(&filled(sql));
    for fast_rebuild in [false, true] {
        let options = Options {
            target: SqliteVersion::new(3, 54),
            column_order: ColumnOrder::Loose,
            catalog_edits: false,
            fast_rebuild,
            switches: Switches::All,
        };
        let draft = draft(&read(before), &read(&after), &Intent::default(), options).unwrap();
        assert_eq!(draft.rebuilt.len(), usize::from(fast_rebuild));
        let database = filled(&format!("{before}; {MANY} INSERT INTO t SELECT i, i, -i, i, 'd' || i FROM n"));
        let taken = ways::same(&database, &draft.up, &draft.down, ways::format(0)).unwrap();
        assert_eq!(taken.classic, 0);
    }
}

#[test]
fn an_index_that_lacks_a_row_is_built_again() {
    let definition =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT); CREATE INDEX ia ON t (a); CREATE INDEX ib ON t (b, a)";
    let draft = drafted(definition, &definition.replace("a INT", "x INT DEFAULT 1, a INT"));
    for index in ["ia", "ib"] {
        // A row that came while nobody knew of the index.
        let database = filled(&format!(
            "{definition}; INSERT INTO t VALUES (1, 7, 'seven'), (2, 8, 'eight'); CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = '{index}';
             PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = '{index}'; PRAGMA writable_schema = RESET;
             INSERT INTO t VALUES (3, 9, 'nine');
             PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM kept; PRAGMA writable_schema = RESET; DROP TABLE kept"
        ));
        let broken: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(broken, format!("wrong # of entries in index {index}"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        database.backup(rusqlite::MAIN_DB, &path, None::<fn(rusqlite::backup::Progress)>).unwrap();
        let taken = ways::run(&path, "up", &schemactl::plan::write_section(&draft.up), true).unwrap();
        assert_eq!(taken, Taken { fast: 0, classic: 1 });
        ways::sound(&path).unwrap();
    }
}

#[test]
fn where_keys_or_rowids_change_the_script_is_run_as_it_stands() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT); CREATE INDEX ia ON t (a)";
    let rows = "INSERT INTO t VALUES (3, 'x', 1), (7, 'y', 2)";
    classic(before, rows, &before.replace("a TEXT", "a TEXT UNIQUE"));
    classic(before, rows, &before.replace("id INTEGER PRIMARY KEY", "id INT PRIMARY KEY"));
    classic(before, rows, &before.replace("b INT);", "b TEXT, CHECK (t.b > 0));"));
    classic(before, rows, &before.replace("INTEGER PRIMARY KEY,", "INTEGER PRIMARY KEY AUTOINCREMENT,"));
    let unique = before.replace("b INT)", "b INT UNIQUE)");
    classic(&unique, rows, &unique.replace("b INT", "b TEXT"));
    let keyed = "CREATE TABLE t (id INT, a TEXT, PRIMARY KEY (a, id)) WITHOUT ROWID";
    classic(keyed, "INSERT INTO t VALUES (1, 'x')", &keyed.replace("(a, id)", "(id, a)"));
}

#[test]
fn rows_that_a_script_refuses_are_refused_in_both_ways() {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); CREATE INDEX ia ON t (a)";
    let draft = drafted(before, &before.replace("a INT", "a INT CHECK (a > 1), b INT AS (a + 1) STORED"));
    let database = filled(&format!("{before}; INSERT INTO t VALUES (1, 5), (2, 1)"));
    for number in 0..4 {
        let taken = ways::same(&database, &draft.up, &draft.down, ways::format(number)).unwrap();
        assert_eq!(taken, Taken::default());
    }
}

#[test]
fn every_case_ends_the_same_in_both_ways() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let (mut total, mut failures) = (Taken::default(), Vec::new());
    for (number, path) in shared::files(&folder, "case").iter().enumerate() {
        let case = Case::read(path);
        let (before, after) = (laws::read(&filled(&case.before)), laws::read(&filled(&case.after)));
        let options = Options {
            target: SqliteVersion::new(3, 40),
            column_order: case.order,
            catalog_edits: false,
            fast_rebuild: false,
            switches: Switches::All,
        };
        let Ok(draft) = draft(&before, &after, &case.intent, options) else { continue };
        let database = filled(&format!("{}; {}", case.before, case.rows));
        match ways::same(&database, &draft.up, &draft.down, ways::format(number)) {
            Ok(taken) => {
                total.fast += taken.fast;
                total.classic += taken.classic;
            }
            Err(problem) => failures.push(format!("=== {}: {problem}", case.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(total.fast > 20 && total.classic > 5, "{total:?}");
}

/// A table with rows and indexes, and a change that rebuilds it.
fn large() -> (String, Draft) {
    let before = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE, d TEXT, b INT);
         CREATE INDEX ia ON t (b, a); CREATE INDEX ib ON t (b)";
    let draft = drafted(before, &before.replace("b INT", "b INT NOT NULL DEFAULT 1, c REFERENCES t"));
    (
        format!(
            "{before}; {MANY} INSERT INTO t (a, b, d) SELECT 'text ' || i, i % 7, printf('%0100d', i) FROM n; DELETE FROM t WHERE id > 880"
        ),
        draft,
    )
}

#[test]
fn a_disk_that_is_full_anywhere_on_the_way_leaves_all_as_it_was() {
    let (sql, draft) = large();
    let database = filled(&sql);
    let folder = tempfile::tempdir().unwrap();
    let script = schemactl::plan::write_section(&draft.up);
    let (mut refused, mut done) = (0, 0);
    for number in 0..40 {
        let format = ways::Format { page_size: 512, ..ways::format(number) };
        let path = ways::file(folder.path(), "app.db", &database, format);
        let before = ways::dump(&path);
        let room = u32::try_from(number).unwrap() * 12;
        let outcome = ways::run_with(&path, "up", &script, true, |connection| {
            let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
            let set = format!("PRAGMA max_page_count = {}", pages + room);
            connection.query_row(&set, [], |_| Ok(())).unwrap();
        });
        match outcome {
            Ok(taken) => {
                done += 1;
                assert_eq!(taken, Taken { fast: 1, classic: 0 });
                assert_ne!(ways::dump(&path), before);
            }
            Err(message) => {
                refused += 1;
                assert!(message.contains("no space is left"), "{message}");
                assert_eq!(ways::dump(&path), before);
            }
        }
        ways::sound(&path).unwrap();
    }
    assert!(refused > 5 && done > 5, "{refused} refused, {done} done");
}

#[cfg(unix)]
#[test]
fn a_process_that_is_killed_on_the_way_leaves_all_as_it_was_or_as_it_is_to_be() {
    use std::time::{Duration, Instant};
    let (sql, draft) = large();
    let more =
        "INSERT INTO t (a, b) SELECT i.a || n.a, n.b FROM t AS n, (SELECT a FROM t LIMIT 40) AS i WHERE n.b > 0;";
    let project = crate::support::command::Project::with_settings("fast_rebuild = true");
    project.revision("r0001", "none", &format!("{sql};\n{more}"), "DROP TABLE t;");
    let (up, down) = (schemactl::plan::write_section(&draft.up), schemactl::plan::write_section(&draft.down));
    project.revision("r0002", "r0001", &up, &down);
    project.run(&["upgrade", "r0001"]).ends_with(0);
    let rows = |path: &Path| -> i64 {
        Connection::open(path).unwrap().query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    };
    let path = project.path("app.db");
    let number = rows(&path);
    let start = Instant::now();
    project.run(&["upgrade"]).ends_with(0);
    let whole = start.elapsed();
    let (mut killed, mut stood) = (0, [0, 0]);
    for moment in 0..24_u32 {
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", ["wal", "delete"][moment as usize % 2]).unwrap();
        drop(connection);
        let stands_at_second = |path: &Path| -> bool {
            let connection = Connection::open(path).unwrap();
            let revisions: i64 =
                connection.query_row("SELECT count(*) FROM schemactl_version", [], |row| row.get(0)).unwrap();
            assert_eq!(connection.prepare("SELECT c FROM t").is_ok(), revisions == 2);
            revisions == 2
        };
        let target = if stands_at_second(&path) { ["downgrade", "r0001"] } else { ["upgrade", "head"] };
        let mut child = project.command(&target).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (moment % 12) / 10 + Duration::from_millis(5));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        stood[usize::from(stands_at_second(&path))] += 1;
        assert_eq!(rows(&path), number);
        ways::sound(&path).unwrap();
    }
    assert!(killed > 6, "only {killed} were killed; they stood at {stood:?}");
}
