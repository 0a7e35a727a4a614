//! What `upgrade` and `downgrade` both take: how revisions are run.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use clap::builder::FalseyValueParser;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::context::Context;
use super::copying::Copying;
use super::duration::calm;
use super::interrupt;
use super::open::target;
use super::options::NONE;
use super::progress::{Progress, Total};
use super::prompt::Prompt;
use super::style::Meaning;
use crate::database::runner::{self, Event, Outcome};
use crate::database::{Access, Scratch, backup};
use crate::fleet;
use crate::model;
use crate::operation::backup::Backup;
use crate::operation::discard::{self, Loss};
use crate::operation::estimate::{self, Estimate, Rewrite};
use crate::operation::walk::{self, Direction, Walked};
use crate::operation::{Project, State, drift, hooks, status};
use crate::report::{Class, Diagnostic, Failure, count, first_few, grouped};
use crate::revision::{Graph, Remark, RevisionId, Target, Word};
use crate::schema::Name;

// A doc comment would become the description of the command (clap keeps the last one).
#[derive(Debug, Clone, clap::Args)]
#[expect(missing_docs, reason = "see above")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Walk {
    /// Print the SQL of the walk, and touch no database
    #[arg(long, conflicts_with = "dry_run")]
    pub sql: bool,

    /// Say what would be run, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// What is taken back together when something goes wrong: each revision by itself, or all of them
    #[arg(long, value_enum, default_value_t, value_name = "SCOPE", env = "SCHEMACTL_TRANSACTION", hide_env = true)]
    pub transaction: Transaction,

    /// Make no copy of the database, whatever the settings say
    #[arg(long, env = "SCHEMACTL_NO_BACKUP", hide_env = true, value_parser = FalseyValueParser::new())]
    pub no_backup: bool,

    /// Run none of the hooks that the settings have
    #[arg(long, env = "SCHEMACTL_NO_HOOKS", hide_env = true, value_parser = FalseyValueParser::new())]
    pub no_hooks: bool,

    /// On a server: write tables anew however many rows they have, for when nobody else writes
    #[arg(long, env = "SCHEMACTL_LONG_TRANSACTIONS", hide_env = true, value_parser = FalseyValueParser::new())]
    pub long_transactions: bool,

    /// How long to wait while others hold the database
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    #[arg(env = "SCHEMACTL_LOCK_TIMEOUT", hide_env = true)]
    pub lock_timeout: Duration,
}

// As above.
#[derive(Debug, Clone, clap::Args)]
#[expect(missing_docs, reason = "see above")]
pub struct Upwards {
    /// The revision to go up to: `head`, `heads`, an id or the start of one, `+2`, `label@head`
    #[arg(value_name = "TARGET", default_value = "head", allow_negative_numbers = true)]
    pub target: String,

    #[command(flatten)]
    pub walk: Walk,
}

/// What is one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Transaction {
    /// Each revision.
    #[value(help = NONE)]
    #[default]
    Each,
    /// All revisions of the walk.
    #[value(help = NONE)]
    All,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "expected a number of seconds, such as `30` or `0.5`".to_owned())
}

