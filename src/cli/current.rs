//! `schemactl current`: which revisions the database is at.

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
