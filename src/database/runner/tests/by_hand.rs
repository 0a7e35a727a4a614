//! What somebody has made by hand on tables that scripts rebuild.

use super::*;

const MADE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); CREATE INDEX of_a ON t (a); \
     CREATE TABLE log (x); CREATE VIEW v AS SELECT a FROM t";

/// A script that rebuilds `t` with other columns.
fn rebuild(columns: &str, copied: &str) -> String {
    format!(
        "CREATE TABLE schemactl_new_t ({columns});\nINSERT OR ABORT INTO schemactl_new_t {copied} FROM t;\n\
         DROP TABLE t;\nPRAGMA legacy_alter_table = ON;\nALTER TABLE schemactl_new_t RENAME TO t;\n\
         PRAGMA legacy_alter_table = OFF;\n"
    )
}

fn strict() -> String {
    rebuild("id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT", "(id, a, b) SELECT id, a, b")
        + "CREATE INDEX of_a ON t (a);\n"
}

/// What a database has in which somebody has made more by hand.
fn file_with(by_hand: &str) -> File {
    File::new(&format!("{MADE}; INSERT INTO t VALUES (1, 'x', 'y'), (2, 'z', 'w'); {by_hand}"))
}

/// A step on a database that should have what `MADE` makes.
fn step(sql: &str) -> Step {
    Step { schema_before: Some(fingerprint(MADE)), ..up("r", sql) }
}

/// Runs a step, and gives what became of what was made by hand.
fn run_step(file: &File, step: &Step, fast_rebuild: bool) -> Result<Vec<ByHand>, RunError> {
    let recall = |_: &[RevisionId], wanted: &str| {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(MADE).unwrap();
        Some(Recalled::new(scratch.schema(&Filter::default()).unwrap(), wanted))
    };
    let options = Options { recall: &recall, fast_rebuild, ..options() };
    let outcome = run_on(&mut file.open(), std::slice::from_ref(step), &options)?;
    Ok(outcome.steps.into_iter().flat_map(|done| done.by_hand).collect())
}

fn text_of(file: &File, name: &str) -> String {
    file.one(&format!("SELECT coalesce((SELECT sql FROM sqlite_schema WHERE name = '{name}'), 'none')"))
}

fn words(by_hand: &[ByHand]) -> Vec<String> {
    by_hand.iter().map(ByHand::words).collect()
}

#[test]
fn what_hangs_on_a_rebuilt_table_by_hand_is_put_back_with_its_own_text() {
    let index = "CREATE UNIQUE INDEX mine ON t(b)  WHERE b > ''";
    let first = "CREATE TRIGGER first AFTER UPDATE OF b ON t BEGIN INSERT INTO log VALUES (new.b); END";
    let other = "CREATE TRIGGER other AFTER INSERT ON log BEGIN UPDATE t SET b = b || '!'; END";
    let marked = format!("-- rebuild: t\n{}-- rebuild: end\n", strict());
    for (script, fast) in [(strict(), false), (marked.clone(), false), (marked, true)] {
        let file = file_with(&format!("{index}; {first}; {other}"));
        let by_hand = run_step(&file, &step(&script), fast).unwrap();
        assert_eq!(
            words(&by_hand),
            [
                "the index `mine` on `t`, which no revision makes, is put back",
                "the trigger `first` on `t`, which no revision makes, is put back"
            ]
        );
        for (name, text) in [("mine", index), ("first", first), ("other", other)] {
            assert_eq!(text_of(&file, name), text);
        }
        assert_eq!(file.one("PRAGMA integrity_check"), "ok");
        file.outside().execute_batch("INSERT INTO log VALUES (1)").unwrap();
        assert_eq!(file.one("SELECT group_concat(b) FROM t"), "y!,w!");
        // The way back restores no more than it found, and no less.
        assert_eq!(file.one("SELECT schema_before = schema FROM schemactl_version"), "0");
    }
}

#[test]
fn what_a_script_drops_by_name_and_what_revisions_make_is_the_script_s_business() {
    let file = file_with("CREATE INDEX mine ON t (b)");
    let script = format!("DROP INDEX IF EXISTS main.mine;\n{}", strict().replace("CREATE INDEX of_a ON t (a);", ""));
    assert_eq!(run_step(&file, &step(&script), false).unwrap(), []);
    assert_eq!(text_of(&file, "mine") + &text_of(&file, "of_a"), "nonenone");
}

#[test]
fn a_trigger_on_a_view_comes_back_with_the_view() {
    let file = file_with("CREATE TRIGGER mine INSTEAD OF INSERT ON v BEGIN INSERT INTO t (a) VALUES (new.a); END");
    let by_hand = run_step(&file, &step("DROP VIEW v;\nCREATE VIEW v AS SELECT a, b FROM t;"), false).unwrap();
    assert_eq!(words(&by_hand), ["the trigger `mine` on `v`, which no revision makes, is put back"]);
    file.outside().execute_batch("INSERT INTO v (a) VALUES ('new')").unwrap();
    assert_eq!(file.one("SELECT count(*) FROM t"), "3");
}

