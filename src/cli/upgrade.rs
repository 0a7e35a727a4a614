//! `schemactl upgrade`: runs revisions up to a target.

use super::context::Context;
use super::fleet::{Choice, Course};
use super::walk::Upwards;
use crate::operation::walk::Direction;
use crate::report::Failure;

const EXAMPLES: &str = "\
Examples:
  schemactl upgrade                  all that is not run yet
  schemactl upgrade +1               the next revision
  schemactl upgrade reports@head     one branch
  schemactl upgrade head --dry-run   what would be run
  schemactl upgrade ae10:head --sql  the script of a walk, for another machine
  schemactl upgrade --databases 'data/{tenant}/main.db' --waves 1,1%,100%
                                     a fleet: one, one of a hundred, then all";

/// What `upgrade` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where to, and how.
    #[command(flatten)]
    pub upwards: Upwards,

    /// On which databases.
    #[command(flatten)]
    pub choice: Choice,

    /// How a run over many goes.
    #[command(flatten)]
    pub course: Course,
}

/// Walks up to the target.
///
/// # Errors
/// As [`super::walk::run`].
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let Args { upwards: Upwards { target, walk }, choice, course } = args;
    let project = context.project()?;
    if !walk.sql
        && let Some(members) = context.fleet(choice, Some(course), &project)?
    {
        return super::fleet::walk(walk, (choice, course), target, Direction::Up, members, context, project);
    }
    super::walk::run(walk, target, Direction::Up, context, project)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_target_is_the_head_unless_said() {
        assert_eq!(parse::<Args>(&[]).unwrap().upwards.target, "head");
        assert_eq!(parse::<Args>(&["+2"]).unwrap().upwards.target, "+2");
    }

    #[test]
    fn a_script_is_no_dry_run() {
        assert!(parse::<Args>(&["--sql", "--dry-run"]).is_err());
    }
}
