//! The commands that work on many databases, each as an act on one of them.

use std::time::Duration;

use super::report::Sink;
use super::summary::{self, Words};
use super::{Choice, Course, gate};
use crate::cli::clock;
use crate::cli::context::Context;
use crate::cli::duration::calm;
use crate::cli::interrupt;
use crate::cli::open::LOCK_TIMEOUT;
use crate::cli::prompt::Prompt;
use crate::cli::shell;
use crate::cli::walk::{Transaction, Walk};
use crate::database::runner;
use crate::fleet::{self, End, Job, Member, Outcome, Record, Tally, View, Viewer, Walker};
use crate::model;
use crate::operation::Project;
use crate::operation::hooks;
use crate::operation::planner::Planner;
use crate::operation::walk::Direction;
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::{Purge, Target};

/// How long databases that others write are looked at again: reading one takes a moment.
const READ_PATIENCE: Duration = Duration::from_secs(2);

/// Walks up or down.
///
/// # Errors
/// When something failed, and when nothing could be begun.
pub fn walk(
    args: &Walk,
    (choice, course): (&Choice, &Course),
    word: &str,
    direction: Direction,
    members: Vec<Member>,
    context: &Context,
    mut project: Project,
) -> Result<(), Failure> {
    if args.no_hooks {
        project.settings.hooks = model::Hooks::default();
    }
    let project = &project;
    let has_hooks = project.settings.hooks.are_beside_runs();
    let target = crate::cli::open::target(word)?;
    let planner = || {
        let planner = Planner::walk(project, direction, &target)?;
        // A way down is kept in the database; up from revisions that nobody here knows there is none.
        Ok::<_, Failure>(if direction == Direction::Up { planner.of_known_revisions() } else { planner })
    };
    let now = clock(context)?;
    let transaction = match args.transaction {
        Transaction::Each => runner::Transaction::Each,
        Transaction::All => runner::Transaction::All,
    };
    let once = has_hooks && !args.dry_run;
    if once {
        hooks::refuse_unfit(&project.settings.hooks, transaction)?;
    }
    let interrupt = interrupt::flag()?;
    let walker = |job| Walker {
        project,
        job,
        transaction,
        dry_run: args.dry_run,
        long_transactions: args.long_transactions,
        backup: if args.no_backup { model::Backup::Never } else { project.settings.backup },
        agreed: (context.prompt == Prompt::Assent).then_some(true),
        interrupt: std::sync::Arc::clone(&interrupt),
        now: &now,
    };
    let verb = if direction == Direction::Down { "downgrade" } else { "upgrade" };
    let done = match (direction, args.dry_run) {
        (Direction::Down, false) => "downgraded",
        (Direction::Down, true) => "would be downgraded",
        (_, false) => "upgraded",
        (_, true) => "would be upgraded",
    };
    let steps = word.rsplit('@').next().is_some_and(|steps| steps.starts_with(['+', '-']));
    let relative = steps.then(|| word.to_owned());
    let words = Words { done, alone: format!("schemactl {verb} {word}"), relative };
    let run = Run { context, project, choice, patience: args.lock_timeout, once, words };
    if let Some(number) = course.rehearse {
        let walker = walker(Job::Rehearse(planner()?));
        run.rehearse(&members, number, &|member, wait| walker.act(member, wait))?;
    }
    let walker = walker(Job::Walk { planner: planner()?, direction, shell: &shell::run_silently });
    let label = format!("{verb}ing").replace("eing", "ing");
    let (tally, end) = run.all(members, &label, course, &|member, wait| walker.act(member, wait))?;
    let is_dry = args.dry_run;
    run.give(&tally, end)?;
    if is_dry && !context.output.is_json() {
        context.output.answer("dry run: nothing was changed");
    }
    if is_dry && has_hooks && tally.number(Outcome::Done) > 0 {
        context.output.talk("a dry run runs no hooks");
    }
    verdict(&tally, end)
}

