//! Rows that refuse a change: said before anything is written, and again before anything is run.

use rusqlite::Connection;

use crate::support::command::{Ended, Project};

/// A project whose database has a model's tables and some rows.
fn project(tables: &str, rows: &str) -> Project {
    let project = Project::new();
    std::fs::create_dir(project.path("versions")).unwrap();
    model(&project, tables);
    project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    run_sql(&project, rows);
    project
}

fn model(project: &Project, tables: &str) {
    project.write("migrations.toml", &format!("[schemactl]\ndatabase = \"app.db\"\n\n{tables}\n"));
}

fn run_sql(project: &Project, sql: &str) {
    Connection::open(project.path("app.db")).unwrap().execute_batch(sql).unwrap();
}

fn one(project: &Project, sql: &str) -> String {
    let connection = Connection::open(project.path("app.db")).unwrap();
    connection.query_row(&format!("SELECT quote(({sql}))"), [], |row| row.get(0)).unwrap()
}

fn autogenerate(project: &Project) -> Ended {
    project.run(&["revision", "--autogenerate", "-m", "Change"])
}

fn scripts(project: &Project) -> usize {
    std::fs::read_dir(project.path("versions")).unwrap().count()
}

/// The change is refused, with these words, and nothing is written.
#[track_caller]
fn refused(project: &Project, tables: &str, words: &[&str]) {
    model(project, tables);
    let ended = autogenerate(project).ends_with(1);
    for words in words {
        assert!(ended.stderr.contains(words), "not said: {words}\n{ended}");
    }
    assert_eq!(scripts(project), 1, "{ended}");
}

/// The change goes up and down again.
#[track_caller]
fn taken(project: &Project, tables: &str) {
    model(project, tables);
    autogenerate(project).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
}

const USER: &str = "[tables.user.columns]\nid = 'INTEGER PRIMARY KEY'\nname = 'TEXT'\n";
const SEVEN: &str = "INSERT INTO user (id) VALUES (1), (2), (3), (4), (5), (6), (7)";

#[test]
fn a_new_column_that_is_not_null_needs_values_for_the_rows() {
    let project = project(USER, SEVEN);
    let with = |column: &str| format!("{USER}email = {column}\n");
    refused(
        &project,
        &with("'TEXT NOT NULL'"),
        &[
            "error: no value for the new column `user.email`, which is NOT NULL (7 rows)",
            "such as id = 1; id = 2; id = 3; id = 4; id = 5",
            "help: give `email` a `default = ...` or a `backfill = \"...\"` in the model: an expression for existing rows",
        ],
    );
    taken(&project, &with("{ type = 'TEXT', not_null = true, backfill = \"'user-' || id\" }"));
    assert_eq!(one(&project, "SELECT email FROM user WHERE id = 7"), "'user-7'");
}

#[test]
fn a_literal_default_fills_the_rows_of_a_new_column_and_of_one_that_is_tightened() {
    let project = project(USER, "INSERT INTO user VALUES (1, NULL), (2, 'Bob')");
    let name = "[tables.user.columns]\nid = 'INTEGER PRIMARY KEY'\n\
                name = { type = 'TEXT', not_null = true, default = 'nobody' }\nage = { type = 'INTEGER', not_null = true, default = 0 }\n";
    taken(&project, name);
    assert_eq!(one(&project, "SELECT group_concat(name || age, ' ') FROM user"), "'nobody0 Bob0'");
}

#[test]
fn a_column_that_becomes_not_null_is_asked_for_nulls() {
    let project = project(USER, "INSERT INTO user VALUES (1, 'a'), (2, NULL)");
    let with = |column: &str| format!("[tables.user.columns]\nid = 'INTEGER PRIMARY KEY'\nname = {column}\n");
    refused(
        &project,
        &with("'TEXT NOT NULL'"),
        &[
            "error: NULL in `user.name` (1 row)",
            "such as id = 2",
            "help: add `backfill = \"...\"` to `name` in the model: an expression for rows where it is NULL",
        ],
    );
    taken(&project, &with("{ type = 'TEXT', not_null = true, backfill = \"'no ' || id\" }"));
    assert_eq!(one(&project, "SELECT group_concat(name, ',') FROM user"), "'a,no 2'");
}

