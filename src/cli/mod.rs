//! The command line: the only module that prints, or reads the environment and the clock.
//!
//! A command is one file, its arguments and its body together, and two lines here. Its body asks the library, which
//! answers with data, and gives the answer to [`Output`]. Errors become text and exit codes in [`error`] alone.

pub mod completions;

pub mod clock;
pub mod context;
pub mod diagnostic;
pub mod dotenv;
pub mod duration;
pub mod error;
pub mod interrupt;
pub mod options;
pub mod output;
pub mod progress;
pub mod prompt;
pub mod style;
pub mod table;
pub mod usage;
pub mod variables;
pub mod visible;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

pub use context::Context;
pub use error::Failure;
pub use options::{Format, Options};
pub use output::Output;

const EXAMPLES: &str = "\
The first hour:
  schemactl init                                          a model and a folder for revisions
  $EDITOR migrations.toml                                 say what the tables are
  schemactl revision --autogenerate -m \"Added user table\" write the script that makes it so
  schemactl upgrade head                                  run it
  schemactl downgrade -1                                  and take it back

Each command explains itself: schemactl help upgrade";

/// Schema changes for SQLite: a TOML model, revisions in plain SQL, every script proved before it is written
#[derive(Debug, Parser)]
#[command(name = "schemactl", version, max_term_width = 100, styles = style::HELP, after_help = EXAMPLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print a script that completes commands and options in a shell
    Completions(completions::Args),
}

impl Command {
    fn run(&self, context: &mut Context) -> Result<(), Failure> {
        match self {
            Command::Completions(args) => completions::run(args, context),
        }
    }
}

/// Runs the command that the process was started with, and says how it ended.
pub fn main() -> ExitCode {
    error::explain_panics();
    let line: Vec<OsString> = std::env::args_os().collect();
    match Cli::try_parse_from(&line) {
        Ok(Cli { options, command }) => {
            let mut context = Context::new(options);
            let ended = command.run(&mut context);
            error::end(ended, &context.output)
        }
        Err(refusal) => usage::end(&refusal, &line),
    }
}

/// Reads a command's arguments from a line, as the whole command line would.
#[cfg(test)]
fn parse<Args: clap::Args>(line: &[&str]) -> Result<Args, clap::Error> {
    let command = Args::augment_args(clap::Command::new("test").no_binary_name(true));
    command.try_get_matches_from(line).and_then(|matches| Args::from_arg_matches(&matches))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_of_the_command_line_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_and_after_the_command() {
        let before = Cli::try_parse_from(["schemactl", "--env", "production", "-q", "completions", "bash"]).unwrap();
        let after = Cli::try_parse_from(["schemactl", "completions", "bash", "-q", "--env=production"]).unwrap();
        for cli in [before, after] {
            assert_eq!(cli.options.environment.as_deref(), Some("production"));
            assert!(cli.options.quiet);
        }
    }

    #[test]
    fn the_help_opens_with_what_the_program_is_for_and_groups_the_global_options() {
        let help = Cli::command().render_help().to_string();
        assert!(help.starts_with("Schema changes for SQLite"), "{help}");
        assert!(help.contains("\nGlobal options:\n"), "{help}");
        assert!(help.contains("The first hour:"), "{help}");
    }
}
