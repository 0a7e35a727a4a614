//! `schemactl check`: whether model, revisions and database say the same; exit code 1 when they do not.

use serde_json::json;

use super::context::Context;
use super::fleet::Choice;
use super::open::Opened;
use super::status::{edit, other};
use super::style::Meaning;
use crate::diff::Renames;
use crate::fleet::View;
use crate::operation::drift::{self, Evidence, Start};
use crate::operation::{adopt, autogenerate, repair, status};
use crate::report::{Class, Diagnostic, Failure, count};

const EXAMPLES: &str = "\
Examples:
  schemactl check                 for CI: is a revision missing?
  schemactl check --single-head   and a merge?";

/// What `check` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Ask also that there is one head, so that no merge is missing
    #[arg(long)]
    pub single_head: bool,

    /// Of which databases.
    #[command(flatten)]
    pub choice: Choice,
}

/// Says whether the model asks for changes that no revision makes yet, and whether the scripts are what has run.
///
/// # Errors
/// When it does, and when the model, the revisions or the database cannot be read.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project_with_model()?;
    if args.single_head {
        single_head(&project.graph()?)?;
    }
    if let Some(members) = context.fleet(&args.choice, None, &project)? {
        return super::fleet::look(View::Check, &args.choice, members, context, &project).map(|_| ());
    }
    let Opened { connection, state } = context.open(&project)?;
    let others = connection.as_ref().map_or(Ok(Vec::new()), |connection| adopt::since(&project, connection, &state))?;
    for since in &others {
        context.output.warn(&adopt::told(since));
    }
    autogenerate::require_head(&state)?;
    let edited = status::edited(&state);
    if let Some(warning) = &edited {
        context.output.warn(warning);
    }
    let Start { schema, drift } = drift::start(&project, &state, connection.as_ref(), Evidence::Recorded)?;
    let has_drifted = drift.is_some();
    let actual = if let Some(drift) = &drift {
        context.output.warn(drift);
        autogenerate::actual_schema(&project, connection.as_ref())?
    } else {
        schema
    };
    let comparison = autogenerate::compare(&project, actual, &Renames::default())?;
    for warning in comparison.doubts() {
        context.output.warn(warning);
    }
    let lines = comparison.lines();
    if context.output.is_json() {
        let edited: Vec<_> = repair::edited(&state.graph, &state.rows).iter().map(edit).collect();
        let others: Vec<_> = others.iter().map(other).collect();
        context.output.json(&json!({
            "version": 1, "changes": lines, "drift": has_drifted, "edited": edited, "run_by_others": others
        }));
    } else if lines.is_empty() && has_drifted {
        context.output.answer("the database is what the model says, and no revision makes it");
    } else if lines.is_empty() {
        context.output.answer("no changes: the database is what the model says");
    } else {
        for line in &lines {
            context.output.answer(Meaning::of_change(line.kind).paint(&line.text));
        }
        // What was changed by hand no revision is to make.
        if !has_drifted {
            context.output.talk(format!(
                "{} that no revision makes yet; to write one: schemactl revision --autogenerate -m \"...\"",
                count(lines.len(), "change")
            ));
        }
    }
    let is_in_sync = lines.is_empty() && !has_drifted && edited.is_none() && others.is_empty();
    if is_in_sync { Ok(()) } else { Err(Failure::answered(Class::No)) }
}

fn single_head(graph: &crate::revision::Graph) -> Result<(), Failure> {
    let heads = graph.heads();
    if heads.len() < 2 {
        return Ok(());
    }
    let mut diagnostic = Diagnostic::new("several_heads", format!("there are {} heads", heads.len()));
    for head in heads {
        diagnostic.notes.push(crate::revision::Mention::from(head).to_string());
    }
    Err(Failure::new(Class::No, diagnostic.help("join them: `schemactl merge heads -m \"...\"`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_single_head_can_be_asked_for() {
        assert!(parse::<Args>(&["--single-head"]).unwrap().single_head);
    }
}
