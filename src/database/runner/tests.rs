mod by_hand;
mod checks;
mod others;
mod statistics;

use std::path::PathBuf;

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
