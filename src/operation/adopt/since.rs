//! What other tools have run in a database since it was taken over from them.

use rusqlite::Connection;

use crate::adopt::{self, Since};
use crate::database::Tool;
use crate::mirror::Mirror;
use crate::operation::{Project, State, mirror};
use crate::report::{Class, Diagnostic, Failure, count, first_notes};

/// What they have run, but for the rows that `mirror` has written for them.
///
/// # Errors
/// When a table cannot be read.
pub fn since(project: &Project, connection: &Connection, state: &State) -> Result<Vec<Since>, Failure> {
    let told = adopt::since(connection, |_, _| false)?;
    let Some(mirror) = project.settings.mirror.filter(|_| !told.is_empty()) else { return Ok(told) };
    let written = mirror::versions(project, mirror, state);
    Ok(adopt::since(connection, |tool, version| tool == mirrored(mirror) && written.contains(version))?)
}

fn mirrored(mirror: Mirror) -> Tool {
    match mirror {
        Mirror::Sqlx => Tool::Sqlx,
        Mirror::Dbmate => Tool::Dbmate,
        Mirror::Diesel => Tool::Diesel,
        Mirror::Goose => Tool::Goose,
    }
}

/// Refuses to go on where another tool did meanwhile: scripts of its own would run a second time.
///
/// # Errors
/// When it did, and as [`since`].
pub fn refuse_since(project: &Project, connection: &Connection, state: &State) -> Result<(), Failure> {
    match since(project, connection, state)?.first() {
        Some(since) => Err(Failure::new(Class::No, told(since))),
        None => Ok(()),
    }
}

/// The same in words, with the command that takes it over.
#[must_use]
pub fn told(since: &Since) -> Diagnostic {
    const SHOWN: usize = 10;
    let Since { tool, versions } = since;
    let tool = tool.name();
    let what = if tool == "user_version" { "version" } else { "migration" };
    let words = format!("{tool} has run {} since it was taken over", count(versions.len(), what));
    let mut diagnostic = Diagnostic::new("run_by_another_tool", words);
    diagnostic.notes = first_notes(versions.iter().map(|version| format!("`{version}`")), SHOWN);
    diagnostic.help(format!("take over what it has done: `schemactl adopt --from {tool}`"))
}
