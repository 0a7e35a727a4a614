//! A database that is not what its revisions make, that is not there, or that nothing is recorded of.

use std::fs;

use crate::support::command::{Ended, Project};

const MODEL: &str = "[schemactl]\ndatabase = \"app.db\"\n\n[tables.t.columns]\nid = \"INTEGER PRIMARY KEY\"\n";

/// A project whose one revision is run.
fn project() -> Project {
    let project = Project::new();
    project.write("migrations.toml", MODEL);
    project.run(&["revision", "--autogenerate", "-m", "one", "--rev-id", "one"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project
}

fn sql(project: &Project, sql: &str) {
    rusqlite::Connection::open(project.path("app.db")).unwrap().execute_batch(sql).unwrap();
}

/// The name of the file of a revision.
fn script_of(project: &Project, id: &str) -> String {
    let names = fs::read_dir(project.path("versions")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.contains(&format!("_{id}_"))).unwrap()
}

fn names(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.path("")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_one_database_was_given_by_hand_is_no_part_of_the_next_revision() {
    let project = project();
    sql(&project, "ALTER TABLE t ADD COLUMN hand; CREATE INDEX ih ON t(hand)");
    project
        .run(&["revision", "--autogenerate", "-m", "nothing"])
        .ends_with(0)
        .answers("no changes: the revisions make what the model says")
        .says("added column `t.hand`");
    project.write("migrations.toml", &format!("{MODEL}c = \"TEXT\"\n"));
    project.run(&["check"]).ends_with(1).says("not what its revisions make");
    // Where the model says it too, the revision is still missing.
    project.write("migrations.toml", &format!("{MODEL}hand = \"\"\n\n[tables.t.indexes]\nih = [\"hand\"]\n"));
    project.run(&["check"]).ends_with(1).answers("no revision makes it");
    assert_eq!(project.run(&["check", "--format", "json"]).ends_with(1).json()["drift"], true);

    project.write("migrations.toml", &MODEL.replace("\"app.db\"\n", "\"app.db\"\ndrift = \"refuse\"\n"));
    let refused = project.run(&["revision", "--autogenerate", "-m", "two"]).ends_with(1);
    refused.says("added column `t.hand`").says("added index `ih`").says("--offline").says("--from database --to one");

    project.write("migrations.toml", &format!("{MODEL}c = \"TEXT\"\n"));
    let written = project.run(&["revision", "--autogenerate", "-m", "two", "--rev-id", "two"]).ends_with(0);
    assert!(!written.stdout.contains("hand"), "{written}");
    written.answers("t.c").says("warning").says("added index `ih`");
    project.run(&["verify"]).ends_with(0);
    project.run(&["upgrade", "--database", "fresh.db"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0).answers("two (head)").says("added column `t.hand`");
    // The drift is still told: the version table says what the script made, not what is there.
    project.run(&["revision", "--autogenerate", "-m", "three"]).ends_with(0).says("added column `t.hand`");
}

#[test]
fn a_database_with_the_schema_of_a_revision_and_no_record_is_told_to_stamp() {
    let project = project();
    project.run(&["stamp", "base"]).ends_with(0);
    let status = project.run(&["status"]).ends_with(1).answers("next: schemactl stamp one");
    assert!(!status.stdout.contains("upgrade head"), "{status}");
    let status = project.run(&["status", "--format", "json"]).ends_with(1).json();
    assert_eq!(status["revisions"]["recognised"][0]["revision"], "one");
    project.run(&["upgrade"]).ends_with(3).says("already exists").says("`schemactl stamp one`");
    project.run(&["stamp", "one"]).ends_with(0);
    project.run(&["status"]).ends_with(0);

    // A change by hand that a revision makes now.
    sql(&project, "ALTER TABLE t ADD COLUMN c TEXT");
    project.write("migrations.toml", &format!("{MODEL}c = \"TEXT\"\n"));
    project.run(&["revision", "--autogenerate", "-m", "two", "--rev-id", "two"]).ends_with(0).says("stamp");
    project.run(&["status"]).ends_with(1).answers("next: schemactl stamp two");
    project.run(&["upgrade"]).ends_with(3).says("duplicate column").says("`schemactl stamp two`");
    project.run(&["stamp", "two"]).ends_with(0);
    project.run(&["status"]).ends_with(0);

    // The same where its column stands behind one that another revision has added meanwhile.
    sql(&project, "ALTER TABLE t ADD COLUMN e TEXT; ALTER TABLE t ADD COLUMN d TEXT");
    project.write("migrations.toml", &format!("{MODEL}c = \"TEXT\"\nd = \"TEXT\"\ne = \"TEXT\"\n"));
    project.run(&["revision", "--autogenerate", "-m", "more", "--rev-id", "more"]).ends_with(0);
    project.run(&["status"]).ends_with(1).answers("next: schemactl stamp more");
    project.run(&["stamp", "more"]).ends_with(0);
    project.run(&["status"]).ends_with(0);
    project.run(&["stamp", "base"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(3).says("already exists").says("`schemactl stamp more`");
    project.run(&["stamp", "more"]).ends_with(0);

    // What ran before a revision that fails is recorded, and no reason for a stamp.
    let fails = "-- revision: three\n-- parents: more\n\n-- migrate:up\nCREATE TIBLE u (id);\n";
    project.write("versions/three.sql", fails);
    let ended = project.run(&["upgrade", "--database", "fresh.db"]).ends_with(3);
    assert!(!ended.stderr.contains("stamp"), "{ended}");
}

#[test]
fn a_stamp_that_passes_over_work_on_rows_is_a_choice() {
    let project = project();
    let by_hand = |id: &str, parents: &str, up: &str| {
        let script = format!("-- revision: {id}\n-- parents: {parents}\n\n-- migrate:up\n{up};\n");
        project.write(&format!("versions/{id}.sql"), &script);
    };
    by_hand("work", "one", "UPDATE t SET id = id + 1");
    project.write("migrations.toml", &format!("{MODEL}z = \"TEXT\"\n"));
    project.run(&["revision", "--autogenerate", "--offline", "-m", "three", "--rev-id", "three"]).ends_with(0);
    sql(&project, "ALTER TABLE t ADD COLUMN z TEXT");
    let choice = "`schemactl stamp three` if work has run; else do by hand first what it does to rows";
    let status = project.run(&["status"]).ends_with(1).answers(&format!("next: {choice}"));
    status.answers("no schema shows whether it has run: `work`");
    let document = project.run(&["status", "--format", "json"]).ends_with(1).json();
    assert_eq!(document["revisions"]["recognised"][0]["revision"], "three");
    assert_eq!(document["revisions"]["on_rows"][0]["revision"], "work");
    // Without a record `one` is in the way; what is said of it holds for the others as well.
    project.run(&["stamp", "base"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(3).says("already exists").says(choice);
    project.run(&["stamp", "work"]).ends_with(0);
    project.run(&["status"]).ends_with(1).answers("next: schemactl stamp three\n");

    // Where one revision changes no schema, the one before it is certain.
    let project = Project::new();
    project.write("migrations.toml", MODEL);
    project.run(&["revision", "--autogenerate", "-m", "one", "--rev-id", "one"]).ends_with(0);
    let one = fs::read_to_string(project.path("versions").join(script_of(&project, "one"))).unwrap();
    let promise = one.lines().find(|line| line.starts_with("-- schema:")).unwrap();
    let two = format!("-- revision: two\n-- parents: one\n{promise}\n\n-- migrate:up\nDELETE FROM t;\n");
    project.write("versions/two.sql", &two);
    sql(&project, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let next = "`schemactl stamp two` if two has run; else `schemactl stamp one`, then `schemactl upgrade`";
    project.run(&["status"]).ends_with(1).answers(next);
}

#[test]
fn nothing_is_made_for_a_run_that_fails_or_has_nothing_to_do() {
    let project = Project::new();
    project.write("migrations.toml", MODEL);
    let makes_none = |ended: Ended| assert!(!project.path("app.db").exists(), "{ended}");
    makes_none(project.run(&["upgrade"]).ends_with(2));
    fs::create_dir(project.path("versions")).unwrap();
    makes_none(project.run(&["upgrade"]).ends_with(0).answers("nothing to do"));
    makes_none(project.run(&["upgrade", "heda"]).ends_with(2));
    makes_none(project.run(&["stamp", "heda"]).ends_with(2));
    let script = "-- revision: one\n-- parents: none\n\n-- migrate:up\nCREATE TIBLE t (id);\n";
    project.write("versions/one.sql", script);
    makes_none(project.run(&["upgrade"]).ends_with(3).says("TIBLE").says("versions/one.sql:5:"));
    // What is too large to be tried in memory is run all the same.
    let rows = "CREATE TABLE t (a);\nINSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 70) SELECT zeroblob(1000000) FROM n;\n";
    project.write("versions/one.sql", &script.replace("CREATE TIBLE t (id);\n", rows));
    project.run(&["upgrade"]).ends_with(0);
    assert!(fs::metadata(project.path("app.db")).unwrap().len() > 70_000_000);
}

#[test]
fn a_database_that_is_not_there_is_told() {
    let project = project();
    project.run(&["diff", "--database", "misspelt.db"]).ends_with(0).says("there is no database `misspelt.db`");
    assert!(!project.path("misspelt.db").exists());
    project
        .run(&["stamp", "head", "--database", "misspelt.db"])
        .ends_with(0)
        .says("there was no database `misspelt.db`")
        .says("none of the tables");
    let again = project.run(&["stamp", "head", "--database", "misspelt.db"]).ends_with(0);
    assert_eq!(again.stderr, "");
}

#[test]
fn what_is_hardly_the_name_of_a_file_is_refused() {
    let project = project();
    let before = names(&project);
    for (word, help) in [
        ("file:app.db?mode=ro", "`app.db`"),
        (":memory:", "--dry-run"),
        ("sqlite::memory:", "--dry-run"),
        ("~/x.db", "${HOME}"),
    ] {
        for command in ["status", "upgrade"] {
            project.run(&[command, "--database", word]).ends_with(2).says(help);
        }
    }
    assert_eq!(names(&project), before);
}

#[test]
fn init_writes_nothing_where_the_database_cannot_be_taken() {
    let project = Project::new();
    sql(&project, "CREATE TABLE schemactl_version (x); CREATE TABLE t (a)");
    project.run(&["init", "--from-database", "app.db"]).ends_with(3).says("schemactl_version");
    assert_eq!(names(&project), ["app.db"]);
    sql(&project, "DROP TABLE schemactl_version");
    project.run(&["init", "--from-database", "app.db"]).ends_with(0);
}

#[test]
fn a_script_is_printed_where_there_is_no_folder_yet() {
    let project = Project::new();
    project.write("migrations.toml", MODEL);
    project.run(&["revision", "--autogenerate", "--sql"]).ends_with(0).answers("CREATE TABLE");
    project.run(&["revision", "--sql", "-m", "by hand"]).ends_with(0).answers("-- migrate:up");
    assert_eq!(names(&project), ["migrations.toml"]);
}
