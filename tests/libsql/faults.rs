//! The server dies, the line is cut, others write: the database stands at a revision, and the next run finishes.

use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::server::{Cut, Server, line_to};
use super::{configure, project};
use crate::support::command::{Ended, Project};

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

/// The number of revisions that are applied, when the tables are exactly theirs. Each question is one statement: a server
/// may still be at what its client was killed over.
#[track_caller]
fn stands_at(server: &Server) -> usize {
    let table = "SELECT 1 FROM sqlite_schema WHERE name = 'schemactl_version'";
    let strays = format!("SELECT count(*) FROM sqlite_schema WHERE name GLOB 't[0-9]*' AND NOT EXISTS ({table})");
    assert_eq!(server.sql(&[&strays]), [["0"]]);
    if server.sql(&[table]).is_empty() {
        return 0;
    }
    let both = "SELECT (SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE name GLOB 't[0-9]*' ORDER BY name)), \
        (SELECT group_concat(revision) FROM (SELECT revision FROM schemactl_version ORDER BY revision)), \
        (SELECT count(*) FROM schemactl_version)";
    let row = server.sql(&[both]).remove(0);
    assert_eq!(row[0], row[1], "tables and revisions");
    row[2].parse().unwrap()
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
fn a_commit_that_never_arrived_is_run_once_more() {
    let Some(server) = Server::start() else { return };
    let (port, cuts) = line_to(server.port, Cut::BeforeCommit);
    let project = Project::new();
    configure(&project, &format!("http://127.0.0.1:{port}"), "");
    chain(&project, 2, 10);
    project.run(&["upgrade"]).ends_with(0).says("broke before its answer").says("run once more").answers("is at t2");
    assert_eq!((cuts.load(Ordering::SeqCst), stands_at(&server)), (1, 2));
}

#[test]
fn a_commit_that_never_arrives_is_told_in_the_end() {
    let Some(server) = Server::start() else { return };
    let (port, cuts) = line_to(server.port, Cut::EveryCommit);
    let project = Project::new();
    configure(&project, &format!("http://127.0.0.1:{port}"), "");
    chain(&project, 2, 10);
    project.run(&["upgrade"]).ends_with(3).says("error: cannot upgrade `t1`").says("no revision");
    assert_eq!((cuts.load(Ordering::SeqCst), stands_at(&server)), (2, 0));
    configure(&project, &server.url(), "");
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&server), 2);
}

#[test]
fn a_server_that_is_started_anew_before_commit_gets_the_revision_once_more() {
    let Some(mut server) = Server::start() else { return };
    let (port, begun) = line_to(server.port, Cut::Never);
    let project = Project::new();
    configure(&project, &format!("http://127.0.0.1:{port}"), "");
    chain(&project, 2, 1_000_000);
    let run = project.command(&["upgrade"]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    while begun.load(Ordering::SeqCst) == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    server.kill();
    server.restart();
    let ended = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains("run once more"), "{said}");
    assert_eq!((begun.load(Ordering::SeqCst), stands_at(&server)), (2, 2));
}

#[test]
fn a_server_of_the_second_version_does_as_well() {
    let Some(server) = Server::start() else { return };
    let (port, refused) = line_to(server.port, Cut::OnlyV2);
    let project = Project::new();
    configure(&project, &format!("http://127.0.0.1:{port}"), "");
    chain(&project, 2, 10);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["downgrade", "-1", "--no-backup"]).ends_with(0);
    assert!(refused.load(Ordering::SeqCst) > 0);
    assert_eq!(stands_at(&server), 1);
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
fn who_waits_for_another_writer_waits_no_longer_than_is_said() {
    let Some(server) = Server::start() else { return };
    let project = project(&server, "");
    chain(&project, 1, 10);
    server.leave_open("BEGIN IMMEDIATE");
    let ended = project.run(&["upgrade", "--lock-timeout", "1"]).ends_with(4);
    let waited =
        ended.stderr.split("locked by another program (waited ").nth(1).and_then(|rest| rest.split(' ').next());
    let waited = waited.and_then(|milliseconds| milliseconds.parse::<u64>().ok());
    assert!(waited.is_some_and(|milliseconds| (1000..3000).contains(&milliseconds)), "{ended}");
    assert_eq!(stands_at(&server), 0);
}

#[test]
fn a_run_is_interrupted_while_the_server_is_at_work() {
    let Some(server) = Server::start() else { return };
    let (port, begun) = line_to(server.port, Cut::Never);
    let project = Project::new();
    configure(&project, &format!("http://127.0.0.1:{port}"), "");
    chain(&project, 1, 10);
    project.run(&["upgrade"]).ends_with(0);
    chain(&project, 2, 3_000_000);
    let run = project.command(&["upgrade"]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    while begun.load(Ordering::SeqCst) == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    Ended::of(Command::new("kill").args(["-INT", &run.id().to_string()])).ends_with(0);
    assert_eq!(run.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(stands_at(&server), 1);
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
