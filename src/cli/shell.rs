//! Commands of hooks: run by the shell, what they print among the talk.

use std::io;
use std::path::Path;
use std::process::{self, Stdio};

use super::context::Context;
use super::interrupt;
use crate::operation::Project;
use crate::operation::hooks::{self, Command, Ended};
use crate::report::Failure;
use crate::revision::Script;

/// Runs a command to its end. Its standard output goes to ours for talk, so that the answer stays what programs expect;
/// it has nothing to read, so that it does not wait for somebody who is not there.
#[must_use]
pub fn run(context: &Context, command: &Command<'_>) -> Ended {
    context.output.detail(format!("hook: {}", super::visible::visible(command.line)));
    let mut shell = if cfg!(windows) { process::Command::new("cmd") } else { process::Command::new("sh") };
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command.line);
    shell.current_dir(&command.folder).envs(command.variables.iter().map(|(name, value)| (name, value)));
    shell.stdin(Stdio::null()).stdout(Stdio::from(io::stderr()));
    match shell.status() {
        Ok(status) if status.success() => Ended::Well,
        Ok(_) if interrupt::is_requested() => Ended::Interrupted,
        Ok(status) => Ended::Badly(match status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => format!("was ended by a {status}"),
        }),
        Err(error) => Ended::Badly(format!("could not be started: {error}")),
    }
}

/// Runs the hooks on a script that was written.
///
/// # Errors
/// As [`hooks::post_write`].
pub fn post_write(context: &Context, project: &Project, script: &Script, path: &Path) -> Result<(), Failure> {
    let changed = hooks::post_write(project, script, path, &|command| run(context, command))?;
    if let Some(warning) = changed {
        context.output.warn(&warning);
    }
    Ok(())
}