#[test]
fn names_are_followed_to_what_the_script_calls_things() {
    let copied = rebuild("id INTEGER PRIMARY KEY, a TEXT, c TEXT", "(id, a, c) SELECT id, a, b");
    let by_copy =
        format!("-- rebuild: t\n{copied}-- rebuild: end\nALTER TABLE t RENAME TO u;\nCREATE INDEX of_a ON u (a);");
    let before = format!("ALTER TABLE t RENAME COLUMN b TO c;\n{}", by_copy.replace("id, a, b", "id, a, c"));
    for script in [by_copy, before] {
        let script = format!("DROP VIEW v;\n{script}\nCREATE VIEW v AS SELECT a FROM u;");
        let file = file_with(
            "CREATE INDEX mine ON t (b, lower(b)); \
             CREATE TRIGGER w AFTER UPDATE OF b ON t WHEN new.b > '' BEGIN INSERT INTO log SELECT b FROM t; END",
        );
        let by_hand = run_step(&file, &step(&script), false).unwrap();
        assert_eq!(by_hand.iter().filter(|it| it.lost.is_none() && it.table == *"u").count(), 2, "{by_hand:?}");
        assert_eq!(file.one("SELECT group_concat(name) FROM pragma_index_xinfo('mine') WHERE key"), "c");
        file.outside().execute_batch("UPDATE u SET c = 'q'").unwrap();
        assert_eq!(file.one("SELECT group_concat(x) FROM log"), "q,w,q,q");
    }
    // A table that is put aside and made anew.
    let aside = "ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c);\n\
                 INSERT INTO t SELECT *, 1 FROM t_old; DROP VIEW v; DROP TABLE t_old; CREATE VIEW v AS SELECT a FROM t; \
                 CREATE INDEX of_a ON t (a)";
    let file = file_with("CREATE INDEX mine ON t (b)");
    run_step(&file, &step(aside), false).unwrap();
    assert_eq!(text_of(&file, "mine"), "CREATE INDEX mine ON t (b)");
}

#[test]
fn triggers_fire_in_the_order_that_they_had() {
    let with_trigger = "CREATE TRIGGER z AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('z'); END";
    let file = file_with(&format!(
        "CREATE TRIGGER mine AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('mine'); END; {with_trigger}"
    ));
    let step = Step {
        schema_before: Some(fingerprint(&format!("{MADE}; {with_trigger}"))),
        ..up("r", &format!("{}{with_trigger};", strict()))
    };
    let recall = |_: &[RevisionId], wanted: &str| {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(&format!("{MADE}; {with_trigger}")).unwrap();
        Some(Recalled::new(scratch.schema(&Filter::default()).unwrap(), wanted))
    };
    let before = file
        .one("SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid)");
    run_on(&mut file.open(), &[step], &Options { recall: &recall, ..options() }).unwrap();
    assert_eq!(before, "mine,z");
    let after = file
        .one("SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid)");
    assert_eq!(after, before);
}

