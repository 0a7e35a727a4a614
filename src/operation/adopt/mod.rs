//! `adopt`: takes a database over from another tool. Its scripts become revisions, what it has applied is recorded.
//!
//! Nothing is believed that can be shown: the scripts that are applied run on a scratch database, and what they make is
//! held against what is there. The other tool's table is read and never written.

mod account;
mod chain;
mod names;
mod proof;
mod record;
mod since;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use crate::database::{self, Access, Scratch, Tool, introspect, version_table};
use crate::diff::{Change, Line, Renames};
use crate::report::{Class, Diagnostic, Failure, Report, count};
use crate::revision::{Applied, Graph, Mention, Revision, RevisionId, Target, Word};
use crate::schema::Schema;

use self::account::Account;
use self::chain::Chain;
use self::proof::prove;
pub use self::since::{refuse_since, since, told};
use super::new_files::NewFiles;
use super::{Project, State, autogenerate, baseline, replay, status};
use crate::adopt::{self, Found};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// The tool; where none is named, the one whose table is there.
    pub from: Option<Tool>,
    /// The table in which it says what it has applied, where that is not the tool's own.
    pub table: Option<&'a str>,
    /// The folder with its scripts, where it is not the tool's own.
    pub scripts: Option<&'a Path>,
    /// Whether one revision is to stand for all that is applied.
    pub baseline: bool,
    /// What is wrong and meant.
    pub accepted: &'a [Accepted],
    /// Whether nothing is written.
    pub dry_run: bool,
    /// How long to wait for other connections.
    pub lock_timeout: Duration,
    /// The time.
    pub now: DateTime<Utc>,
    /// The identifier of a revision that none of the scripts is.
    pub id: RevisionId,
}

/// Something that is refused unless somebody says that it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// What the database has beyond its scripts: it becomes a revision.
    Drift,
    /// Scripts that are not what ran: they count as they are now.
    Edits,
    /// Tables that look as if the tool had left them over: they are part of the schema.
    Leftovers,
}

/// A project that is not there yet.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// Where its configuration is to be.
    pub config: &'a Path,
    /// What it says before the model.
    pub settings: &'a str,
}

/// A revision of what was taken over.
#[derive(Debug, Clone)]
pub struct Taken {
    /// It.
    pub revision: Mention,
    /// The file of the other tool that it was.
    pub origin: Option<PathBuf>,
    /// Its own file, where it is new; in a dry run what it would be called.
    pub path: Option<PathBuf>,
    /// When it was applied, RFC 3339 in UTC, where it is applied and was not recorded before.
    pub applied_at: Option<String>,
}

/// What was taken over; in a dry run what would be.
#[derive(Debug)]
pub struct Adopted {
    /// From whom.
    pub tool: Tool,
    /// Where its scripts are; none for a tool whose scripts are programs.
    pub folder: Option<PathBuf>,
    /// How many scripts it has applied, and how many it has not.
    pub scripts: (usize, usize),
    /// What the model of a new project describes.
    pub model: Option<Schema>,
    /// The revisions that are new, or newly recorded.
    pub revisions: Vec<Taken>,
    /// What the database has beyond its scripts, a sentence each.
    pub differences: Vec<Line>,
    /// Whether what is applied was run and compared; else one revision stands for it.
    pub is_replayed: bool,
    /// Where the database stands at the end.
    pub heads: Vec<RevisionId>,
    /// The graph at the end.
    pub graph: Graph,
    /// How many revisions are left to run.
    pub pending: usize,
    /// What is worth a word.
    pub warnings: Vec<Diagnostic>,
}

