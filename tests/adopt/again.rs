//! The other tool goes on after its database was taken over, or has left something behind before.

use super::{SCRIPTS, ask, sql};
use crate::support::command::{Ended, Project};

const KNEX: &str = "CREATE TABLE knex_migrations (id integer not null primary key autoincrement, name varchar(255), batch integer, migration_time datetime);
    INSERT INTO knex_migrations (name, batch) VALUES ('a.js', 1);";

fn adopt(project: &Project, args: &[&str]) -> Ended {
    let args: Vec<&str> = ["adopt", "--database", "app.db"].iter().chain(args).copied().collect();
    project.run(&args)
}

fn knex(more: &str) -> Project {
    let project = Project::new();
    sql(&project, "app.db", &format!("{}{KNEX}{more}", SCRIPTS[0].0));
    project
}

/// What knex runs after it was left.
const NEXT: &str =
    "ALTER TABLE users ADD COLUMN age INTEGER; INSERT INTO knex_migrations (name, batch) VALUES ('b.js', 2);";

#[test]
fn what_programs_have_done_since_is_told_and_becomes_a_revision() {
    let project = knex("INSERT INTO users (name) VALUES ('Ada');");
    adopt(&project, &[]).ends_with(0);
    project.run(&["status"]).ends_with(0);
    sql(&project, "app.db", NEXT);
    project
        .run(&["status"])
        .ends_with(1)
        .answers("knex has run 1 migration since it was taken over")
        .answers("b.js")
        .answers("next: schemactl adopt --from knex");
    project.run(&["check"]).ends_with(1).says("schemactl adopt --from knex");
    let answer = project.run(&["check", "--format", "json"]).ends_with(1).json();
    assert_eq!(answer["run_by_others"][0]["versions"][0], "b.js");
    project.run(&["upgrade"]).ends_with(1).says("knex has run 1 migration since").says("schemactl adopt --from knex");
    let adopted = project.run(&["adopt"]).ends_with(0).answers("beyond the revisions: added column `users.age`");
    assert!(adopted.stderr.contains("the model does not describe what is there"), "{adopted}");
    project.run(&["history"]).ends_with(0).answers("What knex has run since: b.js");
    let status = project.run(&["status"]).ends_with(1);
    assert_eq!(status.stdout.matches("in sync").count(), 2, "only the model is behind: {status}");
    project.run(&["upgrade"]).ends_with(0).answers("nothing to do");
    project.run(&["adopt"]).ends_with(0).answers("nothing to do");
    let model = project.read("migrations.toml");
    let columns = "[tables.users.columns]\n";
    project.write("migrations.toml", &model.replace(columns, &format!("{columns}age = \"INTEGER\"\n")));
    project.run(&["check"]).ends_with(0).answers("no changes");
    project.run(&["verify"]).ends_with(0);
    // Another database of the project, of which the same tool has made the same.
    sql(&project, "other.db", &format!("{}{KNEX}{NEXT}", SCRIPTS[0].0));
    project.run(&["adopt", "--database", "other.db"]).ends_with(0).answers("recorded 2 revisions");
    // And a new one.
    project.run(&["upgrade", "--database", "new.db"]).ends_with(0);
    assert_eq!(ask(&project, "SELECT name, age FROM users"), ["Ada|NULL"]);
}

#[test]
fn what_was_done_beside_a_tool_is_no_work_of_it() {
    let project = knex("");
    adopt(&project, &[]).ends_with(0);
    sql(&project, "app.db", "ALTER TABLE users ADD COLUMN age INTEGER");
    project.run(&["adopt"]).ends_with(1).says("added column `users.age`").says("--accept drift");
    project.run(&["adopt", "--accept", "drift"]).ends_with(0).answers("recorded 1 revision");
    project.run(&["history"]).ends_with(0).answers("What was done beside the scripts");
}

