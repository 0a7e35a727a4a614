//! `schemactl revision`: a new revision script.

use std::path::PathBuf;

use super::rename::Rename;

/// Where in the chain it stands.
const PLACE: &str = "Place in the chain";

const EXAMPLES: &str = "\
Examples:
  schemactl revision --autogenerate -m \"Added user table\"
  schemactl revision -m \"Fill in missing names\"           an empty script, to be written by hand
  schemactl revision --autogenerate --sql                 what would be written
  schemactl revision --autogenerate --rename user.mail=email -m \"Say email\"
  schemactl revision --head base --branch-label reports   the first one of a new branch";

/// What `revision` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Args {
    /// What the revision does, in a few words
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,

    /// Fill the script with what makes the database match the model
    #[arg(long)]
    pub autogenerate: bool,

    /// Print the script, and write no file
    #[arg(long)]
    pub sql: bool,

    /// An object that has another name now: `person=user`, or for a column `user.mail=email`
    #[arg(long, value_name = "OLD=NEW", requires = "autogenerate")]
    pub rename: Vec<Rename>,

    /// Compare the model with the schema after the last revision, not with a database
    #[arg(long, requires = "autogenerate")]
    pub offline: bool,

    /// The revision that it follows; `base` for a new root
    #[arg(long, value_name = "REV", default_value = "head", help_heading = PLACE)]
    pub head: String,

    /// Let it follow a revision that is no head: a new branch
    #[arg(long, help_heading = PLACE)]
    pub splice: bool,

    /// A name for the branch that it begins
    #[arg(long, value_name = "LABEL", help_heading = PLACE)]
    pub branch_label: Option<String>,

    /// A revision of another branch that must run first; may be repeated
    #[arg(long, value_name = "REV", help_heading = PLACE)]
    pub depends_on: Vec<String>,

    /// Its id, instead of a random one
    #[arg(long, value_name = "ID", help_heading = PLACE)]
    pub rev_id: Option<String>,

    /// The folder that it is written to, where there are several
    #[arg(long, value_name = "PATH", help_heading = PLACE)]
    pub version_path: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_options_of_alembic_mean_the_same() {
        let line = "-m words --autogenerate --head ae10 --splice --branch-label l --depends-on a --depends-on b \
                    --rev-id c --version-path v --sql --offline --rename a=b --rename t.c=d";
        let args: Args = parse(&line.split_whitespace().collect::<Vec<_>>()).unwrap();
        assert_eq!(args.message.as_deref(), Some("words"));
        assert_eq!(args.head, "ae10");
        assert_eq!(args.depends_on, ["a", "b"]);
        assert_eq!(args.rename.len(), 2);
        assert!(args.autogenerate && args.splice && args.sql && args.offline);
    }

    #[test]
    fn a_rename_belongs_to_a_comparison() {
        assert!(parse::<Args>(&["--rename", "a=b"]).is_err());
        assert!(parse::<Args>(&["--offline"]).is_err());
        assert_eq!(parse::<Args>(&[]).unwrap().head, "head");
    }
}
