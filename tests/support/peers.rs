//! Other tools of the field, where they are installed.

use std::path::{Path, PathBuf};

/// The program of that name in the folders of `SCHEMACTL_PEERS`, or in `target/peers/bin`; nothing, and a word about
/// it, where it is in none of them.
pub fn peer(name: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin");
    let given = std::env::var_os("SCHEMACTL_PEERS");
    let mut folders: Vec<PathBuf> = given.iter().flat_map(std::env::split_paths).collect();
    folders.push(own);
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file());
    if found.is_none() {
        println!("skipped: there is no {name}");
    }
    found
}
