//! What is not taken over as it is: said with what to do, and nothing is written.

use super::{SCRIPTS, ask, same_schema, sql};
use crate::support::command::{Ended, Project};

const DBMATE: &str = "CREATE TABLE schema_migrations (version varchar(128) primary key);";
const SQLX: &str = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL);";

/// A project of dbmate with three scripts, of which so many are applied.
fn dbmate(applied: usize) -> Project {
    let project = Project::new();
    let mut made = DBMATE.to_owned();
    for (number, (up, down)) in SCRIPTS.iter().enumerate() {
        project
            .write(&format!("db/migrations/{number}_step.sql"), &format!("-- migrate:up\n{up}-- migrate:down\n{down}"));
        if number < applied {
            made = format!("{made}{up}INSERT INTO schema_migrations VALUES ('{number}');");
        }
    }
    sql(&project, "app.db", &made);
    project
}

fn adopt(project: &Project, args: &[&str]) -> Ended {
    let args: Vec<&str> = ["adopt", "--database", "app.db"].iter().chain(args).copied().collect();
    project.run(&args)
}

#[track_caller]
fn nothing_is_written(project: &Project) {
    assert!(!project.path("migrations.toml").exists() && !project.path("versions").exists());
    assert_eq!(ask(project, "SELECT count(*) FROM sqlite_schema WHERE name = 'schemactl_version'"), ["0"]);
}

#[test]
fn the_tables_of_several_tools_are_listed_and_one_of_them_is_named() {
    let project = dbmate(2);
    sql(&project, "app.db", "CREATE TABLE django_migrations (id, app, name, applied)");
    let ended = adopt(&project, &[]).ends_with(2).says("version tables of dbmate and django");
    assert!(ended.stderr.contains("`--from dbmate` or `--from django`"), "{ended}");
    nothing_is_written(&project);
    adopt(&project, &["--from", "dbmate"]).ends_with(0);
}

#[test]
fn without_a_tool_or_its_scripts_nobody_guesses() {
    let project = Project::new();
    sql(&project, "app.db", "CREATE TABLE user (id)");
    adopt(&project, &[]).ends_with(2).says("no version table of another tool").says("--from-database");
    project.run(&["adopt"]).ends_with(2).says("no database is named");
    project.run(&["adopt", "--database", "none.db"]).ends_with(3).says("there is no database");
    sql(&project, "app.db", DBMATE);
    sql(&project, "other.db", "CREATE TABLE user (id); CREATE TABLE applied (version varchar(128) primary key)");
    project.write("other/1_a.sql", "-- migrate:up\nCREATE TABLE user (id);\n-- migrate:down\nDROP TABLE user;\n");
    let other = ["adopt", "--database", "other.db", "--scripts", "other", "--from", "dbmate"];
    project.run(&other).ends_with(1).says("`schema_migrations` says of no script that it ran").says("--table NAME");
    adopt(&project, &[]).ends_with(2).says("found no scripts of dbmate").says("db/migrations").says("--scripts");
    nothing_is_written(&project);
}

#[test]
fn what_is_half_done_is_brought_to_an_end_first() {
    let failed = [
        ("golang-migrate", "CREATE TABLE schema_migrations (version uint64,dirty bool); INSERT INTO schema_migrations VALUES (1, 1)", "migrate force"),
        ("sqlx", &format!("{SQLX} INSERT INTO _sqlx_migrations VALUES (1, 'a', '2024-01-31', 0, X'00', -1)"), "delete its row"),
        (
            "flyway",
            "CREATE TABLE flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, installed_on, execution_time, success);
             INSERT INTO flyway_schema_history VALUES (1, '1', 'a', 'SQL', 'V1__a.sql', NULL, 'me', '', 1, 0)",
            "flyway repair",
        ),
        (
            "prisma",
            "CREATE TABLE _prisma_migrations (id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, applied_steps_count);
             INSERT INTO _prisma_migrations VALUES ('x', '', NULL, '1_a', NULL, NULL, 1706702405000, 0)",
            "prisma migrate resolve",
        ),
        (
            "atlas",
            "CREATE TABLE atlas_schema_revisions (version, description, type, applied, total, executed_at, execution_time, error, error_stmt, hash, partial_hashes, operator_version);
             INSERT INTO atlas_schema_revisions VALUES ('1', 'a', 2, 0, 1, '2024-01-31 12:00:05', 5, 'no', '', '', '', '')",
            "atlas migrate apply",
        ),
    ];
    for (tool, account, help) in failed {
        let project = Project::new();
        for path in
            ["migrations/1_a.up.sql", "migrations/1_a.sql.txt", "sql/V1__a.sql", "prisma/migrations/1_a/migration.sql"]
        {
            project.write(path, "SELECT 1;");
        }
        if tool == "atlas" {
            project.write("atlas/1_a.sql", "SELECT 1;");
        }
        sql(&project, "app.db", account);
        let scripts: &[&str] = if tool == "atlas" { &["--scripts", "atlas"] } else { &[] };
        for more in [&[][..], &["--baseline"], &["--accept", "edits", "--accept", "drift"]] {
            let ended = adopt(&project, &[scripts, more].concat()).ends_with(3).says("has not come to the end of");
            assert!(ended.stderr.contains(help), "{tool}: {ended}");
        }
        nothing_is_written(&project);
    }
    let project = Project::new();
    let knex = "CREATE TABLE knex_migrations (id, name, batch, migration_time); CREATE TABLE knex_migrations_lock (`index`, is_locked);
                INSERT INTO knex_migrations_lock VALUES (1, 1)";
    sql(&project, "app.db", knex);
    adopt(&project, &[]).ends_with(3).says("knex holds its lock").says("free the lock");
}

