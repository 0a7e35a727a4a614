//! The command line: the only module that prints, or reads the environment and the clock.
//!
//! A command is one file, its arguments and its body together, and two lines here. Its body asks the library, which
//! answers with data, and gives the answer to [`Output`]. Errors become text and exit codes in [`error`] alone.

pub mod adopt;
pub mod backup;
pub mod backups;
pub mod branches;
pub mod check;
pub mod completions;
pub mod config;
pub mod current;
pub mod diff;
pub mod docs;
pub mod downgrade;
pub mod edit;
pub mod ensure_version;
pub mod explain;
pub mod export;
pub mod graph;
pub mod heads;
pub mod history;
pub mod init;
pub mod introspect;
pub mod lint;
pub mod man;
pub mod merge;
pub mod purge;
pub mod rebase;
pub mod rehearse;
pub mod repair;
pub mod restore;
pub mod revision;
pub mod schema;
pub mod shell;
pub mod show;
pub mod squash;
pub mod stamp;
pub mod status;
pub mod switch;
pub mod template;
pub mod upgrade;
pub mod verify;

pub mod choices;
pub mod clock;
pub mod context;
pub mod copying;
pub mod diagnostic;
pub mod dotenv;
pub mod duration;
pub mod error;
pub mod fleet;
pub mod interrupt;
pub mod listing;
pub mod open;
pub mod options;
pub mod output;
pub mod overview;
pub mod picture;
pub mod progress;
pub mod prompt;
pub mod rename;
pub mod secret;
pub mod shown;
pub mod side;
pub mod style;
pub mod table;
pub mod unified;
pub mod usage;
pub mod variables;
pub mod visible;
pub mod walk;
pub mod written;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args as _, CommandFactory, FromArgMatches, Parser};

pub use context::Context;
pub use error::Failure;
pub use options::{Format, Options};
pub use output::Output;

const EXAMPLES: &str = "\
The first hour:
  schemactl init                          a model and a folder for revisions
  $EDITOR migrations.toml                 say what the tables are
  schemactl revision --autogenerate -m \"Added user table\"
                                          write the script that makes it so
  schemactl upgrade head                  run it
  schemactl downgrade -1                  and take it back

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

