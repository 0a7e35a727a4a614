//! The process ends before its work does.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{set_journal_mode, stands_at};
use crate::support::command::{Ended, Project};

const REVISIONS: usize = 12;

/// A chain whose revisions take some time each.
fn slow_chain() -> Project {
    let project = Project::with_settings("");
    project.chain(REVISIONS);
    for number in (2..=REVISIONS).step_by(2) {
        let up = format!(
            "CREATE TABLE t{number} (x);
INSERT INTO t{number} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 15000) SELECT hex(randomblob(40)) FROM n;
CREATE INDEX i{number} ON t{number} (x);"
        );
        let (id, parent) = (format!("r{number:04}"), format!("r{:04}", number - 1));
        project.revision(&id, &parent, &up, &format!("DROP TABLE t{number};"));
    }
    project
}

/// How many times a run is killed: 30, or as many as the variable says.
fn kills() -> u32 {
    crate::support::shared::asked("SCHEMACTL_KILLS").and_then(|kills| kills.parse().ok()).unwrap_or(30)
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_a_revision_and_the_next_one_finishes() {
    const ROUND: u32 = 15;
    let (mut killed, mut random) = (0, 0x2545_f491_4f6c_dd1d_u64);
    for round in 0..kills().div_ceil(ROUND) {
        let mode = ["delete", "wal", "truncate"][round as usize % 3];
        let project = slow_chain();
        set_journal_mode(&project, mode);
        let start = Instant::now();
        project.run(&["upgrade"]).ends_with(0);
        let whole = start.elapsed();
        for _ in 0..ROUND {
            // xorshift: the moments are the same in every run of the test, as far as a clock allows.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let target = if stands_at(&project) == REVISIONS { ["downgrade", "base"] } else { ["upgrade", "head"] };
            let mut command = project.command(&target);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let thousandths = u32::try_from(random % 1000).expect("it is below 1,000");
            thread::sleep(whole * thousandths / 1000);
            killed += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            stands_at(&project);
        }
        project.run(&["upgrade"]).ends_with(0);
        assert_eq!(stands_at(&project), REVISIONS, "{mode}");
    }
    assert!(killed > kills() / 4, "only {killed} runs were killed before their end");
}

#[test]
fn a_run_in_one_transaction_that_is_killed_has_done_all_or_nothing() {
    let project = slow_chain();
    let whole = Instant::now();
    project.run(&["upgrade", "--transaction", "all"]).ends_with(0);
    let whole = whole.elapsed();
    for part in 1..8 {
        let stood = stands_at(&project);
        let target = if stood == REVISIONS { ["downgrade", "base"] } else { ["upgrade", "head"] };
        let mut command = project.command(&[target[0], target[1], "--transaction", "all"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * part / 8);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!([0, REVISIONS].contains(&stands_at(&project)), "it stood at {stood}");
    }
    project.run(&["upgrade", "--transaction", "all"]).ends_with(0);
    assert_eq!(stands_at(&project), REVISIONS);
}

#[test]
fn a_script_outside_a_transaction_that_is_killed_is_run_again() {
    let project = Project::with_settings("");
    project.chain(1);
    project.run(&["upgrade"]).ends_with(0);
    // Each statement is one that can be run twice, as such scripts must be written.
    let filling =
        "INSERT OR REPLACE INTO big WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 40000)
  SELECT i, hex(randomblob(40)) FROM n;";
    let script = format!(
        "-- revision: r0002\n-- parents: r0001\n\n-- migrate:up transaction:false
CREATE TABLE IF NOT EXISTS big (id INTEGER PRIMARY KEY, x);\n{filling}\nCREATE INDEX IF NOT EXISTS big_x ON big (x);\nVACUUM;\n"
    );
    project.write("versions/r0002.sql", &script);
    let recorded = || {
        let connection = Connection::open(project.path("app.db")).unwrap();
        let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(one("PRAGMA integrity_check"), "ok");
        let indexes = one("SELECT count(*) || '' FROM sqlite_schema WHERE name = 'big_x'");
        let recorded = one("SELECT count(*) || '' FROM schemactl_version WHERE revision = 'r0002'");
        assert!(recorded == "0" || indexes == "1", "it is recorded and not done");
        recorded == "1"
    };
    for milliseconds in [5, 15, 30, 60, 100] {
        let mut command = project.command(&["upgrade", "--no-backup"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        recorded();
    }
    project.run(&["upgrade"]).ends_with(0);
    assert!(recorded());
}

/// A database at the first revision, and a second one that takes very long.
fn endless() -> Project {
    let project = Project::with_settings("");
    project.chain(1);
    project.run(&["upgrade"]).ends_with(0);
    let up = "CREATE TABLE t2 (x);
INSERT INTO t2 VALUES (1);
INSERT INTO t2 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;";
    project.revision("r0002", "r0001", up, "DROP TABLE t2;");
    project
}

fn wait_until_it_writes(project: &Project) {
    let start = Instant::now();
    while !project.path("app.db-journal").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "nothing is written");
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(50));
}

#[test]
fn signals_roll_back_and_end_with_130() {
    let project = endless();
    for signal in ["-INT", "-TERM"] {
        let mut command = project.command(&["upgrade"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until_it_writes(&project);
        Ended::of(Command::new("kill").args([signal, &child.id().to_string()])).ends_with(0);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{signal}: {said}");
        assert!(said.contains("interrupted: rolling back") && said.contains("stands at `r0001`"), "{signal}: {said}");
        assert_eq!(stands_at(&project), 1);
        assert!(!project.path("app.db-journal").exists());
    }
}

#[test]
fn a_failing_script_in_the_middle_of_ten_keeps_those_before_it() {
    for transaction in ["each", "all"] {
        let project = Project::with_settings("");
        project.chain(10);
        let good = project.read("versions/r0006.sql");
        project.write("versions/r0006.sql", &good.replace("INSERT INTO t6", "INSERT INTO absent"));
        let ended = project.run(&["upgrade", "--transaction", transaction]).ends_with(3);
        let ended = ended.says("no such table: absent").says("versions/r0006.sql:6:");
        let kept = if transaction == "each" { 5 } else { 0 };
        assert_eq!(stands_at(&project), kept, "{ended}");
        project.write("versions/r0006.sql", &good);
        project.run(&["upgrade", "--transaction", transaction]).ends_with(0);
        assert_eq!(stands_at(&project), 10);
    }
}

#[test]
fn a_hot_journal_is_rolled_back_by_whoever_opens_the_database_next() {
    let live = Project::with_settings("");
    live.chain(3);
    live.run(&["upgrade", "r0002"]).ends_with(0);
    let project = Project::with_settings("");
    project.chain(3);
    let connection = Connection::open(live.path("app.db")).unwrap();
    // A small cache makes SQLite write pages of the transaction that is open, after the journal has their old content.
    connection.pragma_update(None, "cache_size", 5).unwrap();
    connection
        .execute_batch(
            "BEGIN; DELETE FROM t1; DELETE FROM schemactl_version;
             INSERT INTO t2 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500)
             SELECT randomblob(2000) FROM n",
        )
        .unwrap();
    for file in ["app.db", "app.db-journal"] {
        std::fs::copy(live.path(file), project.path(file)).unwrap();
    }
    connection.execute_batch("ROLLBACK").unwrap();
    project.run(&["current"]).ends_with(0).answers("r0002");
    assert!(!project.path("app.db-journal").exists());
    assert_eq!(stands_at(&project), 2);
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&project), 3);
}

#[test]
fn a_file_that_is_deleted_under_our_feet_is_no_success() {
    let project = endless();
    // The statement ends by itself, long after the file is gone, and another revision follows.
    let up = project.read("versions/r0002.sql").replace("SELECT i + 1 FROM n)", "SELECT i + 1 FROM n LIMIT 5000000)");
    project.write("versions/r0002.sql", &up);
    project.revision("r0003", "r0002", "CREATE TABLE t3 (x);\nINSERT INTO t3 VALUES (1);", "DROP TABLE t3;");
    let mut command = project.command(&["upgrade"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until_it_writes(&project);
    std::fs::remove_file(project.path("app.db")).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!project.path("app.db").exists());
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&project), 3);
}
