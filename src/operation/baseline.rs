//! `init`: the first files of a project, for a new database or from one that is there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::database::{Access, Filter, Scratch, check, introspect};
use crate::libsql::Credentials;
use crate::model::{self, Intent, Settings};
use crate::plan;
use crate::report::{Class, Diagnostic, Failure, Source};
use crate::revision::{Folder, Placement, Purge, RevisionId, Target, Word};
use crate::schema::Schema;

use super::new_files::NewFiles;
use super::new_revision::{self, Head};
use super::{Database, Project, stamp};

/// The message of the revision that a project begins with when its database is there already.
const MESSAGE: &str = "Baseline";

/// What [`from_database`] made.
#[derive(Debug)]
pub struct Baseline {
    /// The database, as the settings name it.
    pub database: String,
    /// The schema of the database.
    pub schema: Schema,
    /// The baseline revision.
    pub revision: RevisionId,
    /// Its file.
    pub revision_path: PathBuf,
    /// What is worth a word.
    pub warnings: Vec<Diagnostic>,
}

/// Writes the configuration and, for editors, its JSON Schema, and makes the folder of revisions.
///
/// # Errors
/// When the configuration is there already, or cannot be written.
pub fn write_project(config: &Path, text: &str) -> Result<NewFiles, Failure> {
    let folder = config.parent().unwrap_or_else(|| Path::new(""));
    let failed = |path: &Path, error: &std::io::Error| {
        let words = format!("cannot write `{}`: {error}", path.display());
        Failure::new(Class::Input, Diagnostic::new("cannot_write", words))
    };
    let versions = folder.join("versions");
    std::fs::create_dir_all(&versions).map_err(|error| failed(&versions, &error))?;
    let mut files = NewFiles::default();
    files.write(config, text).map_err(|error| failed(config, &error))?;
    let schema = folder.join(model::SCHEMA_FILE);
    match files.write(&schema, model::json_schema()) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed(&schema, &error)),
        _ => Ok(files),
    }
}

/// Begins a project with a database that is there: its model, a baseline revision that makes the same schema, and the
/// stamp that says that the database has it.
///
/// `shown` is the configuration's path as messages show it.
///
/// # Errors
/// When the database cannot be read, or a file cannot be written.
pub fn from_database(
    existing: &str,
    credentials: Credentials,
    config: &Path,
    shown: &str,
    id: RevisionId,
    now: DateTime<Utc>,
    lock_timeout: Duration,
) -> Result<Baseline, Failure> {
    let missing = || {
        let diagnostic = Diagnostic::new("no_database_file", format!("there is no database `{existing}`"));
        Failure::new(Class::Database, diagnostic.help("run `schemactl init` without `--from-database` for a new one"))
    };
    let there = Project::new(Settings::default(), Some(existing.to_owned())).with_credentials(credentials.clone());
    let connection = there.connect(Access::Read, lock_timeout)?.ok_or_else(missing)?;
    let schema = introspect::read(&connection, &Filter::default())?;
    let written = match there.place()? {
        Database::File(_) => existing.to_owned(),
        // A token has no place in a file that others read.
        Database::Server(server) => server.to_string(),
    };
    drop(connection);

    let mut warnings = Vec::new();
    let text = model::settings_text(&written, &[])
        + "
" + &describe(&schema, &mut warnings)?;
    let source = Arc::new(Source { path: shown.to_owned(), text });
    let settings = Settings::read(&source, None, &|_| None)?;
    let project =
        Project::new(settings, there.is_on_server().then(|| existing.to_owned())).with_credentials(credentials);
    let draft = plan::draft(&Schema::default(), &schema, &Intent::default(), project.plan_options())?;
    let graph = crate::revision::Graph::new(read_folder(&project)?);
    let placement = Placement { parents: Vec::new(), depends_on: Vec::new() };
    graph.place(&[Target::of(Word::Base)], crate::revision::Splice::Yes, &[])?;
    let head = Head { id: id.clone(), message: MESSAGE.to_owned(), created: now, placement, labels: Vec::new() };
    let script = new_revision::from_draft(&project, head, &draft, &[])?;

    let mut connection = project.connect_to_run(Access::Write, lock_timeout)?.ok_or_else(missing)?;
    stamp::may_write(&project, &connection)?;
    let mut files = write_project(config, &source.text)?;
    let revision_path = new_revision::write(&project, &graph, &script, None)?;
    files.add(&revision_path);
    let time = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let target = Target::of(Word::Name(id.to_string()));
    stamp::stamp(&project, &mut connection, &[target], Purge::No, &|_| None, lock_timeout, &|| time.clone())?;
    files.keep();
    Ok(Baseline { database: written, schema, revision: id, revision_path, warnings })
}

/// The model of a schema that is there, in which nothing has to be right; what is not is worth a word.
///
/// # Errors
/// When SQLite cannot build it again.
pub(super) fn describe(schema: &Schema, warnings: &mut Vec<Diagnostic>) -> Result<String, Failure> {
    let mut scratch = Scratch::build(schema)?;
    if let Some(notice) = scratch.stand_ins().notice() {
        warnings.push(Diagnostic::new("stand_ins", notice));
    }
    let findings = scratch.check(schema)?;
    for finding in &findings {
        warnings.push(Diagnostic::new("finding", format!("{}: {}", finding.object, finding.message)));
    }
    Ok(model::write_unchecked(schema, &check::broken_objects(&findings)))
}

/// The scripts that a folder may hold already; a folder that is missing holds none.
///
/// # Errors
/// When a folder cannot be read.
pub(super) fn read_folder(project: &Project) -> Result<crate::revision::Scripts, Failure> {
    let folders: Vec<Folder> = project.folders().into_iter().filter(|folder| folder.path.exists()).collect();
    Ok(Folder::read(&folders)?)
}
