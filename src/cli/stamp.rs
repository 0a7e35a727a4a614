//! `schemactl stamp`: says which revisions a database is at, and runs none.

use serde_json::json;

use super::context::Context;
use super::fleet::Choice;
use super::open::{LOCK_TIMEOUT, target};
use super::walk::{agree as ask, in_memory, place, steps, words};
use crate::database::Access;
use crate::operation::{stamp, walk};
use crate::report::{Diagnostic, Failure};
use crate::revision::{Applied, Purge, Remark, RevisionId};

const EXAMPLES: &str = "\
Examples:
  schemactl stamp head            the database has the schema already
  schemactl stamp --purge ae10    whatever was recorded, it is at ae10";

/// What `stamp` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The revisions that the database is at; `base` for none
    #[arg(value_name = "TARGET", required = true, allow_negative_numbers = true)]
    pub targets: Vec<String>,

    /// Forget all that was recorded first, unknown revisions too
    #[arg(long)]
    pub purge: bool,

    /// Print the SQL, and touch no database
    #[arg(long, conflicts_with = "purge")]
    pub sql: bool,

    /// On which databases.
    #[command(flatten)]
    pub choice: Choice,
}

/// Records the targets.
///
/// # Errors
/// When a target names nothing, or the version table cannot be written.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let targets = args.targets.iter().map(|word| target(word)).collect::<Result<Vec<_>, _>>()?;
    let purge = if args.purge { Purge::Yes } else { Purge::No };
    let now = context.now()?.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    if args.sql {
        let sql = walk::offline_stamp(&project, &targets, Applied::default(), &now)?;
        context.output.sql(&sql);
        return Ok(());
    }
    if let Some(members) = context.fleet(&args.choice, None, &project)? {
        return super::fleet::stamp(&args.choice, (&targets, purge), members, context, &project);
    }
    let name = context.database_name(&project)?;
    // No file is made for what names nothing, or where nothing is to be recorded.
    let is_new = project.is_new()?;
    let is_idle = is_new && project.state(None)?.graph.stamp(&Applied::default(), &targets, purge)?.steps.is_empty();
    let connection = if is_idle {
        context.output.talk(format!("there is no database `{name}`, and none is made"));
        Some(in_memory()?)
    } else {
        project.connect_to_run(Access::Create, LOCK_TIMEOUT)?
    };
    let Some(mut connection) = connection else { return super::open::no_database(&name) };
    let agree = |doubts: &[Remark]| ask(context, doubts);
    let (outcome, state) =
        stamp::stamp(&project, &mut connection, &targets, purge, &agree, LOCK_TIMEOUT, &|| now.clone())?;
    if is_new && !is_idle {
        let words = format!("there was no database `{name}`: it was made, with none of the tables of its revisions");
        let help = format!(
            "if another one is meant: remove `{name}`, and name the other with `--database`; to run the \
                            revisions: `schemactl stamp base`, then `schemactl upgrade head`"
        );
        context.output.warn(&Diagnostic::new("new_database", words).help(help));
    }
    let heads: Vec<RevisionId> =
        state.graph.current(&state.applied).into_iter().map(|revision| revision.id.clone()).collect();
    if context.output.is_json() {
        context.output.json(&json!({ "version": 1, "steps": steps(&outcome), "heads": words(&heads) }));
    } else {
        let place = place(&state.graph, &heads);
        context.output.answer(match outcome.steps.len() {
            0 => format!("nothing to do: {name} is at {place}"),
            _ => format!("stamped: {name} is at {place}; no script was run"),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn there_may_be_several_targets_but_not_none() {
        assert_eq!(parse::<Args>(&["a", "b", "--purge"]).unwrap().targets, ["a", "b"]);
        assert!(parse::<Args>(&["--purge"]).is_err());
    }

    #[test]
    fn a_script_cannot_purge_what_it_does_not_know() {
        assert!(parse::<Args>(&["head", "--purge", "--sql"]).is_err());
    }
}
