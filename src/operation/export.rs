//! `export`: the revisions as another tool runs them, and files for them.
//!
//! Scripts are replayed in a scratch database, since what stands around a script depends on the schema that it meets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::database::{Scratch, gate};
use crate::export::{Error, File, Half, Numbers, Piece, Tool, Way};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{
    Applied, Folder, FolderError, Graph, Mention, Op, RevisionId, Route, Script, Section, Target, replace_files,
};
use crate::schema::{Schema, SqliteVersion};

use super::stake::is_at_stake;
use super::{Project, replay};

/// The files of a revision, in the layout of a tool.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The revision.
    pub revision: Mention,
    /// The number under which the tool knows it.
    pub number: crate::export::Number,
    /// The words by which its files are called.
    pub slug: String,
    /// Its files.
    pub files: Vec<File>,
    /// The oldest SQLite that can run them.
    pub requires: Option<SqliteVersion>,
    /// Whether it has a way down there.
    pub goes_down: bool,
}

/// Writes what an upgrade would run, from a database that has `applied` to the target, as another tool runs it.
///
/// A revision without a statement, such as most merges, gets no file.
///
/// # Errors
/// When the target names nothing, a script fails in a scratch database, or the tool cannot be given a revision.
pub fn revisions(
    project: &Project,
    graph: &Graph,
    tool: Tool,
    applied: &Applied,
    target: &Target,
) -> Result<Vec<Exported>, Failure> {
    let route = graph.upgrade(applied, target)?;
    let wanted = upgraded(&route);
    let (graph, seen) = graph.for_database(applied);
    let mut included = seen.into_owned();
    wanted.iter().for_each(|id| included.insert(id.clone()));
    chain(project, &graph, tool, &included, &wanted)
}

fn upgraded(route: &Route) -> BTreeSet<RevisionId> {
    let steps = route.steps.iter().filter(|step| step.op == Op::Upgrade);
    steps.map(|step| step.revision.clone()).collect()
}

/// Replays what is included in the order of its numbers, and gives the files of those that are wanted.
pub(super) fn chain(
    project: &Project,
    graph: &Graph,
    tool: Tool,
    included: &Applied,
    wanted: &BTreeSet<RevisionId>,
) -> Result<Vec<Exported>, Failure> {
    let filter = project.filter()?;
    let numbers = Numbers::of(graph);
    let mut scripts: Vec<(crate::export::Number, &Script)> = graph
        .revisions()
        .filter(|revision| included.contains(&revision.id))
        .filter_map(|revision| Some((numbers.get(&revision.id)?, graph.script(&revision.id)?)))
        .collect();
    scripts.sort_by_key(|(number, _)| *number);
    let mut scratch = Scratch::empty()?;
    let mut before = Schema::default();
    let mut position = 0;
    let mut exported = Vec::new();
    for (number, script) in scripts {
        let revision = &script.revision;
        replay::run(&mut scratch, graph, &revision.id)?;
        let after = scratch.schema(&filter)?;
        if has_file(script) {
            position += 1;
            if wanted.contains(&revision.id) {
                let up = half(&script.up, &before, &after);
                let down = match (&revision.irreversible, &script.down) {
                    (Some(why), _) => Err(why.clone()),
                    (None, None) => Err("it has no down script".to_owned()),
                    (None, Some(down)) => Ok(half(down, &after, &before)),
                };
                let mut piece = Piece { revision, number, position, up, down };
                if !tool.can_run_outside() {
                    confine(&mut piece, tool)?;
                }
                exported.push(Exported {
                    revision: Mention::from(revision),
                    number,
                    slug: piece.slug(),
                    files: tool.files(&piece)?,
                    requires: revision.requires,
                    goes_down: tool.goes_down() && piece.down.is_ok(),
                });
            }
        }
        before = after;
    }
    Ok(exported)
}

/// Whether there is anything for another tool to run.
#[must_use]
pub fn has_file(script: &Script) -> bool {
    !script.up.is_empty() || script.down.as_ref().is_some_and(|down| !down.is_empty())
}

fn half(section: &Section, before: &Schema, after: &Schema) -> Half {
    let way = match () {
        () if !section.transaction => Way::Without,
        () if is_at_stake(section.sql(), before, after) => Way::Switched,
        () => Way::Within,
    };
    Half { sql: section.sql().to_owned(), way, gates: gate::read(section.sql()) }
}

/// Brings a revision into the form for a tool that has each script in a transaction.
fn confine(piece: &mut Piece<'_>, tool: Tool) -> Result<(), Failure> {
    let down = piece.down.as_mut().ok().filter(|_| tool.goes_down());
    for half in [Some(&mut piece.up), down].into_iter().flatten() {
        if half.way != Way::Within {
            return Err(Error::NeedsOutside { revision: Mention::from(piece.revision), tool }.into());
        }
    }
    Ok(())
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Written,
    /// It was there already, the same.
    Same,
    /// It was there with another text.
    Replaced,
    /// It was a file of a revision that is called differently now.
    Removed,
}

