//! An empty database at head, to be copied for each new tenant: a copy takes no time, however long the history is.

use std::path::{Path, PathBuf};

use crate::database::{self, Access, introspect, version_table};
use crate::operation::passing::{Passing, beside};
use crate::operation::walk::{self, Direction};
use crate::operation::{Project, status};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{RevisionId, Target, Word};
use crate::sql;

/// A template that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Where it stands.
    pub heads: Vec<RevisionId>,
}

/// Makes a template: all revisions run, proved to be at head, vacuumed. The file appears whole or not at all.
///
/// # Errors
/// When a file is there already and may not be replaced, or is in use; when a revision fails.
pub fn template(
    project: &Project,
    path: &Path,
    may_replace: bool,
    options: &walk::Options<'_>,
) -> Result<Template, Failure> {
    refuse_what_is_there(path, may_replace)?;
    let unfinished = Passing { path: beside(path, ".unfinished") };
    unfinished.remove().map_err(|error| failed(path, &error))?;
    let private = project.on(&unfinished.path);
    let missing = || database::Error::Missing { path: path.to_owned() };
    let mut connection = private.connect(Access::Create, options.lock_timeout)?.ok_or_else(missing)?;
    let heads = Target::of(Word::Heads);
    let state = project.state(Some(&connection))?;
    let options = &options.on_a_copy();
    let errand = walk::Errand { project: &private, start: &state, direction: Direction::Up, target: &heads, options };
    let walked = walk::walk(&errand, &mut connection, &mut |_| ())?;
    let sqlite = |error: rusqlite::Error| database::Error::from_sqlite(&unfinished.path, &error);
    // One file without a log beside it, whatever the journal is in later life, can be copied by anything.
    connection.execute_batch("PRAGMA journal_mode = DELETE; VACUUM").map_err(sqlite)?;
    prove(project, &connection)?;
    connection.close().map_err(|(_, error)| sqlite(error))?;
    let place = if may_replace { std::fs::rename } else { link };
    place(&unfinished.path, path).map_err(|error| failed(path, &error))?;
    let bytes = path.metadata().map_err(|error| failed(path, &error))?.len();
    let current = walked.state.graph.current(&walked.state.applied);
    Ok(Template { path: path.to_owned(), bytes, heads: current.into_iter().map(|one| one.id.clone()).collect() })
}

/// Looks at the template as at any database: nothing may be left to say about it.
fn prove(project: &Project, connection: &rusqlite::Connection) -> Result<(), Failure> {
    let rows = version_table::read(connection, &project.settings.version_table)?;
    let schema = introspect::read(connection, &project.filter()?)?;
    let state = project.state(Some(connection))?;
    let drift = status::drift(project, &state, &schema, &sql::fingerprint(&schema))?;
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| database::Error::from_sqlite(connection.path().unwrap_or_default().as_ref(), &error))?;
    let is_at_head = status::revisions(&state).are_in_sync();
    if drift.is_empty() && is_at_head && verdict == "ok" {
        return Ok(());
    }
    let found = format!("the template is not at head after {} revisions", rows.len());
    let help = "`schemactl verify` says which revision is to be mended";
    Err(Failure::new(Class::No, Diagnostic::new("bad_template", found).help(help)))
}

fn refuse_what_is_there(path: &Path, may_replace: bool) -> Result<(), Failure> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let shown = path.display();
    let in_use = ["-journal", "-wal", "-shm"].map(|ending| beside(path, ending)).into_iter().find(|file| file.exists());
    let (found, help) = match in_use {
        _ if !may_replace => (format!("`{shown}` is there already"), "name another file, or pass `--replace`"),
        Some(file) => (format!("`{shown}` is in use: there is `{}`", file.display()), "name another file"),
        None if !path.is_file() => (format!("`{shown}` is no regular file"), "name another file"),
        None => return Ok(()),
    };
    Err(Failure::new(Class::Input, Diagnostic::new("already_there", found).help(help)))
}

/// Gives a file a name that no other has.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(from, to) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => std::fs::rename(from, to),
        linked => linked,
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    let found = format!("cannot write the template `{}`: {error}", path.display());
    Failure::new(Class::Database, Diagnostic::new("template", found).help("name another file"))
}
