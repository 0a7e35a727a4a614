//! `schemactl backup`: copies the database, while others use it.

use std::path::PathBuf;

use serde_json::json;

use super::context::Context;
use super::copying::Copying;
use super::fleet::Choice;
use super::interrupt;
use super::open::LOCK_TIMEOUT;
use super::style::Meaning;
use crate::database::backup::Writers;
use crate::operation::Database;
use crate::operation::backup::{self, Backup};
use crate::report::{Class, Diagnostic, Failure, grouped};

const EXAMPLES: &str = "\
Examples:
  schemactl backup               a copy in `backups` beside the database
  schemactl backup monday.db     a copy of that name";

/// What `backup` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Of which databases.
    #[command(flatten)]
    pub choice: Choice,
}

/// Makes a copy.
///
/// # Errors
/// When there is no database, no room, or a file of that name.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project_or_bare()?;
    let members = context.fleet(&args.choice, None, &project)?;
    if let (Some(_), Some(file)) = (&members, &args.file) {
        let found = format!("many databases do not go into one file, `{}`", file.display());
        let help = "leave it out: each copy stands in the folder `backups` beside its database";
        return Err(Failure::new(Class::Input, Diagnostic::new("one_or_many", found).help(help)));
    }
    if let Some(members) = members {
        return super::fleet::back_up(&args.choice, members, context, &project);
    }
    let now = context.now()?.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let interrupt = interrupt::flag()?;
    let copying = Copying::new(&context.output);
    let options = backup::Options {
        writers: Writers::Free,
        lock_timeout: LOCK_TIMEOUT,
        interrupt: &interrupt,
        now: &now,
        progress: &|pages| copying.tell(pages),
    };
    let table = &project.settings.version_table;
    let made = match project.place()? {
        Database::File(database) => backup::make(&database, args.file.as_deref(), table, &options),
        Database::Server(server) => {
            backup::dump(&server, &project.beside_backups()?, args.file.as_deref(), table, &now)
        }
    }?;
    let path = context.shown(&made.path)?;
    if context.output.is_json() {
        context.output.json(&document(&made, &path));
    } else {
        context.output.answer(format!("wrote {} ({} bytes)", Meaning::Path.paint(&path), grouped(made.bytes)));
    }
    Ok(())
}

/// A backup for programs; the first key is the version of the shape.
#[must_use]
pub fn document(backup: &Backup, path: &str) -> serde_json::Value {
    json!({
        "version": 1, "path": path, "bytes": backup.bytes, "made": backup.made, "revision": backup.revision
    })
}

/// Says that a copy was made before a run, and how to go back to it.
pub fn tell(context: &Context, backup: &Backup) {
    // A path that cannot be shown from here is shown as it is.
    let path = context.shown(&backup.path).unwrap_or_else(|_| backup.path.display().to_string());
    let is_sql = backup.path.extension().is_some_and(|ending| ending == "sql");
    let where_to = if is_sql { " --database URL-OF-AN-EMPTY-ONE" } else { "" };
    let way_back = format!("schemactl restore {path}{where_to}");
    context.output.talk(format!(
        "backup: {} ({} bytes)
to go back: {way_back}",
        Meaning::Path.paint(&path),
        grouped(backup.bytes)
    ));
}
