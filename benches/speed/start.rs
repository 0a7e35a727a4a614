//! What each command costs before it does anything: the example project, at its head.

use std::path::Path;
use std::process::Command;

use crate::measure::{Side, compare, done, schemactl, skipped};

/// `current`, `status` and `check` against the sqlite3 shell that runs one SELECT.
pub fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("migrations.toml"), folder.path().join("migrations.toml")).expect("the example");
    std::fs::create_dir(folder.path().join("versions")).expect("a folder");
    for script in std::fs::read_dir(root.join("versions")).expect("the example").map(|entry| entry.expect("a file")) {
        std::fs::copy(script.path(), folder.path().join("versions").join(script.file_name())).expect("a script");
    }
    done(schemactl(folder.path(), &["upgrade"]));
    if Command::new("sqlite3").arg("-version").output().is_err() {
        return skipped("start", "there is no sqlite3 shell");
    }
    let shell = || {
        let mut shell = Command::new("sqlite3");
        shell.args(["app.db", "SELECT count(*) FROM user"]).current_dir(folder.path());
        shell
    };
    let shell = Side { name: "the sqlite3 shell, one SELECT", prepare: &|| (), command: &shell };
    for word in ["current", "check", "upgrade"] {
        let command = || schemactl(folder.path(), &[word]);
        let ours = Side { name: word, prepare: &|| (), command: &command };
        compare(&format!("start: `{word}`, nothing to do"), 40, &ours, &shell);
    }
}
