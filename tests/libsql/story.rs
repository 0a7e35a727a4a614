//! The first hour with a server: each command answers as it does for a file.

use serde_json::json;

use super::server::{self, Server};
use super::{configure, project};
use crate::support::command::Project;

const USERS: &str = "[tables.user.columns]\nid = \"INTEGER PRIMARY KEY\"\nname = \"TEXT NOT NULL\"\n";

#[test]
fn a_project_on_a_server_is_begun_changed_upgraded_and_downgraded() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, USERS);
    let url = format!("http://127.0.0.1:{}", server.port);
    project.run(&["current"]).ends_with(0).says(&format!("nothing is applied to {url}"));
    project.run(&["check"]).ends_with(1);
    project.run(&["revision", "--autogenerate", "-m", "Added user"]).ends_with(0).answers("added table `user`");
    project.run(&["upgrade", "head", "--dry-run"]).ends_with(0).answers("nothing was changed");
    assert_eq!(server.sql(&["SELECT count(*) FROM sqlite_schema"]), [["0"]]);
    project.run(&["upgrade"]).ends_with(0).answers(&format!("{url} is at 0310c0ffee00 (head)"));
    server.sql(&["INSERT INTO user VALUES (1, 'Ada'), (2, 'Bob')"]);
    project.run(&["upgrade"]).ends_with(0).answers("nothing to do");

    let more = USERS.to_owned() + "mail = \"TEXT UNIQUE\"\n\n[views.who]\nsql = \"SELECT name FROM user\"\n";
    configure(&project, &server.url(), &more.replace("mail = \"TEXT UNIQUE\"", "mail = \"TEXT\""));
    project.run(&["diff"]).ends_with(0).answers("mail");
    project.run(&["revision", "--autogenerate", "-m", "Added mail"]).ends_with(0);
    project.run(&["status"]).ends_with(1).answers("behind by 1 revision");
    let upgraded = project.run(&["upgrade", "--format", "json"]).ends_with(0).json();
    assert_eq!(upgraded["steps"][0]["op"], json!("upgrade"));
    project.run(&["status"]).ends_with(0).answers("in sync");
    project.run(&["history"]).ends_with(0).answers("Added mail");
    project.run(&["introspect"]).ends_with(0).answers("[views.who]");
    project.run(&["verify"]).ends_with(0).answers("2 revisions verified");
    assert_eq!(server.sql(&["SELECT name FROM who ORDER BY name"]), [["Ada"], ["Bob"]]);
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(server.sql(&["SELECT name FROM pragma_table_info('user')"]), [["id"], ["name"]]);
    project.run(&["stamp", "head"]).ends_with(0).answers("no script was run");
    project.run(&["status"]).ends_with(1).answers("drift");
}

#[test]
fn a_database_that_is_there_becomes_a_project() {
    let Some(server) = Server::start() else { return };
    server.sql(&[
        "CREATE TABLE team (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE UNIQUE)",
        "CREATE TABLE member (team_id INTEGER REFERENCES team (id) ON DELETE CASCADE, n INTEGER AS (team_id + 1)) STRICT",
        "CREATE VIRTUAL TABLE found USING fts5(body)",
    ]);
    let project = Project::new();
    project.run(&["init", "--from-database", &server.url()]).ends_with(0).answers("3 tables");
    project.run(&["status"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
    assert!(project.read("migrations.toml").contains(&format!("database = \"http://127.0.0.1:{}\"", server.port)));
}

#[test]
fn what_needs_a_file_says_so() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, USERS);
    let ended = project.run(&["adopt"]).ends_with(2);
    assert!(ended.stderr.contains("works on files"), "{ended}");
}

#[test]
fn what_was_kept_aside_on_a_server_is_counted_there_and_purged() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, USERS);
    server.sql(&["CREATE TABLE schemactl_kept_a_user (a)", "INSERT INTO schemactl_kept_a_user VALUES (1), (2)"]);
    let kept = project.run(&["purge", "--yes", "--format", "json"]).ends_with(0).json();
    assert_eq!((&kept["tables"][0]["rows"], &kept["purged"]), (&json!(2), &json!(true)));
    assert_eq!(server.sql(&["SELECT count(*) FROM sqlite_schema"]), [["0"]]);
}

