//! `schemactl downgrade`: takes revisions back, down to a target.

use super::context::Context;
use super::fleet::{Choice, Course};
use super::walk::Walk;
use crate::operation::walk::Direction;
use crate::report::Failure;

const EXAMPLES: &str = "\
Examples:
  schemactl downgrade -1                  take back the last revision
  schemactl downgrade ae10                all that came after it
  schemactl downgrade base --dry-run      what would be taken back
  schemactl downgrade head:ae10 --sql     the script, for another machine";

/// What `downgrade` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The revision to go down to: `-1`, `base`, an id or the start of one, `label@base`
    #[arg(value_name = "TARGET", allow_negative_numbers = true)]
    pub target: String,

    /// How they are taken back.
    #[command(flatten)]
    pub walk: Walk,

    /// On which databases.
    #[command(flatten)]
    pub choice: Choice,

    /// How a run over many goes.
    #[command(flatten)]
    pub course: Course,
}

/// Walks down to the target.
///
/// # Errors
/// As [`super::walk::run`].
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let Args { target, walk, choice, course } = args;
    let project = context.project()?;
    if !walk.sql
        && let Some(members) = context.fleet(choice, Some(course), &project)?
    {
        return super::fleet::walk(walk, (choice, course), target, Direction::Down, members, context, project);
    }
    super::walk::run(walk, target, Direction::Down, context, project)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_relative_target_is_no_option() {
        let args: Args = parse(&["-1", "--dry-run"]).unwrap();
        assert_eq!(args.target, "-1");
        assert!(args.walk.dry_run);
    }

    #[test]
    fn an_unknown_option_is_no_target() {
        assert!(parse::<Args>(&["--nonsense"]).is_err());
        assert!(parse::<Args>(&[]).is_err());
    }
}
