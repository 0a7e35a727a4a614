//! `mirror = "sqlx"`: what another tool keeps of each revision, as if it had run the files that `export` writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;
use sha2::{Digest, Sha384};

use crate::database;
use crate::database::runner::Mirrored;
use crate::database::version_table;
use crate::export::{Number, Numbers, Tool};
use crate::libsql::Server;
use crate::mirror::{Mirror, Row};
use crate::report::{Class, Diagnostic, Failure, Report};
use crate::revision::{Applied, Graph, Revision, RevisionId, Script, Scripts};

use super::export::{Exported, chain, has_file};
use super::{Project, State};

/// The rows of all revisions, worked out when the first of them is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows(Arc<OnceLock<BTreeMap<RevisionId, Row>>>);

/// A row that cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// There is no file of the revision.
    #[error("which row of `{}` is that of `{revision}` cannot be told: its file is not here", mirror.table())]
    Gone {
        /// The other tool.
        mirror: Mirror,
        /// The revision.
        revision: RevisionId,
    },
    /// There is no saying what the other tool's file would be.
    #[error("what {mirror} would be given for `{revision}` cannot be told")]
    NoFile {
        /// The other tool.
        mirror: Mirror,
        /// The revision.
        revision: RevisionId,
        /// Why.
        failure: Failure,
    },
}

impl Report for MirrorError {
    fn class(&self) -> Class {
        match self {
            MirrorError::Gone { .. } => Class::Input,
            MirrorError::NoFile { failure, .. } => failure.class(),
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            MirrorError::Gone { mirror, .. } => {
                let help =
                    format!("bring its file back, or take `mirror = \"{mirror}\"` out of the settings for this run");
                vec![Diagnostic::new("no_mirror_row", self.to_string()).help(help)]
            }
            MirrorError::NoFile { failure, .. } => {
                let mut diagnostics = failure.diagnostics().to_vec();
                diagnostics.insert(0, Diagnostic::new("no_mirror_row", self.to_string()));
                diagnostics
            }
        }
    }
}

