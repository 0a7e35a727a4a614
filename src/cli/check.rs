//! `schemactl check`: whether model, revisions and database say the same; exit code 1 when they do not.

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