#[test]
fn duplicates_stand_in_the_way_of_a_unique_index() {
    let project = project(USER, "INSERT INTO user VALUES (1, 'a'), (2, 'a'), (3, NULL), (4, NULL), (5, 'b')");
    let indexed = format!("{USER}\n[tables.user.indexes]\nuser_name = {{ columns = ['name'], unique = true }}\n");
    refused(
        &project,
        &indexed,
        &[
            "error: several rows of `user` with the same (name), which becomes unique (2 rows)",
            "such as id = 1, name = 'a'; id = 2, name = 'a'",
        ],
    );
    run_sql(&project, "DELETE FROM user WHERE id = 2");
    taken(&project, &indexed);
}

#[test]
fn rows_that_a_check_forbids_are_shown() {
    let project = project(USER, "INSERT INTO user VALUES (1, 'ok'), (2, ''), (3, NULL)");
    refused(
        &project,
        "[tables.user.columns]\nid = 'INTEGER PRIMARY KEY'\nname = { type = 'TEXT', check = \"name <> ''\" }\n",
        &["error: a row of `user` that violates CHECK (name <> '') (1 row)", "such as id = 2"],
    );
}

#[test]
fn rows_that_refer_to_nothing_are_shown() {
    let tables =
        "[tables.team.columns]\nid = 'INTEGER PRIMARY KEY'\n\n[tables.user.columns]\nid = 'INTEGER PRIMARY KEY'\n";
    let project = project(
        &format!("{tables}team_id = 'INTEGER'\n"),
        "INSERT INTO team VALUES (1); INSERT INTO user VALUES (1, 1), (2, NULL), (3, 9)",
    );
    refused(
        &project,
        &format!("{tables}team_id = {{ type = 'INTEGER', references = 'team(id)' }}\n"),
        &[
            "error: a row of `user` whose team_id refers to no row of `team` (1 row)",
            "such as id = 3",
            "help: delete these rows or add their parents to `team` first",
        ],
    );
}

#[test]
fn a_table_becomes_strict_when_its_values_are_of_their_types() {
    let table =
        |strict: &str| format!("[tables.t]\n{strict}\n[tables.t.columns]\nid = 'INTEGER PRIMARY KEY'\nn = 'INTEGER'\n");
    let project = project(&table(""), "INSERT INTO t VALUES (1, 5), (2, 'five'), (3, NULL)");
    refused(
        &project,
        &table("strict = true"),
        &["error: a value of `t.n` that is no INTEGER, as STRICT demands (1 row)", "such as id = 2"],
    );
    run_sql(&project, "DELETE FROM t WHERE id = 2");
    taken(&project, &table("strict = true"));
}

#[test]
fn what_the_oldest_sqlite_could_not_read_is_refused_and_what_it_could_not_run_is_told() {
    let project = project(USER, SEVEN);
    let oldest = |version: &str, table: &str| {
        let settings = format!("[schemactl]\ndatabase = 'app.db'\ntarget_sqlite = '{version}'\n\n");
        project.write("migrations.toml", &format!("{settings}{}", USER.replace("[tables.user.col", table)));
        project.run(&["revision", "--autogenerate", "--sql"])
    };
    let strict = "[tables.user]\nstrict = true\n[tables.user.col";
    let refused = oldest("3.36", strict).ends_with(2).says("`user` is STRICT").says("`target_sqlite` is 3.36");
    refused.says("migrations.toml:5:").says("target_sqlite = \"3.37\"");
    assert_eq!(oldest("3.37", strict).ends_with(0).stderr.matches("warning").count(), 0);
    let renamed = "[tables.person]\nrenamed_from = 'user'\n[tables.person.col";
    oldest("3.20", renamed).ends_with(0).says("the script needs SQLite 3.2");
}

