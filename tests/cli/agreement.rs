//! Nothing is discarded before somebody agrees, and where nobody can be asked nothing waits for an answer.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::command::Project;
use crate::support::terminal::at_a_terminal;

const BEFORE: &str = "[schemactl]\ndatabase = \"app.db\"\n\n[tables.user.columns]\nid = \"INTEGER PRIMARY KEY\"\n";

/// A database whose last revision has added a column that has a value now.
fn project() -> Project {
    let project = Project::new();
    std::fs::create_dir(project.path("versions")).unwrap();
    for (model, message) in [(BEFORE.to_owned(), "Begin"), (format!("{BEFORE}name = \"TEXT\"\n"), "Names")] {
        project.write("migrations.toml", &model);
        project.run(&["revision", "--autogenerate", "-m", message]).ends_with(0);
        project.run(&["upgrade"]).ends_with(0);
    }
    database(&project).execute_batch("INSERT INTO user VALUES (1, 'Ada')").unwrap();
    project
}

fn database(project: &Project) -> Connection {
    Connection::open(project.path("app.db")).unwrap()
}

fn has_names(project: &Project) -> bool {
    database(project).prepare("SELECT name FROM user").is_ok()
}

#[test]
fn a_downgrade_that_discards_values_asks_first() {
    let project = project();
    let down = ["downgrade", "-1"];
    let Some(no) = at_a_terminal(&project, "n", &down) else { return };
    let no = no.ends_with(1).answers("1 value of `user.name` will be discarded").answers("discard that? [y/N] ");
    assert!(no.stdout.contains("nobody has agreed to discard it; nothing was changed"), "{no}");
    at_a_terminal(&project, "EOF", &down).unwrap().ends_with(1).answers("answer `y`, or pass `--yes`");
    assert!(has_names(&project));
    assert!(!project.path("backups").exists(), "no copy is made of what stays");

    let dry = at_a_terminal(&project, "", &["downgrade", "-1", "--dry-run"]).unwrap().ends_with(0);
    assert!(!dry.stdout.contains("[y/N]"), "{dry}");
    at_a_terminal(&project, "perhaps y", &down).unwrap().ends_with(0).answers("app.db is at ");
    assert!(!has_names(&project));
}

#[test]
fn who_has_said_yes_is_not_asked() {
    let project = project();
    let Some(ended) = at_a_terminal(&project, "", &["downgrade", "-1", "--yes"]) else { return };
    let ended = ended.ends_with(0).answers("1 value of `user.name` will be discarded");
    assert!(!ended.stdout.contains("[y/N]") && !has_names(&project), "{ended}");
}

#[test]
fn where_there_is_no_terminal_nothing_waits_for_an_answer() {
    let project = project();
    project.run(&["backup"]).ends_with(0);
    // A column that goes and one like it that comes: a question, were there somebody to ask.
    project.write("migrations.toml", &format!("{BEFORE}nickname = \"TEXT\"\n"));
    for (line, code) in [
        (&["revision", "--autogenerate", "-m", "Other names"][..], 2),
        (&["revision", "--autogenerate", "-m", "Other names", "--yes", "--sql"], 2),
        (&["restore"], 2),
        (&["restore", "--yes"], 0),
        (&["purge"], 0),
        (&["downgrade", "-1"], 0),
        (&["upgrade"], 0),
        (&["downgrade", "base", "--yes"], 0),
    ] {
        // Input that never comes and never ends.
        let (input, _open) = std::io::pipe().unwrap();
        let mut command = project.command(line);
        let mut running = command.stdin(input).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let since = Instant::now();
        let ended = loop {
            if let Some(ended) = running.try_wait().unwrap() {
                break ended;
            }
            if since.elapsed() > Duration::from_secs(30) {
                running.kill().unwrap();
                panic!("{line:?} waits for somebody");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(ended.code(), Some(code), "{line:?}");
    }
}
