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

const SHOP: &str = "[tables.team.columns]\nid = \"INTEGER PRIMARY KEY AUTOINCREMENT\"\nname = \"TEXT\"\nage = \"INTEGER\"\n\n\
    [tables.user.columns]\nid = \"INTEGER PRIMARY KEY\"\nteam_id = \"INTEGER REFERENCES team (id) ON DELETE CASCADE\"\n\
    boss_id = \"INTEGER REFERENCES user (id) ON DELETE SET NULL\"\nnote = \"TEXT\"\n\n[tables.user.indexes]\nix_note = [\"note\"]\n\n\
    [tables.log.columns]\nwhat = \"TEXT\"\n\n\
    [views.teams]\nsql = \"SELECT t.id, t.name, count(u.id) AS users FROM team t LEFT JOIN user u ON u.team_id = t.id GROUP BY t.id\"\n\n\
    [views.busy]\nsql = \"SELECT name FROM teams WHERE users > 0\"\n\n\
    [triggers.gone]\nsql = \"CREATE TRIGGER gone AFTER DELETE ON team BEGIN INSERT INTO log VALUES ('gone ' || old.id); END\"\n\n\
    [triggers.busier]\nsql = \"CREATE TRIGGER busier INSTEAD OF DELETE ON busy BEGIN DELETE FROM team WHERE name = old.name; END\"\n";

const ROWS: [&str; 4] = [
    "INSERT INTO team VALUES (1, 'a', 30), (2, 'b', NULL), (9, 'c', 1)",
    "DELETE FROM team WHERE id = 9",
    "INSERT INTO user VALUES (1, 1, NULL, 'x'), (2, 1, 1, NULL), (5, 2, 2, 'z')",
    "INSERT INTO log VALUES ('mine')",
];

/// Copies the database of a server to a file of a project, once it is killed.
fn copy(mut server: Server, project: &crate::support::command::Project) {
    server.kill();
    let connection = rusqlite::Connection::open(server.path("data/dbs/default/data")).unwrap();
    let there = project.path("server.db");
    let _ = std::fs::remove_file(&there);
    connection.execute("VACUUM INTO ?1", [there.to_str().unwrap()]).unwrap();
}

#[test]
fn rebuilt_tables_with_their_views_triggers_and_rows_are_what_they_are_in_a_file() {
    for target in ["head", "base+1"] {
        let Some(server) = Server::start() else { return };
        let project = project(&server, SHOP);
        let both = |args: &[&str]| {
            project.run(args).ends_with(0);
            project.run(&[args, &["--database", "app.db"]].concat()).ends_with(0);
        };
        project.run(&["revision", "--autogenerate", "-m", "first"]).ends_with(0);
        both(&["upgrade"]);
        server.sql(&ROWS);
        let file = rusqlite::Connection::open(project.path("app.db")).unwrap();
        file.execute_batch(&ROWS.join(";")).unwrap();
        let changed = SHOP
            .replace("name = \"TEXT\"", "name = { type = \"VARCHAR(20)\", not_null = true, unique = true }")
            .replace("age = \"INTEGER\"", "age = { type = \"INTEGER\", default = 0, check = \"age < 200\" }")
            .replace("note = \"TEXT\"", "note = { type = \"TEXT\", collate = \"NOCASE\" }");
        super::configure(&project, &server.url(), &changed);
        project.run(&["revision", "--autogenerate", "-m", "second"]).ends_with(0);
        both(&["upgrade"]);
        if target != "head" {
            both(&["downgrade", target, "--no-backup"]);
            both(&["current"]);
        }
        for run in [&["status"][..], &["check"]] {
            let code = i32::from(target != "head");
            project.run(run).ends_with(code);
        }
        copy(server, &project);
        drop(file);
        let Some(schemas) = project.python("schema_equal.py", &["app.db", "server.db"]) else { return };
        schemas.ends_with(0);
        let rows = ["app.db", "server.db", "--ignore", "schemactl_version", "--sequence", "--rowid", "--need-tables"];
        project.python("data_equal.py", &rows).unwrap().ends_with(0);
    }
}

