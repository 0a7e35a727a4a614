//! `schemactl completions`: a script for a shell, made from the definitions of the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Context, Failure};

const EXAMPLES: &str = "\
Examples:
  schemactl completions bash > ~/.local/share/bash-completion/completions/schemactl
  schemactl completions zsh > ~/.zfunc/_schemactl
  schemactl completions fish > ~/.config/fish/completions/schemactl.fish";

/// What `completions` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell that is to read it
    pub shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "schemactl", &mut script);
    context.output.verbatim(&String::from_utf8_lossy(&script));
    Ok(())
}
