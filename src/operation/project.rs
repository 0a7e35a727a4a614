//! A project: settings, model, revisions and database, each read when it is needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::mirror;
pub use crate::database::walk::State;
use crate::database::{self, Access, Filter, version_table};
use crate::libsql::{self, Address, Credentials, Server};
use crate::model::{self, Model, ReadModel, Settings};
use crate::plan::{Options, Switches};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Folder, Graph, Scripts};
use crate::schema::SqliteVersion;

use super::Rows;

/// A project as the settings describe it.
#[derive(Debug, Clone)]
pub struct Project {
    /// The settings in force.
    pub settings: Settings,
    /// A database named on the command line, in place of that of the settings.
    database: Option<String>,
    /// The model, where it was read together with the settings.
    model: Option<Result<Arc<Model>, Failure>>,
    /// What servers ask for.
    credentials: Credentials,
    /// What another tool keeps of the revisions.
    pub(super) mirror_rows: mirror::Rows,
}

/// Where a database is.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file, which need not exist yet.
    File(PathBuf),
    /// On a server.
    Server(Server),
}

impl Project {
    /// A project with these settings, and another database if one is named.
    #[must_use]
    pub fn new(settings: Settings, database: Option<String>) -> Project {
        let (credentials, mirror_rows) = (Credentials::default(), mirror::Rows::default());
        Project { settings, database, model: None, credentials, mirror_rows }
    }

    /// The same project with the model that was read together with its settings.
    #[must_use]
    pub fn with_model(self, model: ReadModel) -> Project {
        Project { model: Some(model.map(Arc::new).map_err(Failure::from)), ..self }
    }

