//! Other tools of the field, where they are installed: `.ci/peers` does that.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::command::{Ended, Project};

/// The program of that name: in the folders of `SCHEMACTL_PEERS`, or in `target/peers/bin`. Nothing, and a word about it,
/// where it is not.
pub fn peer(name: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin");
    let named = std::env::var_os("SCHEMACTL_PEERS").unwrap_or_default();
    let mut folders = std::env::split_paths(&named).chain([own]);
    let found = folders.find_map(|folder| Some(folder.join(name)).filter(|file| file.is_file()));
    if found.is_none() {
        println!("skipped: there is no {name}; `.ci/peers` installs it");
    }
    found
}

/// Runs a program in the folder of a project, to a good end.
#[track_caller]
pub fn run(project: &Project, program: &Path, args: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(program);
    command.current_dir(project.path(".")).args(args).env_clear().env("HOME", project.path("."));
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs(environment.iter().copied());
    Ended::of(&mut command).ends_with(0)
}
