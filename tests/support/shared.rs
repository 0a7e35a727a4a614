//! Real schemas and histories beside the project, where they are there.

use std::path::PathBuf;

/// The folder `shared`, or `None` with a word on why the test is skipped.
pub fn folder(inside: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SCHEMACTL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join(inside);
    if folder.exists() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

/// The files of a folder with that extension, sorted by name.
pub fn files(folder: &std::path::Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

/// What a variable asks of a local run: `SCHEMACTL_CASES=2000`.
pub fn asked(variable: &str) -> Option<String> {
    std::env::var_os(variable).and_then(|value| value.into_string().ok())
}
