//! `export`: the revisions as another tool runs them, and files for them.
//!
//! Scripts are replayed in a scratch database, since what stands around a script depends on the schema that it meets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::adopt;
use crate::database::{self, Scratch, Switches, gate};
use crate::export::{Error, File, Half, Numbers, Piece, Tool, Way};
use crate::plan;
use crate::report::{Class, Diagnostic, Failure, Report as _};
use crate::revision::{
    Applied, Folder, FolderError, Graph, Mention, Op, Revision, RevisionId, Route, Script, Section, Target,
    replace_files,
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
    /// The script of another tool that it was made of.
    pub origin: Option<PathBuf>,
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
    for id in &wanted {
        included.insert(id.clone());
    }
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
        position += usize::from(has_file(script));
        let is_wanted = has_file(script) && wanted.contains(&revision.id);
        let is_confined = is_wanted && !tool.can_run_outside();
        let up = if is_confined { Some(confined(&scratch, revision, &script.up, tool)?) } else { None };
        replay::run(&mut scratch, graph, &revision.id)?;
        let after = scratch.schema(&filter)?;
        if is_wanted {
            let up = up.unwrap_or_else(|| half(&script.up, &before, &after));
            let down = match (&revision.irreversible, &script.down) {
                (Some(why), _) => Err(why.clone()),
                (None, None) => Err("it has no down script".to_owned()),
                (None, Some(down)) if is_confined && tool.goes_down() => Ok(confined(&scratch, revision, down, tool)?),
                (None, Some(down)) => Ok(half(down, &after, &before)),
            };
            let piece = Piece { revision, number, position, up, down };
            exported.push(Exported {
                revision: Mention::from(revision),
                number,
                slug: piece.slug(),
                files: tool.files(&piece)?,
                origin: revision.origin.as_ref().map(|origin| project.settings.path(origin)),
                requires: revision.requires.max(is_confined.then_some(CONFINED)),
                goes_down: tool.goes_down() && piece.down.is_ok(),
            });
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
    Half::new(section.sql(), way)
}

/// Renames take foreign keys along since then (<https://www.sqlite.org/lang_altertable.html#alter_table_rename>).
const CONFINED: SqliteVersion = SqliteVersion::new(3, 26);

/// A direction in the form for a tool that has each script in a transaction, where nothing can be switched.
fn confined(scratch: &Scratch, revision: &Revision, section: &Section, tool: Tool) -> Result<Half, Failure> {
    if !section.transaction {
        return Err(Error::NeedsOutside { revision: Mention::from(revision), tool }.into());
    }
    let sql = plan::confine(scratch, section.sql(), Switches::None).map_err(|error| {
        let mut diagnostics = error.diagnostics();
        if let Some(first) = diagnostics.first_mut() {
            let whose =
                format!("in {}, which {tool} runs in a transaction with foreign keys on", Mention::from(revision));
            first.notes.insert(0, whose);
        }
        Failure::all(error.class(), diagnostics)
    })?;
    Ok(Half { gates: gate::read(section.sql()), ..Half::new(&sql, Way::Within) })
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

/// Writes files below a folder, which is made where it is missing. A revision that was made of a script which the tool
/// has there already is left to that script.
///
/// # Errors
/// When files with other texts are in the way and may not be replaced, the folder is one of the project's own, or the
/// files cannot be written.
pub fn write(
    project: &Project,
    tool: Tool,
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
    let there = scripts_there(tool, folder);
    let origin = |exported: &Exported| {
        let path = exported.origin.as_ref().filter(|origin| there.contains(&real(origin)))?;
        Some(Placed { path: path.clone(), revision: exported.revision.id.clone(), outcome: Outcome::Same })
    };
    let kept: Vec<Placed> = exported.iter().filter_map(origin).collect();
    let exported: Vec<&Exported> = exported.iter().filter(|exported| origin(exported).is_none()).collect();
    let mut placed = Vec::new();
    let mut replaced = Vec::new();
    for exported in &exported {
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
    let Found { stale, others } = found(folder, &exported, &placed)?;
    if !others.is_empty() {
        let words = format!("`{}` has other scripts under numbers that are to be written", folder.display());
        let mut diagnostic = Diagnostic::new("number_taken", words);
        diagnostic.notes = others.iter().map(|path| format!("`{}`", path.display())).collect();
        let help = "nothing was written; where these came from that tool, name by a range what came since: `schemactl export ... REV:`";
        return Err(Failure::new(Class::Input, diagnostic.help(help)));
    }
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
    placed.splice(0..0, kept);
    Ok(placed)
}

/// The scripts that a tool finds in a folder; none where it could not read it.
fn scripts_there(tool: Tool, folder: &Path) -> BTreeSet<PathBuf> {
    let reader = match tool {
        Tool::Sqlx => database::Tool::Sqlx,
        Tool::Dbmate => database::Tool::Dbmate,
        Tool::Goose => database::Tool::Goose,
        Tool::Diesel => database::Tool::Diesel,
        Tool::Refinery => database::Tool::Refinery,
        Tool::GolangMigrate => database::Tool::GolangMigrate,
        Tool::D1 => database::Tool::D1,
        Tool::Sql => return BTreeSet::new(),
    };
    let scripts = adopt::convention(reader).and_then(|convention| (convention.scripts)(folder).ok());
    scripts.into_iter().flatten().filter_map(|script| script.path.canonicalize().ok()).collect()
}

/// What is in a folder beside what is to be written.
#[derive(Default)]
struct Found {
    /// Files of the same revisions under names that they do not have now.
    stale: Vec<Placed>,
    /// Scripts of others under the same numbers.
    others: Vec<PathBuf>,
}

fn found(folder: &Path, exported: &[&Exported], placed: &[Placed]) -> Result<Found, Failure> {
    let number = |path: &Path| {
        let first = path.strip_prefix(folder).ok()?.components().next()?.as_os_str().to_string_lossy().into_owned();
        first.split_once('_').map(|(number, _)| number.to_owned())
    };
    let numbers: BTreeSet<String> = placed.iter().filter_map(|placed| number(&placed.path)).collect();
    let mut found = Found::default();
    for path in scripts_below(folder)?.into_iter().filter(|path| placed.iter().all(|placed| placed.path != *path)) {
        let text = std::fs::read(&path).map_err(|error| FolderError::Read { path: path.clone(), error })?;
        let text = String::from_utf8_lossy(&text);
        let head = text.lines().take(2).find_map(|line| line.strip_prefix("-- revision "));
        let id = head.map(|head| head.split(':').next().unwrap_or(head).trim());
        match exported.iter().map(|exported| &exported.revision.id).find(|revision| Some(revision.as_str()) == id) {
            Some(revision) => {
                found.stale.push(Placed { path, revision: revision.clone(), outcome: Outcome::Removed });
            }
            None if number(&path).is_some_and(|number| numbers.contains(&number)) => found.others.push(path),
            None => {}
        }
    }
    Ok(found)
}

/// The files of SQL in a folder and in the folders right below it; none where there is no such folder.
fn scripts_below(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut scripts = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        let entries = match std::fs::read_dir(&at) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.and_then(Iterator::collect::<std::io::Result<Vec<_>>>),
        };
        for entry in entries.map_err(|error| FolderError::Read { path: at.clone(), error })? {
            let path = entry.path();
            if path.is_dir() && at == folder {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    Ok(scripts)
}
