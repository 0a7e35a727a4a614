//! `schemactl diff`: how two schemas differ.

use serde_json::json;

use super::context::Context;
use super::side::Side;
use super::style::Meaning;
use super::unified::Unified;
use crate::diff::{self, Change, Renames};
use crate::model::Intent;
use crate::operation::autogenerate;
use crate::plan;
use crate::report::Failure;
use crate::schema::Schema;

const EXAMPLES: &str = "\
Examples:
  schemactl diff                           what the database lacks of the model
  schemactl diff --sql                     the SQL that brings it there
  schemactl diff --unified                 the lines of CREATE statements
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

    /// Print the SQL that makes the one into the other, to be read: nothing in it asks the rows or holds it together
    #[arg(long, conflicts_with = "unified")]
    pub sql: bool,

    /// Print the lines of CREATE statements
    #[arg(long)]
    pub unified: bool,
}

/// Says what differs between two schemas.
///
/// # Errors
/// When one of them cannot be read.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let before = args.from.schema(context, &project, &Schema::default())?;
    let (after, intent, changes) = if args.to == Side::Model {
        let comparison = autogenerate::compare(&project, before.clone(), &Renames::default())?;
        for warning in comparison.doubts() {
            context.output.warn(warning);
        }
        (comparison.wanted, comparison.intent, comparison.changes)
    } else {
        let after = args.to.schema(context, &project, &before)?;
        let changes = diff::diff(&before, &after, &Renames::default(), project.settings.column_order);
        (after, Intent::default(), changes)
    };
    let lines: Vec<diff::Line> = changes.iter().flat_map(Change::lines).collect();
    let sql = if args.sql {
        let draft = plan::draft(&before, &after, &intent, project.plan_options())?;
        Some(plan::write_section(&draft.up))
    } else {
        None
    };
    let unified = args.unified.then(|| Unified::of(&before, &after, &intent.renames));
    if context.output.is_json() {
        let mut document = json!({ "version": 1, "changes": lines });
        if let Some(sql) = sql {
            document["sql"] = sql.into();
        }
        if let Some(unified) = unified {
            document["unified"] = unified.plain(&args.from, &args.to).into();
        }
        context.output.json(&document);
    } else if let Some(sql) = sql {
        context.output.verbatim(&sql);
    } else if lines.is_empty() {
        context.output.answer("no differences");
    } else if let Some(unified) = unified {
        context.output.answer(unified.render(&args.from, &args.to));
    } else {
        for line in &lines {
            context.output.answer(Meaning::of_change(line.kind).paint(&line.text));
        }
    }
    Ok(())
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
