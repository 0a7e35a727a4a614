//! `schemactl backups`: the copies of the database, the newest first.

use serde_json::json;

use super::context::Context;
use super::style::Meaning;
use crate::operation::backup;
use crate::report::{Diagnostic, Failure, grouped};

const EXAMPLES: &str = "\
Examples:
  schemactl backups
  schemactl backups --format json";

/// What `backups` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Lists the copies.
///
/// # Errors
/// When the folder cannot be read.
pub fn run(_: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project_or_bare()?;
    let beside = project.beside_backups()?;
    let backups = backup::list(&beside)?;
    for left in backup::unfinished(&beside)? {
        let path = context.shown(&left.path)?;
        let found = format!("`{path}` is unfinished: it is made now, or its making was ended by force");
        let help = format!("where no backup runs, remove it: rm {path}");
        context.output.warn(&Diagnostic::new("unfinished_backup", found).help(help));
    }
    let mut lines = Vec::new();
    for backup in &backups {
        lines.push((context.shown(&backup.path)?, backup));
    }
    if context.output.is_json() {
        let one = |(path, backup): &(String, &backup::Backup)| json!({ "path": path, "bytes": backup.bytes, "made": backup.made, "revision": backup.revision });
        let backups: Vec<_> = lines.iter().map(one).collect();
        context.output.json(&json!({ "version": 1, "backups": backups }));
        return Ok(());
    }
    if lines.is_empty() {
        context.output.answer("there are no backups");
    }
    for (path, backup) in &lines {
        context.output.answer(format!(
            "{}  {}  {} bytes",
            Meaning::Path.paint(path),
            Meaning::Revision.paint(&backup.revision),
            grouped(backup.bytes)
        ));
    }
    Ok(())
}
