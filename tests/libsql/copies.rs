//! What is copied from a server, put back, tried here, and set right there.

use serde_json::json;

use super::server::Server;
use super::{configure, project};
use crate::support::command::Project;

const NOTES: &str = "[tables.note.columns]\nid = \"INTEGER PRIMARY KEY AUTOINCREMENT\"\nbody = \"TEXT\"\n\n\
    [virtual_tables.found]\nusing = \"fts5(body)\"\n\n[views.bodies]\nsql = \"SELECT body FROM note\"\n";

/// A project on a server that is at head and has rows.
fn filled(server: &Server) -> Project {
    let project = project(server, NOTES);
    project.run(&["revision", "--autogenerate", "-m", "a"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    server.sql(&[
        "INSERT INTO note (body) VALUES ('it''s' || char(10) || 'é'), (NULL), ('last')",
        "DELETE FROM note WHERE body = 'last'",
        "INSERT INTO found VALUES ('some words'), ('others')",
    ]);
    project
}

#[test]
fn a_copy_is_put_into_an_empty_database_on_a_server() {
    let Some(server) = Server::start() else { return };
    let Some(empty) = Server::start() else { return };
    let project = filled(&server);
    project.run(&["backup"]).ends_with(0);
    project.run(&["restore"]).ends_with(1).says("is not empty").says("name an empty one");
    let copy = std::fs::read_dir(project.path("backups")).unwrap().next().unwrap().unwrap().path();
    let restored = project.run(&["restore", copy.to_str().unwrap(), "--database", &empty.url(), "--format", "json"]);
    assert_eq!(restored.ends_with(0).json()["replaced"], json!(null));
    assert_eq!(server.dump(), empty.dump());
    assert_eq!(empty.sql(&["SELECT rowid FROM found WHERE found MATCH 'words'"]), [["1"]]);
    project.run(&["status", "--database", &empty.url()]).ends_with(0).answers("in sync");
    empty.sql(&["INSERT INTO note (body) VALUES ('next')"]);
    assert_eq!(empty.sql(&["SELECT max(id) FROM note"]), [["4"]]);
}

#[test]
fn what_is_no_copy_changes_nothing_on_a_server() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, "");
    project.write("broken.sql", "CREATE TABLE a (x UNIQUE);\nINSERT INTO a VALUES (1), (1);\n");
    project.run(&["restore", "broken.sql"]).ends_with(3).says("UNIQUE constraint failed: a.x");
    rusqlite::Connection::open(project.path("file.db")).unwrap().execute_batch("CREATE TABLE a (x)").unwrap();
    project.run(&["restore", "file.db"]).ends_with(2).says("is a database file").says(".dump");
    // What only this SQLite knows is refused there, with all that came before it.
    project.write("newer.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\nCREATE VIEW v AS SELECT concat(x, 1e400, x ->> '$') FROM a;\nREINDEX;\nCREATE TEMP TABLE c (x);\n");
    project.run(&["restore", "newer.sql"]).ends_with(3).says("nothing of it is left");
    assert_eq!(server.sql(&["SELECT count(*) FROM sqlite_schema"]), [["0"]]);
}

#[test]
fn a_run_is_rehearsed_on_a_copy_of_what_the_server_has() {
    let Some(server) = Server::start() else { return };
    let project = filled(&server);
    let strict = NOTES.replace("body = \"TEXT\"", "body = \"TEXT NOT NULL\"");
    configure(&project, &server.url(), &strict);
    project.run(&["revision", "--autogenerate", "-m", "b"]).ends_with(1).says("NULL in `note.body` (1 row)");
    server.sql(&["DELETE FROM note WHERE body IS NULL"]);
    project.run(&["revision", "--autogenerate", "-m", "b"]).ends_with(0);
    let before = server.dump();
    let answer = project.run(&["rehearse"]).ends_with(0);
    answer.answers("rehearsed: 1 revision").answers("nothing was changed");
    server.sql(&["INSERT INTO note (body) VALUES (NULL)"]);
    project.run(&["rehearse"]).ends_with(1).says("NULL in `note.body` (1 row)");
    server.sql(&["DELETE FROM note WHERE body IS NULL", "UPDATE sqlite_sequence SET seq = 3"]);
    assert_eq!(server.dump(), before);
    let left: Vec<_> = std::fs::read_dir(project.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("rehearsal")), "{left:?}");
}

#[test]
fn edits_that_are_meant_are_accepted_on_a_server() {
    let Some(server) = Server::start() else { return };
    let project = filled(&server);
    let script = std::fs::read_dir(project.path("versions")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&script).unwrap();
    std::fs::write(&script, text.replace("-- migrate:down", "-- said later\n\n-- migrate:down\nSELECT 1;")).unwrap();
    project.run(&["check"]).ends_with(1).says("schemactl repair");
    project.run(&["repair"]).ends_with(0).answers("accepted the edit of ");
    project.run(&["check"]).ends_with(0);
    project.run(&["repair"]).ends_with(0).answers("nothing to do");
    assert!(server.sql(&["SELECT down_sql FROM schemactl_version"])[0][0].starts_with("SELECT 1;"));
}

#[test]
fn the_version_table_is_made_on_a_server() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, "");
    project.run(&["ensure-version"]).ends_with(0).answers("created `schemactl_version`");
    project.run(&["ensure-version"]).ends_with(0).answers("is there already");
    assert_eq!(server.sql(&["SELECT count(*) FROM schemactl_version"]), [["0"]]);
}

#[test]
fn the_table_of_another_tool_is_kept_along_on_a_server() {
    let Some(server) = Server::start() else { return };
    let project = filled(&server);
    let with_mirror = |model: &str| {
        let text = format!("[schemactl]\ndatabase = \"{}\"\nmirror = \"dbmate\"\n\n{model}", server.url());
        project.write("migrations.toml", &text);
    };
    let versions = || server.sql(&["SELECT version FROM schema_migrations ORDER BY version"]).len();
    with_mirror(&NOTES.replace("body = \"TEXT\"", "body = \"TEXT\"\nmail = \"TEXT\""));
    project.run(&["revision", "--autogenerate", "-m", "b"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(versions(), 2);
    project.run(&["downgrade", "-1", "--no-backup"]).ends_with(0);
    assert_eq!(versions(), 1);
    server.sql(&["DELETE FROM schema_migrations"]);
    project.run(&["repair"]).ends_with(0).answers("added 1 row to the table of dbmate");
    assert_eq!(versions(), 1);
}
