//! What must hold before a script and after it.

use super::*;

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
