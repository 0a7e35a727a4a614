//! A project in a folder of its own, and the binary run in it: same time, same ids, nothing of the caller's environment.

use std::cell::Cell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder that goes when the test ends.
pub struct Project {
    folder: TempDir,
    runs: Cell<u32>,
}

impl Project {
    /// An empty folder.
    pub fn new() -> Project {
        Project { folder: tempfile::tempdir().expect("a folder for a test"), runs: Cell::new(0) }
    }

    /// A path in the folder.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("it is below the project")).expect("a folder in a project");
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> String {
        let path = self.path(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
    }

    /// The binary with a clean environment, to be run in the folder.
    ///
    /// Each one is a minute later than the one before, and has nine ids of its own.
    pub fn command(&self, args: &[&str]) -> Command {
        let run = self.runs.get() + 1;
        self.runs.set(run);
        assert!(run < 60, "a test runs fewer commands than an hour has minutes");
        let ids: Vec<String> = (1..=9).map(|id| format!("{run:02}{id}0c0ffee00")).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_schemactl"));
        command.current_dir(self.folder.path()).args(args).env_clear();
        for kept in ["PATH", "SystemRoot"] {
            command.envs(std::env::var_os(kept).map(|value| (kept, value)));
        }
        command
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .env("SCHEMACTL_NOW", format!("2026-11-22T19:{run:02}:00Z"))
            .env("SCHEMACTL_IDS", ids.join(","));
        command
    }

    /// Runs the binary.
    pub fn run(&self, args: &[&str]) -> Ended {
        Ended::of(&mut self.command(args))
    }

    /// Runs SQL in `app.db` with the sqlite3 shell; nothing, and a word about it, where there is none.
    pub fn sqlite3(&self, sql: &str) -> Option<String> {
        let mut shell = Command::new("sqlite3");
        shell.args(["-batch", "-bail", "app.db", sql]).current_dir(self.folder.path()).env("HOME", self.folder.path());
        if Command::new("sqlite3").arg("-version").output().is_err() {
            println!("skipped: there is no sqlite3 shell");
            return None;
        }
        Some(Ended::of(&mut shell).ends_with(0).stdout)
    }

    /// Runs a tool of the shared corpus; nothing, and a word about it, where there is none.
    pub fn python(&self, tool: &str, args: &[&str]) -> Option<Ended> {
        let tool = shared()?.join("corpus/tools").join(tool);
        if !tool.is_file() || Command::new("python3").arg("--version").output().is_err() {
            println!("skipped: there is no {} or no python3", tool.display());
            return None;
        }
        Some(Ended::of(Command::new("python3").arg(tool).args(args).current_dir(self.folder.path())))
    }
}

/// The folder with data that is shared between projects; nothing, and a word about it, where there is none.
pub fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("SCHEMACTL_SHARED").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no {}", folder.display());
    None
}

/// How a command ended, and all that it said.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The command line.
    pub line: String,
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The answer.
    pub stdout: String,
    /// The talk.
    pub stderr: String,
}

impl Ended {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Ended {
        let line = format!("{command:?}");
        let Output { status, stdout, stderr } =
            command.output().unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
        let text = |bytes| String::from_utf8(bytes).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (stdout, stderr) = (text(stdout), text(stderr));
        Ended { line, code: status.code(), stdout, stderr }
    }

    /// The same, having ended with this exit code.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "wrong exit code\n{self}");
        self
    }

    /// The same, with these words in its answer.
    #[track_caller]
    pub fn answers(self, words: &str) -> Ended {
        assert!(self.stdout.contains(words), "not in stdout: {words}\n{self}");
        self
    }

    /// The same, with these words in its talk.
    #[track_caller]
    pub fn says(self, words: &str) -> Ended {
        assert!(self.stderr.contains(words), "not in stderr: {words}\n{self}");
        self
    }

    /// The answer as the one JSON document that it is to be.
    #[track_caller]
    pub fn json(&self) -> Value {
        let document: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"));
        assert_eq!(document["version"], 1, "no version\n{self}");
        document
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ended { line, code, stdout, stderr } = self;
        write!(f, "$ {line}\nexit code: {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
