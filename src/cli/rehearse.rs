//! `schemactl rehearse`: the real run on a private copy: how long, how much, and whether it goes well.

use serde_json::json;

use super::context::Context;
use super::copying::Copying;
use super::duration::calm;
use super::interrupt;
use super::open::{LOCK_TIMEOUT, target};
use crate::database::runner::{Event, Transaction};
use crate::model;
use crate::operation::rehearse::{self, Rehearsal};
use crate::operation::walk::{self, Direction};
use crate::report::{Failure, count, grouped};
use crate::revision::Remark;

const EXAMPLES: &str = "\
Examples:
  schemactl rehearse                     all that is not run yet, on a copy
  schemactl rehearse ae10 --down         taking revisions back, on a copy
  schemactl rehearse --env production    before it counts";

/// What `rehearse` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The revision to go to, as `upgrade` and `downgrade` take it
    #[arg(value_name = "TARGET", default_value = "head", allow_negative_numbers = true)]
    pub target: String,

    /// Take revisions back
    #[arg(long)]
    pub down: bool,
}

/// Runs revisions on a copy.
///
/// # Errors
/// What would stop the run itself.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let direction = if args.down { Direction::Down } else { Direction::Up };
    let now = context.now()?.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let copying = Copying::new(&context.output);
    let options = walk::Options {
        lock_timeout: LOCK_TIMEOUT,
        transaction: Transaction::Each,
        dry_run: false,
        long_transactions: false,
        backup: model::Backup::Never,
        progress: &|_| (),
        backed_up: &|_| (),
        agree: &|doubts| super::walk::agree(context, doubts),
        interrupt: interrupt::flag()?,
        now: &|| now.clone(),
    };
    let mut shown = None;
    let mut observer = |event: Event<'_>| super::walk::tell(context, &event, super::walk::Rows::Told, &mut shown);
    let copied = |pages: crate::database::backup::Progress| copying.tell(pages);
    let rehearsed = rehearse::rehearse(&project, direction, &target(&args.target)?, &options, &copied, &mut observer);
    drop(shown);
    give(context, &context.database_name(&project)?, &rehearsed?);
    Ok(())
}

fn give(context: &Context, name: &str, rehearsal: &Rehearsal) {
    let Rehearsal { walked, duration, bytes_before, bytes_after } = rehearsal;
    let current = walked.state.graph.current(&walked.state.applied);
    let heads: Vec<_> = current.into_iter().map(|revision| revision.id.clone()).collect();
    if context.output.is_json() {
        context.output.json(&json!({
            "version": 1,
            "steps": super::walk::steps(&walked.outcome),
            "heads": super::walk::words(&heads),
            "ms": (duration.as_secs_f64() * 10_000.0).round() / 10.0,
            "bytes_before": bytes_before,
            "bytes_after": bytes_after,
        }));
        return;
    }
    // That there is nothing to do is the answer.
    for remark in walked.remarks.iter().filter(|remark| !matches!(remark, Remark::AlreadyThere { .. })) {
        context.output.warn(&remark.diagnostic());
    }
    context.output.answer(format!(
        "rehearsed: {} in {} would leave {name} at {}; {} bytes before, {} after; nothing was changed",
        count(walked.outcome.steps.len(), "revision"),
        calm(*duration),
        super::walk::place(&walked.state.graph, &heads),
        grouped(*bytes_before),
        grouped(*bytes_after),
    ));
}