impl Outcome {
    /// The word that programs read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Written => "written",
            Outcome::Same => "same",
            Outcome::Replaced => "replaced",
            Outcome::Removed => "removed",
        }
    }
}

/// A file and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its path.
    pub path: PathBuf,
    /// The revision that it is of.
    pub revision: RevisionId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What to do with files that stand in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InTheWay {
    /// Nothing is written.
    Refuse,
    /// They are replaced, or removed where they are files of the same revisions under other names.
    Replace,
}

/// Writes files below a folder, which is made where it is missing.
///
/// # Errors
/// When files with other texts are in the way and may not be replaced, the folder is one of the project's own, or the
/// files cannot be written.
pub fn write(
    project: &Project,
    folder: &Path,
    exported: &[Exported],
    in_the_way: InTheWay,
) -> Result<Vec<Placed>, Failure> {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if project.folders().iter().any(|own| real(&own.path) == real(folder)) {
        let words = format!("`{}` is the folder of this project's own revisions", folder.display());
        let help = "name another one with `--output`";
        return Err(Failure::new(Class::Input, Diagnostic::new("own_folder", words).help(help)));
    }
    let mut placed = Vec::new();
    let mut replaced = Vec::new();
    for exported in exported {
        for file in &exported.files {
            let path = file.path.split('/').fold(folder.to_owned(), |path, part| path.join(part));
            let outcome = match std::fs::read(&path) {
                Ok(text) if text == file.text.as_bytes() => Outcome::Same,
                Ok(_) => Outcome::Replaced,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Outcome::Written,
                Err(error) => return Err(FolderError::Read { path, error }.into()),
            };
            if outcome == Outcome::Replaced {
                replaced.push((path.clone(), file.text.clone()));
            }
            placed.push(Placed { path, revision: exported.revision.id.clone(), outcome });
        }
    }
    let stale = stale(folder, exported, &placed)?;
    if in_the_way == InTheWay::Refuse && (!replaced.is_empty() || !stale.is_empty()) {
        let found = format!("files in `{}` are not what would be written", folder.display());
        let mut diagnostic = Diagnostic::new("in_the_way", found);
        diagnostic.notes.extend(replaced.iter().map(|(path, _)| format!("`{}` has another text", path.display())));
        let other = |stale: &Placed| format!("`{}` is `{}` under another name", stale.path.display(), stale.revision);
        diagnostic.notes.extend(stale.iter().map(other));
        let help = "nothing was written; `--force` replaces them, which a database that has run them may refuse";
        return Err(Failure::new(Class::Input, diagnostic.help(help)));
    }
    let texts = exported.iter().flat_map(|exported| &exported.files).map(|file| file.text.as_str());
    for (placed, text) in placed.iter().zip(texts).filter(|(placed, _)| placed.outcome == Outcome::Written) {
        let (parent, name) = (placed.path.parent().unwrap_or(folder), placed.path.file_name().unwrap_or_default());
        Folder::new(parent).add(&name.to_string_lossy(), text)?;
    }
    replace_files(&replaced)?;
    for stale in &stale {
        std::fs::remove_file(&stale.path).map_err(|error| FolderError::Write { path: stale.path.clone(), error })?;
    }
    placed.extend(stale);
    Ok(placed)
}

/// Files of the same revisions under names that they do not have now.
fn stale(folder: &Path, exported: &[Exported], placed: &[Placed]) -> Result<Vec<Placed>, Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| FolderError::Read { path, error }
    };
    let mut stale = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        let entries = match std::fs::read_dir(&at) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&at)(error).into()),
        };
        for entry in entries {
            let path = entry.map_err(failed(&at))?.path();
            let is_new = placed.iter().any(|placed| placed.path == path);
            if path.is_dir() && at == folder {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql") && !is_new {
                let text = std::fs::read(&path).map_err(failed(&path))?;
                let text = String::from_utf8_lossy(&text);
                let head = text.lines().take(2).find_map(|line| line.strip_prefix("-- revision "));
                let id = head.map(|head| head.split(':').next().unwrap_or(head).trim());
                let revision = exported.iter().map(|exported| &exported.revision.id);
                if let Some(revision) = revision.into_iter().find(|revision| Some(revision.as_str()) == id) {
                    stale.push(Placed { path, revision: revision.clone(), outcome: Outcome::Removed });
                }
            }
        }
    }
    stale.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(stale)
}
