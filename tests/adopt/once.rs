//! Projects that real tools have made once, kept as files: taken over part of the way, and continued to where the tool
//! itself has come. `fixtures/README.md` says how they were made.

use std::path::{Path, PathBuf};

use super::{ask, same_schema, sql};
use crate::support::command::Project;
use crate::support::peers::{peer, run};

fn fixture(tool: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adopt/fixtures").join(tool)
}

/// Copies what is in a folder into one of the project's.
fn copy(project: &Project, from: &Path, to: &str) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{to}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            copy(project, &path, &name);
        } else {
            project.write(&name, &std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The project of a tool with its scripts, `app.db` when two of them had run, and `control.db` at its end.
fn made(tool: &str) -> Project {
    let project = Project::new();
    let fixture = fixture(tool);
    copy(&project, &fixture.join("migrations"), "migrations");
    for (database, dump) in [("app.db", "taken.sql"), ("control.db", "head.sql")] {
        sql(&project, database, &std::fs::read_to_string(fixture.join(dump)).unwrap());
    }
    project
}

/// Takes it over and runs the rest.
fn continued(tool: &str, times: &str, pending: usize) -> Project {
    let project = made(tool);
    let answer = project.run(&["adopt", "--database", "app.db", "--format", "json"]).ends_with(0).json();
    assert_eq!((&answer["tool"], &answer["pending"]), (&tool.into(), &pending.into()), "{answer}");
    assert_eq!(ask(&project, "SELECT applied_at FROM schemactl_version ORDER BY sequence"), ask(&project, times));
    project.run(&["upgrade", "head"]).ends_with(0);
    same_schema(&project, "app.db", "control.db");
    assert_eq!(ask(&project, "SELECT name, email FROM users"), ["Ada|ada@example.org"]);
    project.run(&["check"]).ends_with(0).answers("no changes");
    project.run(&["status"]).ends_with(0);
    project.run(&["verify"]).ends_with(0);
    project
}

#[test]
fn a_project_of_diesel_goes_on_and_back() {
    let times = "SELECT replace(run_on, ' ', 'T') || 'Z' FROM __diesel_schema_migrations ORDER BY version";
    let project = continued("diesel", times, 2);
    assert!(project.read("versions/20261123081309_202611230813070001_compact.sql").contains("transaction:false"));
    project.run(&["downgrade", "-1"]).ends_with(2).says("diesel had no way down for it");
}

#[test]
fn a_project_of_refinery_goes_on() {
    let times = "SELECT substr(applied_on, 1, 19) || 'Z' FROM refinery_schema_history ORDER BY version";
    continued("refinery", times, 2);
}

#[test]
fn a_local_database_of_d1_goes_on() {
    let project = continued("d1", "SELECT replace(applied_at, ' ', 'T') || 'Z' FROM d1_migrations ORDER BY id", 1);
    // What wrangler writes at the top of a script is when it was created.
    let script = std::fs::read_dir(project.path("versions")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = script.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names[0], "20261123081456_0001_create_users.sql");
}

#[test]
fn diesel_itself_comes_to_the_schema_that_is_kept_here_and_goes_on_after_a_mirror() {
    let Some(diesel) = peer("diesel") else { return };
    let project = made("diesel");
    let diesel = |args: &[&str]| {
        let args = [&["--database-url", "app.db", "migration"], args, &["--migration-dir", "migrations"]].concat();
        run(&project, &diesel, &args, &[])
    };
    project.run(&["adopt", "--database", "app.db"]).ends_with(0);
    let settings = project.read("migrations.toml").replacen("[schemactl]\n", "[schemactl]\nmirror = \"diesel\"\n", 1);
    project.write("migrations.toml", &settings);
    project.run(&["upgrade", "+1"]).ends_with(0);
    assert_eq!(diesel(&["list"]).stdout.matches("[X]").count(), 3);
    project.run(&["status"]).ends_with(1).answers("behind by 1 revision");
    // The rest is run by the tool, which is told and taken over again.
    diesel(&["run"]);
    same_schema(&project, "app.db", "control.db");
    project
        .run(&["upgrade"])
        .ends_with(1)
        .says("diesel has run 1 migration since")
        .says("schemactl adopt --from diesel");
    project.run(&["adopt"]).ends_with(0).answers("recorded 1 revision");
    project.run(&["status"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0).answers("nothing to do");
}

#[test]
fn refinery_itself_comes_to_the_schema_that_is_kept_here() {
    let Some(refinery) = peer("refinery") else { return };
    let project = made("refinery");
    project.run(&["adopt", "--database", "app.db"]).ends_with(0);
    project.write("refinery.toml", "[main]\ndb_type = \"Sqlite\"\ndb_path = \"app.db\"\n");
    run(&project, &refinery, &["migrate"], &[]);
    same_schema(&project, "app.db", "control.db");
    project.run(&["check"]).ends_with(1).says("refinery has run 2 migrations since");
    project.run(&["adopt"]).ends_with(0).answers("recorded 2 revisions");
    project.run(&["check"]).ends_with(0);
    // Under a name of somebody's own, it is known by its columns, and left out of the model.
    std::fs::remove_file(project.path("migrations.toml")).unwrap();
    std::fs::remove_dir_all(project.path("versions")).unwrap();
    sql(&project, "other.db", "");
    project.write("refinery.toml", "[main]\ndb_type = \"Sqlite\"\ndb_path = \"other.db\"\n");
    run(&project, &refinery, &["migrate", "--table-name", "applied"], &[]);
    project.run(&["adopt", "--database", "other.db"]).ends_with(0).answers("recorded 4 revisions");
    assert!(project.read("migrations.toml").contains("ignore = [\"applied\"]"));
    project.run(&["check"]).ends_with(0).answers("no changes");
}
