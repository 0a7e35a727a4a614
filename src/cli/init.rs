//! `schemactl init`: a model and a folder for revisions, ready to edit.

const EXAMPLES: &str = "\
Examples:
  schemactl init
  schemactl init --from-database app.db   start with what is there";

/// What `init` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write the model of this database in place of an example
    #[arg(long, value_name = "DATABASE")]
    pub from_database: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_model_can_start_from_a_database() {
        let args: Args = parse(&["--from-database", "app.db"]).unwrap();
        assert_eq!(args.from_database.as_deref(), Some("app.db"));
    }
}
