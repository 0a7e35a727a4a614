mod by_hand;
mod statistics;

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::database::{Access, open, scratch::Scratch};
use crate::report::{Class, Report};

/// A database file in a folder of its own.
struct File {
    folder: tempfile::TempDir,
}

const SOON: Duration = Duration::from_millis(200);

impl File {
    fn new(sql: &str) -> File {
        let file = File { folder: tempfile::tempdir().unwrap() };
        file.outside().execute_batch(sql).unwrap();
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("app.db")
    }

    fn open(&self) -> Connection {
        open(&self.path(), Access::Create, SOON).unwrap().unwrap()
    }

    /// A connection as an application has it.
    fn outside(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn one(&self, sql: &str) -> String {
        self.outside().query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).map(text).unwrap()
    }

    fn revisions(&self) -> Vec<String> {
        let rows = version_table::read(&self.outside(), &Name::from(version_table::DEFAULT_NAME)).unwrap();
        rows.iter().map(|row| row.revision.as_str().to_owned()).collect()
    }

    fn run(&self, steps: &[Step]) -> Result<Outcome, RunError> {
        run_on(&mut self.open(), steps, &options())
    }
}

fn text(value: rusqlite::types::Value) -> String {
    match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    }
}

fn options() -> Options<'static> {
    Options {
        mirrored: None,
        version_table: Name::from(version_table::DEFAULT_NAME),
        filter: Filter::default(),
        shapes: None,
        known: None,
        lock_timeout: SOON,
        transaction: Transaction::Each,
        drift: Drift::Warn,
        dry_run: false,
        catalog_edits: false,
        fast_rebuild: false,
        interrupt: Arc::default(),
        prepare: &|_| Ok(()),
        recall: &|_, _| None,
        column_order: ColumnOrder::Loose,
        now: &|| "2026-11-22T19:37:12Z".to_owned(),
        tool_version: "0.1.0",
    }
}

/// Runs those steps that are not done yet.
fn run_on(connection: &mut Connection, steps: &[Step], options: &Options<'_>) -> Result<Outcome, RunError> {
    let mut plan = |rows: &[Applied]| Ok(remaining(steps, rows));
    run(connection, &mut plan, options, &mut |_| ())
}

fn remaining(steps: &[Step], rows: &[Applied]) -> Vec<Step> {
    let is_there = |step: &Step| rows.iter().any(|row| row.revision == step.revision);
    steps.iter().filter(|step| is_there(step) == (step.op == Op::Downgrade)).cloned().collect()
}

fn id(word: &str) -> RevisionId {
    RevisionId::new(word).unwrap()
}

fn up(revision: &str, sql: &str) -> Step {
    Step {
        op: Op::Upgrade,
        revision: id(revision),
        parents: Vec::new(),
        depends_on: Vec::new(),
        message: format!("makes {revision}"),
        kind: Kind::Upgrade,
        checksum: "sha256:00".to_owned(),
        gates: Vec::new(),
        script: Some(section(revision, sql, true)),
        down: None,
        schema_before: None,
        is_promised: false,
        schema_after: None,
        replaces: Vec::new(),
    }
}

fn down(revision: &str, sql: &str) -> Step {
    Step { op: Op::Downgrade, ..up(revision, sql) }
}

/// A script as it stands in a file, two lines below its top.
fn section(revision: &str, sql: &str, transaction: bool) -> Section {
    let text = format!("-- revision: {revision}\n\n{sql}");
    let span = text.len() - sql.len()..text.len();
    let source = crate::report::Source { path: format!("versions/{revision}.sql"), text };
    Section { source: Arc::new(source), span, transaction }
}

fn fingerprint(sql: &str) -> String {
    let mut scratch = Scratch::empty().unwrap();
    scratch.run(sql).unwrap();
    crate::sql::fingerprint(&scratch.schema(&Filter::default()).unwrap())
}

/// The line and the column that an error points at.
fn place(error: &RunError) -> (String, usize, usize) {
    let place = error.diagnostics()[0].place.clone().expect("a place");
    let (line, column) = place.line_and_column();
    (place.source.path.clone(), line, column)
}

const FAMILY: &str = "
    CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT, up REFERENCES p ON DELETE CASCADE);
    CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES p (id) ON DELETE CASCADE, q REFERENCES p ON DELETE SET NULL);
    CREATE VIEW v AS SELECT name FROM p;
    CREATE TRIGGER gone AFTER DELETE ON p BEGIN DELETE FROM child WHERE p = OLD.id; END;
    INSERT INTO p VALUES (1, 'a', NULL), (2, 'b', 1), (3, 'c', 2);
    INSERT INTO child VALUES (1, 1, 2), (2, 2, 3);";

const GUARD: &str =
    "CREATE TEMP TABLE \"schemactl_guard\" (\"foreign_keys_must_be_off\" INT CHECK (\"foreign_keys_must_be_off\" = 0));
INSERT INTO \"schemactl_guard\" SELECT foreign_keys FROM pragma_foreign_keys;
DROP TABLE \"schemactl_guard\";";