/// Walks up or down, and says what was done.
///
/// # Errors
/// When the target names nothing, a revision fails, or the database cannot be had.
pub fn run(
    args: &Walk,
    word: &str,
    direction: Direction,
    context: &Context,
    mut project: Project,
) -> Result<(), Failure> {
    if args.no_hooks {
        project.settings.hooks = model::Hooks::default();
    }
    if args.sql {
        return offline(word, direction, context, &project);
    }
    let target = target(word)?;
    let access = match direction {
        Direction::Up | Direction::Across if !args.dry_run => Access::Create,
        _ => Access::Write,
    };
    let name = context.database_name(&project)?;
    let is_new = project.is_new()?;
    let is_to_be_made = is_new && access == Access::Create && runs_first(args, direction, &target, context, &project)?;
    let mut connection = if is_new && args.dry_run && direction == Direction::Up {
        context.output.talk(format!("there is no database `{name}` yet: this is what would run on a new one"));
        in_memory()?
    } else if is_new && access == Access::Create && !is_to_be_made {
        in_memory()?
    } else {
        let Some(connection) = connect(&project, access, args)? else { return super::open::no_database(&name) };
        connection
    };
    let now = context.now()?.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    // As in `Opened`.
    let state = ManuallyDrop::new(project.state(Some(&connection))?);
    if direction == Direction::Up {
        tell_of_differences(context, &state, direction, &target)?;
    }
    // Where nothing is to be run, nothing is looked into either.
    let is_idle = walk::route(&state, direction, &target)?.steps.is_empty();
    let mut losses = Vec::new();
    if !is_idle {
        losses = discard::ahead(&project, &connection, &state, direction, &target)?;
        for (revision, loss) in &losses {
            context.output.warn(&loss.of_revision(revision));
        }
        if direction != Direction::Up && !args.dry_run && !losses.is_empty() {
            agree_to_discard(context)?;
        }
        foresee(context, &estimate::ahead(&project, &connection, &state, direction, &target)?);
    }
    let copied = RefCell::new(None);
    let copying = Copying::new(&context.output);
    let options = walk::Options {
        lock_timeout: args.lock_timeout,
        transaction: match args.transaction {
            Transaction::Each => runner::Transaction::Each,
            Transaction::All => runner::Transaction::All,
        },
        dry_run: args.dry_run,
        long_transactions: args.long_transactions,
        backup: if args.no_backup { model::Backup::Never } else { project.settings.backup },
        progress: &|pages| copying.tell(pages),
        backed_up: &|backup| {
            super::backup::tell(context, backup);
            copied.replace(Some(backup.clone()));
        },
        agree: &|doubts| agree(context, doubts),
        interrupt: if is_idle { Arc::default() } else { interrupt::flag()? },
        now: &|| now.clone(),
    };
    let rows = if args.dry_run || context.output.is_verbose() { Rows::Told } else { Rows::Untold };
    let mut shown = None;
    let mut observer = |event: Event<'_>| tell(context, &event, rows, &mut shown);
    let shell = |command: &hooks::Command<'_>| super::shell::run(context, command);
    let errand = walk::Errand { project: &project, start: &state, direction, target: &target, options: &options };
    let walked = hooks::walk(&errand, &mut connection, &shell, &mut observer);
    drop(shown);
    let walked = walked.map_err(|failure| drift::of_known_schema(&project, &connection, failure))?;
    if args.dry_run && project.settings.hooks.are_beside_runs() && !walked.outcome.steps.is_empty() {
        context.output.talk("a dry run runs no hooks");
    }
    give(context, &name, args.dry_run, &walked, (&losses, copied.into_inner().as_ref()));
    Ok(())
}

/// A database that is gone when the command ends.
pub fn in_memory() -> Result<Connection, Failure> {
    Ok(backup::in_memory(Scratch::empty()?.connection())?)
}

/// Whether anything is to be run on a database that is not there yet. Its first revision is tried in memory, so that a
/// run which fails at once makes no file; hooks may prepare what it needs, and run on the database itself.
fn runs_first(
    args: &Walk,
    direction: Direction,
    target: &Target,
    context: &Context,
    project: &Project,
) -> Result<bool, Failure> {
    let state = ManuallyDrop::new(project.state(None)?);
    let route = walk::route(&state, direction, target)?;
    let Some(first) = route.steps.first() else { return Ok(false) };
    if project.settings.hooks.are_beside_runs() {
        return Ok(true);
    }
    let now = context.now()?.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let options = walk::Options {
        lock_timeout: args.lock_timeout,
        transaction: runner::Transaction::Each,
        dry_run: true,
        long_transactions: false,
        backup: model::Backup::Never,
        progress: &|_| {},
        backed_up: &|_| {},
        // What is hardly meant is asked when it runs.
        agree: &|_| Some(true),
        interrupt: interrupt::flag()?,
        now: &|| now.clone(),
    };
    let target = Target::of(Word::Name(first.revision.to_string()));
    let errand = walk::Errand { project, start: &state, direction, target: &target, options: &options };
    let mut connection = in_memory()?;
    connection
        .pragma_update(None, "max_page_count", MOST_PAGES_TRIED)
        .context("cannot bound what is tried in memory")?;
    match walk::walk(&errand, &mut connection, &mut |_| {}) {
        // What brings so many rows is not for memory.
        Err(failure) if failure.diagnostics().iter().any(|found| found.code == "full") => Ok(true),
        tried => tried.map(|_| true),
    }
}