/// Records where databases stand.
///
/// # Errors
/// When something failed, and when nothing could be begun.
pub fn stamp(
    choice: &Choice,
    (targets, purge): (&[Target], Purge),
    members: Vec<Member>,
    context: &Context,
    project: &Project,
) -> Result<(), Failure> {
    let job = Job::Stamp(Planner::stamp(project, targets, purge)?);
    let words = Words { done: "stamped", alone: "schemactl stamp".to_owned(), relative: None };
    write(job, choice, "stamping", words, members, context, project)
}

/// Copies databases.
///
/// # Errors
/// When something failed, and when nothing could be begun.
pub fn back_up(choice: &Choice, members: Vec<Member>, context: &Context, project: &Project) -> Result<(), Failure> {
    let words = Words { done: "copied", alone: "schemactl backup".to_owned(), relative: None };
    write(Job::Backup, choice, "copying", words, members, context, project)
}

/// The time of each database's own run; a run over many may last for hours.
fn clock(context: &Context) -> Result<impl Fn() -> String + Sync, Failure> {
    let began = context.now()?;
    Ok(move || clock::now().unwrap_or(began).to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

fn write(
    job: Job,
    choice: &Choice,
    label: &str,
    words: Words,
    members: Vec<Member>,
    context: &Context,
    project: &Project,
) -> Result<(), Failure> {
    let now = clock(context)?;
    let walker = Walker {
        project,
        job,
        transaction: runner::Transaction::All,
        dry_run: false,
        long_transactions: false,
        backup: model::Backup::Never,
        agreed: (context.prompt == Prompt::Assent).then_some(true),
        interrupt: interrupt::flag()?,
        now: &now,
    };
    let run = Run { context, project, choice, patience: LOCK_TIMEOUT, once: false, words };
    let (tally, end) = run.all(members, label, &Course::default(), &|member, wait| walker.act(member, wait))?;
    run.give(&tally, end)?;
    verdict(&tally, end)
}

/// Looks at databases, and gives what it has found.
///
/// # Errors
/// When one cannot be read, or, but for [`View::Current`], something is to be done.
pub fn look(
    view: View,
    choice: &Choice,
    members: Vec<Member>,
    context: &Context,
    project: &Project,
) -> Result<Tally, Failure> {
    let viewer = Viewer::new(project, view)?;
    let words = Words { done: "", alone: String::new(), relative: None };
    let run = Run { context, project, choice, patience: READ_PATIENCE, once: false, words };
    let (tally, end) = run.all(members, "looking at", &Course::default(), &|member, wait| viewer.act(member, wait))?;
    if !context.output.is_json() {
        summary::of_look(context, &tally, view, &project.graph()?);
    }
    verdict(&tally, end)?;
    if tally.number(Outcome::Differs) > 0 { Err(Failure::answered(Class::No)) } else { Ok(tally) }
}

struct Run<'a> {
    context: &'a Context,
    project: &'a Project,
    choice: &'a Choice,
    patience: Duration,
    once: bool,
    words: Words,
}

impl Run<'_> {
    fn all(
        &self,
        members: Vec<Member>,
        label: &str,
        course: &Course,
        act: &(dyn Fn(&Member, Duration) -> Record + Sync),
    ) -> Result<(Tally, End), Failure> {
        let interrupt = interrupt::flag()?;
        let mut sink = Sink::open(self.context, self.choice.report.as_deref(), label, members.len())?;
        let how = fleet::Course {
            jobs: self.choice.jobs(),
            waves: course.waves.as_ref(),
            max_failures: course.max_failures,
            patience: self.patience,
            once: self.once,
            interrupt: &interrupt,
        };
        let mut ask = |between: &fleet::Between<'_>| match &course.gate {
            Some(command) => gate::ask(self.context, command, between),
            None => Ok(true),
        };
        let (tally, end) = fleet::run(members, &how, act, &mut |record, tally| sink.take(record, tally), &mut ask)?;
        sink.finish(&tally)?;
        Ok((tally, end))
    }

    /// Tries the run on copies, and refuses it if it fails there.
    fn rehearse(
        &self,
        members: &[Member],
        number: usize,
        act: &(dyn Fn(&Member, Duration) -> Record + Sync),
    ) -> Result<(), Failure> {
        let sample = fleet::sample(members, number);
        let interrupt = interrupt::flag()?;
        let jobs = self.choice.jobs();
        let (patience, interrupt) = (self.patience, &interrupt);
        let how = fleet::Course { jobs, waves: None, max_failures: None, patience, once: false, interrupt };
        let progress = self.context.output.progress("rehearsing on copies", Some(sample.len() as u64));
        let mut tell = |_: &Record, tally: &Tally| {
            progress.set(tally.total as u64);
            Ok(())
        };
        let (tally, _) = fleet::run(sample, &how, act, &mut tell, &mut |_| Ok(true))?;
        progress.finish();
        let mut refused = tally.failures.iter().filter(|(cause, _)| cause.is_of_the_run());
        if let Some((cause, group)) = refused.next() {
            let unknown = || Diagnostic::new("failed", "it failed");
            let mut diagnostic = group.said().cloned().unwrap_or_else(unknown);
            let first = group.examples.keys().next().map(|path| path.display().to_string()).unwrap_or_default();
            diagnostic.notes.push(format!(
                "the rehearsal on a copy of `{first}` failed ({cause}), as {} of {}; no database was changed",
                group.number,
                count(tally.total, "copy")
            ));
            return Err(Failure::new(Class::Fleet, diagnostic));
        }
        let rehearsed = tally.total - tally.failed() - tally.number(Outcome::Skipped);
        let each = tally.work.checked_div(u32::try_from(tally.total).unwrap_or(u32::MAX)).unwrap_or_default();
        let all = each * u32::try_from(members.len().div_ceil(jobs.get())).unwrap_or(u32::MAX);
        let others = match tally.total - rehearsed {
            0 => String::new(),
            others => format!("; {} could not be copied", super::report::databases(others)),
        };
        self.context.output.talk(format!(
            "rehearsed on {}: {} each, so about {} for {}{others}",
            count(rehearsed, "copy"),
            calm(each),
            calm(all),
            super::report::databases(members.len())
        ));
        Ok(())
    }

    fn give(&self, tally: &Tally, end: End) -> Result<(), Failure> {
        if self.context.output.is_json() {
            return Ok(());
        }
        summary::of_run(self.context, tally, &self.words, &self.project.graph()?);
        let unfinished = tally.failed() + tally.number(Outcome::Skipped) + tally.number(Outcome::Interrupted);
        let why = match end {
            End::Whole | End::Interrupted => None,
            End::TooManyFailures => Some("the run has ended: more databases failed than `--max-failures` allows"),
            End::Gate => Some("the run has ended: the gate said no"),
        };
        if let Some(why) = why {
            self.context.output.talk(why);
        }
        if unfinished > 0 {
            let only = match &self.choice.report {
                Some(report) => format!(" with `--only failed --from {}`", report.display()),
                None => String::new(),
            };
            let left = super::report::databases(unfinished);
            let word = self.words.relative.as_deref().filter(|_| only.is_empty());
            self.context.output.talk(match word {
                None => format!("{left} left; run the same again{only}: what is done is not done twice"),
                Some(word) => format!(
                    "{left} left; `{word}` counts from where each stands, so that it would take the others further: \
                     run it again on what is left alone, or name a revision"
                ),
            });
        }
        Ok(())
    }
}

/// The exit code.
fn verdict(tally: &Tally, end: End) -> Result<(), Failure> {
    match end {
        End::Interrupted => Err(Failure::answered(Class::Interrupted)),
        End::Whole if tally.failed() == 0 => Ok(()),
        _ => Err(Failure::answered(Class::Fleet)),
    }
}