/// Takes the database of a project over.
///
/// `root` is the folder of the project, below which the other tool's folders are looked for. Everything that is recorded
/// is one transaction, begun before anything is read, so that the other tool cannot change it on the way.
///
/// # Errors
/// When the tool is not known or has left something half done, when its scripts do not make what is there, or when a file
/// or the database cannot be written.
pub fn adopt(
    project: &Project,
    beginning: Option<Beginning<'_>>,
    root: &Path,
    options: &Options<'_>,
) -> Result<Adopted, Failure> {
    let database = project.database()?;
    // What is only to be read stays missing where it is missing.
    let there = database::open(&database, Access::Read, options.lock_timeout)?;
    let Some(connection) = there else {
        if options.from.is_none() {
            let words = format!("there is no database `{}`", database.display());
            let help = "name it with `--database`, or name the tool with `--from` to take over its scripts alone";
            return Err(Failure::new(Class::Database, Diagnostic::new("no_database_file", words).help(help)));
        }
        let nothing = Scratch::empty()?;
        let plan = plan(project, beginning, root, nothing.connection(), options)?;
        return if options.dry_run { Ok(plan.adopted) } else { write(project, beginning, plan) };
    };
    if options.dry_run {
        return Ok(plan(project, beginning, root, &connection, options)?.adopted);
    }
    drop(connection);
    let mut connection = project
        .connect(Access::Write, options.lock_timeout)?
        .ok_or_else(|| Failure::new(Class::Database, Diagnostic::new("no_database_file", "the database is gone")))?;
    let transaction = version_table::begin(&mut connection)?;
    let plan = plan(project, beginning, root, &transaction, options)?;
    if !plan.rows.is_empty() {
        version_table::ensure(&transaction, &project.settings.version_table)?;
    }
    for row in &plan.rows {
        version_table::insert(&transaction, &project.settings.version_table, row)?;
    }
    adopt::note(&transaction, &plan.found, &plan.versions)?;
    // A file that nobody has recorded is found again by its identifier; a record without its file would be a riddle.
    let adopted = write(project, beginning, plan)?;
    version_table::commit(transaction)?;
    Ok(adopted)
}

/// The tables of the other tool that somebody has called otherwise than is usual: a new project's settings leave them out.
///
/// # Errors
/// When the tool is not known, or the database cannot be read.
pub fn renamed_tables(project: &Project, options: &Options<'_>) -> Result<Vec<String>, Failure> {
    let there = database::open(&project.database()?, Access::Read, options.lock_timeout)?;
    let Some(connection) = there else { return Ok(Vec::new()) };
    Ok(account::choose(&connection, options)?.renamed(&connection)?)
}

/// What is to be written, and what is to be said about it.
struct Plan {
    adopted: Adopted,
    /// The rows that the version table gets.
    rows: Vec<version_table::Applied>,
    /// The scripts that are new, in the order in which they follow each other.
    chain: Chain,
    /// The model of a new project.
    model_text: Option<String>,
    /// The other tool's account, and what it says.
    found: Found,
    versions: Vec<String>,
}

fn write(project: &Project, beginning: Option<Beginning<'_>>, mut plan: Plan) -> Result<Adopted, Failure> {
    let files = match (beginning, &plan.model_text) {
        (Some(beginning), Some(model)) => {
            baseline::write_project(beginning.config, &format!("{}\n{model}", beginning.settings))?
        }
        _ => NewFiles::default(),
    };
    for (id, path) in plan.chain.write(project)? {
        if let Some(taken) = plan.adopted.revisions.iter_mut().find(|taken| taken.revision.id == id) {
            taken.path = Some(path);
        }
    }
    files.keep();
    Ok(plan.adopted)
}

