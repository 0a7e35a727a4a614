//! `backup`, `backups`, `restore`, and the copy before a run that discards rows.

use crate::support::command::Project;

/// A table with rows at the first revision, and a second one that drops a column.
fn losing(settings: &str) -> Project {
    let project = Project::with_settings(settings);
    let up = "CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO user (name) VALUES ('Ada'), ('Bo');";
    project.revision("a1", "none", up, "DROP TABLE user;");
    project.run(&["upgrade"]).ends_with(0);
    project.revision("b2", "a1", "ALTER TABLE user DROP COLUMN name;", "ALTER TABLE user ADD COLUMN name TEXT;");
    project
}

fn backups(project: &Project) -> Vec<String> {
    let document = project.run(&["backups", "--format", "json"]).ends_with(0).json();
    let backups = document["backups"].as_array().unwrap().iter();
    backups.map(|backup| backup["path"].as_str().unwrap().to_owned()).collect()
}

fn names(project: &Project) -> Option<String> {
    project.sqlite3("SELECT group_concat(name) FROM user")
}

#[test]
fn a_run_that_discards_values_copies_the_database_first_and_says_how_to_go_back() {
    let project = losing("");
    let path = "backups/app.db.20261122T190200Z.a1.bak";
    project.run(&["upgrade"]).ends_with(0).says(&format!("to go back: schemactl restore {path}"));
    assert_eq!(backups(&project), [path]);
    project.run(&["restore", path, "--yes"]).ends_with(0).answers("app.db is what");
    project.run(&["current"]).ends_with(0).answers("a1");
    if let Some(names) = names(&project) {
        assert_eq!(names, "Ada,Bo\n");
    }
    assert_eq!(backups(&project).len(), 2, "what was replaced is kept too");
}

#[test]
fn what_discards_nothing_makes_no_copy() {
    let project = losing("");
    let rebuild = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT CHECK (name <> ''));
INSERT INTO new SELECT id, name FROM user;
DROP TABLE user;
ALTER TABLE new RENAME TO user;";
    project.revision("b2", "a1", rebuild, &rebuild.replace(" CHECK (name <> '')", ""));
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["upgrade", "head", "--dry-run"]).ends_with(0);
    assert_eq!(backups(&project).len(), 0);
    project.run(&["downgrade", "base", "--dry-run"]).ends_with(0);
    assert!(!project.path("backups").exists());
    let document = project.run(&["downgrade", "base", "--format", "json"]).ends_with(0).json();
    assert_eq!(document["backup"].as_str().map(|path| path.ends_with(".b2.bak")), Some(true), "{document}");
}

#[test]
fn rows_that_a_script_deletes_or_writes_over_by_itself_are_copied_before() {
    for (up, copies) in [
        ("DELETE FROM user WHERE name = 'Bo';", 1),
        ("UPDATE user SET name = upper(name);", 1),
        ("INSERT OR REPLACE INTO user VALUES (1, 'Ann');", 1),
        ("ALTER TABLE user RENAME COLUMN name TO called;\nUPDATE user SET called = '';", 1),
        (
            "CREATE TABLE log (x);\nCREATE TEMP TRIGGER g AFTER INSERT ON log BEGIN DELETE FROM user; END;\nINSERT INTO log VALUES (1);",
            1,
        ),
        ("UPDATE user SET name = 'nobody' WHERE name IS NULL;", 0),
        ("ALTER TABLE user ADD COLUMN age;\nUPDATE user SET age = 7;", 0),
        ("CREATE TRIGGER g AFTER UPDATE ON user BEGIN DELETE FROM user; END;", 0),
    ] {
        let project = losing("");
        project.revision("b2", "a1", up, "SELECT 1;");
        let ended = project.run(&["upgrade"]).ends_with(0);
        assert_eq!(backups(&project).len(), copies, "{up}: {ended}");
    }
}

