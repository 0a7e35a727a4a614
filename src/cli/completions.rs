//! `schemactl completions`: a script for a shell, which asks the program itself for what can stand where: commands and
//! options, and the revisions, environments and tables of the project.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Command, CommandFactory, Parser};
use clap_complete::aot::Shell;
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{ArgValueCandidates, CompletionCandidate};

use super::{Cli, Context, Failure};

const EXAMPLES: &str = "\
Examples:
  schemactl completions bash >> ~/.bash_completion
  schemactl completions zsh > ~/.zfunc/_schemactl
  schemactl completions fish > ~/.config/fish/completions/schemactl.fish";

/// The variable by which the scripts ask the program.
const VARIABLE: &str = "SCHEMACTL_COMPLETE";

/// What `completions` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell that is to read it
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// When there is no script for the shell.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let mut script = Vec::new();
    let shell = args.shell.to_string();
    let shells = Shells::builtins();
    let writer = shells.completer(&shell).with_context(|| format!("there is no script for `{shell}`"))?;
    writer
        .write_registration(VARIABLE, "schemactl", "schemactl", "schemactl", &mut script)
        .map_err(anyhow::Error::new)?;
    context.output.verbatim(&String::from_utf8_lossy(&script));
    Ok(())
}

/// Answers a shell that asks what can come next; nothing where none asks.
#[must_use]
pub fn complete(line: &[OsString]) -> Option<ExitCode> {
    let folder = std::env::current_dir().ok();
    match CompleteEnv::with_factory(command).var(VARIABLE).try_complete(line, folder.as_deref()) {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        // A shell has no place for words about it.
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// The arguments that name revisions, by command.
const REVISIONS: [(&str, &str); 21] = [
    ("upgrade", "target"),
    ("downgrade", "target"),
    ("switch", "target"),
    ("rehearse", "target"),
    ("stamp", "targets"),
    ("show", "revision"),
    ("edit", "revision"),
    ("merge", "revisions"),
    ("rebase", "line"),
    ("rebase", "onto"),
    ("squash", "range"),
    ("revision", "head"),
    ("revision", "depends_on"),
    ("lint", "rev_range"),
    ("repair", "revisions"),
    ("history", "rev_range"),
    ("introspect", "at"),
    ("diff", "from"),
    ("diff", "to"),
    ("graph", "at"),
    ("docs", "at"),
];

/// The arguments that name tables.
const TABLES: [(&str, &str); 2] = [("graph", "tables"), ("docs", "tables")];

/// The command line, with what a project has for its values.
fn command() -> Command {
    let mut command = Cli::command().mut_arg("environment", |arg| arg.add(ArgValueCandidates::new(environments)));
    for (name, arg) in REVISIONS {
        let takes_schemas = ["from", "to", "at"].contains(&arg) && name != "introspect";
        let candidates =
            if takes_schemas { ArgValueCandidates::new(schemas) } else { ArgValueCandidates::new(revisions) };
        command = command.mut_subcommand(name, |command| command.mut_arg(arg, |arg| arg.add(candidates)));
    }
    for (name, arg) in TABLES {
        let candidates = ArgValueCandidates::new(tables);
        command = command.mut_subcommand(name, |command| command.mut_arg(arg, |arg| arg.add(candidates)));
    }
    let candidates = ArgValueCandidates::new(rules);
    command.mut_subcommand("explain", |command| command.mut_arg("code", |arg| arg.add(candidates)))
}

/// What stands for the project while a line is typed: that of the current folder and the variables. Where it cannot be
/// read there is nothing to offer.
fn context() -> Option<Context> {
    Cli::try_parse_from(["schemactl", "current"]).ok().map(|cli| Context::new(cli.options))
}

fn environments() -> Vec<CompletionCandidate> {
    let Some(project) = context().and_then(|context| context.project().ok()) else { return Vec::new() };
    project.settings.environments.iter().map(CompletionCandidate::new).collect()
}

fn revisions() -> Vec<CompletionCandidate> {
    let fixed = [("head", "the last revision"), ("heads", "all last revisions"), ("base", "before the first revision")];
    let fixed = fixed.map(|(word, help)| CompletionCandidate::new(word).help(Some(help.into())));
    let graph = context().and_then(|context| context.project().ok()).and_then(|project| project.graph().ok());
    let Some(graph) = graph else { return fixed.into() };
    let revisions = graph.revisions().rev().map(|revision| {
        let message = super::visible::visible(&revision.message).into_owned();
        CompletionCandidate::new(revision.id.as_str()).help(Some(message.into()))
    });
    fixed.into_iter().chain(revisions).collect()
}

fn rules() -> Vec<CompletionCandidate> {
    crate::lint::rules().iter().map(|rule| CompletionCandidate::new(rule.code).help(Some(rule.name.into()))).collect()
}

fn schemas() -> Vec<CompletionCandidate> {
    let words = [("model", "what the model asks for"), ("database", "what the database has")];
    let words = words.map(|(word, help)| CompletionCandidate::new(word).help(Some(help.into())));
    words.into_iter().chain(revisions()).collect()
}

fn tables() -> Vec<CompletionCandidate> {
    let model = context().and_then(|context| context.project().ok()).and_then(|project| project.model().ok());
    let Some(model) = model else { return Vec::new() };
    model.schema.tables.keys().map(|name| CompletionCandidate::new(name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_that_is_completed_is_there() {
        command().debug_assert();
    }
}
