//! `post_write`: commands that lay out a script which was written.

use std::path::Path;

use super::{HookError, Moment, Shell, command};
use crate::operation::Project;
use crate::report::Diagnostic;
use crate::revision::Script;
use crate::token;

/// Runs the commands of `post_write` on a script that was written. A warning where they have changed more than its layout.
///
/// # Errors
/// When a command fails, or what it leaves is no script any more.
pub fn post_write(
    project: &Project,
    script: &Script,
    path: &Path,
    shell: Shell<'_>,
) -> Result<Option<Diagnostic>, HookError> {
    let hooks = &project.settings.hooks.post_write;
    if hooks.is_empty() {
        return Ok(None);
    }
    let file = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned();
    let mut variables = Moment::PostWrite.variables();
    variables.push(("SCHEMACTL_REVISION", script.revision.id.to_string()));
    variables.push(("SCHEMACTL_MESSAGE", script.revision.message.clone()));
    variables.push(("SCHEMACTL_FILE", file.clone()));
    for hook in hooks {
        let text = hook.text.clone().map_err(HookError::Text)?;
        let line = text.replace("{file}", &quoted(&file));
        command(&project.settings, Moment::PostWrite, hook, &line, &variables, shell)?;
    }
    let unread = |why: String| HookError::NoScript { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| unread(error.to_string()))?;
    let left = Script::read(path.display().to_string(), &text).map_err(|error| unread(error.to_string()))?;
    let is_same = left.revision == script.revision
        && says(left.up.sql()) == says(script.up.sql())
        && left.down.as_ref().map(|down| says(down.sql())) == script.down.as_ref().map(|down| says(down.sql()));
    Ok((!is_same).then(|| {
        let found = format!("the hook `post_write` changed more than the layout of `{}`", path.display());
        Diagnostic::new("script_changed", found).help("`schemactl verify` proves it again")
    }))
}

/// What SQL means, whatever its layout and its comments.
fn says(sql: &str) -> Vec<token::Meaning<'_>> {
    token::meanings(sql).collect()
}

/// A path as one word of the shell.
fn quoted(path: &str) -> String {
    if cfg!(windows) { format!("\"{path}\"") } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