#[test]
fn a_script_that_was_edited_after_it_ran_is_refused_unless_that_is_accepted() {
    let project = Project::new();
    project.write("migrations/1_user.sql", "CREATE TABLE user (id);");
    // The SHA-384 of nothing.
    let checksum = "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b";
    let row = format!("INSERT INTO _sqlx_migrations VALUES (1, 'user', '2024-01-31 12:00:05', 1, X'{checksum}', 5)");
    sql(&project, "app.db", &format!("CREATE TABLE user (id);{SQLX}{row}"));
    adopt(&project, &[]).ends_with(2).says("not what sqlx ran").says("--accept edits");
    nothing_is_written(&project);
    adopt(&project, &["--accept", "edits"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
}

#[test]
fn a_script_that_is_gone_is_brought_back_or_one_revision_stands_for_all() {
    let project = dbmate(2);
    std::fs::remove_file(project.path("db/migrations/0_step.sql")).unwrap();
    adopt(&project, &[]).ends_with(2).says("dbmate applied `0`").says("--baseline");
    nothing_is_written(&project);
    adopt(&project, &["--baseline"]).ends_with(0).answers("recorded 1 revision as applied");
    project.run(&["history"]).ends_with(0).answers("Baseline").answers("step");
    project.run(&["upgrade"]).ends_with(0);
    let all: String = SCRIPTS.iter().map(|(up, _)| *up).collect();
    sql(&project, "control.db", &all);
    same_schema(&project, "app.db", "control.db");
    project.run(&["check"]).ends_with(0);
    project.run(&["verify"]).ends_with(0);
}

#[test]
fn what_was_done_beside_the_scripts_is_shown_and_becomes_a_revision_where_it_is_accepted() {
    let project = dbmate(2);
    sql(&project, "app.db", "ALTER TABLE users ADD COLUMN age INTEGER; DROP INDEX users_email");
    let ended = adopt(&project, &[]).ends_with(1).says("added column `users.age`").says("dropped index `users_email`");
    assert!(ended.stderr.contains("--accept drift"), "{ended}");
    nothing_is_written(&project);
    adopt(&project, &["--accept", "drift"]).ends_with(0).answers("beside the scripts: added column `users.age`");
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
    assert_eq!(project.run(&["status"]).ends_with(0).stdout.matches("in sync").count(), 3);
    // A new database gets it too.
    project.run(&["upgrade", "--database", "new.db"]).ends_with(0);
    same_schema(&project, "app.db", "new.db");
    // One that has been changed in the same way finds its place, one that has been changed in another does not.
    let two: String = SCRIPTS.iter().take(2).map(|(up, _)| *up).collect();
    let rows = "INSERT INTO schema_migrations VALUES ('0'), ('1');";
    let made = format!("{DBMATE}{two}{rows}");
    sql(&project, "same.db", &format!("{made}ALTER TABLE users ADD COLUMN age INTEGER; DROP INDEX users_email"));
    project.run(&["adopt", "--database", "same.db"]).ends_with(0).answers("recorded 3 revisions");
    sql(&project, "plain.db", &made);
    project.run(&["adopt", "--database", "plain.db"]).ends_with(0).answers("recorded 2 revisions");
    project.run(&["upgrade", "--database", "plain.db"]).ends_with(0);
    same_schema(&project, "app.db", "plain.db");
    sql(&project, "odd.db", &format!("{made}CREATE TABLE odd (id)"));
    project.run(&["adopt", "--database", "odd.db"]).ends_with(1).says("added table `odd`");
}

#[test]
fn scripts_that_were_run_by_hand_count_as_applied_where_that_is_accepted() {
    let project = dbmate(1);
    sql(&project, "app.db", SCRIPTS[1].0);
    adopt(&project, &[]).ends_with(1).says("added column `users.email`");
    let ended = adopt(&project, &["--accept", "drift"]).ends_with(0).answers("recorded 2 revisions as applied");
    assert!(ended.stdout.contains("1 revision to run"), "{ended}");
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0).answers("no changes");
    assert_eq!(project.run(&["status"]).ends_with(0).stdout.matches("in sync").count(), 3);
}

#[test]
fn files_that_were_removed_are_written_again_and_those_of_others_are_missed() {
    let project = dbmate(2);
    adopt(&project, &[]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    std::fs::remove_dir_all(project.path("versions")).unwrap();
    adopt(&project, &[]).ends_with(0).answers("wrote versions/").answers("app.db is at 2 (head)");
    project.run(&["check"]).ends_with(0);
    project.run(&["revision", "-m", "By hand", "--rev-id", "own"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    std::fs::remove_dir_all(project.path("versions")).unwrap();
    adopt(&project, &[]).ends_with(1).says("own");
    assert!(!project.path("versions").exists());
}

#[test]
fn a_second_time_there_is_nothing_to_do_and_what_was_taken_back_stays_so() {
    let project = dbmate(3);
    adopt(&project, &[]).ends_with(0);
    adopt(&project, &[]).ends_with(0).answers("nothing to do");
    project.run(&["downgrade", "-1"]).ends_with(0);
    adopt(&project, &[]).ends_with(0).answers("nothing to do");
    assert_eq!(ask(&project, "SELECT revision FROM schemactl_version ORDER BY sequence"), ["0", "1"]);
    // The other tool is used once more, by somebody who has not heard.
    let script = "-- migrate:up\nCREATE TABLE late (id);\n-- migrate:down\nDROP TABLE late;\n";
    project.write("db/migrations/3_late.sql", script);
    project.run(&["upgrade"]).ends_with(0);
    sql(&project, "app.db", "CREATE TABLE late (id); INSERT INTO schema_migrations VALUES ('3')");
    adopt(&project, &[]).ends_with(0).answers("recorded 1 revision");
    project.run(&["current"]).ends_with(0).answers("3 (head)");
}

#[test]
fn scripts_can_be_taken_over_without_a_database() {
    let project = dbmate(0);
    std::fs::remove_file(project.path("app.db")).unwrap();
    adopt(&project, &["--from", "dbmate"]).ends_with(0).answers("3 revisions to run");
    assert!(!project.path("app.db").exists());
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
}

#[test]
fn an_older_script_that_was_left_out_runs_later() {
    let project = dbmate(2);
    let script = "-- migrate:up\nCREATE TABLE early (id);\n-- migrate:down\nDROP TABLE early;\n";
    project.write("db/migrations/01_early.sql", script);
    adopt(&project, &[]).ends_with(0).answers("2 revisions to run");
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0).answers("no changes");
    project.run(&["downgrade", "base", "--no-backup"]).ends_with(0);
}

#[test]
fn a_pending_script_that_fails_is_told_and_the_rest_is_taken_over() {
    let project = dbmate(2);
    project.write("db/migrations/9_broken.sql", "-- migrate:up\nDROP TABLE nowhere;\n-- migrate:down\n");
    let ended = adopt(&project, &[]).ends_with(0).answers("recorded 2 revisions").says("no such table: nowhere");
    assert!(ended.stderr.contains("9_broken.sql"), "{ended}");
}

#[test]
fn a_script_that_ran_and_fails_in_a_scratch_database_stops_it() {
    let project = dbmate(1);
    project.write("db/migrations/1_step.sql", "-- migrate:up\nDROP TABLE made_by_hand;\n-- migrate:down\n");
    sql(&project, "app.db", "INSERT INTO schema_migrations VALUES ('1')");
    adopt(&project, &[]).ends_with(2).says("no such table: made_by_hand").says("1_step.sql").says("--baseline");
    nothing_is_written(&project);
}

#[test]
fn the_database_is_that_of_the_variable_that_tools_read() {
    let project = dbmate(3);
    project.write(".env", "DATABASE_URL=\"sqlite:app.db?mode=rwc\"\n");
    project.run(&["adopt"]).ends_with(0).answers("app.db is at 2 (head)");
    assert!(project.read("migrations.toml").contains("database = \"app.db\""));
}

#[test]
fn a_project_that_is_there_keeps_its_model() {
    let project = dbmate(3);
    project.run(&["init"]).ends_with(0);
    let before = project.read("migrations.toml");
    project.run(&["adopt"]).ends_with(0).says("the model describes no tables").says("schemactl introspect >>");
    assert_eq!(project.read("migrations.toml"), before);
    let model = project.run(&["introspect"]).ends_with(0).stdout;
    project.write("migrations.toml", &(before + &model));
    project.run(&["check"]).ends_with(0).answers("no changes");
}

#[test]
fn a_script_that_takes_its_transaction_back_is_named_with_its_line() {
    let project = dbmate(2);
    let up = "CREATE TABLE more (a);\nSAVEPOINT s;\nDROP TABLE more;\nROLLBACK TO s;\nRELEASE s;\n";
    project.write("db/migrations/9_more.sql", &format!("-- migrate:up\n{up}-- migrate:down\nDROP TABLE more;\n"));
    let refused = adopt(&project, &[]).ends_with(2).says("`ROLLBACK TO s`").says("9_more.sql:5:1");
    refused.says("take the statement out of the script").says("--baseline");
    nothing_is_written(&project);
    // A savepoint that nothing goes back to says nothing in a revision.
    let up = up.replace("ROLLBACK TO s;\n", "");
    project.write("db/migrations/9_more.sql", &format!("-- migrate:up\n{up}-- migrate:down\nSELECT 1;\n"));
    adopt(&project, &[]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
}
