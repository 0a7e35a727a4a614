//! Revisions as an application has them, embedded or from a folder, and what it asks of them.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use rusqlite::{Connection, OptionalExtension};

use super::connection::{self, Own};
use super::error::Error;
use crate::database::runner::{self, Done, Drift, Event, Transaction};
use crate::database::version_table;
use crate::database::walk::{Direction, State, Walk};
use crate::database::{self, Filter, Recollection};
use crate::diff::ColumnOrder;
use crate::report::Diagnostic;
use crate::revision::{Folder, Graph, Remark, RevisionId, RouteError, Script, Scripts, Target};
use crate::schema::Name;

/// The revisions of an application, and how they are run.
#[derive(Debug)]
pub struct Revisions {
    embedded: &'static [(&'static str, &'static str)],
    /// What the version table holds where nothing is left to do; told by the build script, else when it is asked for.
    at_head: OnceLock<AtHead>,
    scripts: OnceLock<Scripts>,
    version_table: Option<Name>,
    ignore: Vec<String>,
    lock_timeout: Duration,
    transaction: Transaction,
    drift: Drift,
    catalog_edits: bool,
    accept_newer: bool,
    interrupt: Option<Arc<AtomicBool>>,
}

/// What the version table of a database at the head holds.
#[derive(Debug, Clone)]
struct AtHead {
    heads: Vec<String>,
    rows: u32,
}

/// What was done, and where the database stands.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// The revisions that ran, in their order; none where there was nothing to do.
    pub steps: Vec<Done>,
    /// The revisions that the database stands at.
    pub current: Vec<RevisionId>,
    /// What somebody should know: a schema that is not what the revisions make, what the application has not registered.
    pub notes: Vec<Diagnostic>,
}

impl Revisions {
    /// The scripts of a folder, read now.
    ///
    /// # Errors
    /// When there is no such folder, or a script in it is malformed, or they do not hang together.
    pub fn read(folder: impl AsRef<Path>) -> Result<Revisions, Error> {
        let scripts = Folder::read(&[Folder::new(folder.as_ref())]).map_err(Error::Folder)?;
        let problems = Graph::new(scripts.clone()).problems().to_vec();
        if !problems.is_empty() {
            return Err(Error::Revisions(Box::new(RouteError::Broken { problems })));
        }
        let revisions = Revisions::embedded(&[]);
        Ok(Revisions { scripts: OnceLock::from(scripts), ..revisions })
    }

    /// What [`crate::embed!`] is: the paths and texts of scripts.
    #[doc(hidden)]
    #[must_use]
    pub const fn embedded(scripts: &'static [(&'static str, &'static str)]) -> Revisions {
        Revisions {
            embedded: scripts,
            at_head: OnceLock::new(),
            scripts: OnceLock::new(),
            version_table: None,
            ignore: Vec::new(),
            lock_timeout: Duration::from_secs(30),
            transaction: Transaction::Each,
            drift: Drift::Warn,
            catalog_edits: false,
            accept_newer: false,
            interrupt: None,
        }
    }

    /// The same, with what the build script has found out.
    #[doc(hidden)]
    #[must_use]
    pub fn known(self, heads: &[&str], rows: u32) -> Revisions {
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        Revisions { at_head: OnceLock::from(AtHead { heads, rows }), ..self }
    }

    /// The same, with another version table than `schemactl_version`.
    #[must_use]
    pub fn version_table(self, name: &str) -> Revisions {
        Revisions { version_table: Some(Name::new(name)), ..self }
    }

