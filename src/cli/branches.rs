//! `schemactl branches`: where the chain parts.

use super::context::Context;
use super::listing::Listing;
use super::open::warn_of_problems;
use crate::report::Failure;

const EXAMPLES: &str = "\
Examples:
  schemactl branches
  schemactl branches -v";

/// What `branches` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Lists each branch point, and what follows it.
///
/// # Errors
/// When the folders cannot be read.
pub fn run(_: &Args, context: &mut Context) -> Result<(), Failure> {
    let graph = context.project()?.graph()?;
    warn_of_problems(context, &graph);
    let listing = Listing::new(&graph, None);
    let points = graph.branch_points();
    if context.output.is_json() {
        listing.give(context, &points);
        return Ok(());
    }
    for point in &points {
        listing.give(context, &[point]);
        for child in graph.children(&point.id) {
            context.output.answer(format!("    -> {}, {}", child.id, super::visible::visible(&child.message)));
        }
    }
    if points.is_empty() {
        context.output.talk("there are no branches");
    }
    Ok(())
}
