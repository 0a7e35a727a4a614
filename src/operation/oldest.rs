//! What a new revision asks of SQLite, against the oldest one that the settings name.
//!
//! What makes a database unreadable there is refused; a statement that alone needs a newer one is told.

use crate::plan::{self, Draft};
use crate::report::{Class, Diagnostic, Failure};
use crate::schema::{ObjectKind, ObjectRef};

use super::Project;
use super::autogenerate::Comparison;

/// Refuses what the oldest SQLite that must be able to run the scripts could not read.
///
/// # Errors
/// One diagnostic for each such trait of a table, with its place in the model.
pub(super) fn refuse_too_new(project: &Project, comparison: &Comparison) -> Result<(), Failure> {
    let Some(oldest) = project.settings.target_sqlite else { return Ok(()) };
    let too_new = plan::too_new(&comparison.changes, oldest);
    if too_new.is_empty() {
        return Ok(());
    }
    let model = project.model()?;
    let diagnostics = too_new.into_iter().map(|(table, what, version)| {
        let found = format!("`{table}` {what}, which SQLite knows from {version} on, and `target_sqlite` is {oldest}");
        let mut diagnostic = Diagnostic::new("too_new", found);
        diagnostic.place = model.place(&ObjectRef::new(ObjectKind::Table, table), None).cloned();
        diagnostic.help(format!("take that out of the model, or set `target_sqlite = \"{version}\"`"))
    });
    Err(Failure::all(Class::Input, diagnostics.collect()))
}

/// What statements of a draft need a newer SQLite for than the scripts are meant for.
#[must_use]
pub fn needs_newer(project: &Project, draft: &Draft) -> Option<Diagnostic> {
    let oldest = project.settings.target_sqlite?;
    let mut statements = draft.up.iter().chain(&draft.down);
    let statement = statements.find(|statement| statement.requires > oldest)?;
    let version = draft.requires?;
    let found = format!("the script needs SQLite {version}, and `target_sqlite` is {oldest}");
    let line = statement.sql.lines().next().unwrap_or_default();
    Some(Diagnostic::new("needs_newer", found).note(format!("such as for `{line}`")))
}
