//! `schemactl introspect`: the model of a database: tables, views, triggers and the rest, no settings.

use std::collections::BTreeSet;

use serde_json::json;

use super::context::Context;
use super::open::schema_at;
use crate::database::{Scratch, check};
use crate::model;
use crate::operation::autogenerate;
use crate::report::{Failure, Report};

const EXAMPLES: &str = "\
Examples:
  schemactl introspect --database app.db > model.toml
  schemactl introspect --at head";

/// What `introspect` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The schema after this revision, not that of the database
    #[arg(long, value_name = "REV", allow_negative_numbers = true)]
    pub at: Option<String>,
}

/// Prints the model of the database, or of a revision.
///
/// # Errors
/// When it cannot be read.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project_or_bare()?;
    let schema = if let Some(word) = &args.at {
        schema_at(context, &project, word)?
    } else {
        let Some(connection) = project.connect(crate::database::Access::Read, super::open::LOCK_TIMEOUT)? else {
            return super::open::no_database(&context.database_name(&project)?);
        };
        autogenerate::actual_schema(&project, Some(&connection))?
    };
    let broken = match Scratch::build(&schema) {
        Ok(mut scratch) => check::broken_objects(&scratch.check(&schema)?),
        Err(error) => {
            error.diagnostics().iter().for_each(|diagnostic| context.output.warn(diagnostic));
            BTreeSet::new()
        }
    };
    let text = model::write_unchecked(&schema, &broken);
    if context.output.is_json() {
        context.output.json(&json!({ "version": 1, "model": text }));
    } else {
        context.output.verbatim(&text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_schema_after_a_revision_can_be_printed() {
        assert_eq!(parse::<Args>(&["--at", "-1"]).unwrap().at.as_deref(), Some("-1"));
    }
}
