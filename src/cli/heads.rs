//! `schemactl heads`: the revisions that nothing follows.

const EXAMPLES: &str = "\
Examples:
  schemactl heads
  schemactl heads -v";

/// What `heads` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}