#[test]
fn statements_of_hooks_run_on_the_server() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, USERS);
    project.run(&["revision", "--autogenerate", "-m", "a"]).ends_with(0);
    let settings = |hooks: &str| {
        let text = format!("[schemactl]\ndatabase = \"{}\"\n{hooks}\n\n{USERS}", server.url());
        project.write("migrations.toml", &text);
    };
    settings("before_run = { sql = 'CREATE TABLE half (a); SELECT no_such' }");
    project.run(&["upgrade"]).ends_with(3).says("no such column: no_such").says("nothing was run");
    settings("before_run = { sql = 'DROP TABLE half; BEGIN; CREATE TABLE half (a)' }");
    project.run(&["upgrade"]).ends_with(2).says("does not end it");
    settings("after_revision = { sql = \"CREATE TABLE seen (a); INSERT INTO seen VALUES ('a;b')\" }");
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(server.sql(&["SELECT a FROM seen"]), [["a;b"]]);
    assert_eq!(server.sql(&["SELECT count(*) FROM sqlite_schema WHERE name = 'half'"]), [["0"]]);
}

#[test]
fn rows_that_are_going_to_be_discarded_are_copied_as_sql() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, USERS);
    project.run(&["revision", "--autogenerate", "-m", "a"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["downgrade", "base"]).ends_with(0);
    project.run(&["backups"]).ends_with(0).answers("no backup");
    project.run(&["upgrade"]).ends_with(0);
    server.sql(&["INSERT INTO user VALUES (1, 'Ada')"]);
    let ended = project.run(&["downgrade", "base"]).ends_with(0);
    ended.clone().says("1 row of `user` will be discarded").says("schemactl restore");
    let folder = std::fs::read_dir(project.path("backups")).unwrap();
    let files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let copy = rusqlite::Connection::open_in_memory().unwrap();
    copy.execute_batch(&std::fs::read_to_string(&files[0]).unwrap()).unwrap();
    assert_eq!(copy.query_row("SELECT name FROM user", [], |row| row.get::<_, String>(0)).unwrap(), "Ada");
    let named = project.run(&["backup", "mine.sql", "--format", "json"]).ends_with(0).json();
    assert_eq!(named["path"], json!("mine.sql"));
    project.run(&["backup", "mine.sql"]).ends_with(3).says("is there already");
    project.run(&["backup"]).ends_with(0);
    assert_eq!(project.run(&["backups", "--format", "json"]).json()["backups"].as_array().unwrap().len(), 2);
}

/// The key of these tokens was thrown away.
const KEY: &str = "Rzzk9yqXF5aB-enixvSZgVKMFwQmOulRrY3Euyvq_0A";
const WRITER: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJhIjoicncifQ.-g6TqNg1enWnK65Qc5Fb0KkjDsd0yyIWn83q9tw59QpClgxzscwDmtegvOk6rgPKURdh7GiUyzPrv6ARnYmPCA";
const READER: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJhIjoicm8ifQ.YY-m3zuG3ZoS3EHEBd1QLaLflQ0EjzKTLU60AzjTkZpyo8qInTuqtxoZSbKO8eOo9ciN-tBQaT2Wtv5wIEIPDA";