/// How large a new database may become in memory: 64 MB in pages of 4 KiB.
const MOST_PAGES_TRIED: i64 = 16_384;

/// Says what is going to take a while, and warns where there may be too little room.
fn foresee(context: &Context, estimate: &Estimate) {
    let megabytes = |bytes: u64| format!("{} MB", grouped(bytes.div_ceil(1_000_000)));
    for Rewrite { revision, table, rows, bytes } in &estimate.rewrites {
        let rows = count(usize::try_from(*rows).unwrap_or(usize::MAX), "row");
        context.output.talk(format!(
            "{} writes `{}` anew: {rows}, {} with its indexes",
            Meaning::Revision.paint(revision),
            super::visible::visible(table.as_str()),
            megabytes(*bytes)
        ));
    }
    let (needed, free) = (megabytes(estimate.needed), estimate.free.map(megabytes));
    let free = free.map(|free| format!(", {free} are free")).unwrap_or_default();
    if estimate.is_tight() {
        let found = format!("the run may need {needed} in `{}`{free}", estimate.folder.display());
        let help = "free some space; where it is too little all is rolled back";
        context.output.warn(&Diagnostic::new("little_room", found).help(help));
    } else if !estimate.rewrites.is_empty() {
        context.output.talk(format!("that takes up to {needed} beside the database while it runs{free}"));
    }
}

/// Warns of scripts that are not what the database has run. Where these are the reason that there is no way, they are
/// the error.
fn tell_of_differences(context: &Context, state: &State, direction: Direction, target: &Target) -> Result<(), Failure> {
    let mut differences = status::differences(state);
    let is_gone = differences.first().is_some_and(|difference| difference.code == "no_file");
    if is_gone && walk::route(state, direction, target).is_err() {
        return Err(Failure::new(Class::Input, differences.remove(0)));
    }
    for difference in &differences {
        context.output.warn(difference);
    }
    Ok(())
}

fn connect(project: &Project, access: Access, args: &Walk) -> Result<Option<rusqlite::Connection>, Failure> {
    project.connect_to_run(access, args.lock_timeout)
}

/// Whether the lines about revisions say how many rows were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// They do.
    Told,
    /// They do not.
    Untold,
}

/// Asks whether to go on where a route does what is hardly meant.
#[must_use]
pub fn agree(context: &Context, doubts: &[Remark]) -> Option<bool> {
    if context.prompt == Prompt::Person {
        for doubt in doubts {
            context.output.warn(&doubt.diagnostic());
        }
    }
    context.prompt.confirm("go on?")
}

/// Asks a person whether what was warned of may be discarded. Where nobody can be asked, the command said it.
fn agree_to_discard(context: &Context) -> Result<(), Failure> {
    if context.prompt != Prompt::Person || context.prompt.confirm("discard that?") == Some(true) {
        return Ok(());
    }
    let found = "nobody has agreed to discard it; nothing was changed";
    Err(Failure::new(Class::No, Diagnostic::new("not_confirmed", found).help("answer `y`, or pass `--yes`")))
}

