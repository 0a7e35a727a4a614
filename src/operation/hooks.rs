//! What the settings run beside revisions: before and after a run, before and after each revision, after a script is
//! written. Statements run here, on the run's own connection; commands are run by the caller.
//!
//! No hook is a part of a revision's transaction. A command runs while no lock is held, so that it can use the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::walk::{self, Direction, Errand, Options, Walked};
use super::{Database, Project, adopt, flow};
use crate::database::runner::{Event, Outcome, Step, Transaction};
use crate::database::statements::{Prepared, Statements};
use crate::database::walk::Walk;
use crate::database::{Access, version_table};
use crate::libsql::{Executed, Server};
use crate::model::{Hook, HookKind};
use crate::report::{Class, Diagnostic, Failure, Place, Report, Source};
use crate::revision::Script;
use crate::token;

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    BeforeRun,
    AfterRun,
    BeforeRevision,
    AfterRevision,
    PostWrite,
}

impl Moment {
    fn key(self) -> &'static str {
        match self {
            Moment::BeforeRun => "before_run",
            Moment::AfterRun => "after_run",
            Moment::BeforeRevision => "before_revision",
            Moment::AfterRevision => "after_revision",
            Moment::PostWrite => "post_write",
        }
    }

    /// The code of a failure, and what it leaves.
    fn failed(self) -> (&'static str, &'static str) {
        match self {
            Moment::BeforeRun => ("before_hook_failed", "nothing was run"),
            Moment::BeforeRevision => ("before_hook_failed", "the revision was not run; those before it stay"),
            Moment::AfterRevision => ("after_hook_failed", "the revision stays; those after it were not run"),
            Moment::AfterRun => ("after_hook_failed", "all revisions were run, and stay"),
            Moment::PostWrite => ("after_hook_failed", "the script was written, and stays"),
        }
    }
}

/// A command for the shell.
#[derive(Debug)]
pub struct Command<'a> {
    /// The line.
    pub line: &'a str,
    /// The folder to run it in.
    pub folder: PathBuf,
    /// Variables for it, beside those of the process.
    pub variables: &'a [(&'static str, String)],
}

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    /// Well.
    Well,
    /// Not well, in words that go on after "the command".
    Badly(String),
    /// The user wants to stop.
    Interrupted,
}

/// Runs a command; nothing of what it prints may reach the answer.
pub type Shell<'a> = &'a dyn Fn(&Command<'_>) -> Ended;

/// As [`walk::walk`], with the hooks of the settings around it. A run that has nothing to do runs none, nor does a dry run.
///
/// # Errors
/// As [`walk::walk`], and when a hook fails. What stands before it stays done.
pub fn walk<'s>(
    errand: &Errand<'_, 's>,
    connection: &mut Connection,
    shell: Shell<'_>,
    observer: &mut dyn FnMut(Event<'_>),
) -> Result<Walked<'s>, Failure> {
    let Errand { project, start, direction, target, options } = *errand;
    let hooks = &project.settings.hooks;
    let around_each = !hooks.before_revision.is_empty() || !hooks.after_revision.is_empty();
    if options.dry_run || !hooks.are_beside_runs() {
        return walk::walk(errand, connection, observer);
    }
    if direction == Direction::Up {
        adopt::refuse_since(project, connection, start)?;
    }
    let mut way = Walk::new(start, direction, target, options.agree);
    let steps = way.steps(&start.rows).map_err(|report| failure(&*report))?;
    if around_each && options.transaction == Transaction::All && !steps.is_empty() {
        return Err(all_in_one(hooks.before_revision.iter().chain(&hooks.after_revision).next()));
    }
    let mut run = Run { project, connection, direction, options, shell, observer };
    let outcome = if steps.is_empty() {
        run.part(&mut way, &start.rows, &steps, None, 0)?
    } else {
        run.hooks(Moment::BeforeRun, &hooks.before_run, &steps)?;
        let outcome =
            if around_each { run.each(&mut way, &steps)? } else { run.part(&mut way, &start.rows, &steps, None, 0)? };
        run.hooks(Moment::AfterRun, &hooks.after_run, &steps)?;
        outcome
    };
    let remarks = way.remarks();
    let state = start.with_rows(&outcome.applied);
    Ok(Walked { outcome, remarks, state })
}

