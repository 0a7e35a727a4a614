//! The command between two waves: it is told what came to pass, and its exit code says whether to go on.

use std::io;
use std::process::{Command, Stdio};

use crate::cli::context::Context;
use crate::fleet::{Between, Outcome};
use crate::report::{Class, Diagnostic, Failure};

/// Runs the command; what it prints is talk.
///
/// # Errors
/// When it cannot be run at all.
pub(super) fn ask(context: &Context, command: &str, between: &Between<'_>) -> Result<bool, Failure> {
    let Between { wave, waves, tally, left } = between;
    let counts = [
        ("WAVE", *wave),
        ("WAVES", *waves),
        ("DONE", tally.number(Outcome::Done) + tally.number(Outcome::Nothing)),
        ("FAILED", tally.failed()),
        ("LEFT", *left),
    ];
    let variables = counts.map(|(name, value)| (format!("SCHEMACTL_FLEET_{name}"), value.to_string()));
    let status = Command::new("sh")
        .args(["-c", command])
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .map_err(|error| {
            let found = format!("the gate `{command}` cannot be run: {error}");
            Failure::new(Class::Input, Diagnostic::new("gate", found))
        })?;
    let verdict = if status.success() { "goes on" } else { "ends here" };
    context
        .output
        .talk(format!("wave {wave} of {waves} is done; the gate `{command}` ended with {status}: the run {verdict}"));
    Ok(status.success())
}
