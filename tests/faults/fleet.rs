//! A run over many databases ends before its work does.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::command::{Ended, Project};

const TENANTS: usize = 40;

/// A fleet whose second revision takes a while for each database.
fn slow() -> Project {
    let project = Project::fleet(TENANTS);
    let script = std::fs::read_dir(project.path("versions")).unwrap().map(|entry| entry.unwrap().path());
    let second = script.filter(|path| path.to_string_lossy().ends_with("_two.sql")).next().unwrap();
    let text = std::fs::read_to_string(&second).unwrap();
    let slow = "-- migrate:up\nCREATE TEMP TABLE work AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                LIMIT 30000) SELECT hex(randomblob(20)) FROM n;\n";
    std::fs::write(second, text.replace("-- migrate:up\n", slow)).unwrap();
    project
}

fn done(project: &Project) -> usize {
    (0..TENANTS).filter(|tenant| project.tenant_stands_at(*tenant) == 2).count()
}

/// Waits until the report has so many lines.
fn wait_for(project: &Project, lines: usize) {
    let start = Instant::now();
    while std::fs::read_to_string(project.path("run.ndjson")).is_ok_and(|text| text.lines().count() < lines) {
        assert!(start.elapsed() < Duration::from_secs(60), "the run does not come forward");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_run_over_many_that_is_interrupted_or_killed_is_taken_up_by_the_next() {
    for signal in ["-INT", "-KILL"] {
        let project = slow();
        project.write("run.ndjson", "");
        let mut command = project.command(&["upgrade", "--report", "run.ndjson", "--jobs", "3"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(&project, 5);
        Ended::of(Command::new("kill").args([signal, &child.id().to_string()])).ends_with(0);
        let output = child.wait_with_output().unwrap();
        let (answer, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let at = done(&project);
        assert!((5..TENANTS).contains(&at), "{signal}: {at} are done\n{answer}\n{said}");
        if signal == "-INT" {
            assert_eq!(output.status.code(), Some(130), "{said}");
            assert!(said.contains("interrupted: rolling back"), "{said}");
            assert!(answer.contains(&format!("{at} upgraded")) && answer.contains("not begun"), "{answer}");
        }
        let ended = project.run(&["upgrade", "--only", "failed", "--from", "run.ndjson"]).ends_with(0);
        assert!(ended.stdout.contains("upgraded"), "{ended}");
        assert_eq!(done(&project), TENANTS, "{signal}");
        project.run(&["status"]).ends_with(0).answers("40 at head");
    }
}
