//! Others use the database at the same time.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use super::{set_journal_mode, stands_at};
use crate::support::command::Project;

#[test]
fn eight_processes_on_a_fresh_database_apply_each_revision_once() {
    for mode in [None, Some("wal")] {
        let project = Project::with_settings("");
        project.chain(20);
        if let Some(mode) = mode {
            set_journal_mode(&project, mode);
        }
        let crowd: Vec<_> = (0..8)
            .map(|_| {
                let mut command = project.command(&["upgrade", "--format", "json"]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let mut steps = 0;
        for child in crowd {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{said}");
            let document: Value = serde_json::from_slice(&output.stdout).unwrap();
            steps += document["steps"].as_array().unwrap().len();
            assert_eq!(document["heads"][0], "r0020");
        }
        assert_eq!(steps, 20, "{mode:?}");
        assert_eq!(stands_at(&project), 20);
        let connection = Connection::open(project.path("app.db")).unwrap();
        for number in 1..=20 {
            let rows = connection.query_row(&format!("SELECT count(*) FROM t{number}"), [], |row| row.get::<_, i64>(0));
            assert_eq!(rows, Ok(1), "t{number}");
        }
    }
}

#[test]
fn who_waits_for_a_lock_says_so_and_ends_with_4_when_the_time_is_up() {
    let project = Project::with_settings("");
    project.chain(2);
    project.run(&["upgrade", "r0001"]).ends_with(0);
    let other = Connection::open(project.path("app.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ended = project.run(&["upgrade", "--lock-timeout", "1.2"]).ends_with(4);
    ended.says("waiting for another connection").says("--lock-timeout");
    let mut command = project.command(&["upgrade"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(300));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(stands_at(&project), 2);
}

#[test]
fn a_reader_in_wal_mode_keeps_what_it_sees_and_is_in_nobodys_way() {
    let project = Project::with_settings("");
    project.chain(3);
    project.run(&["upgrade", "r0001"]).ends_with(0);
    set_journal_mode(&project, "wal");
    let reader = Connection::open(project.path("app.db")).unwrap();
    let tables = || reader.query_row("SELECT count(*) FROM sqlite_schema WHERE name GLOB 't*'", [], |row| row.get(0));
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(tables(), Ok(1));
    project.run(&["upgrade", "--lock-timeout", "0"]).ends_with(0);
    assert_eq!(tables(), Ok(1));
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(tables(), Ok(3));
}

#[test]
fn a_reader_of_a_rollback_journal_reads_on_and_the_run_waits_for_it_at_the_end() {
    let project = Project::with_settings("");
    project.chain(3);
    project.run(&["upgrade", "r0001"]).ends_with(0);
    let reader = Connection::open(project.path("app.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM t1").unwrap();
    let mut command = project.command(&["upgrade"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.contains("waiting for another connection")), "it does not wait");
    assert_eq!(reader.query_row("SELECT count(*) FROM t1", [], |row| row.get(0)), Ok(1));
    reader.execute_batch("COMMIT").unwrap();
    let rest: Vec<String> = said.collect();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest:?}");
    drop(reader);
    assert_eq!(stands_at(&project), 3);
}

#[test]
fn two_runners_with_scripts_of_two_branches_leave_a_chain_and_a_word() {
    let (one, other) = (Project::with_settings(""), Project::with_settings(""));
    for project in [&one, &other] {
        project.chain(2);
    }
    other.write("versions/r0002.sql", "");
    std::fs::remove_file(other.path("versions/r0002.sql")).unwrap();
    other.revision("x0002", "r0001", "CREATE TABLE x2 (x);", "DROP TABLE x2;");
    one.run(&["upgrade"]).ends_with(0);
    let shared = one.path("app.db").to_string_lossy().into_owned();
    let ended = other.run(&["upgrade", "--database", &shared]);
    assert!(ended.code != Some(0) || ended.stderr.contains("r0002"), "it says nothing of the other branch: {ended}");
    let connection = Connection::open(&shared).unwrap();
    assert_eq!(connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)), Ok("ok".to_owned()));
}

#[test]
fn a_huge_write_ahead_log_is_no_hindrance() {
    let project = Project::with_settings("");
    project.chain(2);
    project.run(&["upgrade", "r0001"]).ends_with(0);
    set_journal_mode(&project, "wal");
    let writer = Connection::open(project.path("app.db")).unwrap();
    writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    writer
        .execute_batch(
            "INSERT INTO t1 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)
             SELECT randomblob(1500) FROM n",
        )
        .unwrap();
    assert!(project.path("app.db-wal").metadata().unwrap().len() > 25_000_000);
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(writer.query_row("SELECT count(*) FROM t1", [], |row| row.get(0)), Ok(20001));
    drop(writer);
    assert_eq!(stands_at(&project), 2);
}
