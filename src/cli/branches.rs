//! `schemactl branches`: where the chain parts.

const EXAMPLES: &str = "\
Examples:
  schemactl branches
  schemactl branches -v";

/// What `branches` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}
