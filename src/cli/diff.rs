//! `schemactl diff`: how two schemas differ.

use std::convert::Infallible;
use std::str::FromStr;

const EXAMPLES: &str = "\
Examples:
  schemactl diff                           what the model has that the database has not
  schemactl diff --sql                     the SQL that brings it there
  schemactl diff --from head               what the next revision will hold
  schemactl diff --from ae10 --to database";

/// What `diff` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The schema before: `database`, `model`, or that after a revision
    #[arg(long, value_name = "SCHEMA", default_value = "database", allow_negative_numbers = true)]
    pub from: Side,

    /// The schema after: `model`, `database`, or that after a revision
    #[arg(long, value_name = "SCHEMA", default_value = "model", allow_negative_numbers = true)]
    pub to: Side,

    /// Print the SQL that makes the one into the other
    #[arg(long)]
    pub sql: bool,
}

/// One of the two schemas that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// What the model asks for.
    Model,
    /// What the database has.
    Database,
    /// What the revisions up to this one lead to.
    Revision(String),
}

impl FromStr for Side {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Side, Infallible> {
        Ok(match text {
            "model" => Side::Model,
            "database" => Side::Database,
            revision => Side::Revision(revision.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_model_is_compared_with_the_database_unless_said() {
        let args: Args = parse(&[]).unwrap();
        assert_eq!((args.from, args.to), (Side::Database, Side::Model));
        let args: Args = parse(&["--from", "-1", "--to", "database"]).unwrap();
        assert_eq!((args.from, args.to), (Side::Revision("-1".to_owned()), Side::Database));
    }
}
