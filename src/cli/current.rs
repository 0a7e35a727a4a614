//! `schemactl current`: which revisions the database is at.

use super::context::Context;
use super::fleet::Choice;
use super::listing::Listing;
use super::open::{Opened, warn_of_problems};
use crate::fleet::{self, View};
use crate::report::{Class, Diagnostic, Failure};

const EXAMPLES: &str = "\
Examples:
  schemactl current
  schemactl current -v             with parents, message and file
  schemactl current --check-heads  for scripts: is everything run?";

/// What `current` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// End with exit code 1 unless the database is at all heads
    #[arg(long)]
    pub check_heads: bool,

    /// Of which databases.
    #[command(flatten)]
    pub choice: Choice,
}

/// Lists the revisions at which the database stands.
///
/// # Errors
/// When it cannot be read; with `--check-heads` when it is not at all heads.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    if let Some(members) = context.fleet(&args.choice, None, &project)? {
        let tally = super::fleet::look(View::Current, &args.choice, members, context, &project)?;
        let is_behind = tally.looks.values().any(|(look, _)| look.state != fleet::State::AtHead);
        return if args.check_heads && is_behind { Err(Failure::answered(Class::No)) } else { Ok(()) };
    }
    let Opened { connection, state } = context.open(&project)?;
    warn_of_problems(context, &state.graph);
    let current = state.graph.current(&state.applied);
    Listing::new(&state.graph, Some(&state.applied)).give(context, &current);
    if current.is_empty() {
        let name = context.database_name(&project)?;
        context.output.talk(match connection {
            None => format!("there is no database {name} yet: nothing is applied"),
            Some(_) => format!("nothing is applied to {name}"),
        });
    }
    let missing = state.graph.heads().into_iter().any(|head| !state.applied.contains(&head.id));
    if args.check_heads && missing {
        let diagnostic = Diagnostic::new("not_at_heads", "the database is not at all heads");
        return Err(Failure::new(Class::No, diagnostic.help("run `schemactl upgrade heads`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn heads_can_be_checked() {
        assert!(parse::<Args>(&["--check-heads"]).unwrap().check_heads);
    }
}