/// The talk on the way, and a line for each revision that is done; `shown` is the progress of the statement that runs.
pub fn tell(context: &Context, event: &Event<'_>, rows: Rows, shown: &mut Option<Progress>) {
    match event {
        Event::Working { work } => {
            let total = (work.rows > 0).then_some(Total { number: work.rows, unit: "rows" });
            let gauge = work.clone();
            *shown = Some(context.output.measured(&work.what, total, Box::new(move || gauge.rows_done())));
        }
        Event::Worked => *shown = None,
        Event::WaitingForLock { waited } => {
            context.output.talk(format!("waiting for another connection to finish ({})", calm(*waited)));
        }
        Event::Lost { why } => {
            context.output.talk(format!("{why}; nothing of the revision was committed, so it is run once more"));
        }
        // What stands for them is told.
        Event::Finished { done } if done.verb() == "forget" && !context.output.is_verbose() => {}
        Event::Finished { done } => {
            done.by_hand.iter().for_each(|by_hand| tell_by_hand(context, by_hand));
            if context.output.is_json() {
                return;
            }
            let message = if done.message.is_empty() { String::new() } else { format!("  {}", done.message) };
            context.output.answer(format!(
                "{:<9} {}{}  {}",
                done.verb(),
                Meaning::Revision.paint(&done.revision),
                super::visible::visible(&message),
                Meaning::Dim.paint(took(done, rows))
            ));
        }
        Event::Drifted { step, after, deviation } => {
            let when = if *after { "after" } else { "before" };
            let found = format!("the schema {when} `{}` is not the one that the revisions make", step.revision);
            let mut warning = Diagnostic::new("drift", found);
            warning.notes = deviation.notes();
            context.output.warn(&warning.help("`schemactl status` says how to go on"));
        }
        Event::Classic { table, why, .. } => {
            let why = super::visible::visible(why);
            context.output.talk(format!("`{table}` is rebuilt as its script says, not in the fast way: {why}"));
        }
        Event::NotRehearsed { step } => {
            let found = format!("`{}` runs outside a transaction, so a dry run leaves it out", step.revision);
            context.output.warn(&Diagnostic::new("not_rehearsed", found));
        }
        Event::Started { .. } | Event::Statement { .. } | Event::Ran { .. } => {}
    }
}

/// Says what became of what no revision makes.
fn tell_by_hand(context: &Context, by_hand: &runner::ByHand) {
    if by_hand.lost.is_none() {
        context.output.talk(super::visible::visible(&by_hand.words()));
    } else {
        let mut warning = Diagnostic::new("by_hand", by_hand.words());
        warning.notes.push(format!("it was: {}", by_hand.sql));
        context.output.warn(&warning);
    }
}

/// How long a step took, and how many rows it wrote.
fn took(done: &runner::Done, rows: Rows) -> String {
    match rows {
        Rows::Untold => calm(done.duration),
        Rows::Told => {
            let rows = usize::try_from(done.rows).unwrap_or(usize::MAX);
            format!("{}, {} written", calm(done.duration), count(rows, "row"))
        }
    }
}

/// Says what was done, what of the rows it cost, and where the database stands.
fn give(
    context: &Context,
    name: &str,
    dry_run: bool,
    walked: &Walked,
    (losses, backup): (&[(RevisionId, Loss)], Option<&Backup>),
) {
    let Walked { outcome, remarks, state } = walked;
    if let Some(notice) = outcome.stand_ins.notice() {
        context.output.warn(&Diagnostic::new("stand_ins", notice));
    }
    let heads: Vec<RevisionId> =
        state.graph.current(&state.applied).into_iter().map(|revision| revision.id.clone()).collect();
    if context.output.is_json() {
        let mut document = json!({
            "version": 1, "steps": steps(outcome), "heads": words(&heads), "discards": discards(losses)
        });
        if let Some(backup) = backup {
            document["backup"] = backup.path.to_string_lossy().into();
        }
        context.output.json(&document);
        return;
    }
    // That there is nothing to do is the answer.
    for remark in remarks.iter().filter(|remark| !matches!(remark, Remark::AlreadyThere { .. })) {
        context.output.warn(&remark.diagnostic());
    }
    let place = place(&state.graph, &heads);
    if dry_run {
        // What another one stands for is not counted.
        let number = count(outcome.steps.iter().filter(|done| done.ran).count(), "revision");
        context.output.answer(format!("dry run: {number} would leave {name} at {place}; nothing was changed"));
    } else if outcome.steps.is_empty() {
        context.output.answer(format!("nothing to do: {name} is at {place}"));
    } else {
        context.output.answer(format!("{name} is at {place}"));
    }
}

