//! `schemactl schema`: the JSON Schema of the model, for editors.

use super::context::Context;
use crate::model;
use crate::report::Failure;

const EXAMPLES: &str = "\
Examples:
  schemactl schema > migrations.schema.json";

/// What `schema` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Prints the JSON Schema of `migrations.toml`.
///
/// # Errors
/// None.
pub fn run(_: &Args, context: &mut Context) -> Result<(), Failure> {
    context.output.verbatim(model::json_schema());
    Ok(())
}
