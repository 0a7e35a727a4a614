//! `schemactl template`: an empty database at head, to be copied for new tenants.

use std::path::PathBuf;

use serde_json::json;

use super::context::Context;
use super::interrupt;
use super::open::LOCK_TIMEOUT;
use super::style::Meaning;
use super::walk::{agree, place, words};
use crate::database::runner::Transaction;
use crate::fleet;
use crate::model;
use crate::operation::walk;
use crate::report::{Failure, grouped};

const EXAMPLES: &str = "\
Examples:
  schemactl template empty.db              all revisions run, vacuumed, checked
  schemactl template empty.db --replace    again, after a new revision
  cp empty.db data/acme/main.db            a new tenant";

/// What `template` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file to write
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Put it in the place of a file that is there already
    #[arg(long)]
    pub replace: bool,
}

/// Makes the template.
///
/// # Errors
/// When a file is in the way, or a revision fails.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let now = context.now()?.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let progress = context.output.progress("making the template", None);
    let options = walk::Options {
        lock_timeout: LOCK_TIMEOUT,
        transaction: Transaction::Each,
        dry_run: false,
        long_transactions: false,
        backup: model::Backup::Never,
        progress: &|_| (),
        backed_up: &|_| (),
        agree: &|doubts| agree(context, doubts),
        interrupt: interrupt::flag()?,
        now: &|| now.clone(),
    };
    let made = fleet::template(&project, &args.file, args.replace, &options);
    progress.finish();
    let made = made?;
    let path = context.shown(&made.path)?;
    if context.output.is_json() {
        context.output.json(&json!({ "version": 1, "path": path, "bytes": made.bytes, "heads": words(&made.heads) }));
    } else {
        let at = place(&project.graph()?, &made.heads);
        context.output.answer(format!("wrote {} at {at} ({} bytes)", Meaning::Path.paint(&path), grouped(made.bytes)));
        context.output.talk(format!("for a new tenant: cp {path} data/acme/main.db"));
    }
    Ok(())
}
