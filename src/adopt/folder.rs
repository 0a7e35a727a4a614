//! The files in a folder of scripts.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Convention, Error, Half, Script, naming};
use crate::database::Tool;

/// A file whose name was asked for.
pub(super) struct File {
    pub path: PathBuf,
    /// The name without the folder.
    pub name: String,
}

impl File {
    /// Its text, as it is.
    pub fn text(&self) -> Result<String, Error> {
        read(&self.path)
    }
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::Unreadable { path: path.to_owned(), error })
}

/// The text of a file that need not be there.
pub(super) fn read_if_there(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::Unreadable { path: path.to_owned(), error }),
    }
}

/// All that is in a folder, sorted by name; hidden files are left out.
fn entries(folder: &Path) -> Result<Vec<File>, Error> {
    let failed = |error| Error::Unreadable { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with('.') {
            found.push(File { path, name });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The files of a folder whose names end in `.sql`, sorted by name.
pub(super) fn sql_files(folder: &Path) -> Result<Vec<File>, Error> {
    let is_sql = |file: &File| file.path.extension().is_some_and(|extension| extension == "sql") && file.path.is_file();
    Ok(entries(folder)?.into_iter().filter(is_sql).collect())
}

/// The same of the folder and all folders in it, sorted by path.
pub(super) fn sql_files_below(folder: &Path) -> Result<Vec<File>, Error> {
    let mut found = sql_files(folder)?;
    for inner in folders(folder)? {
        found.extend(sql_files_below(&inner.path)?);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The folders in a folder, sorted by name.
pub(super) fn folders(folder: &Path) -> Result<Vec<File>, Error> {
    // A link to a folder above would have no end.
    let is_folder = |file: &File| file.path.is_dir() && !file.path.is_symlink();
    Ok(entries(folder)?.into_iter().filter(is_folder).collect())
}

/// The scripts of tools that have a folder `<time>_<words>` for each, with `migration.sql` and no way down.
pub(super) fn migrations(folder: &Path, half: impl Fn(&str) -> Half) -> Result<Vec<Script>, Error> {
    let mut scripts = Vec::new();
    for folder in folders(folder)? {
        let path = folder.path.join("migration.sql");
        let Some(text) = read_if_there(&path)? else { continue };
        let (digits, rest) = naming::digits(&folder.name).unwrap_or(("", &folder.name));
        scripts.push(Script {
            message: naming::words(rest),
            created: naming::time(digits),
            version: folder.name,
            path,
            up: half(&text),
            down: None,
            text,
        });
    }
    Ok(scripts)
}

/// The folder with a tool's scripts, and the scripts: the one that is named, or else the first of its own below `root`
/// that has any.
///
/// # Errors
/// When there is no such folder, or its scripts cannot be read.
pub fn find(
    tool: Tool,
    convention: &Convention,
    root: &Path,
    named: Option<&Path>,
) -> Result<(PathBuf, Vec<Script>), Error> {
    if let Some(named) = named {
        return Ok((named.to_owned(), (convention.scripts)(named)?));
    }
    let candidates: Vec<PathBuf> = convention.folders.iter().map(|folder| root.join(folder)).collect();
    for folder in candidates.iter().filter(|folder| folder.is_dir()) {
        let scripts = (convention.scripts)(folder)?;
        if !scripts.is_empty() {
            return Ok((folder.clone(), scripts));
        }
    }
    Err(Error::NoFolder { tool, looked_in: candidates })
}