#[test]
fn a_type_that_would_change_values_asks_for_an_expression() {
    let table = |code: &str| format!("[tables.t.columns]\nid = 'INTEGER PRIMARY KEY'\ncode = {code}\n");
    let project = project(&table("'TEXT'"), "INSERT INTO t VALUES (1, '007'), (2, '8'), (3, 'x')");
    refused(
        &project,
        &table("'INTEGER'"),
        &[
            "error: a value of `t.code` that changes when it becomes INTEGER (1 row)",
            "such as id = 1, code = '007'",
            "help: add `using = \"...\"` to `code` in the model: the expression that converts the old value",
        ],
    );
    taken(&project, &table("{ type = 'INTEGER', using = \"CAST(code AS INTEGER)\" }"));
    assert_eq!(one(&project, "SELECT group_concat(code, ',') FROM t"), "'7,8,0'");
}

#[test]
fn values_that_an_expression_replaces_are_counted_wherever_somebody_may_look() {
    let table = |code: &str| format!("[tables.t.columns]\nid = 'INTEGER PRIMARY KEY'\ncode = {code}\n");
    let project = project(&table("'TEXT'"), "INSERT INTO t VALUES (1, '007'), (2, '8'), (3, 'x'), (4, NULL)");
    model(
        &project,
        &table("{ type = 'INTEGER', not_null = true, backfill = '-1', using = \"CAST(code AS INTEGER)\" }"),
    );
    autogenerate(&project).ends_with(0).says(
        "2 values of `t.code` will be replaced, each by `coalesce((CAST(code AS INTEGER)), (-1))`; downgrade cannot bring them back",
    );
    let script = std::fs::read_dir(project.path("versions")).unwrap().map(|entry| entry.unwrap().path());
    let script =
        script.map(|path| std::fs::read_to_string(path).unwrap()).find(|text| text.contains("Change")).unwrap();
    let (up, down) = script.split_once("-- migrate:down").unwrap();
    assert!(up.contains("-- Replaces each value of code by CAST(code AS INTEGER)"), "{up}");
    assert!(down.contains("-- Values of t.code stay as the way up made them"), "{down}");
    assert!(down.contains("-- Rows where t.code was NULL keep -1"), "{down}");
    project
        .run(&["lint"])
        .ends_with(0)
        .answers("SC215")
        .answers("2 values of the database are not the same afterwards");
    for _ in 0..2 {
        let words = "2 values of `t.code` will be replaced by `";
        project.run(&["upgrade", "--dry-run"]).ends_with(0).says(words);
        project.run(&["upgrade"]).ends_with(0).says(words).says("backup: ");
        project.run(&["downgrade", "-1"]).ends_with(0);
        run_sql(&project, "UPDATE t SET code = '007' WHERE id = 1; UPDATE t SET code = 'x' WHERE id = 3");
    }
}

#[test]
fn the_rows_are_asked_again_when_the_revision_is_run() {
    let project = project(USER, "INSERT INTO user VALUES (1, 'a')");
    model(&project, "[tables.user.columns]\nid = 'INTEGER PRIMARY KEY'\nname = 'TEXT NOT NULL'\n");
    autogenerate(&project).ends_with(0);
    run_sql(&project, "INSERT INTO user VALUES (2, NULL)");
    project.run(&["upgrade"]).ends_with(1).says("NULL in `user.name` (1 row)").says("such as id = 2").says(
        "help: change these rows, then run the command again; or delete this script, add `backfill = \"...\"` to `name`",
    );
    let ended = project.run(&["upgrade", "--format", "json"]).ends_with(1);
    assert!(ended.json()["error"]["message"].as_str().unwrap().contains("NULL in `user.name`"), "{ended}");
    project.run(&["current"]).ends_with(0).answers("Begin");
    assert_eq!(one(&project, "SELECT count(*) FROM user"), "2");
    run_sql(&project, "UPDATE user SET name = 'b' WHERE id = 2");
    project.run(&["upgrade"]).ends_with(0);
}

