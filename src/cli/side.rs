//! The schemas that a project has, named on the command line: `model`, `database`, or a revision.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use super::context::Context;
use super::open::{LOCK_TIMEOUT, no_database, schema_at};
use crate::database::Access;
use crate::diff::Renames;
use crate::operation::{Database, Project, autogenerate};
use crate::report::Failure;
use crate::schema::Schema;

/// One of the schemas of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// What the model asks for.
    Model,
    /// What the database has.
    Database,
    /// What the revisions up to this one lead to.
    Revision(String),
}

impl FromStr for Side {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Side, Infallible> {
        Ok(match text {
            "model" => Side::Model,
            "database" => Side::Database,
            revision => Side::Revision(revision.to_owned()),
        })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Model => "model",
            Side::Database => "database",
            Side::Revision(word) => word,
        })
    }
}

impl Side {
    /// The schema. What is wrong with a model already in `other` stops nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn schema(&self, context: &Context, project: &Project, other: &Schema) -> Result<Schema, Failure> {
        match self {
            Side::Model => {
                let comparison = autogenerate::compare(project, other.clone(), &Renames::default())?;
                comparison.warnings.iter().for_each(|warning| context.output.warn(warning));
                Ok(comparison.wanted)
            }
            Side::Database => {
                let connection = project.connect(Access::Read, LOCK_TIMEOUT)?;
                if connection.is_none() {
                    let name = context.database_name(project)?;
                    context.output.talk(format!("there is no database `{name}`: it is taken as an empty one"));
                }
                autogenerate::actual_schema(project, connection.as_ref())
            }
            Side::Revision(word) => schema_at(context, project, word),
        }
    }

    /// The schema, to be shown: one that is not there is an error.
    ///
    /// # Errors
    /// When it cannot be read, or there is no database.
    pub fn shown(&self, context: &Context, project: &Project) -> Result<Schema, Failure> {
        if *self == Side::Database && matches!(project.place()?, Database::File(path) if !path.exists()) {
            return no_database(&context.database_name(project)?);
        }
        self.schema(context, project, &Schema::default())
    }

    /// The project, and the side of it that is meant: without a configuration only a database can be.
    ///
    /// # Errors
    /// When there is neither a configuration nor a database.
    pub fn of_project(&self, context: &Context) -> Result<(Project, Side), Failure> {
        let project = context.project_or_bare()?;
        let is_bare = project.settings.source.is_none();
        Ok((project, if is_bare && *self == Side::Model { Side::Database } else { self.clone() }))
    }
}
