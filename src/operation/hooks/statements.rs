//! Statements of a hook, run as they stand: on the connection of a file, or on a server.

use std::sync::Arc;

use rusqlite::Connection;

use super::{HookError, Moment};
use crate::database::statements::{Prepared, Statements};
use crate::libsql::{Executed, Server};
use crate::operation::Database;
use crate::report::{Class, Place, Report, Source};
use crate::sql;

const LEFT_OPEN: &str = "it begins a transaction and does not end it";

/// Runs statements, each by itself unless they say BEGIN and COMMIT.
///
/// # Errors
/// When one of them fails, or a transaction is left open, which is taken back.
pub(super) fn run(
    database: &Database,
    connection: &Connection,
    moment: Moment,
    source: &Arc<Source>,
) -> Result<(), HookError> {
    match database {
        Database::File(_) => in_file(connection, moment, source),
        Database::Server(server) => on_server(server, moment, source),
    }
}

fn in_file(connection: &Connection, moment: Moment, source: &Arc<Source>) -> Result<(), HookError> {
    let whole = || Place::new(source, 0..source.text.len());
    let mut outcome = Ok(());
    for statement in Statements::new(connection, &source.text) {
        outcome = statement.and_then(Prepared::run);
        if outcome.is_err() {
            break;
        }
    }
    let left_open = !connection.is_autocommit();
    if left_open {
        let rolled_back = connection.execute_batch("ROLLBACK");
        rolled_back.map_err(|error| moment.failure(Class::Database, error.to_string(), whole()))?;
    }
    outcome.map_err(|error| moment.failure(Class::Database, error.message, Place::new(source, error.span)))?;
    if left_open {
        return Err(moment.failure(Class::Input, LEFT_OPEN.to_owned(), whole()));
    }
    Ok(())
}

fn on_server(server: &Server, moment: Moment, source: &Arc<Source>) -> Result<(), HookError> {
    let mut spans = Vec::new();
    for tokens in sql::statements(&source.text) {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { continue };
        spans.push(first.start..last.start + last.text.len());
    }
    let statements: Vec<&str> = spans.iter().map(|span| &source.text[span.clone()]).collect();
    let whole = 0..source.text.len();
    match server.execute(&statements) {
        Ok(Executed::Whole) => Ok(()),
        Ok(Executed::LeftOpen) => Err(moment.failure(Class::Input, LEFT_OPEN.to_owned(), Place::new(source, whole))),
        Ok(Executed::Refused { at, error }) => {
            let span = spans.get(at).cloned().unwrap_or(whole);
            Err(moment.failure(Class::Database, error.to_string(), Place::new(source, span)))
        }
        Err(error) => Err(moment.failure(error.class(), error.to_string(), Place::new(source, whole))),
    }
}