    /// The same project with what servers ask for.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials) -> Project {
        Project { credentials, ..self }
    }

    /// The same project with another database.
    #[must_use]
    pub fn on(&self, database: &Path) -> Project {
        Project { database: Some(database.to_string_lossy().into_owned()), ..self.clone() }
    }

    /// The database as it is written.
    fn written(&self) -> Result<&str, Failure> {
        Ok(match &self.database {
            Some(named) => named.as_str(),
            None => self.settings.database()?,
        })
    }

    /// Where the database is.
    ///
    /// # Errors
    /// When no database is named, or it cannot be understood.
    pub fn place(&self) -> Result<Database, Failure> {
        let written = self.written()?;
        if Address::is_meant(written) {
            return Ok(Database::Server(Server::new(written, &self.credentials)?));
        }
        self.file(written).map(Database::File)
    }

    /// The path of the database file.
    ///
    /// # Errors
    /// When no database is named, or one on a server.
    pub fn database(&self) -> Result<PathBuf, Failure> {
        match self.place()? {
            Database::File(path) => Ok(path),
            Database::Server(server) => Err(needs_file(&server)),
        }
    }

    /// Whether the database is a file that does not exist yet.
    ///
    /// # Errors
    /// As [`Project::place`].
    pub fn is_new(&self) -> Result<bool, Failure> {
        Ok(matches!(self.place()?, Database::File(path) if !path.exists()))
    }

    /// The file that backups stand beside; for a database on a server one that does not exist.
    ///
    /// # Errors
    /// As [`Project::place`].
    pub fn beside_backups(&self) -> Result<PathBuf, Failure> {
        Ok(match self.place()? {
            Database::File(path) => path,
            Database::Server(server) => self.settings.path(&server.file_name()),
        })
    }

    fn file(&self, written: &str) -> Result<PathBuf, Failure> {
        let file = written.strip_prefix("sqlite://").or_else(|| written.strip_prefix("sqlite:")).unwrap_or(written);
        if written.starts_with("sqlite:") && file.contains('?') {
            // What stands there may be a key; it is not shown.
            let diagnostic = Diagnostic::new("unknown_database", "a `sqlite:` URL takes no parameters after `?` here")
                .help("name the file alone, such as `app.db`");
            return Err(Failure::new(Class::Input, diagnostic));
        }
        if let Some(diagnostic) = no_file_name(file) {
            return Err(Failure::new(Class::Input, diagnostic));
        }
        if let Some((scheme, _)) = file.split_once("://") {
            let diagnostic = Diagnostic::new("unknown_database", format!("a `{scheme}` URL is not a database"))
                .help("name a file, such as `app.db`, or a server, such as `libsql://host`");
            return Err(Failure::new(Class::Input, diagnostic));
        }
        Ok(if self.database.is_some() { PathBuf::from(file) } else { self.settings.path(file) })
    }

    /// Opens the database; `None` for one that does not exist yet. Of one on a server it is the image, which cannot be
    /// written.
    ///
    /// # Errors
    /// When what stands there cannot be used, or a server's is to be written by what can only write files.
    pub fn connect(&self, access: Access, lock_timeout: Duration) -> Result<Option<Connection>, Failure> {
        match self.place()? {
            Database::Server(server) if access != Access::Read => Err(needs_file(&server)),
            _ => self.connect_to_run(access, lock_timeout),
        }
    }

    /// The same for what goes on to run revisions, which a server can do too.
    ///
    /// # Errors
    /// When what stands there cannot be used.
    pub fn connect_to_run(&self, access: Access, lock_timeout: Duration) -> Result<Option<Connection>, Failure> {
        match self.place()? {
            Database::File(path) => Ok(database::open(&path, access, lock_timeout)?),
            Database::Server(server) => Ok(Some(server.image(&self.settings.version_table)?.into_connection()?)),
        }
    }

    /// Where questions about rows go that this connection to the database, or its image, leads to.
    ///
    /// # Errors
    /// When no database is named.
    pub fn rows<'a>(&self, connection: &'a Connection) -> Result<Rows<'a>, Failure> {
        Ok(match self.place()? {
            Database::File(_) => Rows::Local(connection),
            Database::Server(server) => Rows::Remote(server),
        })
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

    /// Takes no folder of revisions for one without revisions, where nothing is to be written.
    pub fn pass_over_missing_folder(&mut self) {
        if self.folders().iter().all(|folder| !folder.path.exists()) {
            self.settings.versions.clear();
        }
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
        let rows = || match connection {
            Some(connection) => version_table::read(connection, &self.settings.version_table),
            None => Ok(Vec::new()),
        };
        let (scripts, rows) = Folder::read_beside(&self.folders(), rows);
        let rows = rows?;
        Ok(State::new(scripts?, rows))
    }

    /// The model and the files that it stands in.
    ///
    /// # Errors
    /// All mistakes of all files.
    pub fn model(&self) -> Result<Arc<Model>, Failure> {
        match &self.model {
            Some(read) => read.clone(),
            None => Ok(Arc::new(Model::read(&model::sources(&self.settings)?, &self.settings)?)),
        }
    }

    /// Whether the database is on a server.
    #[must_use]
    pub fn is_on_server(&self) -> bool {
        self.written().is_ok_and(Address::is_meant)
    }

    /// What plans may use.
    #[must_use]
    pub fn plan_options(&self) -> Options {
        let (usual, switches) = if self.is_on_server() {
            (libsql::SQLITE, Switches::ForeignKeys)
        } else {
            (bundled_sqlite(), Switches::All)
        };
        Options {
            target: self.settings.target_sqlite.unwrap_or(usual),
            column_order: self.settings.column_order,
            catalog_edits: self.settings.catalog_edits,
            fast_rebuild: self.settings.fast_rebuild,
            switches,
        }
    }
}

/// Why a word is hardly meant as the name of a file, though a file could have it.
fn no_file_name(written: &str) -> Option<Diagnostic> {
    let (found, help) = if written.starts_with("file:") {
        // What stands behind `?` may be a key; it is not shown.
        ("a `file:` URI is not taken", "name the file alone, such as `app.db`; a file of that name is `./file:…`")
    } else if written == ":memory:" {
        let help = "name a file, such as `app.db`; what runs on a new database `schemactl upgrade --dry-run` shows";
        ("a database in memory would be gone when the command ends", help)
    } else if written == "~" || written.starts_with("~/") {
        let help = "write `${HOME}/…` in the settings, or `\"$HOME/…\"` on the command line";
        ("`~` is not expanded in the name of a database", help)
    } else {
        return None;
    };
    Some(Diagnostic::new("unknown_database", found).help(help))
}

/// The failure of what can only be done to a file.
fn needs_file(server: &Server) -> Failure {
    let found = format!("this works on files, and `{server}` is a database on a server");
    let help = "name a file with `--database`; on a server: upgrade, downgrade, stamp, repair and all that reads";
    Failure::new(Class::Input, Diagnostic::new("needs_file", found).help(help))
}

/// The version of the SQLite that is built in.
#[must_use]
pub fn bundled_sqlite() -> SqliteVersion {
    rusqlite::version().parse().expect("SQLite gives its version as numbers and dots")
}
