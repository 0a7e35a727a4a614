//! `keep_dropped` and `schemactl purge`.

use rusqlite::Connection;

use crate::support::command::Project;

const BEFORE: &str = r#"[schemactl]
database = "app.db"
keep_dropped = true

[tables.user.columns]
id = "INTEGER PRIMARY KEY"
name = "TEXT NOT NULL"
age = "INTEGER"

[tables.note.columns]
text = "TEXT"
"#;

const AFTER: &str = r#"[schemactl]
database = "app.db"
keep_dropped = true

[tables.user.columns]
id = "INTEGER PRIMARY KEY"
age = "INTEGER"
"#;

/// A project whose database has rows and is about to lose some of them.
fn project() -> Project {
    let project = Project::new();
    project.write("migrations.toml", BEFORE);
    std::fs::create_dir(project.path("versions")).unwrap();
    project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    let sql =
        "INSERT INTO user VALUES (1, 'Ann', 30), (2, 'Bob', NULL); INSERT INTO note (rowid, text) VALUES (7, '007')";
    database(&project).execute_batch(sql).unwrap();
    project.write("migrations.toml", AFTER);
    let ended = project.run(&["revision", "--autogenerate", "-m", "Less"]).ends_with(0);
    assert!(!ended.stderr.contains("will be discarded"), "{ended}");
    let ended = project.run(&["upgrade"]).ends_with(0);
    assert!(!ended.stderr.contains("discard"), "{ended}");
    project
}

fn database(project: &Project) -> Connection {
    Connection::open(project.path("app.db")).unwrap()
}

fn one(project: &Project, sql: &str) -> String {
    database(project).query_row(sql, [], |row| row.get(0)).unwrap()
}

const USERS: &str = "SELECT group_concat(id || name || coalesce(age, ''), ' ') FROM user";

#[test]
fn rows_and_values_come_back_with_downgrade() {
    let project = project();
    project.run(&["check"]).ends_with(0);
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(one(&project, USERS), "1Ann30 2Bob");
    assert_eq!(one(&project, "SELECT rowid || text FROM note"), "7007");
    assert_eq!(one(&project, "SELECT count(*) || '' FROM sqlite_schema WHERE name LIKE 'schemactl_kept%'"), "0");
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(one(&project, USERS), "1Ann30 2Bob");
}

#[test]
fn purge_lists_what_is_kept_and_drops_it_when_somebody_agrees() {
    let project = project();
    let ended = project.run(&["purge", "--dry-run", "--format", "json"]).ends_with(0).json();
    assert_eq!((&ended["purged"], ended["tables"].as_array().unwrap().len()), (&false.into(), 2));
    assert_eq!(ended["tables"][0]["rows"], 1);
    assert!(ended["tables"][0]["bytes"].as_u64().unwrap() > 0);
    project.run(&["purge"]).ends_with(1).answers("schemactl_kept_").says("nobody has agreed").says("purge --yes");
    project.run(&["purge", "--yes"]).ends_with(0).answers("dropped 2 tables");
    project.run(&["purge", "--yes"]).ends_with(0).answers("nothing to purge");
    assert_eq!(project.run(&["purge", "--format", "json"]).ends_with(0).json()["purged"], false);
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(one(&project, USERS), "130 2");
    assert_eq!(one(&project, "SELECT count(*) || '' FROM note"), "0");
}