#[test]
fn values_that_are_converted_are_copied_before() {
    let project = Project::new();
    let with = |column: &str| {
        let model = format!(
            "[schemactl]\ndatabase = 'app.db'\n[tables.t.columns]\nid = 'INTEGER PRIMARY KEY'\nprice = {column}\n"
        );
        project.write("migrations.toml", &model);
    };
    with("'REAL'");
    project.run(&["revision", "--autogenerate", "-m", "one"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    let connection = rusqlite::Connection::open(project.path("app.db")).unwrap();
    connection.execute_batch("INSERT INTO t VALUES (1, 1.25)").unwrap();
    drop(connection);
    with("{ type = 'INTEGER', using = 'CAST(price * 100 AS INTEGER)' }");
    project.run(&["revision", "--autogenerate", "-m", "two"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0).says("backup: ");
    assert_eq!(backups(&project).len(), 1);
    // The way back gives the new value another type.
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(backups(&project).len(), 1);
}

#[test]
fn the_settings_say_how_many_copies_are_kept_and_how_much_room_they_may_take() {
    for (setting, left) in [("backups_kept = 2", 2), ("backups_size = \"1 kB\"", 1)] {
        let project = losing(&format!("backup = \"always\"\n{setting}"));
        for _ in 0..2 {
            project.run(&["upgrade"]).ends_with(0);
            project.run(&["downgrade", "a1"]).ends_with(0);
        }
        assert_eq!(backups(&project).len(), left, "{setting}");
    }
}

#[test]
fn settings_and_an_option_say_when_copies_are_made_and_the_last_three_are_kept() {
    let project = losing("");
    project.run(&["upgrade", "--no-backup"]).ends_with(0);
    assert_eq!(backups(&project).len(), 0);
    let project = losing("backup = \"never\"");
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(backups(&project).len(), 0);
    let project = losing("backup = \"always\"");
    assert_eq!(backups(&project).len(), 0, "there was nothing yet");
    for _ in 0..3 {
        project.run(&["upgrade"]).ends_with(0);
        project.run(&["upgrade"]).ends_with(0).answers("nothing to do");
        project.run(&["downgrade", "a1"]).ends_with(0);
    }
    let left = backups(&project);
    assert_eq!(left.len(), 3);
    assert!(left[0].ends_with(".b2.bak") && left[1].ends_with(".a1.bak"), "{left:?}");
}

#[test]
fn a_copy_is_made_and_restored_by_name_and_never_over_another_file() {
    let project = losing("");
    let document = project.run(&["backup", "monday.db", "--format", "json"]).ends_with(0).json();
    assert_eq!((&document["path"], &document["revision"]), (&"monday.db".into(), &"a1".into()));
    project.run(&["backup", "monday.db"]).ends_with(3).says("is there already");
    project.run(&["upgrade", "--no-backup"]).ends_with(0);
    project.run(&["restore", "monday.db"]).ends_with(2).says("nobody is there to agree").says("--yes");
    project.run(&["current"]).ends_with(0).answers("b2");
    let document = project.run(&["restore", "monday.db", "--yes", "--format", "json"]).ends_with(0).json();
    assert_eq!(document["restored"], "monday.db");
    std::fs::remove_file(project.path("app.db")).unwrap();
    project.run(&["restore", "monday.db", "--yes"]).ends_with(0);
    project.run(&["current"]).ends_with(0).answers("a1");
}

#[test]
fn a_damaged_copy_is_refused_and_the_database_stays() {
    let project = losing("");
    let mut bytes = std::fs::read(project.path("app.db")).unwrap();
    let length = bytes.len();
    bytes[length - 4096..].fill(0x5a);
    std::fs::write(project.path("bad.db"), bytes).unwrap();
    project.write("text.db", "once upon a time, there was a file that was no database at all");
    let before = std::fs::read(project.path("app.db")).unwrap();
    for bad in ["bad.db", "text.db", "absent.db"] {
        let ended = project.run(&["restore", bad, "--yes"]).ends_with(3);
        assert!(std::fs::read(project.path("app.db")).unwrap() == before, "{ended}");
    }
    project.run(&["restore", "--yes"]).ends_with(2).says("there is no backup");
    let empty = Project::with_settings("");
    empty.run(&["restore", "--yes"]).ends_with(2).says("there is no backup");
    empty.run(&["backup"]).ends_with(3).says("there is no database");
    assert!(!empty.path("app.db").exists() && !empty.path("backups").exists());
}

#[test]
fn what_a_killed_backup_has_left_is_told() {
    let project = losing("");
    project.write("backups/app.db.20261122T190000Z.a1.bak.unfinished", "half");
    let ended = project.run(&["backups"]).ends_with(0).says("a1.bak.unfinished` is unfinished: it is made now, or");
    assert!(
        ended.stdout.contains("there are no backups") && ended.stderr.contains("remove it: rm backups/"),
        "{ended}"
    );
}
