//! How long commands take that only look, and an upgrade with nothing to do: 10,000 revisions in a line, 2,000 in a tree.
//!
//! `cargo bench --bench scale` prints the quickest of several runs of each; on an idle machine all are to stay under
//! 150 ms. Nothing fails by being slow: a machine that is busy would fail every other time.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const RUNS: usize = 9;

fn main() {
    for (name, revisions, parent) in [("line", 10_000, line as fn(usize) -> usize), ("tree", 2_000, tree)] {
        let folder = tempfile::tempdir().expect("a folder for the scripts");
        write(folder.path(), revisions, parent);
        run(folder.path(), &["upgrade", "heads"]);
        for command in [&["history"][..], &["current"], &["heads"], &["upgrade", "heads"]] {
            let quickest = (0..RUNS).map(|_| run(folder.path(), command)).min().unwrap_or_default();
            println!("{name} of {revisions}: {:<14} {:>6.1} ms", command.join(" "), quickest.as_secs_f64() * 1000.0);
        }
    }
}

fn line(number: usize) -> usize {
    number - 1
}

/// Two revisions on each of the first half, and the second half on the first.
fn tree(number: usize) -> usize {
    (number - 1) % 1_000 / 2
}

fn write(folder: &Path, revisions: usize, parent: fn(usize) -> usize) {
    let versions = folder.join("versions");
    std::fs::create_dir(&versions).expect("a folder in a new folder");
    std::fs::write(folder.join("migrations.toml"), "[schemactl]\ndatabase = \"app.db\"\n").expect("a new file");
    for number in 0..revisions {
        let parents = if number == 0 { "none".to_owned() } else { format!("r{:05}", parent(number)) };
        let (hour, minute, second) = (number / 3_600, number / 60 % 60, number % 60);
        let text = format!(
            "-- revision: r{number:05}\n-- parents: {parents}\n-- message: Change number {number}\n\
             -- created: 2026-11-01T{hour:02}:{minute:02}:{second:02}Z\n\n\
             -- migrate:up\nCREATE TABLE \"t\" (\"id\" INTEGER PRIMARY KEY, \"name\" TEXT NOT NULL);\nDROP TABLE \"t\";\n\n\
             -- migrate:down\nSELECT 1;\n"
        );
        std::fs::write(versions.join(format!("{number:05}_change.sql")), text).expect("a new file");
    }
}

fn run(folder: &Path, command: &[&str]) -> Duration {
    let start = Instant::now();
    let ended = Command::new(env!("CARGO_BIN_EXE_schemactl")).args(command).current_dir(folder).output();
    let took = start.elapsed();
    let ended = ended.expect("the binary is built before the benchmark");
    assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
    took
}
