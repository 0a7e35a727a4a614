//! Upgrades, downgrades, stamps or copies one database of a fleet, by what was planned for all of them.
//!
//! A database whose schema is not what its revisions made is refused: a script meets nothing that it was not proved on.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::list::Member;
use super::record::{Outcome, RanCommand, Record};
use crate::database::Access;
use crate::database::backup::Writers;
use crate::database::runner::{self, Drift, RunError, Transaction};
use crate::model;
use crate::operation::hooks::{self, Beside, Command, Ended, How};
use crate::operation::planner::{Planned, Planner};
use crate::operation::walk::Direction;
use crate::operation::{Database, Project, backup, rehearse, stamp, walk};
use crate::report::Failure;
use crate::revision::Remark;

/// What is done to each database.
pub enum Job<'a> {
    /// Its revisions are run, with their hooks.
    Walk {
        /// Which revisions.
        planner: Planner,
        /// Where to.
        direction: Direction,
        /// Runs commands of hooks, several at the same time.
        shell: &'a (dyn Fn(&Command<'_>) -> Ended + Sync),
    },
    /// Its revisions are run on a copy, which goes.
    Rehearse(Planner),
    /// It is recorded as standing somewhere.
    Stamp(Planner),
    /// It is copied to the folder of its backups.
    Backup,
}

/// What all databases have in common.
pub struct Walker<'a> {
    /// The project.
    pub project: &'a Project,
    /// What is done.
    pub job: Job<'a>,
    /// How much is one transaction.
    pub transaction: Transaction,
    /// Whether all is rolled back at the end.
    pub dry_run: bool,
    /// Whether a transaction may last longer than a server promises to let it.
    pub long_transactions: bool,
    /// When a database is copied before the first step.
    pub backup: model::Backup,
    /// Whether somebody has agreed to routes that do what is hardly meant.
    pub agreed: Option<bool>,
    /// Set from outside when the user wants to stop.
    pub interrupt: Arc<AtomicBool>,
    /// The time, RFC 3339 in UTC.
    pub now: &'a (dyn Fn() -> String + Sync),
}