#[test]
fn what_a_tool_did_stands_beside_revisions_that_are_not_run_yet() {
    let project = knex("");
    adopt(&project, &[]).ends_with(0);
    project.run(&["revision", "-m", "Mine", "--rev-id", "mine"]).ends_with(0);
    sql(&project, "app.db", NEXT);
    project.run(&["adopt"]).ends_with(0).says("schemactl rebase");
    project.run(&["heads"]).ends_with(0).answers("mine").answers("What knex has run since");
    project.run(&["rebase", "mine"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["current"]).ends_with(0).answers("mine (head)");
}

#[test]
fn in_a_folder_below_the_project_its_files_are_named_as_they_are_typed_there() {
    let project = Project::new();
    std::fs::create_dir_all(project.path("db/migrations")).unwrap();
    project.write(
        "db/migrations/1_one.sql",
        "-- migrate:up\nCREATE TABLE t (id INTEGER PRIMARY KEY);\n-- migrate:down\nDROP TABLE t;\n",
    );
    project.run(&["init"]).ends_with(0);
    let below = |args: &[&str]| Ended::of(project.command(args).current_dir(project.path("db")));
    let told = below(&["adopt", "--from", "dbmate", "--database", "../none.db"]).ends_with(0);
    told.says("there is no database `../none.db`").says("`schemactl introspect >> ../migrations.toml`");
}

#[test]
fn a_baseline_is_the_floor_unless_its_head_is_changed() {
    let project = knex("INSERT INTO users (name) VALUES ('Ada');");
    let adopted = adopt(&project, &["--format", "json"]).ends_with(0).json();
    let path = adopted["revisions"][0]["path"].as_str().unwrap();
    project.run(&["downgrade", "base", "--yes"]).ends_with(2).says("stands for what was there before").says(path);
    assert_eq!(ask(&project, "SELECT name FROM users"), ["Ada"]);
    assert_eq!(ask(&project, "SELECT count(down_sql) FROM schemactl_version"), ["0"]);
    let script = project.read(path);
    let kept: Vec<&str> = script.lines().filter(|line| !line.starts_with("-- irreversible:")).collect();
    project.write(path, &kept.join("\n"));
    project.run(&["downgrade", "base", "--yes", "--no-backup"]).ends_with(0);
    assert_eq!(ask(&project, "SELECT count(*) FROM sqlite_schema WHERE name = 'users'"), ["0"]);
}

#[test]
fn tables_that_were_left_over_are_not_taken_into_the_model_unasked() {
    for (account, left, advice) in [
        (
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
            "_alembic_tmp_users",
            "DROP TABLE \"_alembic_tmp_users\"",
        ),
        ("CREATE TABLE django_migrations (id, app, name, applied)", "new__users", "DROP TABLE \"new__users\""),
        ("CREATE TABLE django_migrations (id, app, name, applied)", "new__gone", "RENAME TO \"gone\""),
    ] {
        let project = Project::new();
        sql(&project, "app.db", &format!("{}{account}; CREATE TABLE {left} (id INTEGER PRIMARY KEY)", SCRIPTS[0].0));
        adopt(&project, &[]).ends_with(3).says(left).says(advice).says("--accept leftovers");
        assert!(!project.path("migrations.toml").exists() && !project.path("versions").exists());
        adopt(&project, &["--accept", "leftovers"]).ends_with(0);
        assert!(project.read("migrations.toml").contains(left));
    }
}

#[test]
fn a_drift_that_would_not_run_elsewhere_is_refused() {
    let project = Project::new();
    let up = "CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT);\nCREATE TABLE log (x);\n\
              CREATE TRIGGER tt AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.c); END;\n";
    project.write(
        "db/migrations/1_a.sql",
        &format!("-- migrate:up\n{up}-- migrate:down\nDROP TABLE t;\nDROP TABLE log;\n"),
    );
    let rest =
        "CREATE TABLE schema_migrations (version varchar(128) primary key); INSERT INTO schema_migrations VALUES ('1');
                DROP TABLE log; ALTER TABLE t ADD COLUMN d TEXT;";
    sql(&project, "app.db", &format!("{up}{rest}"));
    adopt(&project, &["--accept", "drift"]).ends_with(1).says("no such table: main.log").says("nothing was written");
    assert!(!project.path("migrations.toml").exists() && !project.path("versions").exists());
    sql(&project, "app.db", "DROP TRIGGER tt");
    adopt(&project, &["--accept", "drift"]).ends_with(0);
    project.run(&["upgrade", "--database", "new.db"]).ends_with(0);
}

#[test]
fn a_table_of_versions_under_another_name_is_found_and_left_out_of_the_model() {
    let made = |project: &Project| {
        project.write(
            "migrations/1_users.sql",
            &format!(
                "-- +goose Up\n-- +goose StatementBegin\n{}-- +goose StatementEnd\n-- +goose Down\nDROP TABLE users;\n",
                SCRIPTS[0].0
            ),
        );
        let account = "CREATE TABLE my_versions (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
                       is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
                       INSERT INTO my_versions (version_id, is_applied) VALUES (0, 1), (1, 1)";
        sql(project, "app.db", &format!("{}{account}", SCRIPTS[0].0));
    };
    for args in [&[][..], &["--table", "my_versions"], &["--from", "goose", "--table", "my_versions"]] {
        let project = Project::new();
        made(&project);
        adopt(&project, args).ends_with(0).answers("recorded 1 revision");
        assert!(project.read("migrations.toml").contains("ignore = [\"my_versions\"]"));
        project.run(&["check"]).ends_with(0).answers("no changes");
    }
    // A project that is there says itself what is none of its business.
    let project = Project::new();
    made(&project);
    project.run(&["init"]).ends_with(0);
    project.run(&["adopt"]).ends_with(2).says("ignore = [\"my_versions\"]");
    let settings =
        project.read("migrations.toml").replacen("[schemactl]\n", "[schemactl]\nignore = [\"my_versions\"]\n", 1);
    project.write("migrations.toml", &settings);
    project.run(&["adopt"]).ends_with(0).answers("recorded 1 revision");
    sql(&project, "app.db", "INSERT INTO my_versions (version_id, is_applied) VALUES (2, 1)");
    project.run(&["status"]).ends_with(1).answers("goose has run 1 migration since");
    for (args, words) in
        [(&["--table", "none"][..], "no table `none`"), (&["--table", "users"], "by which a tool is known")]
    {
        adopt(&project, args).ends_with(2).says(words);
    }
}

#[test]
fn scripts_stay_where_they_came_from_for_an_export_and_a_mirror() {
    let project = Project::new();
    for (number, (up, down)) in SCRIPTS.iter().enumerate() {
        project.write(&format!("sql/{}_step.up.sql", number + 1), up);
        project.write(&format!("sql/{}_step.down.sql", number + 1), down);
    }
    let account = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
        execution_time BIGINT NOT NULL)";
    sql(&project, "app.db", account);
    adopt(&project, &["--scripts", "sql"]).ends_with(0).answers("3 revisions to run");
    let settings = project.read("migrations.toml").replacen("[schemactl]\n", "[schemactl]\nmirror = \"sqlx\"\n", 1);
    project.write("migrations.toml", &settings);
    project.run(&["upgrade"]).ends_with(0);
    let rows = "SELECT version, description, lower(hex(checksum)) FROM _sqlx_migrations ORDER BY version";
    let expected: Vec<String> = (1..4)
        .map(|n| {
            format!("{n}|step|{}", super::made::sha384(&project.read(&format!("sql/{n}_step.up.sql"))).to_lowercase())
        })
        .collect();
    assert_eq!(ask(&project, rows), expected);
    project.run(&["status"]).ends_with(0);
    // Where the tool has the script already, there is nothing to write; elsewhere there is.
    project.run(&["export", "--format", "sqlx", "-o", "sql"]).ends_with(0).answers("nothing to do");
    let written = project.run(&["revision", "-m", "four", "--format", "json"]).ends_with(0).json();
    let path = written["path"].as_str().unwrap();
    let script = project.read(path).replace("-- migrate:up\n", "-- migrate:up\nCREATE TABLE four (x);\n");
    project.write(path, &script.replace("-- migrate:down\n", "-- migrate:down\nDROP TABLE four;\n"));
    let answer = project.run(&["export", "--tool", "sqlx", "-o", "sql", "--format", "json"]).ends_with(0).json();
    let outcomes: Vec<_> =
        answer["files"].as_array().unwrap().iter().map(|file| file["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["same", "same", "same", "written", "written"], "{answer}");
    project.run(&["export", "--format", "sqlx", "-o", "other"]).ends_with(0).answers("wrote other/");
}