#[test]
fn an_expression_that_is_not_carried_out_is_told() {
    let project =
        project("[tables.item.columns]\nid = 'INTEGER PRIMARY KEY'\nb = 'INTEGER'\n", "INSERT INTO item VALUES (1, 2)");
    let column = |text: &str| format!("[tables.item.columns]\nid = 'INTEGER PRIMARY KEY'\n{text}\n");
    model(&project, &column("cents = { type = 'INTEGER', renamed_from = 'b', using = 'b * 100' }"));
    let told = "`using` of `item.cents` is not carried out: the declared type stays the same";
    autogenerate(&project).ends_with(0).says(told).says("migrations.toml:6");
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(one(&project, "SELECT cents FROM item"), "2");
    let ended = project.run(&["check"]).ends_with(0);
    assert!(!ended.stderr.contains("is not carried out"), "{ended}");
    model(&project, &column("cents = { type = 'TEXT', using = 'cents * 100' }"));
    let ended = autogenerate(&project).ends_with(0);
    assert!(!ended.stderr.contains("is not carried out"), "{ended}");
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(one(&project, "SELECT cents FROM item"), "'200'");
}

#[test]
fn rows_that_would_refer_to_a_table_of_the_same_revision_are_found_beforehand() {
    let before = "[tables.song.columns]\nid = 'INTEGER PRIMARY KEY'\nsinger_id = 'INTEGER'\nwriter_id = 'TEXT'\n";
    let project = project(before, "INSERT INTO song VALUES (1, NULL, ''), (2, 5, '')");
    let after = "[tables.singer.columns]\nid = 'INTEGER PRIMARY KEY'\n\n[tables.song.columns]\nid = 'INTEGER PRIMARY KEY'\n\
                 singer_id = { type = 'INTEGER', references = 'singer(id)' }\n\
                 writer_id = { type = 'INTEGER', references = 'singer(id)', using = \"NULLIF(writer_id, '')\" }\n";
    let found = "a row of `song` whose singer_id refers to `singer`, which is new and empty";
    refused(&project, after, &[found, "such as id = 2, singer_id = 5", "create `singer` and fill it first"]);
    run_sql(&project, "UPDATE song SET singer_id = NULL");
    taken(&project, after);
}

#[test]
fn a_way_back_to_a_parent_without_its_rows_says_at_once_at_what_it_stops() {
    let parent = "[tables.team.columns]\nid = 'INTEGER PRIMARY KEY'\n";
    let child = |references: &str| {
        format!("[tables.user.columns]\nid = 'INTEGER PRIMARY KEY'\nteam_id = {{ type = 'INTEGER'{references} }}\n")
    };
    let before = format!("{parent}\n{}", child(", references = 'team(id)'"));
    let rows = "INSERT INTO team VALUES (1); INSERT INTO user VALUES (1, 1), (2, NULL)";
    let stop = "a row of `user` whose team_id refers to `team`, which comes back without its rows";
    let loses = project(&before, rows);
    model(&loses, &child(""));
    autogenerate(&loses).ends_with(0).says(&format!("the way back stops at {stop}")).says("`keep_dropped = true`");
    loses.run(&["upgrade"]).ends_with(0);
    let refused = loses.run(&["downgrade", "-1", "--yes"]).ends_with(1).says(stop);
    refused.says("such as id = 1, team_id = 1").says("schemactl restore").says("keep_dropped = true");
    run_sql(&loses, "UPDATE user SET team_id = NULL");
    loses.run(&["downgrade", "-1", "--yes"]).ends_with(0);

    let keeps = project(&before, rows);
    keeps
        .write("migrations.toml", &format!("[schemactl]\ndatabase = \"app.db\"\nkeep_dropped = true\n\n{}", child("")));
    let said = autogenerate(&keeps).ends_with(0);
    assert!(!said.stderr.contains("the way back stops"), "{said}");
    keeps.run(&["upgrade"]).ends_with(0);
    keeps.run(&["downgrade", "-1", "--yes"]).ends_with(0);
    assert_eq!(one(&keeps, "SELECT count(*) FROM user JOIN team ON team.id = team_id"), "1");
}

