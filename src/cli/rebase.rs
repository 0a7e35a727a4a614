//! `schemactl rebase`: puts a line of revisions on top of another head.

use clap::builder::FalseyValueParser;
use serde_json::{Value, json};

use super::context::Context;
use super::listing::list;
use super::open::target;
use super::style::Meaning;
use super::visible::visible;
use super::walk::words;
use crate::operation::rebase::{self, Moved, Rebased, Treatment};
use crate::report::{Diagnostic, Failure, count};
use crate::revision::Mention;

const EXAMPLES: &str = "\
Examples:
  schemactl rebase                    the head that is not applied moves
  schemactl rebase 27c6 --onto ae10   the line that ends at 27c6 follows ae10
  schemactl rebase --dry-run          what would become of which file?";

/// What `rebase` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The head of the line that is to move; the other head, if there are two
    #[arg(value_name = "REV", allow_negative_numbers = true)]
    pub line: Option<String>,

    /// The head that the line is to follow; the other head, if there are two
    #[arg(long, value_name = "REV", allow_negative_numbers = true)]
    pub onto: Option<String>,

    /// Say what would become of which file, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Run none of the hooks that the settings have
    #[arg(long, env = "SCHEMACTL_NO_HOOKS", hide_env = true, value_parser = FalseyValueParser::new())]
    pub no_hooks: bool,
}

/// Moves the line.
///
/// # Errors
/// When the lines cannot be told, something that would move is applied or does not fit on its new place, or the files
/// cannot be written.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let line = args.line.as_deref().map(target).transpose()?;
    let onto = args.onto.as_deref().map(target).transpose()?;
    let state = context.open(&project)?.state;
    let rebased = rebase::prepare(&project, &state, line.as_ref(), onto.as_ref())?;
    let rows: Vec<&Moved> = rebased.moved.iter().filter(|moved| moved.changes_rows).collect();
    if !rows.is_empty() {
        let found = format!("these revisions change rows: see that they are right after `{}`", rebased.onto.id);
        let mut warning = Diagnostic::new("rows_change", found);
        warning.notes = rows.iter().map(|moved| Mention::from(&moved.script.revision).to_string()).collect();
        context.output.warn(&warning);
    }
    if !args.dry_run {
        rebase::write(&rebased)?;
        for moved in rebased.moved.iter().filter(|moved| moved.treatment == Treatment::Regenerated && !args.no_hooks) {
            super::shell::post_write(context, &project, &moved.script, moved.script.path().as_ref())?;
        }
    }
    give(args, context, &rebased)
}

fn give(args: &Args, context: &Context, rebased: &Rebased) -> Result<(), Failure> {
    if context.output.is_json() {
        let moved = rebased.moved.iter().map(|moved| json(context, moved)).collect::<Result<Vec<_>, _>>()?;
        context.output.json(&json!({ "version": 1, "onto": rebased.onto.id.as_str(), "rewritten": moved }));
        return Ok(());
    }
    if rebased.moved.is_empty() {
        context
            .output
            .answer(format!("nothing to do: it follows {} already", Meaning::Revision.paint(&rebased.onto.id)));
        return Ok(());
    }
    for moved in &rebased.moved {
        let revision = &moved.script.revision;
        let what = match (args.dry_run, moved.treatment) {
            (false, Treatment::Kept) => "rewrote",
            (false, Treatment::Regenerated) => "regenerated",
            (true, Treatment::Kept) => "would rewrite",
            (true, Treatment::Regenerated) => "would regenerate",
        };
        let path = context.shown(moved.script.path().as_ref())?;
        let sql = match moved.treatment {
            Treatment::Kept => "same SQL",
            Treatment::Regenerated => "SQL planned again",
        };
        let message = visible(&revision.message);
        context.output.answer(format!(
            "{what} {}: {} -> {}, {message}",
            Meaning::Path.paint(path),
            list(&revision.parents),
            revision.id
        ));
        context.output.detail(format!("  {sql}"));
    }
    let number = count(rebased.moved.len(), "revision");
    if args.dry_run {
        context.output.talk(format!("dry run: {number}, proved on scratch databases; no file was written"));
    } else {
        context.output.talk(format!("proved on scratch databases: {number} on top of {}", rebased.onto.id));
        context.output.talk("to run: schemactl upgrade head");
    }
    Ok(())
}

fn json(context: &Context, moved: &Moved) -> Result<Value, Failure> {
    let revision = &moved.script.revision;
    Ok(json!({
        "revision": revision.id.as_str(), "message": revision.message, "parents": words(&revision.parents),
        "path": context.shown(moved.script.path().as_ref())?, "sql": moved.treatment.as_str()
    }))
}