const REBUILD: &str = "PRAGMA legacy_alter_table = ON;
CREATE TABLE schemactl_new_p (id INTEGER PRIMARY KEY, name TEXT NOT NULL, up REFERENCES p ON DELETE CASCADE);
INSERT OR ABORT INTO schemactl_new_p (id, name, up) SELECT id, name, up FROM p;
DROP TABLE p;
ALTER TABLE schemactl_new_p RENAME TO p;
PRAGMA legacy_alter_table = OFF;
CREATE TRIGGER gone AFTER DELETE ON p BEGIN DELETE FROM child WHERE p = OLD.id; END;";

#[test]
fn a_revision_goes_up_and_down_and_the_table_says_so() {
    let file = File::new("");
    let mut first = up("a", "CREATE TABLE t (x);\n-- rows\nINSERT INTO t VALUES (1), (2);");
    first.down = Some(section("a", "DROP TABLE t;", false));
    first.schema_before = Some(fingerprint(""));
    first.schema_after = Some(fingerprint("CREATE TABLE t (x)"));
    let outcome = file.run(&[first.clone(), up("b", "ALTER TABLE t ADD COLUMN y;")]).unwrap();
    assert_eq!(outcome.steps.len(), 2);
    assert_eq!(file.revisions(), ["a", "b"]);
    assert_eq!(outcome.applied[0].down_sql.as_deref(), Some("DROP TABLE t;"));
    assert!(!outcome.applied[0].down_transaction);
    assert_eq!(outcome.applied[0].schema, first.schema_after);
    assert_eq!(outcome.applied[1].schema, Some(fingerprint("CREATE TABLE t (x, y)")));
    assert_eq!(file.one("SELECT count(y) + count(*) FROM t"), "2");

    let outcome = file.run(&[down("b", "ALTER TABLE t DROP COLUMN y"), down("a", "DROP TABLE t")]).unwrap();
    assert_eq!((outcome.steps.len(), outcome.applied), (2, Vec::new()));
    assert_eq!(file.one("SELECT group_concat(name) FROM sqlite_schema WHERE type = 'table'"), "schemactl_version");
}

#[test]
fn nothing_to_do_touches_nothing() {
    let file = File::new("CREATE TABLE t (x)");
    let other = file.outside();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let outcome = file.run(&[]).unwrap();
    assert!(outcome.steps.is_empty());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(file.one("SELECT count(*) FROM sqlite_schema"), "1");
}

#[test]
fn a_step_that_fails_keeps_the_steps_before_it_and_leaves_no_trace_itself() {
    let file = File::new("");
    let steps = [
        up("a", "CREATE TABLE t (x);"),
        up("b", "CREATE TABLE u (x);\nINSERT INTO t VALUES (1);\n  SELEC 1;\nCREATE TABLE w (x);"),
        up("c", "CREATE TABLE z (x);"),
    ];
    let error = file.run(&steps).unwrap_err();
    assert_eq!(error.to_string(), "cannot upgrade `b` (makes b): near \"SELEC\": syntax error");
    assert_eq!(place(&error), ("versions/b.sql".to_owned(), 5, 3));
    assert_eq!(error.diagnostics()[0].notes, ["the database stands at `a`"]);
    assert_eq!(error.done.len(), 1);
    assert_eq!(file.revisions(), ["a"]);
    assert_eq!(file.one("SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('t', 'u', 'w', 'z')"), "t");
    assert_eq!(file.one("SELECT count(*) FROM t"), "0");
}

#[test]
fn quick_steps_are_committed_together_and_told_of_afterwards() {
    let file = File::new("");
    let mut commits = 0;
    let mut steps: Vec<Step> = (0..50).map(|n| up(&format!("r{n:02}"), &format!("CREATE TABLE t{n} (x)"))).collect();
    steps.push(up("z", "CREATE TABLE t49 (x)"));
    let mut plan = |rows: &[Applied]| Ok(remaining(&steps, rows));
    let mut connection = file.open();
    let other = file.outside();
    let mut seen_before = 0;
    let error = run(&mut connection, &mut plan, &options(), &mut |event| {
        let there = || other.query_row("SELECT count(*) FROM sqlite_schema WHERE name LIKE 't%'", [], |row| row.get(0));
        match event {
            Event::Finished { .. } => {
                let there: u32 = there().unwrap();
                commits += usize::from(there != seen_before);
                seen_before = there;
            }
            Event::Started { number, of, .. } => assert_eq!((of, number <= of), (51, true)),
            _ => {}
        }
    })
    .unwrap_err();
    assert_eq!((error.done.len(), error.heads), (50, Some((0..50).map(|n| id(&format!("r{n:02}"))).collect())));
    assert!((1..50).contains(&commits), "{commits}");
    assert_eq!(file.revisions().len(), 50);
}

