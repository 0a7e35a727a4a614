//! Scripts of another tool as a chain of revisions, on top of those that the project has.
//!
//! A revision is called after the version of its script, so that the project finds it again when another database of the
//! same project is taken over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::adopt::{Half, Script, convention};
use crate::database::{Tool, version_table};
use crate::model::Intent;
use crate::plan::{self, write_section};
use crate::report::{Class, Diagnostic, Failure, Place, Source};
use crate::revision::{
    self, Applied, Folder, Graph, Revision, RevisionId, Scripts, Section, Splice, Target, Word, file_name,
};
use crate::schema::{Schema, SqliteVersion};
use crate::sql;

use super::account::Account;
use super::names::ids;
use super::{Options, Project, replay};

/// The message of the revision that stands for all that is applied.
const BASELINE: &str = "Baseline";

/// Why that one cannot be taken back.
const FLOOR: &str = "it stands for what was there before; its way down drops all of that, with the rows";

/// The message of the revision that says what was done beside the scripts.
const DRIFT: &str = "What was done beside the scripts";

/// A revision that is new.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub id: RevisionId,
    pub message: String,
    pub created: Option<DateTime<Utc>>,
    pub origin: Option<PathBuf>,
    pub requires: Option<SqliteVersion>,
    pub up: Half,
    pub down: Option<Half>,
    /// Why it cannot be taken back.
    pub irreversible: Option<String>,
    /// Whether the database has it.
    pub is_applied: bool,
}

/// When a script ran.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ran {
    pub at: Option<DateTime<Utc>>,
    pub duration: std::time::Duration,
}

/// The revisions that there are, and those that come on top.
pub(super) struct Chain {
    /// The project's own graph.
    pub graph: Graph,
    existing: Scripts,
    /// What comes on top, each after the one before.
    pub new: Vec<Link>,
    /// The identifiers of all of the tool's scripts, with their files.
    imports: BTreeMap<RevisionId, PathBuf>,
    /// What the database has, by the tool's table, and what it is found to have.
    ran: BTreeMap<RevisionId, Ran>,
    composed: Vec<Arc<revision::Script>>,
    tool: Tool,
    /// What the first of the new ones follows, where that is not the head.
    ground: Option<Vec<RevisionId>>,
}

impl Chain {
    /// The tool's scripts that the project does not have yet; with a baseline those only that are not applied.
    pub fn new(
        existing: Scripts,
        account: &Account,
        recorded: &[version_table::Applied],
        options: &Options<'_>,
    ) -> Result<Chain, Failure> {
        let graph = Graph::new(existing.clone());
        // Whatever is wrong with the project's own revisions is told before anything goes on top of them.
        let ground = if graph.is_empty() { Word::Base } else { Word::Head };
        graph.place(&[Target::of(ground)], Splice::No, &[])?;
        let ids = ids(&account.scripts)?;
        let mut chain = Chain {
            graph,
            existing,
            new: Vec::new(),
            imports: BTreeMap::new(),
            ran: BTreeMap::new(),
            composed: Vec::new(),
            tool: account.found.tool,
            ground: None,
        };
        for (number, (script, id)) in account.scripts.iter().zip(ids).enumerate() {
            let row = account.row(number);
            if let Some(id) = exported(script, &chain.graph) {
                chain.ran.extend(row.map(|row| (id, Ran { at: row.at, duration: row.duration })));
                continue;
            }
            let is_known = chain.graph.get(&id).is_some();
            if row.is_some() && !is_known && options.baseline {
                continue;
            }
            chain.imports.insert(id.clone(), script.path.clone());
            if let Some(row) = row {
                chain.ran.insert(id.clone(), Ran { at: row.at, duration: row.duration });
            }
            if !is_known {
                refuse_rollback(script)?;
                // Its file may have been removed since it was recorded.
                let is_recorded = recorded.iter().any(|row| row.revision == id);
                chain.new.push(Link {
                    id,
                    message: script.message.clone(),
                    created: script.created.or_else(|| row.and_then(|row| row.at)),
                    origin: Some(script.path.clone()),
                    requires: None,
                    up: script.up.clone(),
                    down: script.down.clone(),
                    irreversible: script
                        .down
                        .is_none()
                        .then(|| format!("{} had no way down for it", chain.tool.name())),
                    is_applied: row.is_some() || is_recorded,
                });
            }
        }
        Ok(chain)
    }