/// A run on its way.
struct Run<'r, 'o> {
    project: &'r Project,
    connection: &'r mut Connection,
    direction: Direction,
    options: &'r Options<'o>,
    shell: Shell<'r>,
    observer: &'r mut dyn FnMut(Event<'_>),
}

impl Run<'_, '_> {
    /// Runs the steps one by one, each between its hooks.
    fn each(&mut self, way: &mut Walk<'_>, all: &[Step]) -> Result<Outcome, Failure> {
        let project = self.project;
        let hooks = &project.settings.hooks;
        let mut outcome = Outcome::default();
        loop {
            let rows = self.rows()?;
            let Some(step) = way.steps(&rows).map_err(|report| failure(&*report))?.into_iter().next() else {
                outcome.applied = rows;
                return Ok(outcome);
            };
            self.hooks(Moment::BeforeRevision, &hooks.before_revision, std::slice::from_ref(&step))?;
            let part = self.part(way, &rows, all, Some(&step), outcome.steps.len())?;
            // Where another program has run it meanwhile, that one has hooks of its own.
            if !part.steps.is_empty() {
                self.hooks(Moment::AfterRevision, &hooks.after_revision, std::slice::from_ref(&step))?;
            }
            outcome.steps.extend(part.steps);
            outcome.stand_ins.extend(&part.stand_ins);
        }
    }

    /// The rows of the version table as they are now.
    fn rows(&self) -> Result<Vec<version_table::Applied>, Failure> {
        let table = &self.project.settings.version_table;
        if !self.project.is_on_server() {
            return Ok(version_table::read(self.connection, table)?);
        }
        match self.project.connect(Access::Read, self.options.lock_timeout)? {
            Some(image) => Ok(version_table::read(&image, table)?),
            None => Ok(Vec::new()),
        }
    }

