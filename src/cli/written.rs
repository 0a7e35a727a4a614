//! Answers that go to a file: pictures and pages.

use std::path::Path;

use super::context::Context;
use super::side::Side;
use crate::operation::Project;
use crate::report::{Class, Diagnostic, Failure};

/// Writes a file and gives its name as it is shown.
///
/// # Errors
/// When it cannot be written.
pub fn write(context: &Context, file: &Path, text: &str) -> Result<String, Failure> {
    let shown = context.shown(file)?;
    std::fs::write(file, text).map_err(|error| {
        let words = format!("cannot write `{shown}`: {error}");
        Failure::new(Class::Input, Diagnostic::new("cannot_write", words).help("name another file with `--output`"))
    })?;
    Ok(shown)
}

/// What a page about a schema is called.
///
/// # Errors
/// When no database is named.
pub fn title(side: &Side, context: &Context, project: &Project) -> Result<String, Failure> {
    Ok(match side {
        Side::Model => "The schema of the model".to_owned(),
        Side::Database => format!("The schema of {}", context.database_name(project)?),
        Side::Revision(word) => format!("The schema at {}", super::visible::visible(word)),
    })
}
