//! The file is not what it should be, or not there.

use std::os::unix::fs::PermissionsExt;

use super::{files, set_journal_mode, stands_at};
use crate::support::command::Project;

/// A database of three revisions, of which one is still to be run.
fn started() -> Project {
    let project = Project::with_settings("");
    project.chain(4);
    project.run(&["upgrade", "r0003"]).ends_with(0);
    project
}

#[test]
fn a_truncated_or_damaged_file_is_refused_and_not_touched() {
    let sound = started();
    let bytes = std::fs::read(sound.path("app.db")).unwrap();
    let mut damaged = bytes.clone();
    damaged[100..400].fill(0xff);
    let garbage: Vec<u8> = bytes.iter().map(|byte| byte ^ 0x5a).collect();
    let cut = bytes[..bytes.len() / 2].to_vec();
    for (what, bytes) in
        [("cut", cut), ("damaged", damaged), ("garbage", garbage), ("text", b"once upon a time\n".repeat(99))]
    {
        let project = Project::with_settings("");
        project.chain(4);
        std::fs::write(project.path("app.db"), &bytes).unwrap();
        let before = files(&project);
        for line in [&["upgrade"][..], &["downgrade", "base"], &["current"], &["upgrade", "--dry-run"]] {
            let ended = project.run(line).ends_with(3);
            assert!(ended.stderr.contains("app.db"), "{what}: {ended}");
            assert!(files(&project) == before, "{what}: {ended}");
        }
    }
}

#[test]
fn what_stands_in_the_way_of_a_database_is_named() {
    let project = Project::with_settings("");
    project.chain(1);
    std::fs::create_dir(project.path("folder.db")).unwrap();
    let before = files(&project);
    project.run(&["upgrade", "--database", "folder.db"]).ends_with(3).says("is a folder, not a database");
    project.run(&["upgrade", "--database", "absent/app.db"]).ends_with(3).says("there is no folder");
    std::os::unix::fs::symlink("nowhere.db", project.path("link.db")).unwrap();
    project.run(&["upgrade", "--database", "link.db"]).ends_with(3).says("which does not exist");
    assert!(files(&project) == before);
    assert!(!project.path("absent").exists() && !project.path("nowhere.db").exists());
}

#[test]
fn a_file_or_a_folder_that_may_not_be_written_stays_as_it_is() {
    let project = started();
    let set = |path: &str, mode| {
        std::fs::set_permissions(project.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("app.db", 0o444);
    if std::fs::OpenOptions::new().append(true).open(project.path("app.db")).is_ok() {
        println!("skipped: this user may write everywhere");
        return;
    }
    project.run(&["upgrade"]).ends_with(3).says("read-only");
    project.run(&["current"]).ends_with(0).answers("r0003");
    set("app.db", 0o644);
    set(".", 0o555);
    let ended = project.run(&["upgrade"]);
    set(".", 0o755);
    ended.ends_with(3).says("is not writable");
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&project), 4);
}

#[test]
fn reading_commands_create_nothing() {
    let commands = [
        &["current"][..],
        &["history"],
        &["heads"],
        &["branches"],
        &["show", "r0001"],
        &["check"],
        &["diff"],
        &["introspect"],
        &["verify"],
        &["upgrade", "--sql"],
        &["upgrade", "--dry-run"],
        &["downgrade", "base", "--dry-run"],
    ];
    for mode in [None, Some("delete"), Some("wal")] {
        let project = match mode {
            None => {
                let project = Project::with_settings("");
                project.chain(4);
                project
            }
            Some(mode) => {
                let project = started();
                set_journal_mode(&project, mode);
                project
            }
        };
        let before = files(&project);
        for line in commands {
            let ended = project.run(line);
            assert!(files(&project) == before, "{mode:?}: it has left something: {ended}");
        }
    }
}

#[test]
fn secrets_and_control_characters_are_not_shown() {
    let project = Project::with_settings("");
    project.chain(1);
    let ended = project.run(&["upgrade", "--database", "libsql://ada:hunter2@example.org/app?authToken=hunter2"]);
    assert_ne!(ended.code, Some(0));
    assert!(!ended.stderr.contains("hunter2") && !ended.stdout.contains("hunter2"), "{ended}");
    for url in ["sqlite:app.db?key=hunter2", "sqlite:///app.db?authToken=hunter2"] {
        let ended = project.run(&["upgrade", "--database", url]).ends_with(2);
        assert!(!ended.stderr.contains("hunter2") && !ended.stdout.contains("hunter2"), "{ended}");
    }
    let ended = project.run(&["current", "--database", "folder\u{1b}[2J/app.db"]);
    assert!(!ended.stderr.contains('\u{1b}') && !ended.stdout.contains('\u{1b}'), "{ended}");
}

#[test]
fn a_script_of_a_stranger_reaches_no_other_file() {
    let inside = ["ATTACH 'other.db' AS o;", "VACUUM INTO 'other.db';", "COMMIT;", "SELECT load_extension('x');"];
    for transaction in ["", " transaction:false"] {
        for statement in inside.iter().take(if transaction.is_empty() { 4 } else { 2 }) {
            let project = started();
            let script = format!("-- revision: r0004\n-- parents: r0003\n\n-- migrate:up{transaction}\n{statement}\n");
            project.write("versions/r0004.sql", &script);
            let ended = project.run(&["upgrade"]);
            assert!(matches!(ended.code, Some(2 | 3)), "{ended}");
            let ended = ended.says("versions/r0004.sql:5:1");
            assert!(!project.path("other.db").exists(), "{ended}");
            assert_eq!(stands_at(&project), 3);
        }
    }
}
