//! Files that belong together: all of them stay, or none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// New files, which go again unless they are kept: one that is there would be in the way of another try.
#[derive(Debug, Default)]
#[must_use = "the files go when this does"]
pub struct NewFiles(Vec<PathBuf>);

impl NewFiles {
    /// Writes a file that must not be there yet.
    ///
    /// # Errors
    /// What the system says: [`io::ErrorKind::AlreadyExists`] where there is one.
    pub fn write(&mut self, path: &Path, text: &str) -> io::Result<()> {
        let mut file = File::create_new(path)?;
        self.0.push(path.to_owned());
        file.write_all(text.as_bytes())
    }

    /// Counts a file that was written elsewhere among them.
    pub fn add(&mut self, path: &Path) {
        self.0.push(path.to_owned());
    }

    /// Lets the files stay.
    pub fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for NewFiles {
    fn drop(&mut self) {
        for path in &self.0 {
            // The error that led here is the one to tell.
            let _ = fs::remove_file(path);
        }
    }
}
