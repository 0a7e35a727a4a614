//! The server dies, the line is cut, others write: the database stands at a revision, and the next run finishes.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::server::{Cut, Server, line_to};
use super::{configure, project};
use crate::support::command::Project;

/// Revisions that each make a table of many rows.
fn chain(project: &Project, length: usize, rows: usize) {
    for number in 1..=length {
        let parent = if number == 1 { "none".to_owned() } else { format!("t{}", number - 1) };
        let text = format!(
            "-- revision: t{number}\n-- parents: {parent}\n\n-- migrate:up\nCREATE TABLE t{number} (a);\nWITH RECURSIVE n(i) AS \
             (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows}) INSERT INTO t{number} SELECT randomblob(50) FROM n;\n\n\
             -- migrate:down\nDROP TABLE t{number};\n"
        );
        project.write(&format!("versions/2026010100000{number}_t{number}_.sql"), &text);
    }
}

/// The revisions that are applied, when the tables are exactly theirs.
#[track_caller]
fn stands_at(server: &Server) -> usize {
    let tables = server.sql(&["SELECT name FROM sqlite_schema WHERE name GLOB 't[0-9]*' ORDER BY name"]);
    let has_table = server.sql(&["SELECT count(*) FROM sqlite_schema WHERE name = 'schemactl_version'"]) == [["1"]];
    let applied =
        if has_table { server.sql(&["SELECT revision FROM schemactl_version ORDER BY revision"]) } else { Vec::new() };
    assert_eq!(tables, applied, "tables and revisions");
    applied.len()
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_an_upgrade_stands_at_a_revision() {
    let Some(mut server) = Server::start() else { return };
    let project = project(&server, "");
    chain(&project, 8, 20_000);
    for wait in [120, 250, 400] {
        let run = project.command(&["upgrade", "--lock-timeout", "1"]).spawn().unwrap();
        thread::sleep(Duration::from_millis(wait));
        server.kill();
        // Long enough for the run to notice.
        thread::sleep(Duration::from_millis(300));
        server.restart();
        // What became of the last COMMIT it asks the server that is there again.
        run.wait_with_output().unwrap();
        stands_at(&server);
        project.run(&["current"]).ends_with(0);
    }
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&server), 8);
}

#[test]
fn an_upgrade_that_is_killed_leaves_nothing_behind() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, "");
    chain(&project, 6, 20_000);
    for wait in [100, 200, 300] {
        let mut run = project.command(&["upgrade"]).spawn().unwrap();
        thread::sleep(Duration::from_millis(wait));
        run.kill().unwrap();
        run.wait().unwrap();
        stands_at(&server);
    }
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&server), 6);
}

#[test]
fn a_commit_whose_answer_is_lost_is_found_in_the_version_table() {
    let Some(server) = Server::start() else { return };
    let (port, cuts) = line_to(server.port, Cut::AfterCommit);
    let project = Project::new();
    configure(&project, &format!("http://127.0.0.1:{port}"), "");
    chain(&project, 3, 10);
    project.run(&["upgrade"]).ends_with(0).answers("is at t3 (head)");
    assert_eq!((cuts.load(Ordering::SeqCst), stands_at(&server)), (1, 3));
}

#[test]
fn a_commit_that_never_arrived_is_told_and_run_again() {
    let Some(server) = Server::start() else { return };
    let (port, cuts) = line_to(server.port, Cut::BeforeCommit);
    let project = Project::new();
    configure(&project, &format!("http://127.0.0.1:{port}"), "");
    chain(&project, 2, 10);
    project.run(&["upgrade"]).ends_with(3).says("broke before its answer").says("no revision");
    assert_eq!((cuts.load(Ordering::SeqCst), stands_at(&server)), (1, 0));
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&server), 2);
}

#[test]
fn a_database_that_is_blocked_says_so() {
    let Some(server) = Server::with_namespaces(&["shop"]) else { return };
    let project = Project::new();
    configure(&project, &format!("http://127.0.0.1:{}?namespace=shop", server.port), "");
    chain(&project, 1, 10);
    server.configure(
        "shop",
        &serde_json::json!({ "block_reads": false, "block_writes": true, "block_reason": "moving" }),
    );
    project.run(&["current"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(3).says("blocked by its administrator").says("moving");
    server.configure("shop", &serde_json::json!({ "block_reads": false, "block_writes": false }));
    project.run(&["upgrade"]).ends_with(0);
}

#[test]
fn who_waits_for_another_writer_says_so_and_has_an_end() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, "");
    chain(&project, 1, 10);
    // A transaction that is left open lasts until others have waited for five seconds.
    server.leave_open("BEGIN IMMEDIATE");
    project.run(&["upgrade"]).ends_with(0).answers("is at t1");
}

#[test]
fn two_upgrades_at_once_run_each_revision_once() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, "");
    chain(&project, 5, 2000);
    let runs: Vec<_> = (0..2).map(|_| project.command(&["upgrade"]).spawn().unwrap()).collect();
    for mut run in runs {
        assert!(run.wait().unwrap().success());
    }
    assert_eq!(stands_at(&server), 5);
}
