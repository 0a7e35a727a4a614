//! `schemactl heads`: the revisions that nothing follows; where there are several, drawn with the places where they part.

use super::context::Context;
use super::listing::Listing;
use super::open::warn_of_problems;
use crate::report::Failure;

const EXAMPLES: &str = "\
Examples:
  schemactl heads
  schemactl heads -v";

/// What `heads` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Lists the heads, or draws them.
///
/// # Errors
/// When the folders cannot be read.
pub fn run(_: &Args, context: &mut Context) -> Result<(), Failure> {
    let graph = context.project()?.graph()?;
    warn_of_problems(context, &graph);
    Listing::new(&graph, None).draw(context, &graph.heads(), &graph.picture_of_heads());
    if graph.is_empty() {
        context.output.talk("there are no revisions yet");
    }
    Ok(())
}