#[test]
fn what_says_something_of_rows_and_fits_no_more_stops_the_step() {
    let without_b = rebuild("id INTEGER PRIMARY KEY, a TEXT", "(id, a) SELECT id, a") + "CREATE INDEX of_a ON t (a);";
    let alike = rebuild("id INTEGER PRIMARY KEY, a TEXT, b TEXT", "(id, a, b) SELECT id, a, 'same'")
        + "CREATE INDEX of_a ON t (a);";
    for (by_hand, script, why) in [
        ("CREATE UNIQUE INDEX mine ON t (b)", &without_b, "`t` has no column `b` any more"),
        ("CREATE UNIQUE INDEX mine ON t (\"b\")", &without_b, "`t` has no column `b` any more"),
        ("CREATE UNIQUE INDEX mine ON t (b)", &alike, "UNIQUE constraint failed: t.b"),
        (
            "CREATE TRIGGER mine AFTER UPDATE OF b ON t BEGIN SELECT 1; END",
            &without_b,
            "`t` has no column `b` any more",
        ),
        ("CREATE TRIGGER mine AFTER INSERT ON t BEGIN SELECT new.b; END", &without_b, "no such column: new.b"),
    ] {
        let file = file_with(by_hand);
        let error = run_step(&file, &step(script), false).unwrap_err();
        assert!(matches!(error.problem, Problem::NotKept { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        let diagnostic = &error.diagnostics()[0];
        assert_eq!(diagnostic.notes[0], format!("it is: {by_hand}"));
        assert!(diagnostic.help.as_ref().unwrap().contains("\"mine\""), "{diagnostic:?}");
        assert_eq!(text_of(&file, "mine"), by_hand);
    }
}

#[test]
fn a_plain_index_that_fits_no_more_goes_with_a_word_and_the_way_back_asks_for_no_such_thing() {
    let without_b = rebuild("id INTEGER PRIMARY KEY, a TEXT", "(id, a) SELECT id, a") + "CREATE INDEX of_a ON t (a);";
    let file = file_with("CREATE INDEX mine ON t (b)");
    let by_hand = run_step(&file, &step(&without_b), false).unwrap();
    let why = "the index `mine` on `t`, which no revision makes, is gone: `t` has no column `b` any more";
    assert_eq!(words(&by_hand), [why]);
    assert_eq!(file.one("SELECT schema_before FROM schemactl_version"), fingerprint(MADE));

    let file = file_with("CREATE UNIQUE INDEX mine ON log (x)");
    let by_hand = run_step(&file, &step("DROP TABLE log"), false).unwrap();
    assert_eq!(words(&by_hand), ["the index `mine` on `log`, which no revision makes, is gone: it goes with `log`"]);
    assert_eq!(file.one("SELECT schema_before FROM schemactl_version"), fingerprint(MADE));
}

#[test]
fn a_column_that_no_revision_makes_is_not_lost_in_a_rebuild() {
    let file = file_with("ALTER TABLE t ADD COLUMN mine; UPDATE t SET mine = 1");
    let error = run_step(&file, &step(&strict()), false).unwrap_err();
    assert_eq!(
        error.problem.to_string(),
        "the script writes `t` anew without its column `mine`, which no revision makes"
    );
    assert_eq!(file.one("SELECT sum(mine) FROM t"), "2");
}

#[test]
fn a_script_outside_a_transaction_loses_nothing_that_was_made_by_hand() {
    let file = file_with("CREATE INDEX mine ON t (b); CREATE UNIQUE INDEX of_both ON t (a, b)");
    let script = "BEGIN; DROP VIEW v; CREATE TABLE n (id INTEGER PRIMARY KEY, b TEXT); INSERT INTO n SELECT id, b FROM t; \
                  DROP TABLE t; ALTER TABLE n RENAME TO t; CREATE VIEW v AS SELECT b AS a FROM t; COMMIT;";
    let step = Step { script: Some(section("r", script, false)), ..step("") };
    let by_hand = run_step(&file, &step, false).unwrap();
    assert_eq!(words(&by_hand).len(), 2);
    assert!(by_hand[0].lost.is_none() && by_hand[1].lost.is_some(), "{by_hand:?}");
    assert_eq!(text_of(&file, "mine"), "CREATE INDEX mine ON t (b)");
}

#[test]
fn where_all_is_as_promised_only_what_is_ignored_is_nobody_s() {
    let ignored = "CREATE TRIGGER other_program AFTER INSERT ON t BEGIN SELECT 1; END";
    let file = file_with(ignored);
    let script = strict().replace("CREATE INDEX of_a ON t (a);\n", "");
    let made = MADE.replace("CREATE INDEX of_a ON t (a);", "").replace("a TEXT,", "a TEXT NOT NULL,");
    let step = Step { is_promised: true, schema_after: Some(fingerprint(&made)), ..step(&script) };
    let filter = Filter::new(Name::from(version_table::DEFAULT_NAME), ["other_*"]).unwrap();
    let options = Options { filter, recall: &|_, _| panic!("what is promised is known"), ..options() };
    let outcome = run_on(&mut file.open(), &[step], &options).unwrap();
    let by_hand = &outcome.steps[0].by_hand;
    assert_eq!(words(by_hand), ["the trigger `other_program` on `t`, which no revision makes, is put back"]);
    assert_eq!(text_of(&file, "other_program") + &text_of(&file, "of_a"), format!("{ignored}none"));
}

#[test]
fn another_of_the_same_name_is_no_substitute() {
    let script = strict() + "CREATE INDEX h ON t (a);\n";
    for (by_hand, stays) in [("CREATE UNIQUE INDEX h ON t (b)", false), ("CREATE INDEX h ON t(a)", true)] {
        let file = file_with(by_hand);
        let outcome = run_step(&file, &step(&script), false);
        assert_eq!(outcome.as_ref().is_ok_and(Vec::is_empty), stays, "{by_hand}: {outcome:?}");
        if let Err(error) = outcome {
            assert!(error.to_string().contains("the index `h` on `t`, which no revision makes, cannot be put back"));
            assert_eq!(text_of(&file, "h"), by_hand);
        }
    }
}

#[test]
fn a_generated_column_made_by_hand_is_not_left_behind() {
    let file = file_with("ALTER TABLE t ADD COLUMN extra AS (a || b)");
    let error = run_step(&file, &step(&strict()), false).unwrap_err().to_string();
    assert!(
        error.ends_with("the script writes `t` anew without its column `extra`, which no revision makes"),
        "{error}"
    );
    assert_eq!(file.one("SELECT group_concat(extra) FROM t"), "xy,zw");
}
