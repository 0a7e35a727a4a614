//! `schemactl edit`: opens a revision in an editor.

const EXAMPLES: &str = "\
Examples:
  schemactl edit head
  EDITOR=\"code --wait\" schemactl edit ae10";

/// What `edit` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The revision to edit: an id or the start of one, `head`, `current`
    #[arg(value_name = "REV", allow_negative_numbers = true)]
    pub revision: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_revision_is_named_in_any_way() {
        assert_eq!(parse::<Args>(&["head"]).unwrap().revision, "head");
        assert_eq!(parse::<Args>(&["-1"]).unwrap().revision, "-1");
        assert!(parse::<Args>(&[]).is_err());
    }
}
