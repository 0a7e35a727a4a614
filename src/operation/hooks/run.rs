//! Revisions of one database with the hooks of the settings around them, on its own or as one of many.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;

use super::{HookError, Moment, Shell, command, refuse_unfit, statements};
use crate::database;
use crate::database::runner::{self, Event, Outcome, Problem, RunError, Step};
use crate::database::version_table::{self, Applied};
use crate::libsql;
use crate::model::{Hook, HookKind};
use crate::operation::Database;
use crate::operation::walk::{self, Direction, Ground, Options};
use crate::report::{Class, Report, Source};

/// What hooks are told of the run, and what runs their commands.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// Where the run goes.
    pub direction: Direction,
    /// What the database is called among many.
    pub id: Option<&'a str>,
    /// Runs commands.
    pub shell: Shell<'a>,
}

/// As [`walk::run`], with the hooks of the settings around it. A run that has nothing to do runs none, nor does a dry run.
///
/// # Errors
/// As [`walk::run`], and when a hook fails. What stands before it stays done.
pub fn run(
    beside: &Beside<'_>,
    ground: &Ground<'_>,
    connection: &mut Connection,
    plan: &mut runner::Plan<'_>,
    options: &Options<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, RunError> {
    if options.dry_run || !ground.project.settings.hooks.are_beside_runs() {
        return walk::run(ground, connection, plan, options, observer);
    }
    let mut run = Run { beside, ground, connection, plan, options, observer, outcome: Outcome::default() };
    match run.whole() {
        Ok(()) => Ok(run.outcome),
        Err(Stopped::Between(problem)) => Err(RunError {
            problem,
            at: None,
            heads: Some(runner::heads(&run.outcome.applied)),
            done: run.outcome.steps,
        }),
        Err(Stopped::InRun(mut error)) => {
            error.done.splice(..0, run.outcome.steps);
            Err(error)
        }
    }
}

/// Where it came to an end.
enum Stopped {
    /// While revisions ran.
    InRun(RunError),
    /// Before, between or after them.
    Between(Problem),
}

impl From<HookError> for Stopped {
    fn from(error: HookError) -> Stopped {
        Stopped::planning(Box::new(error))
    }
}

impl From<database::Error> for Stopped {
    fn from(error: database::Error) -> Stopped {
        Stopped::Between(Problem::Database(error))
    }
}

impl From<libsql::Error> for Stopped {
    fn from(error: libsql::Error) -> Stopped {
        Stopped::planning(Box::new(error))
    }
}

impl Stopped {
    fn planning(error: Box<dyn Report>) -> Stopped {
        Stopped::Between(Problem::Plan(error))
    }
}

/// A run on its way.
struct Run<'r, 'o> {
    beside: &'r Beside<'r>,
    ground: &'r Ground<'r>,
    connection: &'r mut Connection,
    plan: &'r mut runner::Plan<'o>,
    options: &'r Options<'r>,
    observer: &'r mut dyn FnMut(Event<'_>),
    /// What was done so far, and where the database stands.
    outcome: Outcome,
}

impl Run<'_, '_> {
    fn whole(&mut self) -> Result<(), Stopped> {
        let settings = &self.ground.project.settings;
        self.outcome.applied = match self.ground.known {
            Some(rows) => rows.to_vec(),
            // What was opened is the database, or an image of it as it is now.
            None => version_table::read(self.connection, &settings.version_table)?,
        };
        let steps = (self.plan)(&self.outcome.applied).map_err(Stopped::planning)?;
        if steps.is_empty() {
            return Ok(());
        }
        let hooks = &settings.hooks;
        refuse_unfit(hooks, self.options.transaction)?;
        self.hooks(Moment::BeforeRun, &hooks.before_run, &steps)?;
        if hooks.are_around_revisions() {
            self.each(&steps)?;
        } else {
            self.part(&steps, None)?;
        }
        self.hooks(Moment::AfterRun, &hooks.after_run, &steps)
    }

    /// Runs the steps one by one, each between its hooks.
    fn each(&mut self, all: &[Step]) -> Result<(), Stopped> {
        let hooks = &self.ground.project.settings.hooks;
        loop {
            self.outcome.applied = self.rows()?;
            let steps = (self.plan)(&self.outcome.applied).map_err(Stopped::planning)?;
            let Some(step) = steps.into_iter().next() else { return Ok(()) };
            self.hooks(Moment::BeforeRevision, &hooks.before_revision, std::slice::from_ref(&step))?;
            let done = self.outcome.steps.len();
            self.part(all, Some(&step))?;
            // Where another program has run it meanwhile, that one has hooks of its own.
            if self.outcome.steps.len() > done {
                self.hooks(Moment::AfterRevision, &hooks.after_revision, std::slice::from_ref(&step))?;
            }
        }
    }

