//! The README's story, command by command, in an empty folder: what it shows is what is printed.

use std::path::Path;
use std::process::Command;

/// A command of the story and what the README shows under it.
struct Exchange {
    line: usize,
    command: String,
    shown: String,
}

/// The exchanges of all `console` blocks. A command may go on over lines that begin with `> `.
fn exchanges(readme: &str) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut inside = false;
    for (at, line) in readme.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            exchanges.push(Exchange { line: at + 1, command: command.to_owned(), shown: String::new() });
        } else if let (Some(more), Some(last)) =
            (line.strip_prefix("> ").or((line == ">").then_some("")), exchanges.last_mut().filter(|e| e.shown.is_empty()))
        {
            last.command.push('\n');
            last.command.push_str(more);
        } else if let Some(last) = exchanges.last_mut() {
            last.shown.push_str(line);
            last.shown.push('\n');
        }
    }
    exchanges
}

/// The text with every duration replaced, since those differ from run to run: `3.1 ms` becomes `N ms`.
fn without_durations(text: &str) -> String {
    let words: Vec<&str> = text.split_inclusive([' ', '\n']).collect();
    let is_unit = |word: &str| ["ms", "s", "µs", "ms)", "s)"].contains(&word.trim_end());
    let is_number = |word: &str| word.trim().trim_start_matches('(').parse::<f64>().is_ok();
    let mut result = String::new();
    for (at, word) in words.iter().enumerate() {
        let is_duration = is_number(word) && words.get(at + 1).is_some_and(|next| is_unit(next));
        if !is_duration {
            result.push_str(word);
        } else if word.starts_with('(') {
            result.push_str("(N ");
        } else {
            result.push_str("N ");
        }
    }
    result.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[test]
fn the_story_prints_what_the_readme_shows() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let exchanges = exchanges(&readme);
    assert!(exchanges.len() >= 8, "the README tells its story in `console` blocks");
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_schemactl"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var_os("PATH").unwrap().display());
    let ids = (1..=40).map(|number| format!("{:012x}", 0x3f1c_0000_0000_u64 + number * 0x0001_2f35_a7c1)).collect::<Vec<_>>();
    let mut used = 0;
    for exchange in &exchanges {
        // Each command that makes a revision takes the next identifier, and the clock goes on by a minute.
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{}", exchange.command)])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", &path)
            .env("SCHEMACTL_NOW", format!("2026-11-22T19:{:02}:00Z", used % 60))
            .env("SCHEMACTL_IDS", ids[used..].join(","))
            .output()
            .unwrap();
        used += 1;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            without_durations(&printed),
            without_durations(&exchange.shown),
            "README.md line {}: $ {}\nprinted:\n{printed}",
            exchange.line,
            exchange.command
        );
    }
}
