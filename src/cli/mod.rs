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

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

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

/// What can be done.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write a model and a folder for revisions
    Init(init::Args),
    /// Take a database and its scripts over from another tool
    Adopt(adopt::Args),
    /// Write a new revision script
    Revision(revision::Args),
    /// Run revisions up to a target
    Upgrade(upgrade::Args),
    /// Take revisions back down to a target
    Downgrade(downgrade::Args),
    /// Bring a database from another branch's state to this one's
    Switch(switch::Args),
    /// Say where model, revisions and database differ, and what to do
    Status(status::Args),
    /// Accept that scripts were edited after they ran
    Repair(repair::Args),
    /// Record where a database stands, and run nothing
    Stamp(stamp::Args),
    /// Show where the database stands
    Current(current::Args),
    /// List the revisions, the newest first
    History(history::Args),
    /// List the revisions that no other follows
    Heads(heads::Args),
    /// List the revisions that several others follow
    Branches(branches::Args),
    /// Show a revision and its script
    Show(show::Args),
    /// Open the script of a revision in your editor
    Edit(edit::Args),
    /// Join heads in one revision
    Merge(merge::Args),
    /// Move revisions that are not applied yet on top of another head
    Rebase(rebase::Args),
    /// Put one revision in the place of a stretch of them
    Squash(squash::Args),
    /// Say whether the model needs a revision that is not there yet
    Check(check::Args),
    /// Prove that every revision goes up, down and up again
    Verify(verify::Args),
    /// Find what is dangerous in the model and in revisions
    Lint(lint::Args),
    /// Explain a rule of `lint`, or list them all
    Explain(explain::Args),
    /// Write the revisions as another tool runs them
    Export(export::Args),
    /// Show what differs between two schemas
    Diff(diff::Args),
    /// Print the model of an existing database
    Introspect(introspect::Args),
    /// Draw the schema: tables, columns and foreign keys
    Graph(graph::Args),
    /// Describe the schema on one page
    Docs(docs::Args),
    /// Try revisions on a copy of the database, with time and growth
    Rehearse(rehearse::Args),
    /// Copy the database
    Backup(backup::Args),
    /// List the copies of the database
    Backups(backups::Args),
    /// Put a copy of the database in its place
    Restore(restore::Args),
    /// Make an empty database at head, to be copied for new tenants
    Template(template::Args),
    /// Drop what revisions have kept aside for a downgrade
    Purge(purge::Args),
    /// Create the version table
    #[command(alias = "ensure_version")]
    EnsureVersion(ensure_version::Args),
    /// Show the settings in force, and where each comes from
    Config(config::Args),
    /// Print the JSON Schema of the model, for editors
    Schema(schema::Args),
    /// Print a script that completes command lines in a shell
    Completions(completions::Args),
    /// Print or write the manual pages
    Man(man::Args),
}

impl Command {
    fn run(&self, context: &mut Context) -> Result<(), Failure> {
        match self {
            Command::Init(args) => init::run(args, context),
            Command::Adopt(args) => adopt::run(args, context),
            Command::Revision(args) => revision::run(args, context),
            Command::Upgrade(args) => upgrade::run(args, context),
            Command::Downgrade(args) => downgrade::run(args, context),
            Command::Switch(args) => switch::run(args, context),
            Command::Status(args) => status::run(args, context),
            Command::Repair(args) => repair::run(args, context),
            Command::Stamp(args) => stamp::run(args, context),
            Command::Current(args) => current::run(args, context),
            Command::History(args) => history::run(args, context),
            Command::Heads(args) => heads::run(args, context),
            Command::Branches(args) => branches::run(args, context),
            Command::Show(args) => show::run(args, context),
            Command::Edit(args) => edit::run(args, context),
            Command::Merge(args) => merge::run(args, context),
            Command::Rebase(args) => rebase::run(args, context),
            Command::Squash(args) => squash::run(args, context),
            Command::Check(args) => check::run(args, context),
            Command::Verify(args) => verify::run(args, context),
            Command::Lint(args) => lint::run(args, context),
            Command::Explain(args) => explain::run(args, context),
            Command::Export(args) => export::run(args, context),
            Command::Diff(args) => diff::run(args, context),
            Command::Introspect(args) => introspect::run(args, context),
            Command::Graph(args) => graph::run(args, context),
            Command::Docs(args) => docs::run(args, context),
            Command::Rehearse(args) => rehearse::run(args, context),
            Command::Backup(args) => backup::run(args, context),
            Command::Backups(args) => backups::run(args, context),
            Command::Restore(args) => restore::run(args, context),
            Command::Template(args) => template::run(args, context),
            Command::Purge(args) => purge::run(args, context),
            Command::EnsureVersion(args) => ensure_version::run(args, context),
            Command::Config(args) => config::run(args, context),
            Command::Schema(args) => schema::run(args, context),
            Command::Completions(args) => completions::run(args, context),
            Command::Man(args) => man::run(args, context),
        }
    }
}

impl Cli {
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
    let line = export::with_tool(std::env::args_os().collect());
    if let Some(ended) = completions::complete(&line) {
        return ended;
    }
    match overview::added_to(Cli::command()).try_get_matches_from(&line).and_then(|matches| Cli::of(&matches)) {
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
    use clap::Args as _;
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