impl Project {
    /// Does something with what the runner needs to keep another tool's table along, where the settings say so.
    pub(super) fn with_mirror<T>(&self, act: impl FnOnce(Option<Mirrored<'_>>) -> T) -> T {
        let Some(mirror) = self.settings.mirror else { return act(None) };
        let row = |id: &RevisionId| row(self, mirror, id).map_err(|error| Box::new(error) as Box<dyn Report>);
        act(Some(Mirrored { mirror, row: &row }))
    }
}

/// What another tool knows of a revision; nothing of one that it is given no file for.
///
/// # Errors
/// When the revision has no script here, or its scripts cannot be replayed.
pub fn row(project: &Project, mirror: Mirror, id: &RevisionId) -> Result<Option<Row>, MirrorError> {
    let no_file = |failure| MirrorError::NoFile { mirror, revision: id.clone(), failure };
    if let Some(row) = project.mirror_rows.0.get().and_then(|rows| rows.get(id)) {
        return Ok(Some(row.clone()));
    }
    let scripts = project.scripts().map_err(no_file)?;
    let gone = || MirrorError::Gone { mirror, revision: id.clone() };
    let script = scripts.scripts.iter().find(|script| script.revision.id == *id).ok_or_else(gone)?;
    if !has_file(script) {
        return Ok(None);
    }
    let graph = Graph::new(scripts.clone());
    if let Ok(rows) = rows(project, mirror, &graph, None) {
        let found = rows.get(id).cloned();
        project.mirror_rows.0.get_or_init(|| rows);
        if found.is_some() {
            return Ok(found);
        }
    }
    // It is replaced by another, or beside a branch that it does not go together with.
    let is_shown = graph.revisions().any(|revision| revision.id == *id);
    let graph = if is_shown { graph } else { unsquashed(&scripts) };
    Ok(rows(project, mirror, &graph, Some(id)).map_err(no_file)?.remove(id))
}

/// The numbers under which another tool's table has what is applied, as far as there are scripts.
#[must_use]
pub(super) fn versions(project: &Project, mirror: Mirror, state: &State) -> BTreeSet<String> {
    let (own, numbers) = (own_files(project, mirror, &state.graph), Numbers::of(&state.graph));
    let applied = state.applied.iter();
    let version = |id: &RevisionId| match own.get(id) {
        Some(file) => Some(file.version.clone()),
        None => Some(plain_row(mirror, numbers.get(id)?, "").version),
    };
    applied.filter_map(version).collect()
}

/// Writes down what the script of a revision says now, where the other tool keeps anything of it.
///
/// # Errors
/// As [`row`], and when the database cannot be written.
pub(super) fn repair(project: &Project, connection: &Connection, id: &RevisionId) -> Result<(), Failure> {
    let path = connection.path().unwrap_or_default();
    for sql in repair_sql(project, id)? {
        connection.execute_batch(&sql).map_err(|error| database::Error::from_sqlite(path.as_ref(), &error))?;
    }
    Ok(())
}

/// The statements of [`repair`].
///
/// # Errors
/// As [`row`].
pub(super) fn repair_sql(project: &Project, id: &RevisionId) -> Result<Vec<String>, Failure> {
    let Some(mirror) = project.settings.mirror else { return Ok(Vec::new()) };
    let sql = row(project, mirror, id)?.and_then(|row| mirror.update_sql(&row));
    Ok(sql.into_iter().flat_map(|sql| [mirror.create_sql().to_owned(), sql]).collect())
}

/// The statements that add what the other tool's table on a server lacks of what is applied.
///
/// # Errors
/// When the server cannot be asked.
pub(super) fn missing(
    project: &Project,
    server: &Server,
    applied: &[version_table::Applied],
) -> Result<Vec<String>, Failure> {
    let Some(mirror) = project.settings.mirror else { return Ok(Vec::new()) };
    let missing = project
        .with_mirror(|mirrored| mirrored.map_or(Ok(Vec::new()), |mirrored| server.missing_rows(&mirrored, applied)))?;
    let table = (!missing.is_empty()).then(|| mirror.create_sql().to_owned());
    Ok(table.into_iter().chain(missing).collect())
}

/// Adds what the other tool's table lacks of what is applied, where the settings have such a table kept along; gives the
/// number of rows.
///
/// # Errors
/// When the database cannot be read or written.
pub fn complete(project: &Project, connection: &mut Connection) -> Result<usize, Failure> {
    let Some(_) = project.settings.mirror else { return Ok(0) };
    let transaction = version_table::begin(connection)?;
    let applied = version_table::read(&transaction, &project.settings.version_table)?;
    let added =
        project.with_mirror(|mirrored| mirrored.map_or(Ok(0), |mirrored| mirrored.complete(&transaction, &applied)));
    let path = transaction.path().unwrap_or_default().to_owned();
    let added = added.map_err(|error| database::Error::from_sqlite(path.as_ref(), &error))?;
    version_table::commit(transaction)?;
    Ok(added)
}

/// The graph of the revisions that replace no others.
fn unsquashed(scripts: &Scripts) -> Graph {
    let kept = scripts.scripts.iter().filter(|script| script.revision.replaces.is_empty()).cloned().collect();
    Graph::new(Scripts { scripts: kept, problems: Vec::new() })
}

/// The rows of all revisions, or of one and those that it needs.
fn rows(
    project: &Project,
    mirror: Mirror,
    graph: &Graph,
    only: Option<&RevisionId>,
) -> Result<BTreeMap<RevisionId, Row>, Failure> {
    let own = own_files(project, mirror, graph);
    if mirror != Mirror::Sqlx {
        let numbers = Numbers::of(graph);
        let scripts = graph.all_scripts().filter(|script| has_file(script));
        let row = |script: &Arc<Script>| {
            let revision = &script.revision;
            let row = match own.get(&revision.id) {
                Some(file) => Row { version: file.version.clone(), description: String::new(), checksum: Vec::new() },
                None => plain_row(mirror, numbers.get(&revision.id)?, ""),
            };
            Some((revision.id.clone(), row))
        };
        return Ok(scripts.filter_map(row).collect());
    }
    let included: Applied = match only {
        Some(id) => graph.applied_at([id]),
        None => graph.revisions().map(|revision| revision.id.clone()).collect(),
    };
    let wanted: BTreeSet<RevisionId> = included.iter().cloned().collect();
    let exported = chain(project, graph, Tool::Sqlx, &included, &wanted)?;
    let row = |exported: &Exported| {
        let id = &exported.revision.id;
        let Some(file) = own.get(id) else { return Ok((id.clone(), sqlx_row(exported))) };
        let bytes = std::fs::read(&file.path).map_err(|source| {
            let problem = Diagnostic::new("unreadable", format!("cannot read `{}`: {source}", file.path.display()));
            Failure::new(Class::Input, problem.help("sqlx compares its checksum; bring the file back"))
        })?;
        let checksum = Sha384::digest(bytes).to_vec();
        Ok((id.clone(), Row { version: file.version.clone(), description: file.words.replace('_', " "), checksum }))
    };
    exported.iter().map(row).collect()
}

/// A script of the other tool.
#[derive(Clone)]
struct OwnFile {
    path: PathBuf,
    version: String,
    words: String,
}

/// The scripts of the other tool that revisions were made of: the one that the head of a revision names, or else, in the
/// tool's usual folder, the one that the revision is called after. Those that `export` has written are called otherwise.
fn own_files(project: &Project, mirror: Mirror, graph: &Graph) -> BTreeMap<RevisionId, OwnFile> {
    let tool = match mirror {
        Mirror::Sqlx => Tool::Sqlx,
        Mirror::Dbmate => Tool::Dbmate,
        Mirror::Goose => Tool::Goose,
        Mirror::Diesel => Tool::Diesel,
    };
    // A folder that is not there, or cannot be read, has none.
    let entries = std::fs::read_dir(project.settings.path(tool.folder())).into_iter().flatten().flatten();
    let usual: Vec<(String, OwnFile)> = entries
        .filter_map(|entry| named(mirror, entry.path()).map(|file| (bare(&file.version).to_owned(), file)))
        .collect();
    let usual: BTreeMap<String, OwnFile> = usual.into_iter().collect();
    let own = |revision: &Revision| {
        let file = match &revision.origin {
            Some(origin) => named(mirror, project.settings.path(origin))?,
            None => usual.get(bare(revision.id.as_str()))?.clone(),
        };
        Some((revision.id.clone(), file))
    };
    graph.all_scripts().filter_map(|script| own(&script.revision)).collect()
}

/// What the name of a script says; none for what goes down. diesel's are folders.
fn named(mirror: Mirror, path: PathBuf) -> Option<OwnFile> {
    let is_of_folder = mirror == Mirror::Diesel && path.extension().is_some_and(|extension| extension == "sql");
    let whole = if is_of_folder { path.parent()? } else { &path };
    let name = whole.file_name()?.to_str().filter(|name| !name.ends_with(".down.sql"))?;
    let (number, words) = name.split_once('_')?;
    let number = number.replace('-', "");
    let words = words.strip_suffix(".up.sql").or_else(|| words.strip_suffix(".sql")).unwrap_or(words).to_owned();
    let version = match mirror {
        Mirror::Sqlx | Mirror::Goose => bare(&number).to_owned(),
        Mirror::Dbmate | Mirror::Diesel => number,
    };
    Some(OwnFile { path, version, words })
}

/// A number without leading zeros.
fn bare(number: &str) -> &str {
    number.trim_start_matches('0')
}

fn plain_row(mirror: Mirror, number: Number, slug: &str) -> Row {
    let version = match mirror {
        Mirror::Diesel => number.dashed().replace('-', ""),
        Mirror::Sqlx | Mirror::Dbmate | Mirror::Goose => number.digits(),
    };
    Row { version, description: slug.replace('_', " "), checksum: Vec::new() }
}

/// The row that sqlx writes when it runs the file: its checksum is that of the bytes.
fn sqlx_row(exported: &Exported) -> Row {
    let up = exported.files.first().map(|file| file.text.as_bytes()).unwrap_or_default();
    let row = plain_row(Mirror::Sqlx, exported.number, &exported.slug);
    Row { checksum: Sha384::digest(up).to_vec(), ..row }
}
