//! `schemactl repair`: accepts that the scripts of applied revisions were edited on purpose.

use serde_json::{Value, json};

use super::context::Context;
use super::open::{LOCK_TIMEOUT, target};
use super::status::edit;
use crate::database::Access;
use crate::operation::repair::{self, Repaired};
use crate::report::{Failure, count};

const EXAMPLES: &str = "\
Examples:
  schemactl status          which scripts were edited after they ran?
  schemactl repair          the edits of all of them are meant
  schemactl repair ae10     the edit of one";

/// What `repair` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The revisions whose edits are meant; all that were edited, if none is named
    #[arg(value_name = "REV", allow_negative_numbers = true)]
    pub revisions: Vec<String>,
}

/// Writes down in the database what the scripts say now.
///
/// # Errors
/// When a word names nothing that is applied, or the database cannot be written.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let targets = args.revisions.iter().map(|word| target(word)).collect::<Result<Vec<_>, _>>()?;
    let Some(mut connection) = project.connect_to_run(Access::Write, LOCK_TIMEOUT)? else {
        return super::open::no_database(&context.database_name(&project)?);
    };
    let Repaired { accepted, mirrored } = repair::repair(&project, &mut connection, &targets, LOCK_TIMEOUT)?;
    if context.output.is_json() {
        let accepted: Vec<Value> = accepted.iter().map(edit).collect();
        context.output.json(&json!({ "version": 1, "repaired": accepted, "mirrored": mirrored }));
        return Ok(());
    }
    for edited in &accepted {
        context
            .output
            .answer(format!("accepted the edit of {}", super::visible::visible(&edited.revision.to_string())));
    }
    if let Some(tool) = project.settings.mirror.filter(|_| mirrored > 0) {
        context.output.answer(format!("added {} to the table of {tool}", count(mirrored, "row")));
    }
    if accepted.is_empty() && mirrored > 0 {
        context.output.talk("no script was edited after it ran");
    } else if accepted.is_empty() {
        context.output.answer("nothing to do: no script was edited after it ran");
    } else {
        context.output.talk("no script was run: schema and rows are as they were");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn all_edits_are_meant_unless_some_are_named() {
        assert!(parse::<Args>(&[]).unwrap().revisions.is_empty());
        assert_eq!(parse::<Args>(&["ae10", "-1"]).unwrap().revisions, ["ae10", "-1"]);
    }
}
