//! `revision`, `merge` and the baseline of `init --from-database`: new scripts.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::database::gate::{self, Gate};
use crate::plan::{Draft, Statement, write_section};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Body, Folder, Graph, Placement, Revision, RevisionId, Script, file_name};
use crate::sql;

use super::Project;

/// What a new script says of itself.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its identifier.
    pub id: RevisionId,
    /// What it does.
    pub message: String,
    /// When it is written.
    pub created: DateTime<Utc>,
    /// What it stands on.
    pub placement: Placement,
    /// The names of the branch that it begins.
    pub labels: Vec<String>,
}

impl Head {
    fn revision(self) -> Revision {
        Revision {
            message: self.message,
            created: Some(self.created),
            labels: self.labels,
            depends_on: self.placement.depends_on,
            ..Revision::new(self.id, self.placement.parents)
        }
    }
}

/// A script with proved sections.
///
/// # Errors
/// When the SQL would break the form of a script.
pub fn from_draft(project: &Project, head: Head, draft: &Draft, gates: &[Gate]) -> Result<Script, Failure> {
    let section = |gates: &[Gate], statements: &[Statement]| {
        let gates = gate::write(gates);
        let between = if gates.is_empty() { "" } else { "\n" };
        gates + between + &write_section(statements)
    };
    let revision =
        Revision { schema: Some(sql::fingerprint(&draft.schema)), requires: draft.requires, ..head.revision() };
    compose(project, &revision, &section(gates, &draft.up), Some(&section(&draft.down_gates, &draft.down)))
}

/// A script to be filled in by hand.
///
/// # Errors
/// As [`from_draft`].
pub fn empty(project: &Project, head: Head) -> Result<Script, Failure> {
    compose(project, &head.revision(), "", Some(""))
}

/// A script of a revision and its two ways.
///
/// # Errors
/// When the SQL would break the form of a script.
pub fn compose(project: &Project, revision: &Revision, up: &str, down: Option<&str>) -> Result<Script, Failure> {
    let name = file_name(revision.created.unwrap_or_default(), &revision.id, &revision.message);
    let path = project.settings.path(project.settings.versions.first().map_or("versions", String::as_str)).join(name);
    Ok(Script::compose(path.display().to_string(), revision, Body::from(up), down.map(Body::from))?)
}

/// Writes a script into the folder, which must be one of the project's; without one, into that of its parent's file.
///
/// # Errors
/// When the identifier or a label is taken, or the file cannot be written.
pub fn write(project: &Project, graph: &Graph, script: &Script, folder: Option<PathBuf>) -> Result<PathBuf, Failure> {
    graph.check_new(&script.revision.id, &script.revision.labels)?;
    put(project, graph, script, folder)
}

/// The same for a script whose identifier and labels are known to be free.
///
/// # Errors
/// When the file cannot be written.
pub fn put(project: &Project, graph: &Graph, script: &Script, folder: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let revision = &script.revision;
    let folders = project.folders();
    let folder = if let Some(named) = folder {
        known_folder(&folders, &named)?
    } else {
        let of_parent = revision.parents.first().and_then(|parent| graph.script(parent)).and_then(|script| {
            let parent = Path::new(script.path()).parent()?;
            folders.iter().find(|folder| folder.path == parent).cloned()
        });
        of_parent.or_else(|| folders.first().cloned()).unwrap_or_else(|| Folder::new("versions"))
    };
    let name = file_name(revision.created.unwrap_or_default(), &revision.id, &revision.message);
    Ok(folder.add(&name, &script.source.text)?)
}

fn known_folder(folders: &[Folder], named: &Path) -> Result<Folder, Failure> {
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let found = folders.iter().find(|folder| canonical(&folder.path) == canonical(named)).cloned();
    found.ok_or_else(|| {
        let known: Vec<String> = folders.iter().map(|folder| format!("`{}`", folder.path.display())).collect();
        let diagnostic = Diagnostic::new("unknown_folder", format!("`{}` is no folder of revisions", named.display()))
            .note(format!("the settings name {}", known.join(", ")))
            .help("add it to `versions` under `[schemactl]`");
        Failure::new(Class::Input, diagnostic)
    })
}
