//! What a command has at hand: the options, the output, the prompt, the clock, ids, and where things are.

use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::clock::{self, Ids};
use super::error::Failure;
use super::options::Options;
use super::output::Output;
use super::prompt::Prompt;
use super::variables::Variables;
use super::visible::visible;
use crate::report::{Class, Diagnostic};

/// The file that is looked for when none is named.
pub const CONFIG: &str = "migrations.toml";

/// What every command is given.
#[derive(Debug)]
pub struct Context {
    /// The options that every command takes.
    pub options: Options,
    /// Where answers and talk go.
    pub output: Output,
    /// Who can be asked.
    pub prompt: Prompt,
    /// Where new ids come from.
    pub ids: Ids,
}

impl Context {
    /// What the process was started with.
    #[must_use]
    pub fn new(options: Options) -> Context {
        Context {
            output: Output::new(options.format, options.color, options.quiet, options.verbose),
            prompt: Prompt::new(options.format, options.yes),
            ids: Ids::from_process(),
            options,
        }
    }

    /// What time it is.
    ///
    /// # Errors
    /// The fixed time of a reproducible run is no time.
    pub fn now(&self) -> Result<DateTime<Utc>, Failure> {
        clock::now()
    }

    /// The file with the settings: the one that was named, or else the nearest `migrations.toml`, in the current
    /// folder or above.
    ///
    /// # Errors
    /// There is none.
    pub fn config(&self) -> Result<PathBuf, Failure> {
        let folder = current_folder()?;
        match &self.options.config {
            Some(named) if named.is_file() => Ok(folder.join(named)),
            Some(named) => Err(no_config(format!("there is no file `{}`", visible(&named.to_string_lossy())))),
            None => nearest_config(&folder)
                .ok_or_else(|| no_config(format!("found no `{CONFIG}` in this folder, nor in those above"))),
        }
    }

    /// The variables that the settings can name: those of the process, then those of `.env` beside `config`.
    ///
    /// # Errors
    /// `.env` is there, but cannot be read.
    pub fn variables(&self, config: &Path) -> Result<Variables, Failure> {
        let file = config.with_file_name(".env");
        Variables::read(&file, &self.shown(&file)?)
    }

    /// A path as the user would type it: from the current folder, control characters escaped.
    ///
    /// # Errors
    /// The current folder is gone.
    pub fn shown(&self, path: &Path) -> Result<String, Failure> {
        let shown = seen_from(&current_folder()?, path);
        Ok(visible(&shown.to_string_lossy()).into_owned())
    }
}

fn current_folder() -> Result<PathBuf, Failure> {
    Ok(std::env::current_dir().context("cannot tell the current folder")?)
}

fn no_config(found: String) -> Failure {
    let help = "run `schemactl init` for a new one, or name yours with `--config PATH`";
    Failure::new(Class::Input, Diagnostic::new("no_config", found).help(help))
}

fn nearest_config(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(CONFIG)).find(|file| file.is_file())
}

/// The path from a folder, with `..` where that is shorter to read than the whole path.
fn seen_from(folder: &Path, path: &Path) -> PathBuf {
    for (up, ancestor) in folder.ancestors().enumerate() {
        let is_root = !ancestor.components().any(|component| matches!(component, Component::Normal(_)));
        if up > 0 && is_root {
            break;
        }
        if let Ok(below) = path.strip_prefix(ancestor) {
            let mut shown: PathBuf = std::iter::repeat_n("..", up).collect();
            shown.push(below);
            return if shown.as_os_str().is_empty() { PathBuf::from(".") } else { shown };
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_above_counts() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.path().join(CONFIG), "").unwrap();
        assert_eq!(nearest_config(&deep), Some(root.path().join(CONFIG)));
        std::fs::write(root.path().join("a").join(CONFIG), "").unwrap();
        assert_eq!(nearest_config(&deep), Some(root.path().join("a").join(CONFIG)));
    }

    #[test]
    fn a_folder_of_that_name_is_no_file() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(CONFIG)).unwrap();
        assert_ne!(nearest_config(root.path()), Some(root.path().join(CONFIG)));
    }

    #[test]
    fn paths_are_shown_as_one_would_type_them() {
        let shown = |path: &str| seen_from(Path::new("/home/ada/app"), Path::new(path)).display().to_string();
        assert_eq!(shown("/home/ada/app/versions/x.sql"), "versions/x.sql");
        assert_eq!(shown("/home/ada/app"), ".");
        assert_eq!(shown("/home/ada/versions/x.sql"), "../versions/x.sql");
        assert_eq!(shown("/srv/app.db"), "/srv/app.db");
        assert_eq!(shown("versions/x.sql"), "versions/x.sql");
        assert_eq!(seen_from(Path::new("/"), Path::new("/srv/x")), Path::new("srv/x"));
    }
}
