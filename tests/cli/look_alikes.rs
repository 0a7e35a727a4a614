//! A drop and an add that look alike: a person at a terminal is asked, nobody else.

use std::process::Command;

use crate::support::command::{Ended, Project};

/// Runs a command at a terminal of its own and answers each question in turn; `EOF` walks away.
const TERMINAL: &str = r#"
import os, pty, signal, sys
answers = sys.argv[1].split()
signal.alarm(60)
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
said, asked = b"", 0
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    said += chunk
    while said.count(b"[y/N] ") > asked and answers:
        asked += 1
        answer = answers.pop(0)
        os.write(terminal, b"\x04" if answer == "EOF" else answer.encode() + b"\n")
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// The same with all that it says as its answer; nothing, and a word about it, where there is no terminal to be had.
fn at_a_terminal(project: &Project, answers: &str, args: &[&str]) -> Option<Ended> {
    let has_terminals = Command::new("python3").args(["-c", "import pty; pty.openpty()"]).output();
    if !has_terminals.is_ok_and(|ended| ended.status.success()) {
        println!("skipped: there is no python3 that can open a terminal");
        return None;
    }
    let command = project.command(args);
    let mut terminal = Command::new("python3");
    terminal.args(["-c", TERMINAL, answers]).arg(command.get_program()).args(command.get_args()).env_clear();
    terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("NO_COLOR", "1");
    terminal.current_dir(command.get_current_dir().expect("a project has a folder"));
    Some(Ended::of(&mut terminal))
}

fn model(project: &Project, table: &str, columns: &str) {
    project.write(
        "migrations.toml",
        &format!(
            "[schemactl]\ndatabase = \"app.db\"\n\n[tables.{table}.columns]\nid = \"INTEGER PRIMARY KEY\"\n{columns}\n"
        ),
    );
}

#[test]
fn a_person_is_asked_and_nobody_else() {
    let project = Project::new();
    std::fs::create_dir(project.path("versions")).unwrap();
    model(&project, "user", "mail = \"TEXT\"\nname = \"TEXT COLLATE NOCASE\"\nborn = \"TEXT\"");
    project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    model(&project, "user", "email = \"TEXT\"\nname = \"TEXT COLLATE NOCASE\"\nborn = \"TEXT\"");

    let args = ["revision", "--autogenerate", "--sql"];
    let refused = project.run(&args).ends_with(2).says("the same column of `user` under a new name, or another?");
    assert!(refused.stderr.contains("add `renamed_from = \"mail\"` to `email` in the model"), "{refused}");
    assert!(refused.stderr.contains("--rename user.mail=email"), "{refused}");

    let rename = "ALTER TABLE \"user\" RENAME COLUMN \"mail\" TO \"email\";";
    let Some(yes) = at_a_terminal(&project, "perhaps YES", &args) else { return };
    let yes = yes.ends_with(0).answers(rename);
    let question = "column `user.mail` goes and `email` comes: is it the same under a new name? [y/N]";
    assert_eq!(yes.stdout.matches(question).count(), 2, "{yes}");
    let no = at_a_terminal(&project, "n", &args).unwrap().ends_with(0).answers("DROP COLUMN \"mail\"");
    assert!(!no.stdout.contains(rename), "{no}");
    // Whoever walks away has not said that values may go.
    at_a_terminal(&project, "EOF", &args).unwrap().ends_with(2).answers("add `renamed_from = \"mail\"`");

    // The columns of a table under a new name are asked about next.
    model(&project, "person", "email = \"TEXT\"\nname = \"TEXT COLLATE NOCASE\"\nborn = \"TEXT\"");
    let both = at_a_terminal(&project, "y y", &args).unwrap().ends_with(0).answers("RENAME TO \"person\"");
    assert!(both.stdout.contains("RENAME COLUMN \"mail\" TO \"email\""), "{both}");
    assert_eq!(project.run(&["history"]).ends_with(0).stdout.lines().count(), 1);
}
