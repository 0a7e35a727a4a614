//! A folder of scripts: reading all of them, writing one without ever losing another.
//!
//! The only part of this module that touches files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::Problem;
use super::script::Script;
use crate::report::{Class, Diagnostic, Report};

/// A folder such as `versions/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its path.
    pub path: PathBuf,
}

/// What folders hold: the scripts that can be read, and what is wrong with the others.
#[derive(Debug, Clone, Default)]
pub struct Scripts {
    /// The scripts, in the order of the folders and of the files' names.
    pub scripts: Vec<Arc<Script>>,
    /// A problem for each file that could not be read.
    pub problems: Vec<Problem>,
}

impl Folder {
    /// The folder at a path, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into() }
    }

    /// Reads the scripts of several folders. Subfolders, hidden files and files that do not end in `.sql` are not
    /// looked at.
    pub fn read(folders: &[Folder]) -> Result<Scripts, FolderError> {
        Folder::read_beside(folders, || ()).0
    }

    /// The same while something else is done, which takes its time where there are many.
    pub fn read_beside<T>(folders: &[Folder], other: impl FnOnce() -> T) -> (Result<Scripts, FolderError>, T) {
        let mut files = Vec::new();
        if let Err(error) = folders.iter().try_for_each(|folder| folder.list_into(&mut files)) {
            return (Err(error), other());
        }
        let (read, other) = read_files(&files, other);
        let mut found = Scripts::default();
        for script in read {
            match script {
                Ok(script) => found.scripts.push(Arc::new(script)),
                Err(problem) => found.problems.push(problem),
            }
        }
        (Ok(found), other)
    }

    fn list_into(&self, found: &mut Vec<PathBuf>) -> Result<(), FolderError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => FolderError::Missing { path: self.path.clone() },
            _ => FolderError::Read { path: self.path.clone(), error },
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if is_hidden || path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            // The folder itself knows what most entries are; only a link has to be followed.
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file()) || path.is_file();
            if is_file {
                files.push(path);
            }
        }
        // By bytes: a path would be taken apart for each comparison.
        files.sort_by(|a: &PathBuf, b| a.as_os_str().cmp(b.as_os_str()));
        found.extend(files);
        Ok(())
    }

    /// Makes the folder where there is none.
    pub fn make(&self) -> Result<(), FolderError> {
        fs::create_dir_all(&self.path).map_err(|error| FolderError::Write { path: self.path.clone(), error })
    }

    /// Writes a new file, the folder too if there is none, and gives back its path. The file appears whole or not at
    /// all, and never in the place of another.
    pub fn add(&self, file_name: &str, text: &str) -> Result<PathBuf, FolderError> {
        let path = self.path.join(file_name);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => FolderError::Exists { path: path.clone() },
            _ => FolderError::Write { path: path.clone(), error },
        };
        self.make()?;
        let partial = write_beside(&path, text).map_err(failed)?;
        // A hard link fails where there is a file already; renaming would silently replace it.
        let placed = match fs::hard_link(&partial, &path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => fs::rename(&partial, &path),
            linked => fs::remove_file(&partial).and(linked),
        };
        placed.and_then(|()| sync_folder(&self.path)).map_err(failed)?;
        Ok(path)
    }
}

/// Reads files in their order; many of them on all processors, since opening a file is mostly waiting, while the other
/// thing is done here.
fn read_files<T>(files: &[PathBuf], other: impl FnOnce() -> T) -> (Vec<Result<Script, Problem>>, T) {
    const WORTH_A_THREAD: usize = 250;
    let read = |part: &[PathBuf]| {
        let mut buffer = Vec::with_capacity(1 << 16);
        part.iter().map(|file| read_script(file, &mut buffer)).collect::<Vec<_>>()
    };
    if files.len() < 2 * WORTH_A_THREAD {
        let other = other();
        return (read(files), other);
    }
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = (files.len() / WORTH_A_THREAD).min(processors * 2);
    std::thread::scope(|scope| {
        let parts = files.chunks(files.len().div_ceil(threads));
        let readers: Vec<_> = parts.map(|part| scope.spawn(move || read(part))).collect();
        let other = other();
        let parts = readers
            .into_iter()
            .flat_map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        (parts.collect(), other)
    })
}

fn read_script(file: &Path, buffer: &mut Vec<u8>) -> Result<Script, Problem> {
    let path = file.display().to_string();
    match read_text(file, buffer) {
        Ok(text) => Script::read_owned(path, text).map_err(Problem::Script),
        Err(error) => Err(Problem::Unreadable { path, why: error.to_string() }),
    }
}

/// Reads a small file without asking first how large it is, which is a fourth of the work where there are thousands.
fn read_text(file: &Path, buffer: &mut Vec<u8>) -> io::Result<String> {
    buffer.clear();
    File::open(file)?.take(u64::MAX).read_to_end(buffer)?;
    let text = std::str::from_utf8(buffer);
    text.map(str::to_owned).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the text is not UTF-8"))
}