    /// Runs what is still to do, or only that step of it. What `all` steps discard is in the copy that is made before the
    /// first of them.
    fn part(
        &mut self,
        way: &mut Walk<'_>,
        known: &[version_table::Applied],
        all: &[Step],
        only: Option<&Step>,
        done: usize,
    ) -> Result<Outcome, Failure> {
        let mut plan = |rows: &[version_table::Applied]| {
            let mut steps = way.steps(rows)?;
            if let Some(only) = only {
                steps.truncate(1);
                steps.retain(|step| step.op == only.op && step.revision == only.revision);
            }
            Ok(steps)
        };
        let observer = &mut *self.observer;
        let mut numbered = |event: Event<'_>| match event {
            Event::Started { step, number, .. } if only.is_some() => {
                observer(Event::Started { step, number: done + number, of: all.len() });
            }
            event => observer(event),
        };
        let to_copy = if done == 0 { all } else { &[] };
        let ground = walk::Ground {
            project: self.project,
            database: &self.project.place()?,
            filter: &self.project.filter()?,
            shapes: None,
            known: Some(known),
            to_copy: Some(to_copy),
            drift: walk::drift(self.project),
        };
        Ok(walk::run(&ground, self.connection, &mut plan, self.options, &mut numbered)?)
    }

    fn hooks(&mut self, moment: Moment, hooks: &[Hook], steps: &[Step]) -> Result<(), Failure> {
        if hooks.is_empty() {
            return Ok(());
        }
        let mut variables = common(self.project, moment)?;
        let direction = match (self.direction, steps.first()) {
            (Direction::Across, Some(step)) => step.op.verb(),
            (Direction::Down, _) => "downgrade",
            _ => "upgrade",
        };
        variables.push(("SCHEMACTL_DIRECTION", direction.to_owned()));
        if matches!(moment, Moment::BeforeRun | Moment::AfterRun) {
            let ids: Vec<&str> = steps.iter().map(|step| step.revision.as_str()).collect();
            variables.push(("SCHEMACTL_REVISIONS", ids.join(" ")));
        } else if let Some(step) = steps.first() {
            variables.push(("SCHEMACTL_REVISION", step.revision.to_string()));
            variables.push(("SCHEMACTL_MESSAGE", step.message.clone()));
        }
        for hook in hooks {
            let text = hook.text.clone().map_err(|mistake| Failure::new(Class::Input, mistake))?;
            match hook.kind {
                HookKind::Command => command(self.project, moment, hook, &text, &variables, self.shell)?,
                HookKind::Sql => {
                    let source = Source { path: format!("the hook `{}`", moment.key()), text };
                    self.statements(moment, &Arc::new(source))?;
                }
                HookKind::File => {
                    let path = self.project.settings.path(&text);
                    let text = std::fs::read_to_string(&path).map_err(|error| {
                        let why = format!("cannot read `{}`: {error}", path.display());
                        failed(moment, Class::Input, &why, hook.place.clone())
                    })?;
                    self.statements(moment, &Arc::new(Source { path: path.display().to_string(), text }))?;
                }
            }
            if self.options.interrupt.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(interrupted(moment));
            }
        }
        Ok(())
    }

    /// Runs statements as they stand, each by itself unless they say BEGIN and COMMIT.
    fn statements(&mut self, moment: Moment, source: &Arc<Source>) -> Result<(), Failure> {
        if let Database::Server(server) = self.project.place()? {
            return on_server(&server, moment, source);
        }
        let mut outcome = Ok(());
        for statement in Statements::new(self.connection, &source.text) {
            outcome = statement.and_then(Prepared::run);
            if outcome.is_err() {
                break;
            }
        }
        let left_open = !self.connection.is_autocommit();
        if left_open {
            let rolled_back = self.connection.execute_batch("ROLLBACK");
            rolled_back.map_err(|error| {
                failed(moment, Class::Database, &error.to_string(), Place::new(source, 0..source.text.len()))
            })?;
        }
        outcome.map_err(|error| failed(moment, Class::Database, &error.message, Place::new(source, error.span)))?;
        if left_open {
            return Err(failed(moment, Class::Input, LEFT_OPEN, Place::new(source, 0..source.text.len())));
        }
        Ok(())
    }
}

const LEFT_OPEN: &str = "it begins a transaction and does not end it";

/// The same on a server.
fn on_server(server: &Server, moment: Moment, source: &Arc<Source>) -> Result<(), Failure> {
    let mut spans = Vec::new();
    for tokens in flow::statements(&source.text) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { continue };
        spans.push(first.start..last.start + last.text.len());
    }
    let statements: Vec<&str> = spans.iter().map(|span| &source.text[span.clone()]).collect();
    let whole = 0..source.text.len();
    match server.execute(&statements) {
        Ok(Executed::Whole) => Ok(()),
        Ok(Executed::LeftOpen) => Err(failed(moment, Class::Input, LEFT_OPEN, Place::new(source, whole))),
        Ok(Executed::Refused { at, error }) => {
            let span = spans.get(at).cloned().unwrap_or(whole);
            Err(failed(moment, Class::Database, &error.to_string(), Place::new(source, span)))
        }
        Err(error) => Err(failed(moment, error.class(), &error.to_string(), Place::new(source, whole))),
    }
}

