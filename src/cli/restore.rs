//! `schemactl restore`: puts a copy of the database in its place; what was there is copied first.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::context::Context;
use super::copying::Copying;
use super::interrupt;
use super::open::LOCK_TIMEOUT;
use super::style::Meaning;
use crate::database::backup::Writers;
use crate::libsql::Server;
use crate::operation::backup::{self, BackupError};
use crate::operation::{Database, Project, server_copy};
use crate::report::{Class, Diagnostic, Failure};

const EXAMPLES: &str = "\
Examples:
  schemactl restore                                          the newest backup
  schemactl restore backups/app.db.20261122T193712Z.ae10.bak
  schemactl restore --yes                                    in scripts";

/// What `restore` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The copy; the newest of the folder `backups` unless said
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Restores a copy.
///
/// # Errors
/// When there is none, nobody agrees, or one of the two files cannot be used.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project_or_bare()?;
    let database = project.beside_backups()?;
    let from = if let Some(file) = &args.file {
        file.clone()
    } else {
        let newest = backup::list(&database)?.into_iter().next();
        newest.ok_or_else(|| BackupError::None { database: database.clone() })?.path
    };
    let (shown, name) = (context.shown(&from)?, context.database_name(&project)?);
    if !from.exists() {
        let mut missing = Diagnostic::new("no_backup_file", format!("there is no backup `{shown}`"));
        for backup in backup::list(&database)?.iter().take(3) {
            missing = missing.note(format!("there is {}", context.shown(&backup.path)?));
        }
        return Err(Failure::new(Class::Database, missing.help("`schemactl backups` lists the copies")));
    }
    if let Database::Server(server) = project.place()? {
        return on_server(context, &project, &server, &from);
    }
    backup::sound(&from, LOCK_TIMEOUT)?;
    match context.prompt.confirm(&format!("put {shown} in the place of {name}?")) {
        Some(true) => {}
        Some(false) => return Err(Failure::new(Class::No, Diagnostic::new("declined", "nothing was restored"))),
        None => {
            let found = format!("`restore` replaces all that is in `{name}`, and nobody is there to agree");
            return Err(Failure::new(Class::Input, Diagnostic::new("not_agreed", found).help("agree with `--yes`")));
        }
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
    let replaced = if database.exists() {
        Some(backup::make(&database, None, &project.settings.version_table, &options)?)
    } else {
        None
    };
    backup::restore(&from, &database, &options)?;
    let replaced = replaced.map(|replaced| context.shown(&replaced.path)).transpose()?;
    if context.output.is_json() {
        context.output.json(&json!({ "version": 1, "restored": shown, "replaced": replaced }));
        return Ok(());
    }
    context.output.answer(format!("{name} is what {} holds", Meaning::Path.paint(&shown)));
    if let Some(replaced) = replaced {
        context.output.talk(format!("what it was before: {}", Meaning::Path.paint(&replaced)));
    }
    Ok(())
}

/// Fills an empty database on a server with a copy; nothing there is replaced, so that nobody is asked.
fn on_server(context: &Context, project: &Project, server: &Server, from: &Path) -> Result<(), Failure> {
    let content = server_copy::read(from)?;
    let interrupt = interrupt::flag()?;
    let loading = context.output.progress(&format!("loading {server}"), u64::try_from(content.len()).ok());
    let table = &project.settings.version_table;
    let restored = server_copy::restore(server, &content, table, &interrupt, &mut |done| {
        loading.set(u64::try_from(done).unwrap_or(u64::MAX));
    });
    loading.finish();
    restored?;
    let shown = context.shown(from)?;
    if context.output.is_json() {
        context.output.json(&json!({ "version": 1, "restored": shown, "replaced": null }));
    } else {
        context.output.answer(format!("{server} is what {} holds", Meaning::Path.paint(&shown)));
    }
    Ok(())
}