/// Replaces the texts of files, all of them or none: whatever fails, those that were replaced get their old text back.
/// After a crash each file holds its old text or its new one; they are replaced in the order in which they are given.
pub fn replace_files(files: &[(PathBuf, String)]) -> Result<(), FolderError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| FolderError::Write { path, error }
    };
    let mut staged: Vec<(PathBuf, PathBuf)> = Vec::new();
    let stage = |staged: &mut Vec<(PathBuf, PathBuf)>| {
        for (path, text) in files {
            let path = fs::canonicalize(path).map_err(failed(path))?;
            let partial = write_beside(&path, text).map_err(failed(&path))?;
            staged.push((partial.clone(), path.clone()));
            let permissions = fs::metadata(&path).map_err(failed(&path))?.permissions();
            fs::set_permissions(&partial, permissions).map_err(failed(&path))?;
        }
        Ok(())
    };
    let mut replaced: Vec<(&Path, String)> = Vec::new();
    let outcome = stage(&mut staged).and_then(|()| {
        for (partial, path) in &staged {
            let before = fs::read_to_string(path).map_err(failed(path))?;
            fs::rename(partial, path).map_err(failed(path))?;
            replaced.push((path, before));
        }
        for folder in staged.iter().filter_map(|(_, path)| path.parent()).collect::<BTreeSet<_>>() {
            sync_folder(folder).map_err(failed(folder))?;
        }
        Ok(())
    });
    if outcome.is_err() {
        // The first error is the one to tell; what cannot be taken back now has no second way.
        for (path, before) in &replaced {
            let _ = write_beside(path, before).and_then(|partial| fs::rename(partial, path));
        }
        for (partial, _) in &staged {
            let _ = fs::remove_file(partial);
        }
    }
    outcome
}

/// Writes a hidden file next to a path that is to hold the same text.
fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".partial");
    let partial = path.with_file_name(hidden);
    let mut file = File::create(&partial)?;
    match file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        Ok(()) => Ok(partial),
        Err(error) => {
            // What there was no room for is of no use.
            let _ = fs::remove_file(&partial);
            Err(error)
        }
    }
}

/// Makes the entries of a folder last; only Unix opens folders as files.
fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// A folder of scripts that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no such folder.
    #[error("there is no folder `{}`", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// It could not be read.
    #[error("the folder `{}` could not be read: {error}", path.display())]
    Read {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// There is a file of that name.
    #[error("the file `{}` exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be written.
    #[error("`{}` could not be written: {error}", path.display())]
    Write {
        /// The file or the folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl Report for FolderError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let (code, help) = match self {
            FolderError::Missing { .. } => (
                "no_versions_folder",
                "set `versions` in migrations.toml, or write a first revision: `schemactl revision`",
            ),
            FolderError::Read { .. } => ("unreadable_folder", "check the permissions of the folder"),
            FolderError::Exists { .. } => ("file_exists", "give the revision another message or identifier"),
            FolderError::Write { .. } => ("unwritable_file", "check the permissions and the space on the disk"),
        };
        vec![Diagnostic::new(code, self.to_string()).help(help)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(id: &str) -> String {
        format!("-- revision: {id}\n-- parents: none\n\n-- migrate:up\nSELECT 1;\n")
    }

    fn file_names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_sql_files_are_read_and_in_the_order_of_their_names() {
        let scratch = tempfile::tempdir().unwrap();
        let (one, two) = (scratch.path().join("one"), scratch.path().join("two"));
        for (path, text) in [
            (one.join("2_b.sql"), script("b")),
            (one.join("1_a.sql"), script("a")),
            (one.join(".#1_a.sql"), "lock".to_owned()),
            (one.join("notes.md"), "prose".to_owned()),
            (one.join("deeper/3_c.sql"), script("c")),
            (one.join("folder.sql/4_d.sql"), script("d")),
            (two.join("0_e.sql"), script("e")),
            (two.join("1_broken.sql"), "SELECT 1;".to_owned()),
        ] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::write(two.join("2_latin.sql"), b"-- revision: \xe9").unwrap();
        let found = Folder::read(&[Folder::new(&one), Folder::new(&two)]).unwrap();
        let ids: Vec<_> = found.scripts.iter().map(|script| script.revision.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "e"]);
        assert!(
            matches!(&found.problems[..], [Problem::Script(_), Problem::Unreadable { .. }]),
            "{:?}",
            found.problems
        );
    }

    #[test]
    fn a_missing_folder_is_an_error_that_says_what_to_do() {
        let error = Folder::read(&[Folder::new("no/such/folder")]).unwrap_err();
        assert_eq!(error.to_string(), "there is no folder `no/such/folder`");
        assert!(error.diagnostics()[0].help.as_deref().unwrap().contains("schemactl revision"));
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::new(scratch.path().join("versions"));
        let path = folder.add("1_a.sql", "first").unwrap();
        let error = folder.add("1_a.sql", "second").unwrap_err();
        assert!(matches!(error, FolderError::Exists { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(file_names(&folder.path), ["1_a.sql"]);
    }

    #[test]
    fn replacing_leaves_one_file_with_the_new_text() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::new(scratch.path());
        let path = folder.add("1_a.sql", "first").unwrap();
        replace_files(&[(path.clone(), "second".to_owned())]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(file_names(&folder.path), ["1_a.sql"]);
    }

    #[test]
    fn when_one_of_several_files_cannot_be_replaced_none_is() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::new(scratch.path());
        let first = folder.add("1_a.sql", "first").unwrap();
        let gone = scratch.path().join("2_b.sql");
        let error = replace_files(&[(first.clone(), "other".to_owned()), (gone, "new".to_owned())]).unwrap_err();
        assert!(error.to_string().contains("2_b.sql"), "{error}");
        assert_eq!(fs::read_to_string(&first).unwrap(), "first");
        assert_eq!(file_names(&folder.path), ["1_a.sql"]);
    }
}
