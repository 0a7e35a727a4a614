//! The project and the database that a command works on.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::context::Context;
use super::variables;
use crate::database::Access;
use crate::model::{self, Lookup, ReadModel, Settings};
use crate::operation::{Database, Project, State, replay};
use crate::report::{Class, Diagnostic, Failure, Source};
use crate::schema::Schema;

/// How long commands wait that have no option for it.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// A database and where it stands.
pub struct Opened {
    /// `None` if there is no database yet.
    pub connection: Option<Connection>,
    /// Where it stands; nothing is applied to one that does not exist. It lasts as long as the process, which ends soon:
    /// to free ten thousand revisions piece by piece takes a tenth of what reading them does.
    pub state: ManuallyDrop<State>,
}

impl Context {
    /// The project that the configuration describes.
    ///
    /// # Errors
    /// When there is none, or it is mistaken.
    pub fn project(&self) -> Result<Project, Failure> {
        self.project_of(|source, environment, lookup| Ok((Settings::read(source, environment, lookup)?, None)))
    }

    /// The same with the model, for commands that are sure to look at it.
    ///
    /// # Errors
    /// As [`Context::project`]; what is wrong with the model alone is told when it is asked for.
    pub fn project_with_model(&self) -> Result<Project, Failure> {
        self.project_of(Settings::read_with_model)
    }

    fn project_of(
        &self,
        read: impl FnOnce(&Arc<Source>, Option<&str>, &Lookup<'_>) -> Result<(Settings, Option<ReadModel>), model::Error>,
    ) -> Result<Project, Failure> {
        let config = self.config()?;
        let variables = self.variables(&config)?;
        let source = model::read_source(&config, &self.shown(&config)?)?;
        let (settings, model) = read(&source, self.options.environment.as_deref(), &|name| variables.get(name))?;
        let credentials = variables::credentials(&|name| variables.get(name));
        let project = Project::new(settings, self.options.database.clone()).with_credentials(credentials);
        Ok(match model {
            Some(model) => project.with_model(model),
            None => project,
        })
    }

    /// The project, or, where there is no configuration and a database is named, one that is nothing but this database.
    ///
    /// # Errors
    /// As [`Context::project`].
    pub fn project_or_bare(&self) -> Result<Project, Failure> {
        match (self.config(), &self.options.database) {
            (Err(_), Some(database)) if self.options.config.is_none() => {
                let credentials = variables::credentials(&variables::process);
                Ok(Project::new(Settings::default(), Some(database.clone())).with_credentials(credentials))
            }
            _ => self.project(),
        }
    }

    /// Opens the database of a project for reading.
    ///
    /// # Errors
    /// When the database or the revisions cannot be read.
    pub fn open(&self, project: &Project) -> Result<Opened, Failure> {
        let connection = project.connect(Access::Read, LOCK_TIMEOUT)?;
        let state = ManuallyDrop::new(project.state(connection.as_ref())?);
        Ok(Opened { connection, state })
    }

    /// The database as it is called in messages.
    ///
    /// # Errors
    /// When none is named.
    pub fn database_name(&self, project: &Project) -> Result<String, Failure> {
        match project.place()? {
            Database::File(path) => self.shown(&path),
            Database::Server(server) => Ok(server.to_string()),
        }
    }
}

// A doc comment would become the description of the command (clap keeps the last one).
#[derive(Debug, Clone, clap::Args)]
#[expect(missing_docs, reason = "see above")]
pub struct Named {
    /// The revision: an id or the start of one, `head`, `current`
    #[arg(value_name = "REV", allow_negative_numbers = true)]
    pub revision: String,
}

/// A word that names a revision or a place, read.
///
/// # Errors
/// When it is malformed.
pub fn target(word: &str) -> Result<crate::revision::Target, Failure> {
    Ok(word.parse()?)
}

/// The schema after the revisions up to a place; a database is opened only where the place is counted from it.
///
/// # Errors
/// When the word names nothing, or a script fails.
pub fn schema_at(context: &Context, project: &Project, word: &str) -> Result<Schema, Failure> {
    let target = target(word)?;
    if target.is_from_current() {
        return replay::schema_from_current(project, &context.open(project)?.state, &target);
    }
    replay::schema_at(project, &project.graph()?, &target)
}

/// Tells of scripts that are wrong, where a command goes on with the sane ones.
pub fn warn_of_problems(context: &Context, state: &crate::revision::Graph) {
    for problem in state.problems() {
        for diagnostic in crate::report::Report::diagnostics(problem) {
            context.output.warn(&diagnostic);
        }
    }
}

/// The failure of a command that needs a database where there is none.
///
/// # Errors
/// Always.
pub fn no_database<T>(name: &str) -> Result<T, Failure> {
    let diagnostic = Diagnostic::new("no_database_file", format!("there is no database `{name}`"))
        .help("run `schemactl upgrade head` to create it, or name another with `--database`");
    Err(Failure::new(Class::Database, diagnostic))
}
