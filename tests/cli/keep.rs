//! `keep_dropped` and `schemactl purge`.

use rusqlite::Connection;
use serde_json::json;

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
    assert_eq!((&ended["tables"][0]["rows"], &ended["tables"][1]["rows"]), (&2.into(), &1.into()));
    assert!(ended["tables"][0]["bytes"].as_u64().unwrap() > 0);
    project.run(&["purge"]).ends_with(1).answers("schemactl_kept_").says("nobody has agreed").says("purge --yes");
    project.run(&["purge", "--yes"]).ends_with(0).answers("dropped 2 tables");
    project.run(&["purge", "--yes"]).ends_with(0).answers("nothing to purge");
    assert_eq!(project.run(&["purge", "--format", "json"]).ends_with(0).json()["purged"], false);
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(one(&project, USERS), "130 2");
    assert_eq!(one(&project, "SELECT count(*) || '' FROM note"), "0");
}

#[test]
fn a_counter_that_goes_is_told_when_the_script_is_written() {
    let project = Project::new();
    let model = "[schemactl]\ndatabase = \"app.db\"\n[tables.t.columns]\nid = \"INTEGER PRIMARY KEY AUTOINCREMENT\"\n";
    project.write("migrations.toml", model);
    project.run(&["revision", "--autogenerate", "-m", "one"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project.write("migrations.toml", &model.replace(" AUTOINCREMENT", ""));
    project.run(&["revision", "--autogenerate", "--sql"]).ends_with(0).says("the AUTOINCREMENT counter of `t` goes");
}

#[test]
fn what_a_walk_discards_is_counted_before_it_runs() {
    let project = Project::new();
    let without = |model: &str| model.replace("keep_dropped = true\n", "");
    project.write("migrations.toml", &without(BEFORE));
    std::fs::create_dir(project.path("versions")).unwrap();
    project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project.write("migrations.toml", &without(AFTER));
    project.run(&["revision", "--autogenerate", "-m", "Less"]).ends_with(0);
    database(&project).execute_batch("INSERT INTO user VALUES (1, 'Ann', 30), (2, 'Bob', NULL)").unwrap();
    let ended =
        project.run(&["upgrade", "--dry-run"]).ends_with(0).says("2 values of `user.name` will be discarded by");
    assert!(!ended.stderr.contains("note"), "{ended}");
    let upgrade = ["upgrade", "--format", "json"];
    let ended = project.run(&upgrade).ends_with(0).says("2 values of `user.name` will be discarded by").json();
    let id = &ended["heads"][0];
    let text = format!("2 values of `user.name` will be discarded by `{}`", id.as_str().unwrap());
    let discard = json!({
        "revision": id, "kind": "values", "table": "user", "column": "name", "number": 2, "at_most": false, "by": [],
        "text": text
    });
    assert_eq!(ended["discards"], json!([discard]));
    assert_eq!(project.run(&upgrade).ends_with(0).json()["discards"], json!([]));
    let dry = project.run(&["downgrade", "base", "--dry-run", "--format", "json"]).ends_with(0).json();
    let ended = project.run(&["downgrade", "base", "--format", "json"]).ends_with(0);
    let ended = ended.says("2 rows of `user` will be discarded by").json();
    let found = &ended["discards"][0];
    assert_eq!((&found["kind"], &found["column"], &found["number"]), (&json!("rows"), &json!(null), &json!(2)));
    assert_eq!(dry["discards"], ended["discards"]);
}

#[test]
fn what_a_walk_replaces_is_told_to_programs() {
    let project = Project::with_settings("");
    let create = "CREATE TABLE user (id INTEGER PRIMARY KEY, mail TEXT);";
    project.revision("r0001", "none", create, "DROP TABLE user;");
    project.run(&["upgrade"]).ends_with(0);
    database(&project).execute_batch("INSERT INTO user VALUES (1, 'A'), (2, 'b'), (3, NULL)").unwrap();
    project.revision("r0002", "r0001", "UPDATE user SET mail = lower(mail);", "SELECT 1;");
    let ended = project.run(&["upgrade", "--format", "json"]).ends_with(0).json();
    let found = &ended["discards"][0];
    assert_eq!(
        (&found["kind"], &found["number"], &found["by"]),
        (&json!("replaced"), &json!(1), &json!(["lower(mail)"]))
    );
}

#[test]
fn values_that_are_replaced_in_a_renamed_table_come_back() {
    let project = Project::new();
    let settings = "[schemactl]\ndatabase = \"app.db\"\nkeep_dropped = true\n\n";
    let model = |tables: &str| project.write("migrations.toml", &format!("{settings}{tables}"));
    std::fs::create_dir(project.path("versions")).unwrap();
    model("[tables.item.columns]\nid = \"INTEGER PRIMARY KEY\"\nprice = \"REAL\"\n");
    project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    database(&project).execute_batch("INSERT INTO item VALUES (1, 1.999), (2, 0.5), (3, 7.25)").unwrap();

    let using = "using = \"CAST(round(cents * 100) AS INTEGER)\"";
    let cents = format!("cents = {{ type = \"INTEGER\", renamed_from = \"price\", {using} }}");
    let thing = "[tables.thing]\nrenamed_from = \"item\"\n[tables.thing.columns]\nid = \"INTEGER PRIMARY KEY\"\n";
    model(&format!("{thing}{cents}\n"));
    let ended = project.run(&["revision", "--autogenerate", "-m", "Say things"]).ends_with(0);
    assert!(!ended.stderr.contains("will be replaced"), "{ended}");
    let ended = project.run(&["upgrade"]).ends_with(0);
    assert!(!ended.stderr.contains("will be replaced"), "{ended}");
    assert_eq!(one(&project, "SELECT group_concat(cents, ' ') FROM thing"), "200 50 725");
    database(&project).execute_batch("UPDATE thing SET cents = 60 WHERE id = 2").unwrap();
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(one(&project, "SELECT group_concat(price, ' ') FROM item"), "1.999 60.0 7.25");
}