#[test]
fn all_in_one_transaction_means_all_or_nothing() {
    let file = File::new("");
    let options = Options { transaction: Transaction::All, ..options() };
    let steps = [up("a", "CREATE TABLE t (x)"), up("b", "INSERT INTO absent VALUES (1)")];
    let error = run_on(&mut file.open(), &steps, &options).unwrap_err();
    assert_eq!(error.diagnostics()[0].notes, ["the database has no revision"]);
    assert!(error.done.is_empty());
    assert_eq!(file.one("SELECT count(*) FROM sqlite_schema"), "0");
    run_on(&mut file.open(), &steps[..1], &options).unwrap();
    assert_eq!(file.revisions(), ["a"]);
    let vacuum = Step { script: Some(section("v", "VACUUM", false)), ..up("v", "") };
    let error = run_on(&mut file.open(), &[vacuum], &options).unwrap_err();
    assert!(matches!(error.problem, Problem::OutsideTransaction { .. }));
}

#[test]
fn a_dry_run_does_everything_and_changes_nothing() {
    let file = File::new(FAMILY);
    let before = std::fs::read(file.path()).unwrap();
    let options = Options { dry_run: true, ..options() };
    let vacuum = Step { script: Some(section("b", "VACUUM", false)), ..up("b", "") };
    let steps = [up("a", &format!("{GUARD}\n{REBUILD}")), vacuum, up("c", "DROP VIEW v")];
    let outcome = run_on(&mut file.open(), &steps, &options).unwrap();
    assert_eq!((outcome.steps.len(), outcome.applied.len()), (3, 3));
    assert_eq!(std::fs::read(file.path()).unwrap(), before);
    assert!(run_on(&mut file.open(), &[up("d", "SELECT absent")], &options).is_err());
}

#[test]
fn a_rebuild_keeps_every_row_of_every_table() {
    let file = File::new(FAMILY);
    let rows = "SELECT group_concat(id || ':' || coalesce(p, '-') || ':' || coalesce(q, '-')) FROM child";
    let before = (file.one(rows), file.one("SELECT count(*) FROM p"));
    file.run(&[up("a", &format!("{GUARD}\n{REBUILD}"))]).unwrap();
    assert_eq!((file.one(rows), file.one("SELECT count(*) FROM p")), before);
    assert_eq!(file.one("SELECT count(*) FROM pragma_foreign_key_check"), "0");
}

#[test]
fn the_settings_of_the_connection_come_back_whatever_happens() {
    let file = File::new(FAMILY);
    let mut connection = file.open();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection.pragma_update(None, "legacy_alter_table", true).unwrap();
    let settings = |connection: &Connection| {
        ["foreign_keys", "legacy_alter_table", "busy_timeout"]
            .map(|name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap())
    };
    let before = settings(&connection);
    assert_eq!(before, [1, 1, 200]);
    let leave =
        "PRAGMA legacy_alter_table = ON; PRAGMA foreign_keys = ON; CREATE TEMP TABLE mess (x); CREATE TABLE t (x);";
    run_on(
        &mut connection,
        &[up("a", leave), up("b", "ALTER TABLE t RENAME TO u; CREATE VIEW w AS SELECT x FROM u")],
        &options(),
    )
    .unwrap();
    assert_eq!(settings(&connection), before);
    assert!(run_on(&mut connection, &[up("c", "SELECT absent")], &options()).is_err());
    assert_eq!(settings(&connection), before);
    assert!(connection.is_autocommit());
    assert_eq!(connection.query_row("SELECT count(*) FROM sqlite_temp_schema", [], |row| row.get::<_, i64>(0)), Ok(0));
    connection.execute_batch("BEGIN; COMMIT").expect("the watch is lifted");
}

#[test]
fn what_a_script_may_not_do_is_refused_with_its_place() {
    let file = File::new("CREATE TABLE t (x)");
    file.run(&[up("first", "CREATE TABLE one (x)")]).unwrap();
    for statement in [
        "COMMIT",
        "BEGIN",
        "ROLLBACK",
        "END",
        "SAVEPOINT s",
        "RELEASE s",
        "ATTACH 'other.db' AS other",
        "ATTACH '' AS other",
        "DETACH main",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA schema_version = 7",
        "PRAGMA ignore_check_constraints = ON",
        "DELETE FROM schemactl_version",
        "DROP TABLE schemactl_version",
        "UPDATE schemactl_version SET revision = 'x'",
        "ALTER TABLE schemactl_version RENAME TO mine",
    ] {
        let error =
            file.run(&[up("b", &format!("CREATE TABLE u (x);\n  {statement};\nCREATE TABLE w (x);"))]).unwrap_err();
        assert!(matches!(error.problem, Problem::Refused { .. }), "{statement}: {error}");
        assert_eq!(error.class(), Class::Input);
        assert_eq!(place(&error), ("versions/b.sql".to_owned(), 4, 3), "{statement}");
        assert_eq!(file.revisions(), ["first"]);
        assert_eq!(file.one("SELECT count(*) FROM sqlite_schema WHERE name IN ('u', 'w')"), "0", "{statement}");
    }
    let harmless = "PRAGMA user_version = 3; PRAGMA application_id = 4; PRAGMA foreign_keys = OFF; PRAGMA table_info(t); \
         SELECT * FROM pragma_index_list('t'); PRAGMA foreign_key_check; PRAGMA defer_foreign_keys = ON; PRAGMA journal_mode; ANALYZE; REINDEX;";
    file.run(&[up("c", harmless)]).unwrap();
    assert_eq!(file.one("PRAGMA user_version"), "3");
    assert!(!file.folder.path().join("other.db").exists());
}

