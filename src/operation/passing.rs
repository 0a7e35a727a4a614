//! A database file that is there for a while only, such as the copy of a rehearsal.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A database file and what SQLite may leave beside it; all of it goes on every way out.
pub(crate) struct Passing {
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Passing {
    /// Removes what is there.
    pub(crate) fn remove(&self) -> std::io::Result<()> {
        for ending in ["", "-journal", "-wal", "-shm"] {
            match std::fs::remove_file(beside(&self.path, ending)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // Where it is not gone already there is an error to tell, and this one would only hide it.
        let _ = self.remove();
    }
}

/// The path with something behind it.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}
