//! The content of a database on a server, here and back: a file for a rehearsal, a copy that is put back.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::libsql::{Content, Error, Server, Wait};
use crate::report::{Class, Diagnostic, Failure};
use crate::schema::Name;

/// Writes what a server has into a database file that is not there yet.
///
/// # Errors
/// When the server gives no copy, or SQLite here does not take it.
pub fn fetch(server: &Server, to: &Path) -> Result<(), Failure> {
    let mut text = Vec::new();
    server.dump(&mut text)?;
    let not_loaded = |message: String| Error::NotLoaded { message };
    let text = String::from_utf8(text).map_err(|error| not_loaded(error.to_string()))?;
    Ok(Content::read(&text)?.write(to)?)
}

/// Reads a copy that is SQL, and proves that SQLite takes it.
///
/// # Errors
/// When it cannot be read, is something else, or does not run.
pub fn read(from: &Path) -> Result<Content, Failure> {
    let shown = from.display();
    let text = std::fs::read(from).map_err(|error| {
        let found = format!("cannot read `{shown}`: {error}");
        Failure::new(Class::Database, Diagnostic::new("unreadable", found).help("`schemactl backups` lists the copies"))
    })?;
    if text.starts_with(b"SQLite format 3\0") {
        let found = format!("`{shown}` is a database file, and a server takes SQL");
        let help = format!("turn it into SQL first: `sqlite3 {shown} .dump > copy.sql`");
        return Err(Failure::new(Class::Input, Diagnostic::new("not_sql", found).help(help)));
    }
    let text = String::from_utf8(text).map_err(|_| {
        let found = format!("`{shown}` is not SQL: it is no UTF-8 text");
        Failure::new(Class::Input, Diagnostic::new("not_sql", found).help("name a file that `schemactl backup` wrote"))
    })?;
    Ok(Content::read(&text)?)
}

/// Puts a copy into an empty database on a server.
///
/// # Errors
/// When it is not empty, or the copy comes to something else there; nothing is left of it then.
pub fn restore(
    server: &Server,
    content: &Content,
    version_table: &Name,
    interrupt: &Arc<AtomicBool>,
    tell: &mut dyn FnMut(usize),
) -> Result<(), Failure> {
    let wait = Wait { limit: None, interrupt: Some(Arc::clone(interrupt)) };
    Ok(server.load(content, version_table, &wait, tell)?)
}