impl Walker<'_> {
    /// Does it to one database; waits for others no longer than `wait`.
    #[must_use]
    pub fn act(&self, member: &Member, wait: Duration) -> Record {
        let start = Instant::now();
        let mut record = Record::new(member);
        let ended = match &self.job {
            Job::Walk { planner, direction, shell } => {
                let commands = RefCell::new(Vec::new());
                let shell = |command: &Command<'_>| noted(command, shell(command), &commands);
                let beside = Beside { direction: *direction, id: Some(&member.id), shell: &shell };
                let ended = self.walk(planner, &beside, member, wait, &mut record);
                record.commands = commands.into_inner();
                ended
            }
            Job::Rehearse(planner) => self.rehearse(planner, member, wait, &mut record),
            Job::Stamp(planner) => self.stamp(planner, member, wait, &mut record),
            Job::Backup => self.copy(member, wait, &mut record),
        };
        if record.duration.is_zero() {
            record.duration = start.elapsed();
        }
        match ended {
            Ok(()) => record,
            Err(failure) => record.failed(&failure),
        }
    }

    fn walk(
        &self,
        planner: &Planner,
        beside: &Beside<'_>,
        member: &Member,
        wait: Duration,
        record: &mut Record,
    ) -> Result<(), Failure> {
        let mut connection = open(self.project, member, wait)?;
        let backed_up = RefCell::new(None);
        let note = |backup: &backup::Backup| {
            backed_up.replace(Some(backup.path.clone()));
        };
        let ended = self.with_options(wait, &note, |options| {
            self.run(planner, Some(beside), member, &mut connection, options, record)
        });
        record.backup = backed_up.into_inner();
        ended
    }

    fn rehearse(&self, planner: &Planner, member: &Member, wait: Duration, record: &mut Record) -> Result<(), Failure> {
        let project = self.project.on(&member.path);
        // A copy of nothing would be made of a database that is not there.
        open(&project, member, wait)?;
        self.with_options(wait, &|_| (), |options| {
            let rehearsed = rehearse::on_copy(&project, options, &|_| (), |private, connection, options| {
                let copy = Member { path: private.database()?, ..member.clone() };
                self.run(planner, None, &copy, connection, options, record)
            })?;
            record.duration = rehearsed.duration;
            Ok(())
        })
    }

    fn with_options<T>(
        &self,
        wait: Duration,
        backed_up: &dyn Fn(&backup::Backup),
        run: impl FnOnce(&walk::Options<'_>) -> T,
    ) -> T {
        run(&walk::Options {
            lock_timeout: wait,
            transaction: self.transaction,
            dry_run: self.dry_run,
            long_transactions: self.long_transactions,
            backup: self.backup,
            progress: &|_| (),
            backed_up,
            agree: &|_: &[Remark]| self.agreed,
            interrupt: Arc::clone(&self.interrupt),
            now: &|| (self.now)(),
        })
    }

    fn run(
        &self,
        planner: &Planner,
        beside: Option<&Beside<'_>>,
        member: &Member,
        connection: &mut Connection,
        options: &walk::Options<'_>,
        record: &mut Record,
    ) -> Result<(), Failure> {
        let ground = walk::Ground {
            project: self.project,
            database: &self.project.on(&member.path).place()?,
            filter: planner.filter(),
            shapes: Some(planner.shapes()),
            recall: planner.recall(),
            known: None,
            to_copy: None,
            drift: Drift::Refuse,
        };
        let mut planned = None;
        let mut plan = planner.plan_once(&mut planned, options.agree);
        let ended = match beside {
            Some(beside) => hooks::run(beside, &ground, connection, &mut plan, options, &mut |_| ()),
            None => walk::run(&ground, connection, &mut plan, options, &mut |_| ()),
        };
        drop(plan);
        note(record, planner, planned, ended)
    }

    fn stamp(&self, planner: &Planner, member: &Member, wait: Duration, record: &mut Record) -> Result<(), Failure> {
        let mut connection = open(self.project, member, wait)?;
        let now = || (self.now)();
        let agree = |_: &[Remark]| self.agreed;
        let mut planned = None;
        let mut plan = planner.plan_once(&mut planned, &agree);
        let database = &self.project.on(&member.path).place()?;
        let ground = stamp::Ground { project: self.project, database, filter: planner.filter(), known: None };
        let ended = stamp::run(&ground, &mut connection, &mut plan, wait, &now);
        drop(plan);
        note(record, planner, planned, ended)
    }

    fn copy(&self, member: &Member, wait: Duration, record: &mut Record) -> Result<(), Failure> {
        let now = (self.now)();
        let (writers, progress) = (Writers::Free, &|_| ());
        let options = backup::Options { writers, lock_timeout: wait, interrupt: &self.interrupt, now: &now, progress };
        let (private, table) = (self.project.on(&member.path), &self.project.settings.version_table);
        let made = match private.place()? {
            Database::File(path) => backup::make(&path, None, table, &options)?,
            Database::Server(server) => backup::dump(&server, &private.beside_backups()?, None, table, &now)?,
        };
        record.outcome = Outcome::Done;
        record.backup = Some(made.path);
        Ok(())
    }
}

/// Keeps what a command has printed.
fn noted(command: &Command<'_>, ended: Ended, commands: &RefCell<Vec<RanCommand>>) -> Ended {
    let (line, printed) = (command.line.to_owned(), ended.printed.clone());
    commands.borrow_mut().push(RanCommand { line, printed, is_well: matches!(ended.how, How::Well) });
    ended
}

/// A database that is there.
fn open(project: &Project, member: &Member, wait: Duration) -> Result<Connection, Failure> {
    project.on(&member.path).connect_to_run(Access::Write, wait)?.ok_or_else(|| member.missing())
}

/// Notes from where a run came, where it ended, and what is done.
fn note(
    record: &mut Record,
    planner: &Planner,
    planned: Option<Arc<Planned>>,
    ended: Result<runner::Outcome, RunError>,
) -> Result<(), Failure> {
    record.from = planned.map(|planned| planned.heads.clone());
    match ended {
        Ok(outcome) => {
            let steps = outcome.steps.len();
            record.outcome = if steps == 0 { Outcome::Nothing } else { Outcome::Done };
            record.steps = steps;
            record.to = Some(planner.heads(&outcome.applied));
            record.by_hand = outcome.steps.into_iter().flat_map(|done| done.by_hand).collect();
            Ok(())
        }
        Err(error) => {
            record.to.clone_from(&error.heads);
            record.steps = error.done.len();
            record.by_hand = error.done.iter().flat_map(|done| done.by_hand.clone()).collect();
            Err(error.into())
        }
    }
}
