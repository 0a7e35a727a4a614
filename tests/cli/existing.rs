//! A database that was there before its first revision.

use crate::support::command::Project;

const BEFORE: &str = "CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO user VALUES (1, 'Ann');
                      CREATE TABLE note (text TEXT)";

const MODEL: &str = r#"[schemactl]
database = "app.db"

[tables.user.columns]
id = "INTEGER PRIMARY KEY"
name = "TEXT"
age = "INTEGER"

[tables.note.columns]
text = "TEXT"
"#;

fn project() -> Project {
    let project = Project::new();
    rusqlite::Connection::open(project.path("app.db")).unwrap().execute_batch(BEFORE).unwrap();
    std::fs::copy(project.path("app.db"), project.path("before.db")).unwrap();
    project.write("migrations.toml", MODEL);
    project
}

fn columns_of_user(project: &Project) -> String {
    let sql = "SELECT group_concat(name) FROM pragma_table_info('user')";
    rusqlite::Connection::open(project.path("app.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_way_back_from_a_first_revision_restores_what_was_there_before_it() {
    let project = project();
    project.run(&["revision", "--autogenerate", "-m", "Age"]).ends_with(0);
    project.run(&["upgrade", "head"]).ends_with(0);
    assert_eq!(columns_of_user(&project), "id,name,age");
    project.run(&["downgrade", "base"]).ends_with(0);
    assert_eq!(columns_of_user(&project), "id,name");
    if let Some(judged) = project.python("schema_equal.py", &["before.db", "app.db", "--ignore", "schemactl_version"]) {
        judged.ends_with(0);
        project.python("data_equal.py", &["before.db", "app.db", "--rowid"]).unwrap().ends_with(0);
    }
}

#[test]
fn a_script_by_hand_goes_up_and_down_beside_tables_that_no_revision_made() {
    let project = project();
    let script = "-- revision: a1\n-- parents: none\n\n-- migrate:up\nCREATE TABLE tag (name TEXT);\n\n\
                  -- migrate:down\nDROP TABLE tag;\n";
    project.write("versions/a1.sql", script);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["downgrade", "base"]).ends_with(0);
    assert_eq!(columns_of_user(&project), "id,name");
}

#[test]
fn a_way_back_that_does_not_restore_what_the_revision_found_is_rolled_back() {
    let project = project();
    let script = "-- revision: a1\n-- parents: none\n\n-- migrate:up\nCREATE TABLE tag (name TEXT);\n\n\
                  -- migrate:down\nDROP TABLE tag;\nDROP TABLE note;\n";
    project.write("versions/a1.sql", script);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["downgrade", "base", "--no-backup"]).ends_with(3);
    assert_eq!(project.run(&["current", "--format", "json"]).ends_with(0).stdout.matches("\"a1\"").count(), 1);
}