#[test]
fn rows_are_found_again_under_the_names_that_their_tables_have_now() {
    let file = File::new(
        "CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1), (2), (3); INSERT INTO b VALUES (9)",
    );
    let swap = "ALTER TABLE a RENAME TO c; ALTER TABLE main.b RENAME TO a; ALTER TABLE c RENAME TO \"b\"";
    file.run(&[up("r1", swap)]).unwrap();
    assert_eq!((file.one("SELECT x FROM a"), file.one("SELECT count(*) FROM b")), ("9".to_owned(), "3".to_owned()));
    let aside = "ALTER TABLE b RENAME TO old; CREATE TABLE b (x, y);";
    let copies = |which: &str| format!("{aside} INSERT INTO b (x) SELECT x FROM old {which}; DROP TABLE old");
    let error = file.run(&[up("r2", &copies("WHERE x > 1"))]).unwrap_err().to_string();
    assert!(error.ends_with("the table `b` would lose rows that no statement deletes: 3 before, 2 after"), "{error}");
    file.run(&[up("r2", &copies(""))]).unwrap();
    // A table that is dropped may leave its name to a smaller one.
    file.run(&[up("r3", "DROP TABLE b; ALTER TABLE a RENAME TO b")]).unwrap();
    assert_eq!(file.one("SELECT count(*) FROM b"), "1");
}

#[test]
fn rows_that_get_lost_stop_the_step() {
    let file = File::new(FAMILY);
    let lossy = REBUILD.replace("FROM p;", "FROM p WHERE id > 1;");
    let error = file.run(&[up("a", &lossy)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot upgrade `a` (makes a): the table `p` would lose rows that no statement deletes: 3 before, 2 after"
    );
    assert_eq!(file.one("SELECT count(*) FROM p"), "3");
    // On purpose it is allowed.
    file.run(&[up("a", "DELETE FROM child; DELETE FROM p WHERE id = 3; DROP TABLE child; CREATE TABLE child (p)")])
        .unwrap();
    assert_eq!(file.one("SELECT count(*) FROM p"), "2");
}

#[test]
fn a_reference_to_no_table_at_all_loses_no_row() {
    let file = File::new(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p); CREATE TABLE d (x);
        INSERT INTO p VALUES (1); INSERT INTO c VALUES (1); INSERT INTO d VALUES (7)",
    );
    let rebuilt = |references: &str| {
        format!(
            "CREATE TABLE n (x REFERENCES {references}); INSERT INTO n SELECT x FROM d; DROP TABLE d; ALTER TABLE n RENAME TO d"
        )
    };
    file.run(&[up("a", &rebuilt("gone"))]).unwrap();
    let error = file.run(&[up("b", &rebuilt("p"))]).unwrap_err();
    assert!(error.to_string().ends_with("1 row of `d` refers to rows of `p` that are not there"), "{error}");
    let error = file.run(&[up("c", "DROP TABLE p")]).unwrap_err();
    assert!(error.to_string().ends_with("1 row of `c` refers to rows of `p` that are not there"), "{error}");
}

