//! The disk takes no more.

use std::process::Command;

use super::{set_journal_mode, stands_at};
use crate::support::command::{Ended, Project};

/// A chain of which each revision needs some more room.
fn growing_chain() -> Project {
    let project = Project::with_settings("");
    project.chain(6);
    for number in 1..=6 {
        let path = format!("versions/r{number:04}.sql");
        let more = format!("VALUES ({number});\nINSERT INTO t{number} SELECT randomblob(30000) FROM t{number};");
        let script = project.read(&path).replace(&format!("VALUES ({number});"), &more);
        project.write(&path, &script);
    }
    project
}

/// A command where no file can grow beyond a number of blocks of 512 bytes.
fn limited(project: &Project, args: &[&str], blocks: u32) -> Ended {
    let inner = project.command(args);
    let mut command = Command::new("sh");
    // Ignored, the signal becomes an error of the write.
    command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", &blocks.to_string()]);
    command.arg(inner.get_program()).args(inner.get_args()).current_dir(project.path(".")).env_clear();
    for (name, value) in inner.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    Ended::of(&mut command)
}

#[test]
fn a_write_that_fails_anywhere_leaves_a_revision_and_the_next_run_finishes() {
    for mode in ["delete", "wal"] {
        let (mut failures, mut half_way) = (0, 0);
        for blocks in (8..700).step_by(36) {
            let project = growing_chain();
            set_journal_mode(&project, mode);
            let ended = limited(&project, &["upgrade"], blocks);
            let stands = stands_at(&project);
            if ended.code == Some(0) {
                assert_eq!(stands, 6, "{ended}");
            } else {
                failures += 1;
                half_way += u32::from(stands > 0);
                let ended = ended.ends_with(3);
                assert!(stands < 6 && !ended.stderr.contains("panicked"), "{ended}");
            }
            project.run(&["upgrade"]).ends_with(0);
            assert_eq!(stands_at(&project), 6);
        }
        assert!(failures > 2 && half_way > 0, "{mode}: {failures} runs failed, {half_way} of them half-way");
    }
}

#[test]
fn what_there_is_no_room_for_is_not_left_behind_in_part() {
    let project = Project::new();
    Ended::of(Command::new("sqlite3").arg(project.path("app.db")).arg("CREATE TABLE t (x)")).ends_with(0);
    let size = std::fs::metadata(project.path("app.db")).unwrap().len();
    let names = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(project.path(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    for begin in [&["init"][..], &["init", "--from-database", "app.db"]] {
        limited(&project, begin, 1).ends_with(2).says("cannot write");
        let left = names(".");
        assert!(left.iter().all(|name| ["app.db", "versions"].contains(&name.as_str())), "{left:?}");
        assert_eq!(names("versions"), [""; 0]);
    }
    assert_eq!(std::fs::metadata(project.path("app.db")).unwrap().len(), size);
    project.run(&["init", "--from-database", "app.db"]).ends_with(0);
    let default = "d".repeat(600);
    let longer = format!("{}\n[tables.u.columns]\nx = \"TEXT DEFAULT '{default}'\"\n", project.read("migrations.toml"));
    project.write("migrations.toml", &longer);
    let before = names("versions");
    limited(&project, &["revision", "--autogenerate", "-m", "two"], 1).ends_with(2).says("could not be written");
    assert_eq!(names("versions"), before);
    project.run(&["revision", "--autogenerate", "-m", "two"]).ends_with(0);
}

#[test]
fn a_full_filesystem_rolls_back_and_says_so() {
    let project = growing_chain();
    let disk = project.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=160k", "none"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: this user may not mount a small filesystem");
        return;
    }
    let ended = project.run(&["upgrade", "--database", "disk/app.db"]);
    let again = project.run(&["current", "--database", "disk/app.db"]);
    Ended::of(Command::new("umount").arg(&disk)).ends_with(0);
    ended.ends_with(3).says("no space is left").says("the database stands at");
    again.ends_with(0).answers("r000");
}

/// A filesystem of its own in a folder, for as long as the test runs.
struct Mounted<'p> {
    project: &'p Project,
}

impl<'p> Mounted<'p> {
    fn new(project: &'p Project, size: &str) -> Option<Mounted<'p>> {
        std::fs::create_dir(project.path("disk")).unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "none"]).arg(project.path("disk"));
        if !mount.output().is_ok_and(|output| output.status.success()) {
            println!("skipped: this user may not mount a filesystem");
            return None;
        }
        Some(Mounted { project })
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        Ended::of(Command::new("umount").arg(self.project.path("disk"))).ends_with(0);
    }
}

#[test]
fn no_room_for_the_copy_stops_the_run_before_it_begins() {
    let project = growing_chain();
    let Some(_disk) = Mounted::new(&project, "700k") else { return };
    let database = ["--database", "disk/app.db"];
    project.run(&["upgrade", database[0], database[1]]).ends_with(0);
    let filler = std::fs::write(project.path("disk/filler"), vec![0; 300_000]);
    filler.unwrap();
    let ended = project.run(&["downgrade", "base", "--yes", database[0], database[1]]);
    ended.ends_with(3).says("no room for a copy").says("--no-backup").says("bytes");
    project.run(&["current", database[0], database[1]]).ends_with(0).answers("r0006");
    assert!(std::fs::read_dir(project.path("disk/backups")).unwrap().next().is_none(), "a part of a copy is left");
    project.run(&["backup", "disk/copy.db", database[0], database[1]]).ends_with(3).says("no room for a copy");
}

#[test]
fn a_filesystem_that_may_only_be_read_is_told_from_a_file() {
    let project = growing_chain();
    let Some(_disk) = Mounted::new(&project, "1m") else { return };
    let database = ["--database", "disk/app.db"];
    project.run(&["upgrade", "r0001", database[0], database[1]]).ends_with(0);
    let remount = |mode: &str| {
        let mode = format!("remount,{mode}");
        Ended::of(Command::new("mount").args(["-o", &mode]).arg(project.path("disk"))).ends_with(0);
    };
    remount("ro");
    let current = project.run(&["current", database[0], database[1]]);
    let upgrade = project.run(&["upgrade", database[0], database[1]]);
    remount("rw");
    current.ends_with(0).answers("r0001");
    upgrade.ends_with(3).says("read-only");
    project.run(&["upgrade", database[0], database[1]]).ends_with(0);
}