    /// The same, leaving out of account the tables and views whose names match these patterns, such as `litestream_*`.
    #[must_use]
    pub fn ignore<'a>(self, patterns: impl IntoIterator<Item = &'a str>) -> Revisions {
        Revisions { ignore: patterns.into_iter().map(str::to_owned).collect(), ..self }
    }

    /// The same, waiting so long while others hold the database, rather than 30 seconds.
    #[must_use]
    pub fn lock_timeout(self, limit: Duration) -> Revisions {
        Revisions { lock_timeout: limit, ..self }
    }

    /// The same, with all revisions of a run in one transaction, rather than each in its own.
    #[must_use]
    pub fn transaction(self, transaction: Transaction) -> Revisions {
        Revisions { transaction, ..self }
    }

    /// The same, refusing to run where the schema is not what the revisions make, rather than noting it.
    #[must_use]
    pub fn drift(self, drift: Drift) -> Revisions {
        Revisions { drift, ..self }
    }

    /// The same, with scripts allowed to edit `sqlite_schema`, as the setting `catalog_edits` does.
    #[must_use]
    pub fn catalog_edits(self, allowed: bool) -> Revisions {
        Revisions { catalog_edits: allowed, ..self }
    }

    /// The same, content with a database that has revisions which these are not, rather than refusing it.
    #[must_use]
    pub fn accept_newer(self, accepted: bool) -> Revisions {
        Revisions { accept_newer: accepted, ..self }
    }

    /// The same, stopping with everything rolled back that is not committed when the flag is set.
    #[must_use]
    pub fn interrupt(self, flag: Arc<AtomicBool>) -> Revisions {
        Revisions { interrupt: Some(flag), ..self }
    }

    /// Brings the database to the head, and asks it one question where it is there already.
    ///
    /// The question is whether the version table has the head, and as many rows as there are revisions. What it does not
    /// see: scripts that were edited after they ran, and a schema that somebody has changed by hand.
    ///
    /// # Errors
    /// As [`Revisions::upgrade`].
    pub fn ensure(&self, connection: &mut Connection) -> Result<Outcome, Error> {
        if let Some(current) = self.head_if_there(connection) {
            return Ok(Outcome { current, ..Outcome::default() });
        }
        self.upgrade(connection, "head")
    }

    /// Runs the revisions up to a target as on the command line: `head`, `heads`, an id or the start of one, `+1`.
    ///
    /// # Errors
    /// When the database has revisions that are not known here, the target names nothing, the connection is not fit for it,
    /// or a revision fails. What ran before stays, unless all is one transaction; the connection is as it was.
    pub fn upgrade(&self, connection: &mut Connection, target: &str) -> Result<Outcome, Error> {
        self.walk(connection, Direction::Up, target)
    }

    /// Takes back revisions down to a target: `base`, `-1`, an id. Revisions that are not known here are taken back by the
    /// scripts that the database keeps.
    ///
    /// # Errors
    /// As [`Revisions::upgrade`], and when a revision has no way back.
    pub fn downgrade(&self, connection: &mut Connection, target: &str) -> Result<Outcome, Error> {
        self.walk(connection, Direction::Down, target)
    }

    /// The revisions that the database stands at; none for one that has no revision yet.
    ///
    /// # Errors
    /// When the version table cannot be read.
    pub fn current(&self, connection: &Connection) -> Result<Vec<RevisionId>, Error> {
        let state = State::new(self.scripts()?.clone(), self.rows(connection)?);
        Ok(standing_at(&state))
    }

    /// The heads, if the version table has them and no row more than the revisions. Anything else is for the long way to
    /// find out.
    fn head_if_there(&self, connection: &Connection) -> Option<Vec<RevisionId>> {
        let AtHead { heads, rows } = self.at_head().ok()?;
        let [head] = &heads[..] else { return None };
        let table = self.table().quoted();
        let sql = format!("SELECT (SELECT count(*) FROM main.{table}) FROM main.{table} WHERE \"revision\" = ?1");
        let found: Option<u32> = connection.query_row(&sql, [head], |row| row.get(0)).optional().ok()?;
        if found? == *rows { RevisionId::new(head.as_str()).ok().map(|head| vec![head]) } else { None }
    }

    fn at_head(&self) -> Result<&AtHead, Error> {
        if let Some(known) = self.at_head.get() {
            return Ok(known);
        }
        let graph = Graph::new(self.scripts()?.clone());
        let heads = graph.heads().into_iter().map(|head| head.id.to_string()).collect();
        Ok(self.at_head.get_or_init(|| AtHead { heads, rows: graph.revisions().map(|_| 1).sum() }))
    }

    fn walk(&self, connection: &mut Connection, direction: Direction, target: &str) -> Result<Outcome, Error> {
        let scripts = self.scripts()?;
        let target: Target = target.parse().map_err(Error::Target)?;
        let start = State::new(scripts.clone(), self.rows(connection)?);
        if direction == Direction::Up && !self.accept_newer {
            refuse_newer(&start)?;
        }
        let mut walk = Walk::new(&start, direction, &target, &|_| None);
        if walk.steps(&start.rows)?.is_empty() {
            let notes = walk.remarks().iter().map(Remark::diagnostic).collect();
            return Ok(Outcome { steps: Vec::new(), current: standing_at(&start), notes });
        }
        connection::check(connection)?;
        let mut notes = Vec::new();
        let outcome = self.run(connection, &start.graph, &mut walk, &mut notes)?;
        notes.extend(outcome.stand_ins.notice().map(|notice| Diagnostic::new("stand_ins", notice)));
        notes.extend(walk.remarks().iter().map(Remark::diagnostic));
        let current = standing_at(&start.with_rows(&outcome.applied));
        Ok(Outcome { steps: outcome.steps, current, notes })
    }

    fn run(
        &self,
        connection: &mut Connection,
        graph: &Graph,
        walk: &mut Walk<'_>,
        notes: &mut Vec<Diagnostic>,
    ) -> Result<runner::Outcome, Error> {
        let table = self.table();
        let filter = Filter::new(table.clone(), self.ignore.iter().map(String::as_str))?;
        let recollection = Recollection::new(filter.clone(), |_, _| None);
        let recall = |revisions: &[RevisionId], fingerprint: &str| recollection.recall(graph, revisions, fingerprint);
        let options = runner::Options {
            mirrored: None,
            version_table: table,
            filter: filter.clone(),
            shapes: None,
            known: None,
            lock_timeout: self.lock_timeout,
            transaction: self.transaction,
            drift: self.drift,
            dry_run: false,
            catalog_edits: self.catalog_edits,
            fast_rebuild: false,
            interrupt: self.interrupt.clone().unwrap_or_default(),
            prepare: &|_| Ok(()),
            recall: &recall,
            column_order: ColumnOrder::Loose,
            now: &now,
            tool_version: env!("CARGO_PKG_VERSION"),
        };
        let mut observer = |event: Event<'_>| match event {
            Event::Drifted { step, after, deviation } => {
                let when = if after { "after" } else { "before" };
                let found = format!("the schema {when} `{}` is not the one that the revisions make", step.revision);
                let mut drift = Diagnostic::new("drift", found).help("`schemactl diff` shows what differs");
                drift.notes = deviation.notes();
                notes.push(drift);
            }
            Event::Finished { done } => notes.extend(done.by_hand.iter().map(|by_hand| {
                let mut note = Diagnostic::new("by_hand", by_hand.words());
                note.notes.push(format!("it is: {}", by_hand.sql));
                note
            })),
            _ => {}
        };
        let failed = |connection: &Connection, error: &rusqlite::Error| {
            database::Error::from_sqlite(connection::path(connection).as_ref(), error)
        };
        let own = match Own::put_aside(connection) {
            Ok(own) => own,
            Err(error) => return Err(failed(connection, &error).into()),
        };
        let outcome = runner::run(connection, &mut |rows| walk.steps(rows), &options, &mut observer);
        let put_back = own.put_back(connection);
        let outcome = outcome?;
        put_back.map_err(|error| failed(connection, &error))?;
        Ok(outcome)
    }

    fn rows(&self, connection: &Connection) -> Result<Vec<version_table::Applied>, Error> {
        Ok(version_table::read(connection, &self.table())?)
    }

    fn table(&self) -> Name {
        self.version_table.clone().unwrap_or_else(|| Name::from(version_table::DEFAULT_NAME))
    }

    fn scripts(&self) -> Result<&Scripts, Error> {
        if let Some(scripts) = self.scripts.get() {
            return Ok(scripts);
        }
        let read = self.embedded.iter().map(|(path, text)| Script::read(*path, text).map(Arc::new));
        let read = read.collect::<Result<_, _>>();
        let scripts =
            Scripts { scripts: read.map_err(|error| Error::Revisions(Box::new(error)))?, problems: Vec::new() };
        Ok(self.scripts.get_or_init(|| scripts))
    }
}

#[expect(clippy::disallowed_methods, reason = "an application has no command line to read the clock for it")]
fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Refuses a database that a newer version of the application has been at.
fn refuse_newer(state: &State) -> Result<(), Error> {
    let unknown = state.graph.without_script(&state.applied);
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Error::Newer { unknown: unknown.into_iter().map(|revision| revision.id.clone()).collect() })
}

fn standing_at(state: &State) -> Vec<RevisionId> {
    state.graph.current(&state.applied).into_iter().map(|revision| revision.id.clone()).collect()
}