#[test]
fn only_new_violations_of_foreign_keys_stop_the_step() {
    let file = File::new(FAMILY);
    file.outside().execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (9, 99, NULL)").unwrap();
    file.run(&[up("a", "UPDATE child SET q = 1 WHERE id = 1; ALTER TABLE child RENAME TO kid")]).unwrap();
    file.run(&[up("r", "ALTER TABLE p RENAME TO old; ALTER TABLE old RENAME TO elder")]).unwrap();
    file.run(&[up("s", "ALTER TABLE elder RENAME TO p")]).unwrap();
    let error = file.run(&[up("b", "INSERT INTO kid VALUES (10, 98, NULL)")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot upgrade `b` (makes b): 1 row of `kid` refers to rows of `p` that are not there"
    );
    let error = file.run(&[up("b", "DROP TRIGGER gone; DELETE FROM p WHERE id = 3")]).unwrap_err();
    // No statement of it is to blame alone.
    assert_eq!(place(&error), ("versions/b.sql".to_owned(), 1, 1));
    assert!(matches!(&error.problem, Problem::Damage { damage: Damage::Dangling { rows: 1, .. }, .. }), "{error}");
    assert_eq!(file.one("SELECT count(*) FROM p"), "3");
}

#[test]
fn a_reference_that_is_edited_in_is_looked_up_whatever_the_gates_have_asked() {
    let file = File::new(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, p INT); INSERT INTO t VALUES (1, 5)",
    );
    let edit = "CREATE TABLE x (y); DROP TABLE x; PRAGMA writable_schema = ON; \
                UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, p INT REFERENCES p)' WHERE name = 't'; \
                PRAGMA writable_schema = RESET;";
    let gate = |condition: &str| Gate {
        violation: "a row without its parent".to_owned(),
        sql: format!("SELECT \"id\" FROM \"t\" WHERE {condition}"),
        help: String::new(),
        help_in_script: String::new(),
    };
    let condition = crate::database::gate::orphans(&"t".into(), &[&"p".into()], &"p".into(), &[&"id".into()]);
    let run = |gates: Vec<Gate>, more: &str| {
        let step = Step { gates, ..up("r1", &format!("{edit}{more}")) };
        run_on(&mut file.open(), &[step], &Options { catalog_edits: true, ..options() })
    };
    let dangles = |outcome: Result<Outcome, RunError>| {
        let problem = outcome.unwrap_err().problem;
        matches!(problem, Problem::Damage { damage: Damage::Dangling { rows: 1, .. }, .. })
    };
    assert!(dangles(run(Vec::new(), "")) && dangles(run(vec![gate("\"p\" > 9")], "")));
    let refused = run(vec![gate(&condition)], "").unwrap_err().problem;
    assert!(matches!(refused, Problem::RowsRefuse { .. }), "{refused:?}");
    file.outside().execute_batch("INSERT INTO p VALUES (5), (6)").unwrap();
    assert!(
        dangles(run(vec![gate(&condition)], "UPDATE t SET p = 7;"))
            && dangles(run(vec![gate(&condition)], "DELETE FROM p WHERE id = 5;"))
    );
    run(vec![gate(&condition)], "").unwrap();
}

