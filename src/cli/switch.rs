//! `schemactl switch`: brings a database from another branch's state to this checkout's head.

use super::context::Context;
use super::walk::Upwards;
use crate::operation::walk::Direction;
use crate::report::{Class, Diagnostic, Failure};

const EXAMPLES: &str = "\
Examples:
  schemactl switch --dry-run    what would be taken back and run?
  schemactl switch              after `git checkout` of another branch

The scripts that take revisions back are kept in the database itself.";

/// What `switch` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where to, and how.
    #[command(flatten)]
    pub upwards: Upwards,
}

/// Walks down by what has no file here, and up to the target.
///
/// # Errors
/// As [`super::walk::run`].
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    if args.upwards.walk.sql {
        let diagnostic = Diagnostic::new("needs_database", "only the database knows what `switch` has to take back")
            .help("see it with `schemactl switch --dry-run`");
        return Err(Failure::new(Class::Input, diagnostic));
    }
    super::walk::run(&args.upwards.walk, &args.upwards.target, Direction::Across, context, context.project()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_target_is_the_head_unless_said() {
        assert_eq!(parse::<Args>(&[]).unwrap().upwards.target, "head");
        assert!(parse::<Args>(&["heads", "--dry-run"]).unwrap().upwards.walk.dry_run);
    }
}