    /// Whether what is applied is not to be run: it was made by programs, or somebody says so.
    pub fn is_baseline_wanted(&self, options: &Options<'_>) -> bool {
        options.baseline || convention(self.tool).is_none()
    }

    /// Whether there is a script of a revision.
    pub fn knows(&self, id: &RevisionId) -> bool {
        self.graph.get(id).is_some() || self.new.iter().any(|link| link.id == *id)
    }

    /// Whether a revision is one of the tool's scripts.
    pub fn is_import(&self, id: &RevisionId) -> bool {
        self.imports.contains_key(id)
    }

    /// The tool's script that a revision was.
    pub fn origin(&self, id: &RevisionId) -> Option<PathBuf> {
        self.imports.get(id).cloned()
    }

    /// What the database has of the project's own revisions, by its version table and by the tool's.
    pub fn applied(&self, recorded: &[version_table::Applied]) -> Applied {
        let recorded = recorded.iter().map(|row| row.revision.clone());
        recorded.chain(self.ran.keys().filter(|id| self.graph.get(id).is_some()).cloned()).collect()
    }

    /// Notes that the database has these of the project's own revisions and no others, whatever the tool's table says.
    pub fn has_exactly(&mut self, applied: &Applied) {
        let graph = &self.graph;
        self.ran.retain(|id, _| applied.contains(id) || graph.get(id).is_none());
        for id in applied.iter() {
            self.ran.entry(id.clone()).or_default();
        }
    }

    /// What the database has, and when that ran.
    pub fn ran(&self) -> &BTreeMap<RevisionId, Ran> {
        &self.ran
    }

    /// The schema that the scripts make which are applied.
    pub fn replay(&self, project: &Project, applied: &Applied) -> Result<Schema, Failure> {
        let mut scratch = replay::scratch_of(&self.graph, applied)?;
        for link in self.new.iter().filter(|link| link.is_applied) {
            replay::run_section(&mut scratch, &link.id, &link.section()).map_err(|failure| {
                let help = "one revision can stand for all that is applied, without running it: `--baseline`";
                let mut diagnostics = failure.diagnostics().to_vec();
                for diagnostic in &mut diagnostics {
                    diagnostic.help = Some(help.to_owned());
                }
                Failure::all(failure.class(), diagnostics)
            })?;
        }
        Ok(scratch.schema(&project.filter()?)?)
    }

    /// Counts scripts that are not applied as applied, up to the one after which the schema is the right one: somebody
    /// has run them without the tool. Gives that schema; none where there is no such script.
    pub fn count_as_applied(
        &mut self,
        project: &Project,
        applied: &Applied,
        is_right: impl Fn(&Schema) -> bool,
    ) -> Result<Option<Schema>, Failure> {
        let mut scratch = replay::scratch_of(&self.graph, applied)?;
        for link in self.new.iter().filter(|link| link.is_applied) {
            replay::run_section(&mut scratch, &link.id, &link.section())?;
        }
        let filter = project.filter()?;
        let left: Vec<usize> = (0..self.new.len()).filter(|&place| !self.new[place].is_applied).collect();
        for (count, &place) in left.iter().enumerate() {
            let link = &self.new[place];
            // What cannot run there has not run here.
            if replay::run_section(&mut scratch, &link.id, &link.section()).is_err() {
                return Ok(None);
            }
            let made = scratch.schema(&filter)?;
            if is_right(&made) {
                for &place in &left[..=count] {
                    self.new[place].is_applied = true;
                    self.ran.insert(self.new[place].id.clone(), Ran::default());
                }
                return Ok(Some(made));
            }
        }
        Ok(None)
    }

