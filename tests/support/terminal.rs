//! The binary at a terminal, with somebody who answers its questions.

use std::process::Command;

use super::command::{Ended, Project};

/// Answers each question in turn; `EOF` walks away.
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
    while said.lower().count(b"[y/n] ") > asked and answers:
        asked += 1
        answer = answers.pop(0)
        os.write(terminal, b"\x04" if answer == "EOF" else b"\n" if answer == "ENTER" else answer.encode() + b"\n")
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// Runs a command at a terminal, with all that it says as its answer; nothing, and a word about it, where there is no terminal to be had.
pub fn at_a_terminal(project: &Project, answers: &str, args: &[&str]) -> Option<Ended> {
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