#[test]
fn scripts_that_were_written_for_files_run_on_a_server() {
    let Some(server) = Server::start() else { return };
    let project = super::project(&server, SHOP);
    let on_file = |args: &[&str]| project.run(&[args, &["--database", "app.db"]].concat()).ends_with(0);
    on_file(&["revision", "--autogenerate", "-m", "first"]);
    on_file(&["upgrade"]);
    let changed = SHOP.replace("name = \"TEXT\"", "name = { type = \"VARCHAR(20)\", not_null = true, unique = true }");
    super::configure(&project, &server.url(), &changed);
    on_file(&["revision", "--autogenerate", "-m", "second"]);
    let folder = std::fs::read_dir(project.path("versions")).unwrap();
    let needs_more = folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    assert!(needs_more.into_iter().any(|text| text.contains("legacy_alter_table")));
    project.run(&["upgrade", "+1"]).ends_with(0);
    server.sql(&ROWS);
    rusqlite::Connection::open(project.path("app.db")).unwrap().execute_batch(&ROWS.join(";")).unwrap();
    on_file(&["upgrade"]);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["status"]).ends_with(0);
    copy(server, &project);
    let Some(schemas) = project.python("schema_equal.py", &["app.db", "server.db"]) else { return };
    schemas.ends_with(0);
    let rows = ["app.db", "server.db", "--ignore", "schemactl_version", "--sequence", "--rowid", "--need-tables"];
    project.python("data_equal.py", &rows).unwrap().ends_with(0);
}

#[test]
fn what_a_server_does_not_let_scripts_switch_is_shown_in_its_file() {
    fails(
        "CREATE TABLE x (a);\nPRAGMA writable_schema = ON;\nUPDATE sqlite_schema SET sql = sql WHERE name = 'x';",
        &["a2_.sql"],
    );
}

#[test]
fn rows_that_a_transaction_has_no_time_for_are_tried_counted_and_refused() {
    let Some(server) = Server::start() else { return };
    // The first rows take long, and it is taken that the others do as well.
    let slow =
        "[tables.team]\nchecks = [\"id > 200 OR length(hex(zeroblob(100000 + id))) > id\"]\n\n[tables.team.columns]";
    let model = BOTH.replace("[tables.team.columns]", slow);
    let project = super::project(&server, &model);
    project.run(&["revision", "--autogenerate", "-m", "a"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    server.sql(&[
        "INSERT INTO team WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30000) SELECT i, 'x' FROM n",
        "INSERT INTO user SELECT id, id FROM team",
    ]);
    let before = server.dump();
    let stricter = model.replace("name = \"TEXT\"", "name = \"TEXT NOT NULL\"");
    let stricter = stricter.replace("team_id = \"INTEGER", "team_id = \"INTEGER NOT NULL");
    super::configure(&project, &server.url(), &stricter);
    project.run(&["revision", "--autogenerate", "-m", "b"]).ends_with(0);
    let refused = project.run(&["upgrade"]).ends_with(1);
    refused.clone().says("`team` (30,000 rows, ").says("`user` (30,000 rows, under 1 s)").says("more than 5 s");
    refused.says("--long-transactions");
    assert_eq!(server.dump(), before);
    project.run(&["upgrade", "--long-transactions"]).ends_with(0);
    assert_eq!(server.sql(&["SELECT count(*) FROM team"]), [["30000"]]);
}

#[test]
fn many_rows_that_a_server_writes_quickly_are_no_hindrance() {
    let Some(server) = Server::start() else { return };
    let project = super::project(&server, BOTH);
    project.run(&["revision", "--autogenerate", "-m", "a"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    server.sql(&["INSERT INTO team WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT i, 'x' FROM n"]);
    super::configure(&project, &server.url(), &BOTH.replace("name = \"TEXT\"", "name = \"TEXT NOT NULL\""));
    project.run(&["revision", "--autogenerate", "-m", "b"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(server.sql(&["SELECT count(*) FROM team"]), [["100000"]]);
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

#[test]
fn what_was_made_by_hand_on_a_table_is_put_back_on_the_server() {
    let Some(server) = Server::start() else { return };
    let project = begun(&server);
    let own = ["CREATE INDEX mine ON user (team_id)", "CREATE TRIGGER noted AFTER INSERT ON user BEGIN SELECT 1; END"];
    server.sql(&own);
    let rebuild = "CREATE TABLE n (id INTEGER PRIMARY KEY, team_id INT REFERENCES team (id));\n\
                   INSERT INTO n SELECT * FROM user;\nDROP TABLE user;\nALTER TABLE n RENAME TO user;";
    project.write("versions/20260101000001_a2_.sql", &revision(rebuild, "SELECT 1;"));
    project.run(&["upgrade"]).ends_with(0).says("the index `mine` on `user`, which no revision makes, is put back");
    let dump = format!("{:?}", server.dump());
    assert!(own.iter().all(|text| dump.contains(text)) && dump.contains("team_id INT "), "{dump}");
}
