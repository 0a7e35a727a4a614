//! What revisions do on a server is what they do in a file.

use super::project;
use super::server::Server;

const BOTH: &str = "[tables.team.columns]\nid = \"INTEGER PRIMARY KEY\"\nname = \"TEXT\"\n\n[tables.user.columns]\n\
    id = \"INTEGER PRIMARY KEY\"\nteam_id = \"INTEGER REFERENCES team (id)\"\n";

/// A revision written by hand.
fn revision(up: &str, down: &str) -> String {
    format!("-- revision: a2\n-- parents: a1\n\n-- migrate:up\n{up}\n\n-- migrate:down\n{down}\n")
}

const FIRST: &str = "-- revision: a1\n-- parents: none\n\n-- migrate:up\n\
    CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT);\n\
    CREATE TABLE user (id INTEGER PRIMARY KEY, team_id INTEGER REFERENCES team (id));\n\n\
    -- migrate:down\nDROP TABLE user;\nDROP TABLE team;\n";

/// A project on a server with two tables and three rows.
fn begun(server: &Server) -> crate::support::command::Project {
    let project = project(server, BOTH);
    project.write("versions/20260101000000_a1_.sql", FIRST);
    project.run(&["upgrade"]).ends_with(0);
    server.sql(&["INSERT INTO team VALUES (1, 'a'), (2, NULL)", "INSERT INTO user VALUES (7, 1)"]);
    project
}

/// Runs a second revision that must fail, and change nothing.
#[track_caller]
fn fails(up: &str, words: &[&str]) {
    let Some(server) = Server::start() else { return };
    let project = begun(&server);
    let before = server.dump();
    project.write("versions/20260101000001_a2_.sql", &revision(up, "SELECT 1;"));
    let ended = project.run(&["upgrade"]);
    assert!(ended.code != Some(0), "{ended}");
    for words in words {
        assert!(ended.stderr.contains(words), "{words} is not in\n{ended}");
    }
    assert!(ended.stderr.contains("the database stands at `a1`"), "{ended}");
    assert_eq!(server.dump(), before);
}

#[test]
fn a_statement_that_fails_on_the_server_is_shown_in_its_file() {
    fails(
        "CREATE TABLE x (a);\nINSERT INTO team VALUES (1, 'again');",
        &["UNIQUE constraint failed: team.id", "a2_.sql:6"],
    );
}

#[test]
fn a_statement_that_the_server_does_not_know_is_shown_in_its_file() {
    fails("CREATE TABLE x (a);\nANALYZE;", &["unsupported statement", "a2_.sql:6", "SQL_PARSE_ERROR"]);
}

#[test]
fn references_to_nothing_are_refused() {
    fails("INSERT INTO user VALUES (8, 99);", &["1 row of `user` refers to rows of `team` that are not there"]);
}

#[test]
fn rows_that_stand_in_the_way_are_counted_and_shown() {
    fails(
        "-- stops at: NULL in `team.name`\n--   SELECT id FROM team WHERE name IS NULL\n--   help: fill it in\nSELECT 1;",
        &["NULL in `team.name` (1 row)", "such as id = 2", "fill it in"],
    );
}

#[test]
fn a_revision_that_needs_a_newer_sqlite_is_not_begun() {
    let Some(server) = Server::start() else { return };
    let project = begun(&server);
    let text = revision("CREATE TABLE x (a);", "DROP TABLE x;")
        .replace("-- parents: a1\n", "-- parents: a1\n-- requires: sqlite 3.50\n");
    project.write("versions/20260101000001_a2_.sql", &text);
    project.run(&["upgrade"]).ends_with(1).says("needs SQLite 3.50").says("has 3.45.1");
}

#[test]
fn what_cannot_be_in_a_transaction_is_refused() {
    let Some(server) = Server::start() else { return };
    let project = begun(&server);
    let text = revision("VACUUM;", "SELECT 1;").replace("migrate:up", "migrate:up transaction:false");
    project.write("versions/20260101000001_a2_.sql", &text);
    project.run(&["upgrade"]).ends_with(2).says("every revision is one");
}

#[test]
fn rows_of_the_server_are_asked_before_a_script_is_written() {
    let Some(server) = Server::start() else { return };
    let project = begun(&server);
    super::configure(&project, &server.url(), &BOTH.replace("name = \"TEXT\"", "name = \"TEXT NOT NULL\""));
    project.run(&["revision", "--autogenerate", "-m", "strict"]).ends_with(1).says("NULL in `team.name` (1 row)");
}

#[test]
fn all_revisions_can_be_one_transaction() {
    let Some(server) = Server::start() else { return };
    let project = begun(&server);
    project.write("versions/20260101000001_a2_.sql", &revision("CREATE TABLE x (a);", "DROP TABLE x;"));
    let third = "-- revision: a3\n-- parents: a2\n\n-- migrate:up\nCREATE TABLE y (a);\nINSERT INTO team VALUES (1, 'x');\n\n-- migrate:down\nDROP TABLE y;\n";
    project.write("versions/20260101000002_a3_.sql", third);
    project.run(&["upgrade", "--transaction", "all"]).ends_with(3).says("stands at `a1`");
    project.run(&["upgrade"]).ends_with(3).says("stands at `a2`");
    project.write("versions/20260101000002_a3_.sql", &third.replace("VALUES (1,", "VALUES (3,"));
    project.run(&["downgrade", "-1"]).ends_with(0);
    project.run(&["upgrade", "--transaction", "all"]).ends_with(0).answers("is at a3");
    project.run(&["downgrade", "base", "--transaction", "all"]).ends_with(0).answers("is at base");
    assert_eq!(
        server.sql(&["SELECT count(*) FROM sqlite_schema WHERE name <> 'schemactl_version' AND sql NOT NULL"]),
        [["0"]]
    );
}
