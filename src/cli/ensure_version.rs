//! `schemactl ensure-version`: makes the version table where there is none.

const EXAMPLES: &str = "\
Examples:
  schemactl ensure-version";

/// What `ensure-version` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print the SQL, and touch no database
    #[arg(long)]
    pub sql: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_table_can_be_printed() {
        assert!(parse::<Args>(&["--sql"]).unwrap().sql);
    }
}