#[test]
fn views_and_triggers_that_worked_must_work_after() {
    let file = File::new(&format!("{FAMILY} CREATE VIEW was_broken AS SELECT absent FROM p;"));
    let error = file.run(&[up("a", "PRAGMA legacy_alter_table = ON; ALTER TABLE child RENAME TO kid")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot upgrade `a` (makes a): trigger `gone` does not work any more: no such table: main.child"
    );
    file.run(&[up("a", "CREATE TABLE other (x)")]).unwrap();
}

#[test]
fn the_schema_must_be_the_one_that_the_header_promises() {
    let file = File::new("");
    let wrong = Step {
        schema_before: Some(fingerprint("")),
        schema_after: Some(fingerprint("CREATE TABLE t (y)")),
        ..up("a", "CREATE TABLE t (x)")
    };
    let error = file.run(std::slice::from_ref(&wrong)).unwrap_err();
    assert!(matches!(error.problem, Problem::Schema { .. }), "{error}");
    let notes = &error.diagnostics()[0].notes;
    assert!(notes.iter().any(|note| note == "what the script does: added table `t`"), "{notes:?}");
    let recall = |revisions: &[RevisionId], wanted: &str| {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run("CREATE TABLE t (y)").unwrap();
        let is_asked = revisions == [id("a")] && wanted == fingerprint("CREATE TABLE t (y)");
        is_asked.then(|| Recalled::new(scratch.schema(&Filter::default()).unwrap(), wanted))
    };
    let recalling = Options { recall: &recall, ..options() };
    let error = run_on(&mut file.open(), std::slice::from_ref(&wrong), &recalling).unwrap_err();
    let notes = &error.diagnostics()[0].notes;
    assert_eq!(notes[..2], ["it differs: added column `t.x`", "it differs: dropped column `t.y`"]);
    assert_eq!(file.one("SELECT count(*) FROM sqlite_schema"), "0");

    file.outside().execute_batch("CREATE TABLE stray (x)").unwrap();
    let mut drifted = Vec::new();
    let mut plan = |_: &[Applied]| Ok(vec![wrong.clone()]);
    let refuse = Options { drift: Drift::Refuse, ..options() };
    let error = run(&mut file.open(), &mut plan, &refuse, &mut |_| ()).unwrap_err();
    assert!(matches!(error.problem, Problem::Drift { .. }), "{error}");
    let edit = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE stray (y)' WHERE name = 'stray'; \
                PRAGMA writable_schema = RESET";
    let edit = Step { schema_before: wrong.schema_before.clone(), ..up("r1", edit) };
    let edits = Options { catalog_edits: true, ..options() };
    let error = run_on(&mut file.open(), &[edit], &edits).unwrap_err();
    assert!(matches!(error.problem, Problem::Drift { edits_text: true, .. }), "{error}");
    run(&mut file.open(), &mut plan, &options(), &mut |event| {
        if let Event::Drifted { after, .. } = event {
            drifted.push(after);
        }
    })
    .unwrap();
    assert_eq!(drifted, [false], "told once");
}

#[test]
fn a_schema_is_no_drift_that_only_has_another_fingerprint() {
    let file = File::new("CREATE TABLE t (b, a)");
    let add = Step {
        schema_before: Some(fingerprint("CREATE TABLE t (a, b)")),
        schema_after: Some(fingerprint("CREATE TABLE t (a, b, c)")),
        ..up("a", "ALTER TABLE t ADD COLUMN c")
    };
    let recall = |revisions: &[RevisionId], wanted: &str| {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run("CREATE TABLE t (a, b)").unwrap();
        if revisions == [id("a")] {
            scratch.run("ALTER TABLE t ADD COLUMN c").unwrap();
        }
        Some(Recalled::new(scratch.schema(&Filter::default()).unwrap(), wanted))
    };
    let refuse = || Options { recall: &recall, drift: Drift::Refuse, ..options() };
    let mut plan = |rows: &[Applied]| Ok(remaining(std::slice::from_ref(&add), rows));
    let strict = Options { column_order: ColumnOrder::Strict, ..refuse() };
    let error = run(&mut file.open(), &mut plan, &strict, &mut |_| ()).unwrap_err();
    assert!(matches!(error.problem, Problem::Drift { .. }), "{error}");
    for drift in [Drift::Refuse, Drift::Warn] {
        let alike = Options { drift, dry_run: true, ..refuse() };
        let mut told = 0;
        run(&mut file.open(), &mut plan, &alike, &mut |event| {
            told += usize::from(matches!(event, Event::Drifted { .. }));
        })
        .unwrap();
        assert_eq!(told, 0);
    }
    // What writes the text of a table needs its columns where that says they are.
    let edit = Step { schema_before: add.schema_before.clone(), ..up("a", "PRAGMA writable_schema = ON") };
    let error = run_on(&mut file.open(), &[edit], &Options { drift: Drift::Warn, ..refuse() }).unwrap_err();
    assert!(matches!(error.problem, Problem::Drift { edits_text: true, .. }), "{error}");
    file.outside().execute_batch("CREATE TABLE stray (x)").unwrap();
    let error = run(&mut file.open(), &mut plan, &refuse(), &mut |_| ()).unwrap_err();
    assert!(error.diagnostics()[0].notes.iter().any(|note| note.contains("`stray`")), "{error}");
}

#[test]
fn several_runners_apply_each_revision_once() {
    for mode in ["DELETE", "WAL"] {
        let file = File::new(&format!("PRAGMA journal_mode = {mode}; CREATE TABLE log (n)"));
        let steps: Vec<Step> = (0..5).map(|n| up(&format!("r{n}"), &format!("INSERT INTO log VALUES ({n})"))).collect();
        let total: usize = thread::scope(|scope| {
            let run_all = || {
                let mut connection = file.open();
                let options = Options { lock_timeout: Duration::from_secs(20), ..options() };
                run_on(&mut connection, &steps, &options).unwrap().steps.len()
            };
            let runners: Vec<_> = (0..4).map(|_| scope.spawn(run_all)).collect();
            runners.into_iter().map(|runner| runner.join().unwrap()).sum()
        });
        assert_eq!(total, 5);
        assert_eq!(file.one("SELECT group_concat(n) FROM log"), "0,1,2,3,4");
        assert_eq!(file.revisions().len(), 5);
    }
}

#[test]
fn a_process_that_is_killed_leaves_the_database_at_a_revision() {
    for mode in ["DELETE", "WAL"] {
        let file = File::new(&format!("PRAGMA journal_mode = {mode}; {FAMILY}"));
        file.run(&[up("a", "CREATE TABLE t (x)")]).unwrap();
        // What a crash leaves is what stands in the files while the script runs.
        let copy = tempfile::tempdir().unwrap();
        let mut plan = |_: &[Applied]| {
            let many = "INSERT INTO p SELECT NULL, hex(randomblob(2000)), NULL FROM pragma_function_list;";
            Ok(vec![up("b", &format!("PRAGMA user_version = 2; {many} {many} {REBUILD}"))])
        };
        let mut connection = file.open();
        connection.pragma_update(None, "cache_size", 5).unwrap();
        let mut crashes = 0;
        let outcome = run(&mut connection, &mut plan, &options(), &mut |event| {
            if matches!(event, Event::Statement { step, .. } if step.revision == id("b")) {
                crashes += 1;
                let folder = copy.path().join(crashes.to_string());
                std::fs::create_dir(&folder).unwrap();
                for entry in std::fs::read_dir(file.folder.path()).unwrap() {
                    let name = entry.unwrap().file_name();
                    std::fs::copy(file.folder.path().join(&name), folder.join(&name)).unwrap();
                }
            }
        });
        outcome.unwrap();
        assert!(crashes > 8);
        for crash in 1..=crashes {
            let path = copy.path().join(crash.to_string()).join("app.db");
            let left = open(&path, Access::Write, SOON).unwrap().unwrap();
            let number = |sql: &str| left.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!(number("SELECT count(*) FROM schemactl_version"), 1, "{mode} {crash}");
            assert_eq!(number("PRAGMA user_version") + number("SELECT count(*) FROM p"), 3);
            assert_eq!(left.query_row("PRAGMA integrity_check", [], |row| row.get(0)), Ok("ok".to_owned()));
        }
    }
}

#[test]
fn a_writer_that_does_not_let_go_ends_in_the_class_locked() {
    let file = File::new("CREATE TABLE t (x)");
    let other = file.outside();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut told = 0;
    let mut plan = |_: &[Applied]| Ok(vec![up("a", "CREATE TABLE u (x)")]);
    let patient = Options { lock_timeout: Duration::from_millis(1300), ..options() };
    let error = run(&mut file.open(), &mut plan, &patient, &mut |event| {
        told += usize::from(matches!(event, Event::WaitingForLock { .. }));
    })
    .unwrap_err();
    assert_eq!((error.class(), told), (Class::Locked, 1));
    assert!(matches!(error.problem, Problem::Locked { at_commit: false, .. }));
}

#[test]
fn a_reader_delays_the_commit_and_does_not_undo_the_work() {
    let file = File::new("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
    let (began, wait) = mpsc::channel();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let connection = file.outside();
            let mut statement = connection.prepare("SELECT x FROM t").unwrap();
            let mut rows = statement.query([]).unwrap();
            rows.next().unwrap();
            began.send(()).unwrap();
            thread::sleep(Duration::from_millis(400));
        });
        wait.recv().unwrap();
        let patient = Options { lock_timeout: Duration::from_secs(10), ..options() };
        run_on(&mut file.open(), &[up("a", "CREATE TABLE u (x)")], &patient).unwrap();
        reader.join().unwrap();
    });
    assert_eq!(file.revisions(), ["a"]);

    let connection = file.outside();
    let mut statement = connection.prepare("SELECT x FROM t").unwrap();
    let mut rows = statement.query([]).unwrap();
    rows.next().unwrap();
    let error = file.run(&[up("b", "CREATE TABLE w (x)")]).unwrap_err();
    assert!(matches!(error.problem, Problem::Locked { at_commit: true, .. }), "{error}");
    drop(rows);
    assert_eq!(file.revisions(), ["a"]);
}

