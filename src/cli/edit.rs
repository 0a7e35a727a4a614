//! `schemactl edit`: opens a revision in an editor.

use anyhow::Context as _;

use super::context::Context;
use super::open::{Named, target};
use super::variables;
use crate::report::{Class, Diagnostic, Failure};

const EXAMPLES: &str = "\
Examples:
  schemactl edit head
  EDITOR=\"code --wait\" schemactl edit ae10";

/// What `edit` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which one.
    #[command(flatten)]
    pub named: Named,
}

/// Opens the script of a revision in the editor of `$VISUAL` or `$EDITOR`.
///
/// # Errors
/// When the word names no revision with a script, or the editor fails.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let state = context.open(&project)?.state;
    let editor =
        variables::process("VISUAL").or_else(|| variables::process("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    for revision in state.graph.resolve(&target(&args.named.revision)?, Some(&state.applied))? {
        let Some(script) = state.graph.script(&revision.id) else {
            let found = format!("the script of `{}` is gone", revision.id);
            let help = "check out the branch that has it; `schemactl switch` brings the database to this one";
            return Err(Failure::new(Class::Input, Diagnostic::new("no_script", found).help(help)));
        };
        // The variable may hold arguments, as for `code --wait`: the shell takes them apart.
        let status = std::process::Command::new("sh")
            .args(["-c", &format!("{editor} \"$1\""), "sh", script.path()])
            .status()
            .with_context(|| format!("cannot start the editor `{editor}`"))?;
        if !status.success() {
            let found = format!("the editor `{editor}` ended with {status}");
            let help = "set `EDITOR` to another; the file may have been written all the same";
            return Err(Failure::new(Class::Input, Diagnostic::new("editor", found).help(help)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_revision_is_named_in_any_way() {
        assert_eq!(parse::<Args>(&["head"]).unwrap().named.revision, "head");
        assert_eq!(parse::<Args>(&["-1"]).unwrap().named.revision, "-1");
        assert!(parse::<Args>(&[]).is_err());
    }
}
