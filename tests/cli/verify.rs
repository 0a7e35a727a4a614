//! `schemactl verify`.

use crate::support::command::Project;

fn sound() -> Project {
    let project = Project::with_settings("");
    project.revision(
        "a1",
        "none",
        "CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT NOT NULL);",
        "DROP TABLE user;",
    );
    project.revision("b2", "a1", "ALTER TABLE user ADD COLUMN mail TEXT;", "ALTER TABLE user DROP COLUMN mail;");
    project
}

#[test]
fn sound_revisions_go_up_down_and_up_with_rows_and_leave_no_database() {
    let project = sound();
    project.run(&["verify"]).ends_with(0).answers("b2").answers("5 rows").answers("2 revisions verified");
    assert!(!project.path("app.db").exists());
    let document = project.run(&["verify", "--format", "json"]).ends_with(0).json();
    assert_eq!(document["revisions"][1]["way_back"], "proved");
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(0));
}

#[test]
fn branches_and_their_merge_are_run_in_the_order_of_the_graph() {
    let project = sound();
    project.revision("c3", "a1", "CREATE TABLE post (author REFERENCES user);", "DROP TABLE post;");
    project.revision(
        "d4",
        "b2, c3",
        "CREATE VIEW mails AS SELECT mail FROM user JOIN post ON author = id;",
        "DROP VIEW mails;",
    );
    project.run(&["verify"]).ends_with(0).answers("4 revisions verified");
}

#[test]
fn a_way_back_that_forgets_something_is_a_finding_with_its_place() {
    let project = sound();
    project.revision("c3", "b2", "CREATE TABLE kept (x);\nCREATE TABLE gone (x);", "DROP TABLE gone;");
    let ended = project.run(&["verify", "--format", "json"]).ends_with(1);
    let finding = &ended.json()["findings"][0];
    assert_eq!((&finding["code"], &finding["revision"]), (&"not_restored".into(), &"c3".into()), "{ended}");
    assert_eq!(finding["at"]["file"], "versions/c3.sql");
    assert_eq!(finding["at"]["line"], 8, "{ended}");
    assert!(finding["notes"][0].as_str().unwrap().contains("`kept`"), "{ended}");
}

#[test]
fn a_script_that_fails_is_told_with_its_line_and_what_follows_is_not_reached() {
    let project = sound();
    project.revision("c3", "b2", "CREATE TABLE c (x);\nINSERT INTO nowhere VALUES (1);", "DROP TABLE c;");
    project.revision("d4", "c3", "CREATE TABLE d (x);", "DROP TABLE d;");
    let ended = project.run(&["verify", "--format", "json"]).ends_with(1);
    let document = ended.json();
    assert_eq!(document["findings"][0]["at"]["line"], 6, "{ended}");
    assert_eq!(document["unreached"][0], "d4", "{ended}");
    project.run(&["verify"]).ends_with(1).answers("no such table: nowhere").says("not reached: d4");
}

#[test]
fn a_missing_way_back_is_a_finding_unless_the_header_says_why() {
    let project = sound();
    let head = "-- revision: c3\n-- parents: b2\n";
    let up = "\n-- migrate:up\nCREATE TABLE c (x);\n";
    project.write("versions/c3.sql", &format!("{head}{up}"));
    project.run(&["verify"]).ends_with(1).answers("has no way back").answers("-- irreversible:");
    project.write("versions/c3.sql", &format!("{head}-- irreversible: the rows are sent by mail\n{up}"));
    project.run(&["verify"]).ends_with(0).answers("it cannot be taken back");
}

#[test]
fn a_header_that_names_another_schema_is_a_finding() {
    let project = sound();
    let text = project.read("versions/b2.sql");
    let wrong = format!("-- parents: a1\n-- schema: sha256:{}", "0".repeat(64));
    project.write("versions/b2.sql", &text.replace("-- parents: a1", &wrong));
    let ended = project.run(&["verify", "--format", "json"]).ends_with(1);
    let finding = &ended.json()["findings"][0];
    assert_eq!((&finding["code"], &finding["at"]["line"]), (&"schema_mismatch".into(), &3.into()), "{ended}");
}

#[test]
fn rows_that_a_revision_refuses_by_design_are_no_finding() {
    let project = sound();
    let up = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name LIKE 'x%'), mail TEXT);
INSERT INTO new SELECT id, name, mail FROM user;
DROP TABLE user;
ALTER TABLE new RENAME TO user;";
    let down = up.replace(" CHECK (name LIKE 'x%')", "");
    project.revision("c3", "b2", up, &down);
    project.run(&["verify"]).ends_with(0).answers("3 revisions verified");
}

#[test]
fn made_up_rows_fit_what_a_revision_will_ask_of_them() {
    let project = sound();
    let table =
        |check: &str| format!("CREATE TABLE new (id INTEGER PRIMARY KEY, due TEXT {check}, n INTEGER NOT NULL);");
    let project_table = table("").replace(" new ", " task ");
    project.revision("c3", "b2", &project_table, "DROP TABLE task;");
    let moved = "INSERT INTO new SELECT * FROM task;\nDROP TABLE task;\nALTER TABLE new RENAME TO task;";
    let up = format!("{}\n{moved}", table("CHECK (due IS date(due))"));
    project.revision("d4", "c3", &up, &format!("{}\n{moved}", table("")));
    let document = project.run(&["verify", "--format", "json"]).ends_with(0).json();
    let rows = document["revisions"][3]["rows"].as_u64();
    assert!(rows.is_some_and(|rows| rows >= 10), "{document}");
}

#[test]
fn a_way_back_that_works_without_rows_alone_is_a_finding_unless_it_says_so() {
    let project = sound();
    project.revision("c3", "b2", "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);", "DROP TABLE note;");
    let (up, down) = ("ALTER TABLE note DROP COLUMN body;", "ALTER TABLE note ADD COLUMN body TEXT NOT NULL;");
    project.revision("d4", "c3", up, down);
    let ended = project.run(&["verify", "--format", "json"]).ends_with(1);
    let document = ended.json();
    assert_eq!(document["findings"][0]["code"], "way_back_refuses_rows", "{ended}");
    assert_eq!(document["revisions"][3]["way_back"], "failed", "{ended}");
    project.run(&["verify"]).ends_with(1).answers("as soon as there are rows it cannot be taken back");

    let gate = "-- stops at: a note, which has lost its body\n--   SELECT id FROM note\n";
    project.revision("d4", "c3", up, &format!("{gate}{down}"));
    let said = "up, down and up, without rows; the way back refuses others: ";
    project.run(&["verify"]).ends_with(0).answers(said).answers("a note, which has lost its body");
}