/// Steps for programs.
#[must_use]
pub fn steps(outcome: &Outcome) -> Vec<Value> {
    let step = |done: &runner::Done| {
        let ms = (done.duration.as_secs_f64() * 10_000.0).round() / 10.0;
        let mut step = json!({
            "op": done.verb(), "revision": done.revision.as_str(), "message": done.message, "ms": ms, "rows": done.rows
        });
        if !done.by_hand.is_empty() {
            step["by_hand"] = done.by_hand.iter().map(fleet::by_hand).collect();
        }
        step
    };
    outcome.steps.iter().map(step).collect()
}

/// What revisions cost, for programs.
fn discards(losses: &[(RevisionId, Loss)]) -> Vec<Value> {
    let discard = |(revision, loss): &(RevisionId, Loss)| {
        json!({
            "revision": revision.as_str(), "kind": loss.kind(), "table": loss.table.as_str(),
            "column": loss.column.as_ref().map(Name::as_str), "number": loss.number, "at_most": loss.at_most,
            "by": loss.by, "text": loss.text(revision),
        })
    };
    losses.iter().map(discard).collect()
}

/// Identifiers for programs.
#[must_use]
pub fn words(ids: &[RevisionId]) -> Vec<&str> {
    ids.iter().map(RevisionId::as_str).collect()
}

/// The most revisions that one line lists.
const LISTED: usize = 8;

/// Where a database stands: `base`, `ec7d02f185ab (head)`.
#[must_use]
pub fn place(graph: &Graph, current: &[RevisionId]) -> String {
    if current.is_empty() {
        return "base".to_owned();
    }
    let heads = graph.heads();
    let places = current.iter().map(|id| {
        let mark = if heads.iter().any(|head| head.id == *id) { " (head)" } else { "" };
        format!("{}{mark}", Meaning::Revision.paint(id))
    });
    first_few(places, LISTED)
}

/// The SQL of a walk: `a:b` says where the other database stands; without `a` it is empty.
fn offline(word: &str, direction: Direction, context: &Context, project: &Project) -> Result<(), Failure> {
    let now = context.now()?.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let graph = project.graph()?;
    let (from, to) = match word.split_once(':') {
        Some((from, to)) => (from, to),
        None if direction != Direction::Down => ("", word),
        None => {
            let found = format!("`downgrade {word} --sql` does not say where the database stands");
            let help = format!("name both ends: `schemactl downgrade head:{word} --sql`");
            return Err(Failure::new(crate::report::Class::Input, Diagnostic::new("no_range", found).help(help)));
        }
    };
    let mut start = Vec::new();
    for word in from.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        start.extend(graph.resolve(&target(word)?, None)?.into_iter().map(|revision| revision.id.clone()));
    }
    let applied = graph.applied_at(&start);
    let to = if to.trim().is_empty() { "head" } else { to };
    context.output.sql(&walk::offline(project, direction, &target(to)?, applied, &now)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_revision_is_a_transaction_and_the_wait_is_half_a_minute_unless_said() {
        let walk: Walk = parse(&[]).unwrap();
        assert_eq!((walk.transaction, walk.lock_timeout), (Transaction::Each, Duration::from_secs(30)));
        let walk: Walk = parse(&["--transaction=all", "--lock-timeout", "0.5"]).unwrap();
        assert_eq!((walk.transaction, walk.lock_timeout), (Transaction::All, Duration::from_millis(500)));
    }

    #[test]
    fn only_time_that_can_be_waited_is_a_wait() {
        for bad in ["-1", "soon", "nan", "inf", "1e40"] {
            assert!(parse::<Walk>(&[&format!("--lock-timeout={bad}")]).is_err(), "{bad}");
        }
    }
}
