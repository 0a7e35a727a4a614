//! `adopt`: takes a database over from another tool. Its scripts become revisions, what it has applied is recorded.
//!
//! Nothing is believed that can be shown: the scripts that are applied run on a scratch database, and what they make is
//! held against what is there. The other tool's table is read and never written.

mod account;
mod chain;
mod record;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use crate::database::{self, Access, Scratch, Tool, introspect, version_table};
use crate::diff::{self, Change, Line};
use crate::model::Renames;
use crate::report::{Class, Diagnostic, Failure, Report, count};
use crate::revision::{Applied, Folder, Graph, Mention, Revision, RevisionId, Scripts};
use crate::schema::Schema;
use crate::sql;

use self::account::Account;
use self::chain::Chain;
use super::{Project, State, baseline, replay, status};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// The tool; where none is named, the one whose table is there.
    pub from: Option<Tool>,
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
    // A file that nobody has recorded is found again by its identifier; a record without its file would be a riddle.
    let adopted = write(project, beginning, plan)?;
    version_table::commit(transaction)?;
    Ok(adopted)
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
}

fn write(project: &Project, beginning: Option<Beginning<'_>>, mut plan: Plan) -> Result<Adopted, Failure> {
    if let (Some(beginning), Some(model)) = (beginning, &plan.model_text) {
        baseline::write_project(beginning.config, &format!("{}\n{model}", beginning.settings))?;
    }
    for (id, path) in plan.chain.write(project)? {
        if let Some(taken) = plan.adopted.revisions.iter_mut().find(|taken| taken.revision.id == id) {
            taken.path = Some(path);
        }
    }
    Ok(plan.adopted)
}

fn plan(
    project: &Project,
    beginning: Option<Beginning<'_>>,
    root: &Path,
    connection: &Connection,
    options: &Options<'_>,
) -> Result<Plan, Failure> {
    let account = Account::read(connection, root, options)?;
    let live = introspect::read(connection, &project.filter()?)?;
    let recorded = version_table::read(connection, &project.settings.version_table)?;
    let existing = scripts(project)?;
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
    if beginning.is_none() && !live.is_empty() && project.model().is_ok_and(|model| model.schema.is_empty()) {
        let words = "the model describes no tables yet, so that all would be dropped";
        let help = "`schemactl introspect >> migrations.toml` adds those of the database";
        warnings.push(Diagnostic::new("empty_model", words).help(help));
    }
    let model = beginning.map(|_| made.unwrap_or(live));
    let model_text = model.as_ref().map(|schema| baseline::describe(schema, &mut warnings)).transpose()?;
    let rows = record::rows(&graph, &chain, &recorded, options);
    let standing: Applied = recorded.iter().chain(&rows).map(|row| row.revision.clone()).collect();
    let adopted = Adopted {
        tool: account.tool,
        scripts: account.counts(),
        folder: account.folder,
        model,
        revisions: taken(project, &graph, &chain, &rows),
        is_replayed: !chain.is_baseline_wanted(options),
        differences: proof.differences.iter().flat_map(Change::lines).collect(),
        heads: graph.current(&standing).into_iter().map(|revision| revision.id.clone()).collect(),
        pending: graph.revisions().filter(|revision| !standing.contains(&revision.id)).count(),
        graph,
        warnings,
    };
    Ok(Plan { adopted, rows, chain, model_text })
}

/// How what is applied and what is there hang together.
struct Proof {
    /// Whether even the order of columns is the same.
    is_exact: bool,
    /// What the database has beyond its scripts, where that was accepted.
    differences: Vec<Change>,
}

/// Shows that the revisions which count as applied make what is there. Where no script was run, or something was done
/// beside them, a revision that says it joins the chain.
fn prove(
    project: &Project,
    account: &Account,
    chain: &mut Chain,
    recorded: &[version_table::Applied],
    live: &Schema,
    options: &Options<'_>,
) -> Result<Proof, Failure> {
    let applied = chain.applied(recorded);
    let exact = |differences: Vec<Change>| Proof { is_exact: true, differences };
    if chain.is_baseline_wanted(options) {
        if let Some(found) = standing(project, chain, &applied, recorded, live)? {
            chain.has_exactly(&found.applied);
            return Ok(Proof { is_exact: found.is_exact, differences: Vec::new() });
        }
        if !live.is_empty() && !chain.graph.is_empty() {
            return Err(no_revision_makes(project, chain, &applied, live)?);
        }
        if !live.is_empty() {
            chain.put_baseline(project, live, options)?;
        }
        return Ok(exact(Vec::new()));
    }
    let replayed = chain.replay(project, &applied)?;
    let differences = changes(project, &replayed, live);
    if differences.is_empty() {
        return Ok(Proof { is_exact: sql::fingerprint(&replayed) == sql::fingerprint(live), differences });
    }
    if let Some(found) = standing(project, chain, &applied, recorded, live)? {
        chain.has_exactly(&found.applied);
        return Ok(Proof { is_exact: found.is_exact, differences: Vec::new() });
    }
    if !options.accepted.contains(&Accepted::Drift) || !chain.graph.is_empty() {
        return Err(drifted(account, &differences, chain.graph.is_empty()));
    }
    if let Some(made) = chain.count_as_applied(project, &applied, |made| changes(project, made, live).is_empty())? {
        return Ok(Proof { is_exact: sql::fingerprint(&made) == sql::fingerprint(live), differences });
    }
    chain.put_drift(project, &replayed, live, options)?;
    Ok(exact(differences))
}

