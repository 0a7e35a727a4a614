//! Commands of hooks: run by the shell, what they print among the talk, or kept where several run at once.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::{self, ExitStatus, Stdio};

use super::context::Context;
use super::interrupt;
use crate::operation::Project;
use crate::operation::hooks::{self, Command, Ended, How};
use crate::report::Failure;
use crate::revision::Script;

/// Runs a command to its end. Its standard output goes to ours for talk, so that the answer stays what programs expect;
/// it has nothing to read, so that it does not wait for somebody who is not there.
#[must_use]
pub fn run(context: &Context, command: &Command<'_>) -> Ended {
    context.output.detail(format!("hook: {}", super::visible::visible(command.line)));
    Ended { how: how(shell(command).stdout(Stdio::from(io::stderr())).status()), printed: String::new() }
}

/// The same, with the last of what it prints kept rather than shown.
#[must_use]
pub fn run_silently(command: &Command<'_>) -> Ended {
    // A file is read when the command has ended; a pipe ends only with the last process that it has left behind.
    let ended = tempfile::tempfile().and_then(|mut kept| {
        let status = shell(command).stdout(kept.try_clone()?).stderr(kept.try_clone()?).status()?;
        Ok((status, last_of(&mut kept)?))
    });
    match ended {
        Ok((status, printed)) => Ended { how: how(Ok(status)), printed },
        Err(error) => Ended { how: how(Err(error)), printed: String::new() },
    }
}

/// How much of it is kept, in bytes.
const KEPT: u64 = 16 * 1024;

fn last_of(kept: &mut std::fs::File) -> io::Result<String> {
    let length = kept.seek(SeekFrom::End(0))?;
    kept.seek(SeekFrom::Start(length.saturating_sub(KEPT)))?;
    let mut last = Vec::new();
    kept.take(KEPT).read_to_end(&mut last)?;
    Ok(String::from_utf8_lossy(&last).into_owned())
}

fn shell(command: &Command<'_>) -> process::Command {
    let mut shell = if cfg!(windows) { process::Command::new("cmd") } else { process::Command::new("sh") };
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command.line);
    shell.current_dir(&command.folder).envs(command.variables.iter().map(|(name, value)| (name, value)));
    shell.stdin(Stdio::null());
    shell
}

fn how(ended: io::Result<ExitStatus>) -> How {
    match ended {
        Ok(status) if status.success() => How::Well,
        Ok(_) if interrupt::is_requested() => How::Interrupted,
        Ok(status) => How::Badly(match status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => format!("was ended by a {status}"),
        }),
        Err(error) => How::Badly(format!("could not be started: {error}")),
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
