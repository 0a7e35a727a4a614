//! `schemactl diff`: how two schemas differ.

use std::convert::Infallible;
use std::str::FromStr;

use serde_json::json;

use super::context::Context;
use super::open::{Opened, schema_at};
use super::style::Meaning;
use crate::diff::{self, Change};
use crate::model::{Intent, Renames};
use crate::operation::{Project, autogenerate};
use crate::plan;
use crate::report::Failure;
use crate::schema::Schema;

const EXAMPLES: &str = "\
Examples:
  schemactl diff                           what the model has that the database has not
  schemactl diff --sql                     the SQL that brings it there
  schemactl diff --from head               what the next revision will hold
  schemactl diff --from ae10 --to database";

/// What `diff` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The schema before: `database`, `model`, or that after a revision
    #[arg(long, value_name = "SCHEMA", default_value = "database", allow_negative_numbers = true)]
    pub from: Side,

    /// The schema after: `model`, `database`, or that after a revision
    #[arg(long, value_name = "SCHEMA", default_value = "model", allow_negative_numbers = true)]
    pub to: Side,

    /// Print the SQL that makes the one into the other
    #[arg(long)]
    pub sql: bool,
}

/// One of the two schemas that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// What the model asks for.
    Model,
    /// What the database has.
    Database,
    /// What the revisions up to this one lead to.
    Revision(String),
}

impl FromStr for Side {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Side, Infallible> {
        Ok(match text {
            "model" => Side::Model,
            "database" => Side::Database,
            revision => Side::Revision(revision.to_owned()),
        })
    }
}

/// Says what differs between two schemas.
///
/// # Errors
/// When one of them cannot be read.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let before = schema(&args.from, context, &project, &Schema::default())?;
    let (after, intent, changes) = if args.to == Side::Model {
        let comparison = autogenerate::compare(&project, before.clone(), &Renames::default())?;
        for warning in &comparison.warnings {
            context.output.warn(warning);
        }
        (comparison.wanted, comparison.intent, comparison.changes)
    } else {
        let after = schema(&args.to, context, &project, &before)?;
        let changes = diff::diff(&before, &after, &Renames::default(), project.settings.column_order);
        (after, Intent::default(), changes)
    };
    let lines: Vec<diff::Line> = changes.iter().flat_map(Change::lines).collect();
    if args.sql {
        let draft = plan::draft(&before, &after, &intent, project.plan_options())?;
        context.output.verbatim(&plan::write_section(&draft.up));
    } else if context.output.is_json() {
        context.output.json(&json!({ "version": 1, "changes": lines }));
    } else if lines.is_empty() {
        context.output.answer("no differences");
    } else {
        for line in &lines {
            context.output.answer(Meaning::of_change(line.kind).paint(&line.text));
        }
    }
    Ok(())
}

fn schema(side: &Side, context: &Context, project: &Project, other: &Schema) -> Result<Schema, Failure> {
    match side {
        Side::Model => Ok(autogenerate::compare(project, other.clone(), &Renames::default())?.wanted),
        Side::Database => {
            let Opened { connection, .. } = context.open(project)?;
            autogenerate::actual_schema(project, connection.as_ref())
        }
        Side::Revision(word) => schema_at(context, project, word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_model_is_compared_with_the_database_unless_said() {
        let args: Args = parse(&[]).unwrap();
        assert_eq!((args.from, args.to), (Side::Database, Side::Model));
        let args: Args = parse(&["--from", "-1", "--to", "database"]).unwrap();
        assert_eq!((args.from, args.to), (Side::Revision("-1".to_owned()), Side::Database));
    }
}