#[test]
fn a_token_is_required_taken_from_everywhere_and_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let Some(server) = Server::with(&["--auth-jwt-key-file", key.to_str().unwrap()], Some(WRITER)) else { return };
    let project = project(&server, USERS);
    let without = project.run(&["current", "--format", "json"]).ends_with(3).json();
    assert_eq!(without["error"]["code"], json!("unauthorized"));
    let run = |args: &[&str], variable: &str, token: &str| {
        let ended = crate::support::command::Ended::of(project.command(args).env(variable, token));
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(token), "a token was printed\n{}", ended.stderr);
        ended
    };
    run(&["current", "-v"], "SCHEMACTL_AUTH_TOKEN", "forged.to.ken").ends_with(3).says("refuses the token");
    run(&["revision", "--autogenerate", "-m", "a"], "LIBSQL_AUTH_TOKEN", READER).ends_with(0);
    run(&["upgrade", "-v"], "TURSO_AUTH_TOKEN", READER).ends_with(3).says("does not allow");
    assert_eq!(server.sql(&["SELECT count(*) FROM sqlite_schema"]), [["0"]]);
    run(&["upgrade", "-v"], "TURSO_AUTH_TOKEN", WRITER).ends_with(0);
    project.write(".env", &format!("SCHEMACTL_AUTH_TOKEN={WRITER}\nTOKEN={READER}\n"));
    project.run(&["status"]).ends_with(0);
    std::fs::remove_file(project.path(".env")).unwrap();
    configure(&project, &format!("{}&authToken=${{TOKEN}}", server.url()), USERS);
    for args in [&["status"][..], &["config"], &["current", "-v"]] {
        run(args, "TOKEN", WRITER).ends_with(0);
    }
    let url = format!("{}&authToken={WRITER}", server.url());
    let other = Project::new();
    let begun = other.run(&["init", "--from-database", &url]).ends_with(0);
    assert!(!(begun.stdout + &begun.stderr + &other.read("migrations.toml")).contains(WRITER));
}

#[test]
fn a_replica_shows_what_the_primary_has() {
    let Some((primary, port)) = server::primary() else { return };
    let Some(replica) = server::replica(port) else { return };
    let on_primary = project(&primary, USERS);
    on_primary.run(&["revision", "--autogenerate", "-m", "a"]).ends_with(0);
    on_primary.run(&["upgrade"]).ends_with(0);
    replica.wait_for("SELECT count(*) FROM sqlite_schema WHERE name = 'user'", "1");
    on_primary.run(&["status", "--database", &replica.url()]).ends_with(0).answers("in sync");
    // What is written by way of the replica is written on the primary.
    on_primary.run(&["downgrade", "base", "--database", &replica.url()]).ends_with(0);
    assert_eq!(primary.sql(&["SELECT count(*) FROM sqlite_schema WHERE name = 'user'"]), [["0"]]);
}

#[test]
fn a_fleet_may_be_namespaces_of_a_server() {
    let names = ["one", "two", "three"];
    let Some(server) = Server::with_namespaces(&names) else { return };
    let project = project(&server, USERS);
    let url = |name: &str| format!("http://{name}.localhost:{}", server.port);
    project.run(&["revision", "--autogenerate", "--offline", "-m", "a"]).ends_with(0);
    project.write("list", &["one", "two", "three", "absent"].map(url).join("\n"));
    let ended = project.run(&["upgrade", "head", "--databases-file", "list", "--jobs", "2"]).ends_with(7);
    ended.answers("4 databases: 3 upgraded, 1 failed").answers(&format!("missing: {}", url("absent")));
    project.write("list", &names.map(url).join("\n"));
    project.run(&["status", "--databases-file", "list"]).ends_with(0);
    project.run(&["downgrade", "base", "--databases-file", "list"]).ends_with(0);
    assert_eq!(server.sql_in("two.localhost", &["SELECT count(*) FROM sqlite_schema WHERE name = 'user'"]), [["0"]]);
    let ended = project.run(&["upgrade", "head", "--databases-file", "list", "--rehearse", "2"]).ends_with(0);
    ended.says("rehearsed on 2 copies").answers("3 databases: 3 upgraded");

    // Hooks run for each of them, statements on the server.
    let hooks = "before_run = { sql = \"INSERT INTO user (name) VALUES ('a')\" }\n\
                 before_revision = 'echo $SCHEMACTL_DATABASE_ID = $SCHEMACTL_DATABASE >> log'\n";
    project.write(
        "migrations.toml",
        &project.read("migrations.toml").replace("versions =", &format!("{hooks}versions =")),
    );
    project.run(&["revision", "-m", "b"]).ends_with(0);
    project.run(&["upgrade", "head", "--databases-file", "list"]).ends_with(0).answers("3 databases: 3 upgraded");
    assert_eq!(server.sql_in("two.localhost", &["SELECT name FROM user"]), [["a"]]);
    let mut log: Vec<String> = project.read("log").lines().map(str::to_owned).collect();
    log.sort();
    assert_eq!(log, ["one", "three", "two"].map(|name| format!("{0} = {0}", url(name))));
}
