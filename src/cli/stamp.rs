//! `schemactl stamp`: says which revisions a database is at, and runs none.

const EXAMPLES: &str = "\
Examples:
  schemactl stamp head            the database has the schema of the model already
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
