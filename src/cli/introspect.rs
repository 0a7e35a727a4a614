//! `schemactl introspect`: the model of a database: tables, views, triggers and the rest, no settings.

const EXAMPLES: &str = "\
Examples:
  schemactl introspect --database app.db > model.toml
  schemactl introspect --at head";

/// What `introspect` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The schema after this revision, not that of the database
    #[arg(long, value_name = "REV", allow_negative_numbers = true)]
    pub at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_schema_after_a_revision_can_be_printed() {
        assert_eq!(parse::<Args>(&["--at", "-1"]).unwrap().at.as_deref(), Some("-1"));
    }
}