#[test]
fn a_full_disk_rolls_back_and_says_so() {
    let file = File::new("CREATE TABLE t (x)");
    let mut connection = file.open();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    connection.pragma_update(None, "max_page_count", pages + 20).unwrap();
    let overflow = "CREATE TABLE u (x);\nINSERT INTO u SELECT randomblob(100000) FROM (VALUES (1), (2), (3));";
    let error =
        run_on(&mut connection, &[up("a", "CREATE TABLE small (x)"), up("b", overflow)], &options()).unwrap_err();
    assert!(matches!(error.problem, Problem::Database(Error::Full { .. })), "{error:?}");
    assert_eq!(error.heads, Some(vec![id("a")]));
    assert!(connection.is_autocommit());
    assert_eq!(file.revisions(), ["a"]);
    assert_eq!(file.one("SELECT count(*) FROM sqlite_schema WHERE name = 'u'"), "0");
}

#[test]
fn an_interrupt_rolls_back() {
    let file = File::new("");
    let forever =
        "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;";
    let options = options();
    let interrupt = Arc::clone(&options.interrupt);
    let error = thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(100));
            interrupt.store(true, Ordering::Relaxed);
        });
        run_on(&mut file.open(), &[up("a", "CREATE TABLE first (x)"), up("b", forever)], &options).unwrap_err()
    });
    assert_eq!(error.class(), Class::Interrupted);
    // SQLite takes back the whole transaction, which the two share.
    assert_eq!((error.done.len(), error.heads), (0, Some(Vec::new())));
    assert_eq!(file.one("SELECT count(*) FROM sqlite_schema"), "0");
}

#[test]
fn a_script_outside_a_transaction_is_recorded_after_it_is_done() {
    let file =
        File::new("CREATE TABLE t (x); INSERT INTO t SELECT randomblob(10000) FROM (VALUES (1), (2)); DROP TABLE t");
    let outside = |revision: &str, sql: &str| Step { script: Some(section(revision, sql, false)), ..up(revision, "") };
    file.run(&[up("a", "CREATE TABLE u (x)"), outside("b", "VACUUM; PRAGMA journal_mode = WAL;")]).unwrap();
    assert_eq!(file.revisions(), ["a", "b"]);
    assert_eq!(file.one("PRAGMA freelist_count"), "0");
    let error = file.run(&[outside("c", "CREATE TABLE stays (x); SELECT absent")]).unwrap_err();
    assert_eq!(error.to_string(), "cannot upgrade `c` (makes c): no such column: absent");
    assert_eq!(file.revisions(), ["a", "b"]);
    let error = file.run(&[outside("d", "BEGIN; CREATE TABLE goes (x)")]).unwrap_err();
    assert!(matches!(error.problem, Problem::LeftOpen { .. }), "{error}");
    let other = file.folder.path().join("other.db");
    for attach in ["ATTACH", "VACUUM INTO"] {
        let alias = if attach == "ATTACH" { " AS o" } else { "" };
        let error = file.run(&[outside("e", &format!("{attach} '{}'{alias}", other.display()))]).unwrap_err();
        assert!(matches!(error.problem, Problem::Refused { .. }), "{error}");
        assert!(!other.exists());
    }
}