    /// Puts a revision at the beginning that makes all that is there.
    pub fn put_baseline(&mut self, project: &Project, live: &Schema, options: &Options<'_>) -> Result<(), Failure> {
        let first = self.new.iter().filter_map(|link| link.created).min();
        let created = first.map_or(options.now, |first| options.now.min(first - TimeDelta::seconds(1)));
        let link = self.link((&Schema::default(), live), BASELINE.to_owned(), project, options)?;
        self.new.insert(0, Link { created: Some(created), irreversible: Some(FLOOR.to_owned()), ..link });
        Ok(())
    }

    /// Puts a revision after the last one that is applied, which says what was done beside the scripts. Those that are
    /// not applied come to stand on a line beside it.
    pub fn put_difference(
        &mut self,
        project: &Project,
        applied: &Applied,
        schemas: (&Schema, &Schema),
        message: Option<String>,
        options: &Options<'_>,
    ) -> Result<(), Failure> {
        let place = self.new.iter().rposition(|link| link.is_applied).map_or(0, |last| last + 1);
        let link = self.link(schemas, message.unwrap_or_else(|| DRIFT.to_owned()), project, options)?;
        self.new.insert(place, link);
        if self.graph.revisions().any(|revision| !applied.contains(&revision.id)) {
            self.ground = Some(self.graph.current(applied).iter().map(|revision| revision.id.clone()).collect());
        }
        Ok(())
    }

    /// Whether the new revisions stand on a line beside others.
    pub fn is_beside(&self) -> bool {
        self.ground.is_some()
    }

    /// A revision that leads from one schema to another.
    fn link(
        &mut self,
        (before, after): (&Schema, &Schema),
        message: String,
        project: &Project,
        options: &Options<'_>,
    ) -> Result<Link, Failure> {
        let draft = plan::draft(before, after, &Intent::default(), project.plan_options())?;
        let half = |statements: &[plan::Statement]| Half { sql: write_section(statements), transaction: true };
        self.ran.insert(options.id.clone(), Ran::default());
        Ok(Link {
            id: options.id.clone(),
            message,
            created: None,
            origin: None,
            requires: draft.requires,
            up: half(&draft.up),
            down: Some(half(&draft.down)),
            irreversible: None,
            is_applied: true,
        })
    }

