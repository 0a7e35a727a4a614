//! What the other tests stand on does what it says.

use crate::support::command::Project;

#[test]
fn the_shell_of_sqlite_keeps_what_it_is_told() {
    let project = Project::new();
    if project.sqlite3("CREATE TABLE user (id INTEGER PRIMARY KEY); INSERT INTO user VALUES (7)").is_some() {
        assert_eq!(project.sqlite3("SELECT id FROM user").as_deref(), Some("7\n"));
        assert!(project.path("app.db").is_file());
    }
}

#[test]
fn the_judge_of_schemas_tells_equal_from_different() {
    let project = Project::new();
    if project.sqlite3("CREATE TABLE user (id INTEGER PRIMARY KEY)").is_none() {
        return;
    }
    std::fs::copy(project.path("app.db"), project.path("before.db")).unwrap();
    let Some(same) = project.python("schema_equal.py", &["before.db", "app.db"]) else { return };
    same.ends_with(0);
    project.sqlite3("ALTER TABLE user ADD COLUMN name TEXT");
    project.python("schema_equal.py", &["before.db", "app.db"]).unwrap().ends_with(1).answers("name");
}

#[test]
fn every_run_has_a_time_and_ids_of_its_own() {
    let project = Project::new();
    let variable = |command: std::process::Command, name: &str| {
        let value =
            command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value.map(ToOwned::to_owned));
        value.and_then(|value| value.into_string().ok()).unwrap()
    };
    assert_eq!(variable(project.command(&[]), "SCHEMACTL_NOW"), "2026-11-22T19:01:00Z");
    assert_eq!(variable(project.command(&[]), "SCHEMACTL_NOW"), "2026-11-22T19:02:00Z");
    assert!(variable(project.command(&[]), "SCHEMACTL_IDS").starts_with("0310c0ffee00,0320c0ffee00,"));
    project.write("a/b.txt", "text");
    assert_eq!(project.read("a/b.txt"), "text");
}