#[test]
fn sql_for_other_tools_keeps_nothing_where_a_statement_of_it_has_failed() {
    let project = project(USER, "INSERT INTO user (name) VALUES ('x'), (NULL), ('y')");
    let begin = project.run(&["current", "--format", "json"]).ends_with(0).json();
    let begin = begin["revisions"][0]["revision"].as_str().unwrap_or_else(|| panic!("{begin}")).to_owned();
    model(
        &project,
        "[tables.user.columns]\nid = 'INTEGER PRIMARY KEY'\nname = \"TEXT NOT NULL CHECK (name <> 'y')\"\n",
    );
    project.run(&["revision", "--autogenerate", "--offline", "-m", "Change"]).ends_with(0);
    let sql = project.run(&["upgrade", &format!("{begin}:head"), "--sql"]).ends_with(0).stdout;
    // Goes on behind errors, as the sqlite3 shell does with a file.
    let run = || {
        let connection = Connection::open(project.path("app.db")).unwrap();
        let mut failed = 0;
        let mut rest = sql.as_str();
        while let Some((statement, after)) = next_statement(rest) {
            failed += usize::from(connection.execute_batch(statement).is_err());
            rest = after;
        }
        failed
    };
    assert!(run() > 0);
    assert_eq!(one(&project, "SELECT count(*) FROM user"), "3");
    assert_eq!(one(&project, "SELECT group_concat(message) FROM schemactl_version"), "'Begin'");
    assert_eq!(one(&project, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'schemactl_check'"), "0");
    run_sql(&project, "UPDATE user SET name = 'z' WHERE name IS NOT 'x'");
    assert_eq!(run(), 0);
    assert_eq!(one(&project, "SELECT count(*) FROM user"), "3");
    project.run(&["check"]).ends_with(0);
}

/// The first statement of a text, and what stands behind it.
fn next_statement(sql: &str) -> Option<(&str, &str)> {
    let mut tokens = schemactl::token::significant_tokens(sql).peekable();
    tokens.peek()?;
    let end = tokens.find(|token| token.is_operator(";")).map_or(sql.len(), |token| token.start + 1);
    Some(sql.split_at(end))
}

#[test]
fn a_question_that_names_what_the_script_makes_only_later_is_told_with_the_name_that_is_there() {
    let project = Project::new();
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\n");
    project.write("versions/one.sql", "-- revision: one\n-- parents: none\n\n-- migrate:up\nCREATE TABLE t (id, a);\n");
    for (question, renames, help) in [
        ("SELECT id FROM u", "ALTER TABLE t RENAME TO \"u\"", "`t` the name `u`: ask `t`"),
        ("SELECT x.b FROM t AS x", "ALTER TABLE t RENAME COLUMN a TO b", "`a` the name `b`: ask `a`"),
        ("SELECT id FROM w", "CREATE TABLE w (id)", "name tables and columns as they are then"),
    ] {
        let two = format!("-- stops at: what is wrong\n--   {question}\n{renames};\n");
        project.write("versions/two.sql", &format!("-- revision: two\n-- parents: one\n\n-- migrate:up\n{two}"));
        let ended = project.run(&["upgrade"]).ends_with(2).says("cannot look for what is wrong: no such");
        ended.says("cannot upgrade `two`").says("two.sql:6:").says(help);
    }
}