/// The scripts that the project has already; a folder that is missing holds none.
fn scripts(project: &Project) -> Result<Scripts, Failure> {
    let folders: Vec<Folder> = project.folders().into_iter().filter(|folder| folder.path.exists()).collect();
    Ok(Folder::read(&folders)?)
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

/// A place among the revisions at which the schema is that of the database.
struct Standing {
    applied: Applied,
    is_exact: bool,
}

/// Looks for such a place: what both tables say is applied, what our own says alone, since the other one is not told when
/// a revision is taken back, and then one after the other the revisions that no script of the other tool is, since they
/// were made here.
fn standing(
    project: &Project,
    chain: &Chain,
    before: &Applied,
    recorded: &[version_table::Applied],
    live: &Schema,
) -> Result<Option<Standing>, Failure> {
    let filter = project.filter()?;
    let is_there = |scratch: &Scratch, applied: &Applied| -> Result<Option<Standing>, Failure> {
        let made = scratch.schema(&filter)?;
        let is_exact = sql::fingerprint(&made) == sql::fingerprint(live);
        Ok(changes(project, &made, live).is_empty().then(|| Standing { applied: applied.clone(), is_exact }))
    };
    let ours: Applied = recorded.iter().map(|row| row.revision.clone()).collect();
    for applied in [before, &ours].into_iter().filter(|applied| !applied.is_empty()) {
        if let Some(found) = is_there(&replay::scratch_of(&chain.graph, applied)?, applied)? {
            return Ok(Some(found));
        }
    }
    let mut applied = before.clone();
    let mut scratch = replay::scratch_of(&chain.graph, &applied)?;
    let own = chain.graph.revisions().filter(|revision| !chain.is_import(&revision.id));
    for revision in own.filter(|revision| !before.contains(&revision.id)) {
        if !revision.parents.iter().all(|parent| applied.contains(parent)) {
            continue;
        }
        replay::run(&mut scratch, &chain.graph, &revision.id)?;
        applied.insert(revision.id.clone());
        if let Some(found) = is_there(&scratch, &applied)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn changes(project: &Project, before: &Schema, after: &Schema) -> Vec<Change> {
    diff::diff(before, after, &Renames::default(), project.settings.column_order)
}

/// The failure that says what the database has beyond its scripts.
fn drifted(account: &Account, differences: &[Change], may_accept: bool) -> Failure {
    let (applied, _) = account.counts();
    let words = format!(
        "the database is not what {} of {} {} on a scratch database",
        count(applied, "script"),
        account.tool.name(),
        if applied == 1 { "makes" } else { "make" }
    );
    let mut diagnostic = Diagnostic::new("drift", words);
    diagnostic.notes.extend(notes("in the database beside them", differences));
    let help = if may_accept {
        "undo it in the database, or pass `--accept drift`: it counts as the scripts that do it, or becomes a revision"
    } else {
        "bring the database to what they make; `schemactl diff --from head --to database --sql` shows the way"
    };
    Failure::new(Class::No, diagnostic.help(help))
}

/// The failure that no revision of the project makes what is there.
fn no_revision_makes(project: &Project, chain: &Chain, before: &Applied, live: &Schema) -> Result<Failure, Failure> {
    let mut all = before.clone();
    chain.graph.revisions().for_each(|revision| all.insert(revision.id.clone()));
    let made = replay::schema_of(project, &chain.graph, &all)?;
    let words = "the project has revisions, and after none of them the schema is that of the database";
    let mut diagnostic = Diagnostic::new("drift", words);
    diagnostic.notes.extend(notes("beside what all of them make", &changes(project, &made, live)));
    let help = "bring the database to what one of them makes, and adopt then; or record where it stands: `schemactl stamp REV`";
    Ok(Failure::new(Class::No, diagnostic.help(help)))
}

/// Changes as notes, so many that they can be read.
fn notes(head: &str, changes: &[Change]) -> Vec<String> {
    const SHOWN: usize = 20;
    let lines: Vec<Line> = changes.iter().flat_map(Change::lines).collect();
    let mut notes: Vec<String> = lines.iter().take(SHOWN).map(|line| format!("{head}: {}", line.text)).collect();
    if lines.len() > SHOWN {
        notes.push(format!("and {} more", lines.len() - SHOWN));
    }
    notes
}
