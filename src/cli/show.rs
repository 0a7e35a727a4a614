//! `schemactl show`: all about one revision.

use std::mem::ManuallyDrop;

use serde_json::{Value, json};

use super::context::Context;
use super::listing::Listing;
use super::open::{Named, target, warn_of_problems};
use crate::report::Failure;

const EXAMPLES: &str = "\
Examples:
  schemactl show head
  schemactl show ae10";

/// What `show` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which one.
    #[command(flatten)]
    pub named: Named,
}

/// Shows what a revision is, and its script.
///
/// # Errors
/// When the word names no revision.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let target = target(&args.named.revision)?;
    let (graph, applied) = if target.is_from_current() {
        let state = ManuallyDrop::into_inner(context.open(&project)?.state);
        (state.graph, Some(state.applied))
    } else {
        (project.graph()?, None)
    };
    warn_of_problems(context, &graph);
    let listing = Listing::new(&graph, applied.as_ref());
    let revisions = graph.resolve(&target, applied.as_ref())?;
    if context.output.is_json() {
        let shown = revisions.iter().map(|revision| {
            let mut value = listing.json(revision);
            if let Some(script) = graph.script(&revision.id) {
                value["up"] = Value::from(script.up.sql());
                value["down"] = script.down.as_ref().map_or(Value::Null, |down| Value::from(down.sql()));
            }
            value
        });
        context.output.json(&json!({ "version": 1, "revisions": shown.collect::<Vec<_>>() }));
        return Ok(());
    }
    for (number, revision) in revisions.iter().enumerate() {
        if number > 0 {
            context.output.answer("");
        }
        context.output.answer(listing.block(revision));
        if let Some(script) = graph.script(&revision.id) {
            let body = script.source.text.find("-- migrate:").map_or("", |start| &script.source.text[start..]);
            context.output.verbatim(&format!("\n{body}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_revision_is_named_in_any_way() {
        assert_eq!(parse::<Args>(&["head"]).unwrap().named.revision, "head");
        assert_eq!(parse::<Args>(&["-1"]).unwrap().named.revision, "-1");
        assert!(parse::<Args>(&[]).is_err());
    }
}
