//! `schemactl schema`: the JSON Schema of the model, for editors.

const EXAMPLES: &str = "\
Examples:
  schemactl schema > migrations.schema.json";

/// What `schema` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}
