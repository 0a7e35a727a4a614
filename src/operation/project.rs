//! A project: settings, model, revisions and database, each read when it is needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::mirror;
pub use crate::database::walk::State;
use crate::database::{self, Access, Filter, version_table};
use crate::model::{self, Model, Settings};
use crate::plan::{Options, Switches};
use crate::report::{Class, Diagnostic, Failure, Source};
use crate::revision::{Folder, Graph, Scripts};
use crate::schema::SqliteVersion;

/// A project as the settings describe it.
#[derive(Debug, Clone)]
pub struct Project {
    /// The settings in force.
    pub settings: Settings,
    /// A database named on the command line, in place of that of the settings.
    database: Option<String>,
    /// What another tool keeps of the revisions.
    pub(super) mirror_rows: mirror::Rows,
}

impl Project {
    /// A project with these settings, and another database if one is named.
    #[must_use]
    pub fn new(settings: Settings, database: Option<String>) -> Project {
        Project { settings, database, mirror_rows: mirror::Rows::default() }
    }

    /// The same project with another database.
    #[must_use]
    pub fn on(&self, database: &Path) -> Project {
        Project { database: Some(database.to_string_lossy().into_owned()), ..self.clone() }
    }

    /// The path of the database file.
    ///
    /// # Errors
    /// When no database is named, or a server.
    pub fn database(&self) -> Result<PathBuf, Failure> {
        let written = match &self.database {
            Some(named) => named.as_str(),
            None => self.settings.database()?,
        };
        let file = written.strip_prefix("sqlite://").or_else(|| written.strip_prefix("sqlite:")).unwrap_or(written);
        if written.starts_with("sqlite:") && file.contains('?') {
            // What stands there may be a key; it is not shown.
            let diagnostic = Diagnostic::new("unknown_database", "a `sqlite:` URL takes no parameters after `?` here")
                .help("name the file alone, such as `app.db`");
            return Err(Failure::new(Class::Input, diagnostic));
        }
        if let Some((scheme, _)) = file.split_once("://") {
            let diagnostic = Diagnostic::new("unknown_database", format!("a `{scheme}` URL is not a database file"))
                .help("name a file, such as `app.db`");
            return Err(Failure::new(Class::Input, diagnostic));
        }
        Ok(if self.database.is_some() { PathBuf::from(file) } else { self.settings.path(file) })
    }

    /// Opens the database; `None` for one that does not exist yet.
    ///
    /// # Errors
    /// When what stands there cannot be used.
    pub fn connect(&self, access: Access, lock_timeout: Duration) -> Result<Option<Connection>, Failure> {
        Ok(database::open(&self.database()?, access, lock_timeout)?)
    }

    /// Which objects of a database are not the model's.
    ///
    /// # Errors
    /// When a pattern of `ignore` is none.
    pub fn filter(&self) -> Result<Filter, Failure> {
        let patterns = self.settings.ignore.patterns().iter().map(String::as_str);
        Ok(Filter::new(self.settings.version_table.clone(), patterns)?)
    }

    /// The folders of revisions; new ones go to the first.
    #[must_use]
    pub fn folders(&self) -> Vec<Folder> {
        self.settings.versions.iter().map(|written| Folder::new(self.settings.path(written))).collect()
    }

    /// Makes the first folder where none is there: git keeps no empty folder, so a copy of a project without revisions
    /// has lost its own.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_folder(&self) -> Result<(), Failure> {
        let folders = self.folders();
        if folders.iter().any(|folder| folder.path.exists()) {
            return Ok(());
        }
        folders.first().map_or(Ok(()), |folder| Ok(folder.make()?))
    }

    /// The scripts of all folders.
    ///
    /// # Errors
    /// When a folder is missing or cannot be read.
    pub fn scripts(&self) -> Result<Scripts, Failure> {
        Ok(Folder::read(&self.folders())?)
    }

    /// The revisions, of the folders alone.
    ///
    /// # Errors
    /// As [`Project::scripts`].
    pub fn graph(&self) -> Result<Graph, Failure> {
        Ok(Graph::new(self.scripts()?))
    }

    /// Where a database stands; nothing is applied to one that does not exist.
    ///
    /// # Errors
    /// When the folders or the version table cannot be read.
    pub fn state(&self, connection: Option<&Connection>) -> Result<State, Failure> {
        let rows = match connection {
            Some(connection) => version_table::read(connection, &self.settings.version_table)?,
            None => Vec::new(),
        };
        Ok(State::new(self.scripts()?, rows))
    }

    /// The model and the files that it stands in.
    ///
    /// # Errors
    /// All mistakes of all files.
    pub fn model(&self) -> Result<Model, Failure> {
        Ok(Model::read(&self.model_files()?, &self.settings)?)
    }

    fn model_files(&self) -> Result<Vec<Arc<Source>>, Failure> {
        Ok(model::sources(&self.settings)?)
    }

    /// What plans may use.
    #[must_use]
    pub fn plan_options(&self) -> Options {
        Options {
            target: self.settings.target_sqlite.unwrap_or_else(bundled_sqlite),
            column_order: self.settings.column_order,
            catalog_edits: self.settings.catalog_edits,
            switches: Switches::All,
        }
    }
}

/// The version of the SQLite that is built in.
#[must_use]
pub fn bundled_sqlite() -> SqliteVersion {
    rusqlite::version().parse().expect("SQLite gives its version as numbers and dots")
}