    /// Writes the new revisions as scripts, each on top of the one before, with the fingerprint of the schema that it
    /// makes on a scratch database. Gives that of the last one; none where there is none, or one that is not applied
    /// fails there.
    pub fn compose(
        &mut self,
        project: &Project,
        options: &Options<'_>,
        with_fingerprints: bool,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Option<Schema>, Failure> {
        if self.new.is_empty() {
            return Ok(None);
        }
        let heads = || self.graph.heads().into_iter().map(|revision| revision.id.clone()).collect();
        let heads: Vec<RevisionId> = self.ground.clone().unwrap_or_else(heads);
        let mut created = heads.iter().filter_map(|head| self.graph.get(head)?.created).max();
        let mut parents = heads.clone();
        let mut scratch = Some(replay::scratch_of(&self.graph, &self.graph.applied_at(&heads))?);
        let filter = project.filter()?;
        for link in &mut self.new {
            // Files are listed by time; the order of the chain is the one that counts.
            let after = created.map(|before| before + TimeDelta::seconds(1));
            let own = link.created.or(after).unwrap_or(options.now);
            link.created = Some(after.map_or(own, |after| own.max(after)));
            created = link.created;
            let mut schema = None;
            if let Some(running) = &mut scratch {
                match replay::run_section(running, &link.id, &link.section()) {
                    Ok(()) => schema = Some(sql::fingerprint(&running.schema(&filter)?)),
                    Err(failure) if link.is_applied => return Err(failure),
                    Err(failure) => {
                        warnings.extend(failure.diagnostics().iter().cloned());
                        scratch = None;
                    }
                }
            }
            let head = Revision {
                message: link.message.clone(),
                created: link.created,
                schema: schema.filter(|_| with_fingerprints),
                requires: link.requires,
                irreversible: link.irreversible.clone(),
                origin: link.origin.as_deref().and_then(|origin| within(project, origin)),
                ..Revision::new(link.id.clone(), std::mem::replace(&mut parents, vec![link.id.clone()]))
            };
            let path = path(project, link).display().to_string();
            let script = revision::Script::compose(path, &head, link.up.body(), link.down.as_ref().map(Half::body))?;
            self.composed.push(Arc::new(script));
        }
        scratch.map(|scratch| scratch.schema(&filter)).transpose().map_err(Failure::from)
    }

    /// All scripts, those that are new too.
    pub fn all_scripts(&self) -> Scripts {
        let mut all = self.existing.clone();
        all.scripts.extend(self.composed.iter().cloned());
        all
    }

    /// Writes the files of the new revisions.
    pub fn write(&self, project: &Project) -> Result<Vec<(RevisionId, PathBuf)>, Failure> {
        let folder = project.folders().into_iter().next().unwrap_or_else(|| Folder::new("versions"));
        let mut written = Vec::new();
        for (link, script) in self.new.iter().zip(&self.composed) {
            written.push((link.id.clone(), folder.add(&name(link), &script.source.text)?));
        }
        Ok(written)
    }
}

/// Refuses a script that takes its transaction back by itself: as a revision it would never run.
fn refuse_rollback(script: &Script) -> Result<(), Failure> {
    let halves = [Some(&script.up), script.down.as_ref()];
    let Some((half, span)) = halves.into_iter().flatten().find_map(|half| Some((half, half.rollback()?))) else {
        return Ok(());
    };
    let statement = &half.sql[span.clone()];
    let words = format!("`{}` takes its transaction back itself: `{statement}`", script.path.display());
    let help = "take the statement out of the script; or, where it is applied, let one revision stand for all that is: \
                `--baseline`";
    let mut diagnostic = Diagnostic::new("foreign_script", words).help(help);
    let text = script.text.replace("\r\n", "\n");
    let found = text.find(&half.sql).map(|start| start + span.start).or_else(|| text.find(statement));
    // The way down may be another file.
    if let Some(start) = found {
        let source = Arc::new(Source { path: script.path.display().to_string(), text });
        diagnostic = diagnostic.at(Place::new(&source, start..start + span.len()));
    }
    Err(Failure::new(Class::Input, diagnostic))
}

impl Link {
    fn section(&self) -> Section {
        let origin = self.origin.as_ref().map_or_else(|| self.id.to_string(), |path| path.display().to_string());
        Section::stored(origin, self.up.sql.clone(), self.up.transaction)
    }
}

/// What the file of a revision is called: as always, but for a time that its identifier says already.
fn name(link: &Link) -> String {
    let name = file_name(link.created.unwrap_or_default(), &link.id, &link.message);
    match name.split_once('_') {
        Some((time, rest)) if link.id.as_str().starts_with(time) => rest.to_owned(),
        _ => name,
    }
}

/// Where a new revision's file goes.
pub(super) fn path(project: &Project, link: &Link) -> PathBuf {
    project.settings.path(project.settings.versions.first().map_or("versions", String::as_str)).join(name(link))
}

/// A file as the settings' folder leads to it; none where it is not below that.
fn within(project: &Project, file: &Path) -> Option<String> {
    let root = project.settings.path(".").canonicalize().ok()?;
    let file = file.canonicalize().ok()?;
    let parts = file.strip_prefix(root).ok()?.components();
    Some(parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// The revision of the project that a script was exported from, as the script itself says at its top.
fn exported(script: &Script, graph: &Graph) -> Option<RevisionId> {
    let said = script.text.lines().take(3).find_map(|line| line.strip_prefix("-- revision "))?;
    let id = RevisionId::new(said.split(':').next()?.trim()).ok()?;
    graph.get(&id).map(|_| id)
}
