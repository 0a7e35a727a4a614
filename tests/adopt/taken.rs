//! What each tool that runs SQL leaves behind is taken over, and what is left of it runs.

use super::made::{Made, made, sha384};
use super::{SCRIPTS, ask, same_schema, sql};
use crate::support::command::Project;

#[test]
fn the_scripts_of_each_tool_become_revisions_and_the_rest_of_them_run() {
    for Made { tool, files, account, applied_at, goes_down } in made() {
        let project = Project::new();
        for (path, text) in &files {
            project.write(path, text);
        }
        let [one, two, three] = SCRIPTS.map(|(up, _)| up);
        sql(&project, "app.db", &format!("{one}{two}INSERT INTO users (name) VALUES ('Ada');{account}"));
        sql(&project, "control.db", &format!("{one}{two}{three}"));
        let dry = project.run(&["adopt", "--database", "app.db", "--dry-run"]).ends_with(0);
        assert!(dry.stdout.contains("would record 2 revisions"), "{tool}: {dry}");
        assert!(!project.path("migrations.toml").exists(), "{tool}: a dry run writes nothing");
        let answer = project.run(&["adopt", "--database", "app.db", "--format", "json"]).ends_with(0).json();
        assert_eq!((&answer["tool"], &answer["pending"]), (&tool.into(), &1.into()), "{answer}");
        let revisions = answer["revisions"].as_array().unwrap();
        assert_eq!(revisions.iter().filter(|revision| revision["applied"] == true).count(), 2, "{answer}");
        assert!(revisions.iter().all(|revision| revision["message"] == "step"), "{answer}");
        let first = ask(&project, "SELECT kind, applied_at FROM schemactl_version ORDER BY sequence").remove(0);
        assert!(first.starts_with("adopt|"), "{first}");
        if let Some(at) = applied_at {
            assert_eq!(first, format!("adopt|{at}"), "{tool}");
        }
        project.run(&["upgrade", "head"]).ends_with(0);
        same_schema(&project, "app.db", "control.db");
        project.run(&["check"]).ends_with(0).answers("no changes");
        let status = project.run(&["status"]).ends_with(0);
        assert_eq!(status.stdout.matches("in sync").count(), 3, "{tool}: {status}");
        if goes_down {
            project.run(&["downgrade", "base", "--no-backup"]).ends_with(0);
            assert_eq!(ask(&project, "SELECT count(*) FROM sqlite_schema WHERE name = 'users'"), ["0"], "{tool}");
        } else {
            project.run(&["downgrade", "-1"]).ends_with(2).says("cannot be taken back");
        }
        assert_eq!(
            ask(
                &project,
                "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%migrations' OR name LIKE '%version' OR name LIKE '%history' OR name LIKE '%revisions'"
            ),
            ["2"],
            "{tool}: its table stays"
        );
    }
}

