//! `schemactl merge`: a revision that brings branches together.

const EXAMPLES: &str = "\
Examples:
  schemactl merge heads -m \"Bring the branches together\"
  schemactl merge ae10 27c6";

/// What `merge` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The revisions to bring together; `heads` for all heads
    #[arg(value_name = "REV", required = true)]
    pub revisions: Vec<String>,

    /// What the revision does, in a few words
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,

    /// A name for the branch that it begins
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Option<String>,

    /// Its id, instead of a random one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,

    /// Let it follow a revision that is no head
    #[arg(long)]
    pub splice: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn several_revisions_are_brought_together() {
        let args: Args = parse(&["ae10", "27c6", "-m", "both"]).unwrap();
        assert_eq!(args.revisions, ["ae10", "27c6"]);
        assert_eq!(args.message.as_deref(), Some("both"));
        assert!(parse::<Args>(&["-m", "none"]).is_err());
    }
}
