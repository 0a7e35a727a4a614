//! `schemactl man`: manual pages, made from the definitions of the command line.

use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::{Cli, Context, Failure};
use crate::report::{Class, Diagnostic, count, nearest};

const EXAMPLES: &str = "\
Examples:
  schemactl man | man -l -                 the page of schemactl
  schemactl man upgrade | man -l -         that of a command
  schemactl man --dir ~/.local/share/man/man1";

/// What `man` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The command whose page is printed; without it that of schemactl itself
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub command: Option<String>,

    /// Write the pages of all commands to this folder
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}

/// Prints a page, or writes all.
///
/// # Errors
/// When there is no such command, or a file cannot be written.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let pages = pages();
    let Some(folder) = &args.dir else {
        let name = args.command.as_ref().map_or_else(|| "schemactl".to_owned(), |name| format!("schemactl-{name}"));
        let Some(page) = pages.iter().find(|page| page.get_name() == name) else {
            return Err(unknown(args.command.as_deref().unwrap_or_default(), &pages));
        };
        context.output.verbatim(&written(page));
        return Ok(());
    };
    let shown = context.shown(folder)?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{shown}`"))?;
    for page in &pages {
        let file = folder.join(format!("{}.1", page.get_name()));
        std::fs::write(&file, written(page)).with_context(|| format!("cannot write to the folder `{shown}`"))?;
    }
    context.output.answer(format!("wrote {} to {shown}", count(pages.len(), "page")));
    Ok(())
}

/// The definitions of the program and of each command, under the names of their pages.
fn pages() -> Vec<Command> {
    let mut program = Cli::command();
    program.build();
    let commands: Vec<Command> = program
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
        .map(|command| command.clone().name(format!("schemactl-{}", command.get_name())))
        .collect();
    std::iter::once(program).chain(commands).collect()
}

fn written(page: &Command) -> String {
    let mut text = Vec::new();
    let rendered: io::Result<()> = Man::new(page.clone()).render(&mut text);
    rendered.expect("a Vec takes all that is written");
    String::from_utf8_lossy(&text).into_owned()
}

fn unknown(name: &str, pages: &[Command]) -> Failure {
    let names = pages.iter().filter_map(|page| page.get_name().strip_prefix("schemactl-"));
    let help = match nearest(name, names) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "run `schemactl --help` for a list of commands".to_owned(),
    };
    let words = format!("there is no command `{}`", super::visible::visible(name));
    Failure::new(Class::Input, Diagnostic::new("unknown_command", words).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_options_and_examples() {
        let pages = pages();
        assert!(pages.len() > 20, "{}", pages.len());
        for page in &pages {
            let text = written(page);
            assert!(text.contains(".SH NAME"), "{text}");
            assert!(text.contains("SYNOPSIS"), "{text}");
            assert!(
                page.get_name() == "schemactl" || text.contains("Examples:"),
                "{} shows no example",
                page.get_name()
            );
        }
    }
}