/// Lists the commands: the variant, and the module that has its arguments and its body and bears its name.
macro_rules! commands {
    ($($(#[$attribute:meta])* $variant:ident => $module:ident,)*) => {
        /// What can be done.
        #[derive(Debug, clap::Subcommand)]
        pub enum Command {
            $($(#[$attribute])* $variant($module::Args),)*
        }

        impl Command {
            fn run(&self, context: &mut Context) -> Result<(), Failure> {
                match self {
                    $(Command::$variant(args) => $module::run(args, context),)*
                }
            }

            /// The definition of one command, as far as reading its line takes: without the words of its help.
            fn alone(name: &str) -> Option<clap::Command> {
                $(if name == stringify!($module) {
                    let command = clap::Command::new(stringify!($module));
                    return Some(<$module::Args as clap::Args>::augment_args(command));
                })*
                None
            }
        }
    };
}

commands! {
    /// Write a model and a folder for revisions
    Init => init,
    /// Take a database and its scripts over from another tool
    Adopt => adopt,
    /// Write a new revision script
    Revision => revision,
    /// Run revisions up to a target
    Upgrade => upgrade,
    /// Take revisions back down to a target
    Downgrade => downgrade,
    /// Bring a database from another branch's state to this one's
    Switch => switch,
    /// Say where model, revisions and database differ, and what to do
    Status => status,
    /// Accept that scripts were edited after they ran
    Repair => repair,
    /// Record where a database stands, and run nothing
    Stamp => stamp,
    /// Show where the database stands
    Current => current,
    /// List the revisions, the newest first
    History => history,
    /// List the revisions that no other follows
    Heads => heads,
    /// List the revisions that several others follow
    Branches => branches,
    /// Show a revision and its script
    Show => show,
    /// Open the script of a revision in your editor
    Edit => edit,
    /// Join heads in one revision
    Merge => merge,
    /// Move revisions that are not applied yet on top of another head
    Rebase => rebase,
    /// Put one revision in the place of a stretch of them
    Squash => squash,
    /// Say whether the model needs a revision that is not there yet
    Check => check,
    /// Prove that every revision goes up, down and up again
    Verify => verify,
    /// Find what is dangerous in the model and in revisions
    Lint => lint,
    /// Explain a rule of `lint`, or list them all
    Explain => explain,
    /// Write the revisions as another tool runs them
    Export => export,
    /// Show what differs between two schemas
    Diff => diff,
    /// Print the model of an existing database
    Introspect => introspect,
    /// Draw the schema: tables, columns and foreign keys
    Graph => graph,
    /// Describe the schema on one page
    Docs => docs,
    /// Try revisions on a copy of the database, with time and growth
    Rehearse => rehearse,
    /// Copy the database
    Backup => backup,
    /// List the copies of the database
    Backups => backups,
    /// Put a copy of the database in its place
    Restore => restore,
    /// Make an empty database at head, to be copied for new tenants
    Template => template,
    /// Drop what revisions have kept aside for a downgrade
    Purge => purge,
    /// Create the version table
    #[command(alias = "ensure_version")]
    EnsureVersion => ensure_version,
    /// Show the settings in force, and where each comes from
    Config => config,
    /// Print the JSON Schema of the model, for editors
    Schema => schema,
    /// Print a script that completes command lines in a shell
    Completions => completions,
    /// Print or write the manual pages
    Man => man,
}

impl Cli {
    /// Reads a command line.
    ///
    /// To define all commands takes longer than to run most of them; where one is named first, it is read by its own
    /// definition. What is wrong with a line, and its help, is told by the whole.
    fn read(line: &[OsString]) -> Result<Cli, clap::Error> {
        let matched = |program: clap::Command| program.try_get_matches_from(line).and_then(|matches| Cli::of(&matches));
        let alone = line.get(1).and_then(|word| Command::alone(word.to_str()?));
        let program = |command| Options::augment_args(clap::Command::new("schemactl")).subcommand(command);
        alone
            .and_then(|command| matched(program(command)).ok())
            .map_or_else(|| matched(overview::added_to(Cli::command())), Ok)
    }

    /// The command line that was matched, with where each of the options comes from.
    fn of(matches: &clap::ArgMatches) -> Result<Cli, clap::Error> {
        let mut cli = Cli::from_arg_matches(matches)?;
        // A global option is known to the command that it stands beside.
        let innermost = matches.subcommand().map_or(matches, |(_, command)| command);
        cli.options.note_sources(innermost);
        Ok(cli)
    }
}

/// Runs the command that the process was started with, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    error::explain_panics();
    let typed: Vec<OsString> = std::env::args_os().collect();
    let line = export::with_tool(typed.clone());
    if let Some(ended) = completions::complete(&line) {
        return ended;
    }
    match Cli::read(&line) {
        Ok(Cli { options, command }) => {
            let mut context = Context::new(options);
            let ended = command.run(&mut context);
            error::end(ended, &context.output)
        }
        Err(refusal) => usage::end(&refusal, &typed),
    }
}

/// Reads a command's arguments from a line, as the whole command line would.
#[cfg(test)]
fn parse<Args: clap::Args>(line: &[&str]) -> Result<Args, clap::Error> {
    let command = Options::augment_args(clap::Command::new("test").no_binary_name(true));
    let command = Args::augment_args(command);
    command.try_get_matches_from(line).and_then(|matches| Args::from_arg_matches(&matches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_of_the_command_line_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_is_read_the_same_by_its_own_definition() {
        for subcommand in Cli::command().get_subcommands() {
            // Those with a word of two parts are read by the whole.
            let name = subcommand.get_name();
            assert_eq!(Command::alone(name).is_some(), !name.contains('-'), "{name}");
        }
        let line = ["schemactl", "upgrade", "-q", "+2", "--env=production", "--transaction", "all"];
        let read = Cli::read(&line.map(OsString::from)).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", Cli::of(&Cli::command().get_matches_from(line)).unwrap()));
        for line in [["schemactl", "upgrade", "--nothing"], ["schemactl", "upgrade", "--help"]] {
            let alone = Cli::read(&line.map(OsString::from)).unwrap_err();
            let whole = overview::added_to(Cli::command()).try_get_matches_from(line).unwrap_err();
            assert_eq!(alone.render().to_string(), whole.render().to_string());
        }
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
    fn no_line_of_a_help_is_wider_than_a_terminal_and_no_example_is_broken() {
        let mut program = overview::added_to(Cli::command()).term_width(80);
        program.build();
        let mut commands = vec![program.clone()];
        commands.extend(program.get_subcommands().filter(|command| command.get_name() != "help").cloned());
        for mut command in commands {
            let help = command.render_help().to_string();
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().chain(examples.lines()) {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
            assert!(help.contains("Examples:\n") || command.get_name() == "schemactl", "{help}");
        }
    }

    #[test]
    fn the_help_opens_with_what_the_program_is_for_and_groups_the_commands() {
        let help = overview::added_to(Cli::command()).render_help().to_string();
        assert!(help.starts_with("Schema changes for SQLite"), "{help}");
        assert!(help.contains("\nEvery day:\n  status "), "{help}");
        assert!(help.contains("\nOptions, "), "{help}");
        assert!(help.contains("The first hour:"), "{help}");
    }
}