    /// The rows of the version table as they are now.
    fn rows(&self) -> Result<Vec<Applied>, Stopped> {
        let table = &self.ground.project.settings.version_table;
        Ok(match self.ground.database {
            Database::File(_) => version_table::read(self.connection, table)?,
            Database::Server(server) => version_table::read(&server.image(table)?.into_connection()?, table)?,
        })
    }

    /// Runs what is still to do, or only that step of it. What `all` steps discard is in the copy that is made before the
    /// first of them.
    fn part(&mut self, all: &[Step], only: Option<&Step>) -> Result<(), Stopped> {
        let plan = &mut *self.plan;
        let mut plan = |rows: &[Applied]| {
            let mut steps = plan(rows)?;
            if let Some(only) = only {
                steps.truncate(1);
                steps.retain(|step| step.op == only.op && step.revision == only.revision);
            }
            Ok(steps)
        };
        let done = self.outcome.steps.len();
        let observer = &mut *self.observer;
        let mut numbered = |event: Event<'_>| match event {
            Event::Started { step, number, .. } if only.is_some() => {
                observer(Event::Started { step, number: done + number, of: all.len() });
            }
            event => observer(event),
        };
        let to_copy = if done == 0 { all } else { &[] };
        let ground = Ground { known: Some(&self.outcome.applied), to_copy: Some(to_copy), ..*self.ground };
        let part = walk::run(&ground, self.connection, &mut plan, self.options, &mut numbered);
        let part = part.map_err(Stopped::InRun)?;
        self.outcome.applied = part.applied;
        self.outcome.steps.extend(part.steps);
        self.outcome.stand_ins.extend(&part.stand_ins);
        Ok(())
    }

    fn hooks(&mut self, moment: Moment, hooks: &[Hook], steps: &[Step]) -> Result<(), Stopped> {
        if hooks.is_empty() {
            return Ok(());
        }
        let settings = &self.ground.project.settings;
        let variables = self.variables(moment, steps);
        for hook in hooks {
            let text = hook.text.clone().map_err(HookError::Text)?;
            match hook.kind {
                HookKind::Command => command(settings, moment, hook, &text, &variables, self.beside.shell)?,
                HookKind::Sql => self.statements(moment, format!("the hook `{}`", moment.key()), text)?,
                HookKind::File => {
                    let path = settings.path(&text);
                    let text = std::fs::read_to_string(&path).map_err(|error| {
                        let why = format!("cannot read `{}`: {error}", path.display());
                        moment.failure(Class::Input, why, hook.place.clone())
                    })?;
                    self.statements(moment, path.display().to_string(), text)?;
                }
            }
            if self.options.interrupt.load(Ordering::Relaxed) {
                return Err(HookError::Interrupted { moment }.into());
            }
        }
        Ok(())
    }

    fn statements(&self, moment: Moment, path: String, text: String) -> Result<(), HookError> {
        statements::run(self.ground.database, self.connection, moment, &Arc::new(Source { path, text }))
    }

    /// What commands are told.
    fn variables(&self, moment: Moment, steps: &[Step]) -> Vec<(&'static str, String)> {
        let Beside { direction, id, shell: _ } = *self.beside;
        let database = match self.ground.database {
            Database::File(path) => absolute(path),
            Database::Server(server) => server.to_string(),
        };
        let direction = match (direction, steps.first()) {
            (Direction::Across, Some(step)) => step.op.verb(),
            (Direction::Down, _) => "downgrade",
            _ => "upgrade",
        };
        let mut variables = moment.variables();
        variables.push(("SCHEMACTL_DATABASE", database));
        variables.extend(id.map(|id| ("SCHEMACTL_DATABASE_ID", id.to_owned())));
        variables.push(("SCHEMACTL_DIRECTION", direction.to_owned()));
        if matches!(moment, Moment::BeforeRun | Moment::AfterRun) {
            let ids: Vec<&str> = steps.iter().map(|step| step.revision.as_str()).collect();
            variables.push(("SCHEMACTL_REVISIONS", ids.join(" ")));
        } else if let Some(step) = steps.first() {
            variables.push(("SCHEMACTL_REVISION", step.revision.to_string()));
            variables.push(("SCHEMACTL_MESSAGE", step.message.clone()));
        }
        variables
    }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}