#[test]
fn a_stamp_changes_the_table_and_nothing_else() {
    let file = File::new("");
    let stamp = |revision: &str| Step { script: None, kind: Kind::Stamp, ..up(revision, "") };
    file.run(&[stamp("a"), stamp("b")]).unwrap();
    let squash = Step { kind: Kind::Squash, replaces: vec![id("a"), id("b")], ..stamp("s") };
    let outcome = file.run(&[squash]).unwrap();
    assert_eq!(file.revisions(), ["s"]);
    assert_eq!(outcome.applied[0].kind, Kind::Squash);
}

#[test]
fn what_only_the_application_has_is_not_in_the_way_and_never_used() {
    let file = File::new("");
    let application = file.outside();
    application.create_collation("unicase", str::cmp).unwrap();
    application
        .execute_batch(
            "CREATE TABLE t (a, b COLLATE unicase); CREATE INDEX i ON t (b); INSERT INTO t VALUES (1, 'x'), (2, 'y');
             CREATE VIEW v AS SELECT fold(a) FROM t; CREATE TABLE other (x, y)",
        )
        .unwrap();
    let outcome =
        file.run(&[up("a", "ALTER TABLE other RENAME COLUMN x TO z; ALTER TABLE other DROP COLUMN y")]).unwrap();
    assert_eq!(
        outcome.stand_ins.notice().unwrap(),
        "the collation `unicase` exists only in the application; a stand-in took its place"
    );
    let error = file.run(&[up("b", "INSERT INTO t VALUES (3, 'z')")]).unwrap_err();
    assert!(matches!(error.problem, Problem::StandInUsed { .. }), "{error}");
    assert_eq!(file.one("SELECT count(*) FROM t NOT INDEXED"), "2");
    let error = file.run(&[up("c", "CREATE TABLE slip (a CHECK (lenght(a) > 1))")]).unwrap_err();
    assert!(error.to_string().ends_with("no such function: lenght"), "{error}");
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let file = File::new(FAMILY);
    let set = |mode: u32| {
        std::fs::set_permissions(file.folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(0o555);
    let is_root = std::fs::write(file.folder.path().join("probe"), "").is_ok();
    let outcome = if is_root { Ok(Outcome::default()) } else { file.run(&[up("a", "CREATE TABLE t (x)")]) };
    set(0o755);
    if is_root {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    let error = outcome.unwrap_err();
    assert!(matches!(error.problem, Problem::Database(Error::ReadOnlyFolder { needed: "journal", .. })), "{error}");
    assert_eq!(file.one("SELECT count(*) FROM p"), "3");
}

#[test]
fn rows_that_a_check_refuses_when_they_are_copied_are_named() {
    let file = File::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CONSTRAINT named CHECK (a > 0 /* it is */)); PRAGMA ignore_check_constraints = ON;
         INSERT INTO t VALUES (1, 5), (2, -5), (7, -7)",
    );
    let rebuild = |copied: &str| {
        format!(
            "-- rebuild: t\nCREATE TABLE \"schemactl_new_t\" (id INTEGER PRIMARY KEY, a TEXT, CONSTRAINT named CHECK (a > 0));
             INSERT OR ABORT INTO \"schemactl_new_t\" (\"id\", \"a\") SELECT \"id\", {copied} FROM \"t\"; DROP TABLE \"t\";
             PRAGMA legacy_alter_table = ON; ALTER TABLE \"schemactl_new_t\" RENAME TO \"t\"; PRAGMA legacy_alter_table = OFF;
             -- rebuild: end\n"
        )
    };
    for fast_rebuild in [false, true] {
        let options = Options { fast_rebuild, ..options() };
        let run = |copied: &str| run_on(&mut file.open(), &[up("r1", &rebuild(copied))], &options).unwrap_err();
        let error = run("\"a\"");
        let Problem::RowsRefuse { violation, found, .. } = &error.problem else { panic!("{error:?}") };
        assert_eq!(violation, "a row of `t` that violates CHECK (a > 0)");
        assert_eq!((found.number, &found.examples[..]), (2, &["id = 2".to_owned(), "id = 7".to_owned()][..]));
        assert_eq!(file.one("SELECT count(*) FROM t"), "3");
        file.outside().execute_batch("UPDATE t SET a = abs(a)").unwrap();
        let error = run("- \"a\"");
        assert!(matches!(&error.problem, Problem::Statement { message, .. } if message.contains("named")), "{error:?}");
        file.outside().execute_batch("PRAGMA ignore_check_constraints = ON; UPDATE t SET a = -a WHERE id > 1").unwrap();
    }
}