#[test]
fn what_runs_here_of_sqlx_s_own_scripts_is_to_sqlx_what_it_would_have_run() {
    let Made { files, account, .. } = made().into_iter().find(|made| made.tool == "sqlx").unwrap();
    let project = Project::new();
    for (path, text) in &files {
        project.write(path, text);
    }
    let [one, two, three] = SCRIPTS.map(|(up, _)| up);
    sql(&project, "app.db", &format!("{one}{two}{account}"));
    project.run(&["adopt", "--database", "app.db"]).ends_with(0);
    let settings = project.read("migrations.toml").replacen("[schemactl]\n", "[schemactl]\nmirror = \"sqlx\"\n", 1);
    project.write("migrations.toml", &settings);
    project.run(&["upgrade"]).ends_with(0);
    let row = "SELECT version, description, lower(hex(checksum)) FROM _sqlx_migrations WHERE version = 3";
    assert_eq!(ask(&project, row), [format!("3|step|{}", sha384(three).to_lowercase())]);
    // Taken back and run again, the others are what they were, too.
    let all = "SELECT group_concat(version || hex(checksum)) FROM _sqlx_migrations";
    let before = ask(&project, all);
    project.run(&["downgrade", "-2", "--no-backup"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(ask(&project, all), before);
}

#[test]
fn a_script_that_was_exported_from_here_is_known_again() {
    let Made { files, account, .. } = made().into_iter().find(|made| made.tool == "dbmate").unwrap();
    let project = Project::new();
    for (path, text) in &files {
        project.write(path, text);
    }
    let [one, two, three] = SCRIPTS.map(|(up, _)| up);
    for database in ["app.db", "other.db"] {
        sql(&project, database, &format!("{one}{two}{account}"));
    }
    project.run(&["adopt", "--database", "app.db"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    let written = project.run(&["revision", "-m", "four", "--format", "json"]).ends_with(0).json();
    let path = written["path"].as_str().unwrap();
    let script = project.read(path).replace("-- migrate:up\n", "-- migrate:up\nCREATE TABLE four (x);\n");
    project.write(path, &script.replace("-- migrate:down\n", "-- migrate:down\nDROP TABLE four;\n"));
    project.run(&["export", "--tool", "dbmate", "20240131120003:"]).ends_with(0);
    let scripts = std::fs::read_dir(project.path("db/migrations")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(scripts.filter(|name| name.to_string_lossy().ends_with("_four.sql")).count(), 1);
    let before = project.run(&["history"]).ends_with(0).stdout;
    let again = project.run(&["adopt", "--database", "other.db"]).ends_with(0);
    assert_eq!(project.run(&["history"]).ends_with(0).stdout, before, "{again}");
    project.run(&["upgrade", "--database", "other.db"]).ends_with(0);
    sql(&project, "control.db", &format!("{one}{two}{three}CREATE TABLE four (x);"));
    same_schema(&project, "other.db", "control.db");
}

#[test]
fn scripts_that_end_their_tool_s_transaction_run_inside_one_here() {
    let project = Project::new();
    let first = "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);\nCREATE TABLE b (a REFERENCES a);\nPRAGMA foreign_keys = ON;\n";
    // As for sqlx scripts that rebuild a table, since it switches no foreign keys by itself.
    let second = "COMMIT TRANSACTION;\nPRAGMA foreign_keys = OFF;\nBEGIN TRANSACTION;\n\
                  CREATE TABLE a_new (id INTEGER PRIMARY KEY, x TEXT NOT NULL);\nINSERT INTO a_new SELECT * FROM a;\n\
                  DROP TABLE a;\nALTER TABLE a_new RENAME TO a;\nCOMMIT TRANSACTION;\nPRAGMA foreign_keys = ON;\nBEGIN TRANSACTION;\n";
    let third = "PRAGMA journal_mode = WAL;\n";
    for (number, text) in [first, second, third].into_iter().enumerate() {
        project.write(&format!("migrations/{}_step.sql", number + 1), text);
    }
    let table = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL
                 DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);";
    let row = |version, text| {
        format!(
            "INSERT INTO _sqlx_migrations VALUES ({version}, 'step', '2024-01-01 00:00:00', 1, x'{}', 5);",
            sha384(text)
        )
    };
    let rows = "INSERT INTO a VALUES (1, 'one'); INSERT INTO b VALUES (1);";
    sql(&project, "app.db", &format!("{first}{rows}{table}{}", row(1, first)));
    sql(&project, "control.db", &format!("{first}{rows}PRAGMA foreign_keys = OFF; BEGIN;{second}COMMIT;"));
    project.run(&["adopt", "--database", "app.db"]).ends_with(0);
    project.run(&["upgrade", "head"]).ends_with(0);
    same_schema(&project, "app.db", "control.db");
    assert_eq!(ask(&project, "SELECT * FROM a JOIN b ON b.a = a.id"), ["1|one|1"]);
    assert_eq!(ask(&project, "PRAGMA journal_mode"), ["wal"]);
    project.run(&["verify"]).ends_with(0);
    project.run(&["check"]).ends_with(0).answers("no changes");
}

#[test]
fn refinery_is_taken_over_with_its_own_checksum() {
    let project = Project::new();
    // Text and checksum are those of refinery's own tests.
    let cars = "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n";
    project.write("migrations/V2__add_cars_table.sql", cars);
    project.write("migrations/V3__add_brand.sql", "ALTER TABLE cars ADD COLUMN brand TEXT;");
    let account = "CREATE TABLE refinery_schema_history(version int4 PRIMARY KEY, name VARCHAR(255),
                   applied_on VARCHAR(255), checksum VARCHAR(255));
                   INSERT INTO refinery_schema_history VALUES
                   (2, 'add_cars_table', '2024-01-31T12:00:05.123456789Z', '8238603820526370208')";
    sql(&project, "app.db", &format!("{cars}{account}"));
    sql(&project, "control.db", &format!("{cars}ALTER TABLE cars ADD COLUMN brand TEXT"));
    project.run(&["adopt", "--database", "app.db"]).ends_with(0);
    assert_eq!(ask(&project, "SELECT revision, applied_at FROM schemactl_version"), ["2|2024-01-31T12:00:05Z"]);
    project.run(&["upgrade"]).ends_with(0);
    same_schema(&project, "app.db", "control.db");
}

#[test]
fn tools_whose_scripts_are_programs_become_one_revision() {
    for (tool, account) in [
        ("rails", "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);
                   CREATE TABLE ar_internal_metadata (key varchar NOT NULL PRIMARY KEY, value varchar, created_at datetime(6) NOT NULL, updated_at datetime(6) NOT NULL)"),
        ("knex", "CREATE TABLE knex_migrations (id integer not null primary key autoincrement, name varchar(255), batch integer, migration_time datetime);
                  CREATE TABLE knex_migrations_lock (`index` integer not null primary key autoincrement, is_locked integer);
                  INSERT INTO knex_migrations_lock (is_locked) VALUES (0)"),
        ("typeorm", "CREATE TABLE migrations (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, timestamp bigint NOT NULL, name varchar NOT NULL)"),
        ("ef", "CREATE TABLE __EFMigrationsHistory (MigrationId TEXT NOT NULL PRIMARY KEY, ProductVersion TEXT NOT NULL)"),
        ("user_version", "PRAGMA user_version = 7"),
    ] {
        let project = Project::new();
        sql(&project, "app.db", &format!("{}{account}", SCRIPTS[0].0));
        let answer = project.run(&["adopt", "--database", "app.db", "--format", "json"]).ends_with(0).json();
        assert_eq!(answer["tool"], tool);
        project.run(&["check"]).ends_with(0).answers("no changes");
        project.run(&["status"]).ends_with(0);
        project.run(&["verify"]).ends_with(0);
        // The same project's other database, of which the tool has made the same.
        sql(&project, "other.db", &format!("{}{account}", SCRIPTS[0].0));
        let again = project.run(&["adopt", "--database", "other.db"]).ends_with(0).answers("recorded 1 revision");
        assert!(!again.stdout.contains("wrote"), "{again}");
        project.run(&["check", "--database", "other.db"]).ends_with(0);
        project.run(&["adopt"]).ends_with(0).answers("nothing to do");
    }
}