fn plan(
    project: &Project,
    beginning: Option<Beginning<'_>>,
    root: &Path,
    connection: &Connection,
    options: &Options<'_>,
) -> Result<Plan, Failure> {
    let existing = baseline::read_folder(project)?;
    let account = Account::read(project, connection, &existing, root, options)?;
    let live = introspect::read(connection, &project.filter()?)?;
    let recorded = version_table::read(connection, &project.settings.version_table)?;
    let mut chain = Chain::new(existing.clone(), &account, &recorded, options)?;
    if recorded.iter().any(|row| !chain.knows(&row.revision))
        && let Some(diagnostic) = status::no_file(&State::new(existing, recorded.clone()))
    {
        return Err(Failure::new(Class::No, diagnostic));
    }
    let proof = prove(project, &account, &mut chain, &recorded, &live, options)?;
    let mut warnings = Vec::new();
    let made = chain.compose(project, options, proof.is_exact, &mut warnings)?;
    let graph = Graph::new(chain.all_scripts());
    if let [problem, ..] = graph.problems() {
        return Err(Failure::all(Class::Input, problem.diagnostics()));
    }
    proof::rehearse(project, &chain, &mut warnings)?;
    warnings.extend(proof::renames(&proof.differences));
    if chain.is_beside() {
        let words = "what was taken over stands on a line of its own, beside revisions that are not run yet";
        let help = "`schemactl rebase` puts those on top of it, `schemactl heads` shows both";
        warnings.push(Diagnostic::new("several_heads", words).help(help));
    }
    let rows = record::rows(&graph, &chain, &recorded, options);
    let standing: Applied = recorded.iter().chain(&rows).map(|row| row.revision.clone()).collect();
    let pending = graph.revisions().filter(|revision| !standing.contains(&revision.id)).count();
    let made = match made {
        None if pending > 0 && beginning.is_none() => replay::schema_at(project, &graph, &Target::of(Word::Heads)).ok(),
        made => made.or(Some(live)),
    };
    let model = beginning.and(made.clone());
    let model_text = model.as_ref().map(|schema| baseline::describe(schema, &mut warnings)).transpose()?;
    if let (None, Some(made)) = (beginning, made) {
        warnings.extend(model_differs(project, made));
    }
    let adopted = Adopted {
        tool: account.found.tool,
        scripts: account.counts(),
        folder: account.folder,
        model,
        revisions: taken(project, &graph, &chain, &rows),
        is_replayed: !chain.is_baseline_wanted(options),
        differences: proof.differences.iter().flat_map(Change::lines).collect(),
        heads: graph.current(&standing).into_iter().map(|revision| revision.id.clone()).collect(),
        pending,
        graph,
        warnings,
    };
    Ok(Plan { adopted, rows, chain, model_text, found: account.found, versions: account.versions })
}

/// That the model of a project does not describe what its revisions make, where it does not.
fn model_differs(project: &Project, made: Schema) -> Vec<Diagnostic> {
    let is_empty = project.model().is_ok_and(|model| model.schema.is_empty());
    if is_empty && !made.is_empty() {
        let words = "the model describes no tables yet, so that all would be dropped";
        let file = project.settings.source.as_ref().map_or("migrations.toml", |source| source.path.as_str());
        let help = format!("`schemactl introspect >> {file}` adds those of the database");
        return vec![Diagnostic::new("empty_model", words).help(help)];
    }
    let comparison = match autogenerate::compare(project, made, &Renames::default()) {
        Ok(comparison) => comparison,
        Err(failure) => return failure.diagnostics().to_vec(),
    };
    if comparison.changes.is_empty() {
        return Vec::new();
    }
    let words = format!(
        "the model does not describe what is there: {} that `revision --autogenerate` would write",
        count(comparison.lines().len(), "change")
    );
    let mut diagnostic = Diagnostic::new("model_differs", words);
    diagnostic.notes = proof::notes("it would write", &comparison.changes);
    vec![diagnostic.help("take what is meant to stay into the model: `schemactl introspect` prints what is there")]
}

/// The revisions that are new, and those that are newly recorded.
fn taken(project: &Project, graph: &Graph, chain: &Chain, rows: &[version_table::Applied]) -> Vec<Taken> {
    let row = |id: &RevisionId| rows.iter().find(|row| row.revision == *id);
    let new = |id: &RevisionId| chain.new.iter().find(|link| link.id == *id);
    let is_told = |revision: &&Revision| new(&revision.id).is_some() || row(&revision.id).is_some();
    let told = graph.revisions().filter(is_told);
    told.map(|revision| Taken {
        revision: Mention::from(revision),
        origin: chain.origin(&revision.id),
        path: new(&revision.id).map(|link| chain::path(project, link)),
        applied_at: row(&revision.id).map(|row| row.applied_at.clone()),
    })
    .collect()
}
