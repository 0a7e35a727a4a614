//! `schemactl history`: the revisions, the newest first; drawn as a graph where there is more than one line.

use std::borrow::Cow;
use std::mem::ManuallyDrop;

use super::context::Context;
use super::listing::Listing;
use super::open::warn_of_problems;
use crate::report::Failure;
use crate::revision::Range;

const EXAMPLES: &str = "\
Examples:
  schemactl history
  schemactl history -i            where is the database?
  schemactl history -r ae10:      what came after ae10, and ae10
  schemactl history -r -2:        the last ones
  schemactl history -r current:   what is not run yet";

/// What `history` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only those from one revision to another, both included; either may be left out
    #[arg(short, long, value_name = "FROM:TO", allow_hyphen_values = true)]
    pub rev_range: Option<String>,

    /// Mark the revisions that the database is at
    #[arg(short, long)]
    pub indicate_current: bool,
}

/// Lists revisions, the newest first.
///
/// # Errors
/// When the range names nothing, or the folders cannot be read.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let range: Option<Range> = args.rev_range.as_deref().map(str::parse).transpose()?;
    let needs_database =
        args.indicate_current || args.rev_range.as_deref().is_some_and(|range| range.contains("current"));
    let (graph, applied) = if needs_database {
        let state = ManuallyDrop::into_inner(context.open(&project)?.state);
        (state.graph, Some(state.applied))
    } else {
        (project.graph()?, None)
    };
    warn_of_problems(context, &graph);
    let graph = match &applied {
        Some(applied) => graph.for_database(applied).0,
        None => Cow::Borrowed(&graph),
    };
    let revisions = graph.history(range.as_ref(), applied.as_ref())?;
    Listing::new(&graph, applied.as_ref()).draw(context, &revisions, &graph.picture(&revisions));
    if graph.is_empty() {
        context.output.talk("there are no revisions yet");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_range_may_begin_with_a_minus() {
        let args: Args = parse(&["-r", "-2:", "-i"]).unwrap();
        assert_eq!(args.rev_range.as_deref(), Some("-2:"));
        assert!(args.indicate_current);
        assert_eq!(parse::<Args>(&["--rev-range=a:b"]).unwrap().rev_range.as_deref(), Some("a:b"));
    }
}
