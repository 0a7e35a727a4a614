//! `schemactl status`: where the database stands: what is run, what is not, what differs.

const EXAMPLES: &str = "\
Examples:
  schemactl status
  schemactl status --env production
  schemactl status --format json";

/// What `status` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}