/// Runs the commands of `post_write` on a script that was written. A warning where they have changed more than its layout.
///
/// # Errors
/// When a command fails, or what it leaves is no script any more.
pub fn post_write(
    project: &Project,
    script: &Script,
    path: &Path,
    shell: Shell<'_>,
) -> Result<Option<Diagnostic>, Failure> {
    let hooks = &project.settings.hooks.post_write;
    if hooks.is_empty() {
        return Ok(None);
    }
    let file = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned();
    let mut variables =
        vec![("SCHEMACTL_HOOK", Moment::PostWrite.key().to_owned()), ("SCHEMACTL_NO_HOOKS", "1".to_owned())];
    variables.push(("SCHEMACTL_REVISION", script.revision.id.to_string()));
    variables.push(("SCHEMACTL_MESSAGE", script.revision.message.clone()));
    variables.push(("SCHEMACTL_FILE", file.clone()));
    for hook in hooks {
        let text = hook.text.clone().map_err(|mistake| Failure::new(Class::Input, mistake))?;
        let line = text.replace("{file}", &quoted(&file));
        command(project, Moment::PostWrite, hook, &line, &variables, shell)?;
    }
    let unread = |why: String| {
        let found = format!("the hook `post_write` left no script in `{}`: {why}", path.display());
        Failure::new(Class::Input, Diagnostic::new("after_hook_failed", found).help("correct the file, or the hook"))
    };
    let text = std::fs::read_to_string(path).map_err(|error| unread(error.to_string()))?;
    let left = Script::read(path.display().to_string(), &text).map_err(|error| unread(error.to_string()))?;
    let is_same = left.revision == script.revision
        && says(left.up.sql()) == says(script.up.sql())
        && left.down.as_ref().map(|down| says(down.sql())) == script.down.as_ref().map(|down| says(down.sql()));
    Ok((!is_same).then(|| {
        let found = format!("the hook `post_write` changed more than the layout of `{}`", path.display());
        Diagnostic::new("script_changed", found).help("`schemactl verify` proves it again")
    }))
}

/// What SQL means, whatever its layout and its comments.
fn says(sql: &str) -> Vec<token::Meaning<'_>> {
    token::meanings(sql).collect()
}

/// A path as one word of the shell.
fn quoted(path: &str) -> String {
    if cfg!(windows) { format!("\"{path}\"") } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Variables for every command. It is to run schemactl without running hooks again.
fn common(project: &Project, moment: Moment) -> Result<Vec<(&'static str, String)>, Failure> {
    let database = match project.place()? {
        Database::File(path) => std::path::absolute(&path).unwrap_or(path).to_string_lossy().into_owned(),
        Database::Server(server) => server.to_string(),
    };
    Ok(vec![
        ("SCHEMACTL_HOOK", moment.key().to_owned()),
        ("SCHEMACTL_NO_HOOKS", "1".to_owned()),
        ("SCHEMACTL_DATABASE", database),
    ])
}

fn command(
    project: &Project,
    moment: Moment,
    hook: &Hook,
    line: &str,
    variables: &[(&'static str, String)],
    shell: Shell<'_>,
) -> Result<(), Failure> {
    let folder = project.settings.path(".");
    match shell(&Command { line, folder, variables }) {
        Ended::Well => Ok(()),
        Ended::Badly(how) => Err(failed(moment, Class::No, &format!("the command {how}"), hook.place.clone())),
        Ended::Interrupted => Err(interrupted(moment)),
    }
}

fn failed(moment: Moment, class: Class, why: &str, place: Place) -> Failure {
    let (code, left) = moment.failed();
    let diagnostic = Diagnostic::new(code, format!("the hook `{}` failed: {why}", moment.key()));
    Failure::new(class, diagnostic.at(place).note(left).help("correct it, or go on without hooks by `--no-hooks`"))
}

fn interrupted(moment: Moment) -> Failure {
    let diagnostic = Diagnostic::new("interrupted", format!("interrupted in the hook `{}`", moment.key()));
    Failure::new(Class::Interrupted, diagnostic.note(moment.failed().1))
}

fn all_in_one(hook: Option<&Hook>) -> Failure {
    let found = "hooks around each revision cannot run where all revisions are one transaction";
    let mut diagnostic = Diagnostic::new("hooks_in_transaction", found);
    diagnostic.place = hook.map(|hook| hook.place.clone());
    Failure::new(Class::Input, diagnostic.help("pass `--transaction each`, or `--no-hooks`"))
}

fn failure(report: &dyn Report) -> Failure {
    Failure::all(report.class(), report.diagnostics())
}
