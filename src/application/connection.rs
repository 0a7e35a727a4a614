//! The application's connection: whether revisions may run on it, and what is put back afterwards beside what the runner
//! itself puts back.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::error::Error;
use crate::database;
use crate::token::quote_name;

/// Refuses a connection on which names in scripts could mean something else, or on which nothing can be written.
pub(super) fn check(connection: &Connection) -> Result<(), Error> {
    let failed = |error| database::Error::from_sqlite(path(connection).as_ref(), &error);
    let read_only = connection.is_readonly("main").map_err(failed)?
        || connection.pragma_query_value(None, "query_only", |row| row.get(0)).map_err(failed)?;
    if read_only {
        return Err(Error::ReadOnly);
    }
    let attached = "SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')";
    let names = texts(connection, attached).map_err(failed)?;
    if !names.is_empty() {
        return Err(Error::Attached { names });
    }
    let temporary = "SELECT name FROM sqlite_temp_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let names = texts(connection, temporary).map_err(failed)?;
    if names.is_empty() { Ok(()) } else { Err(Error::Temporary { names }) }
}

pub(super) fn path(connection: &Connection) -> &str {
    match connection.path() {
        None | Some("") => ":memory:",
        Some(path) => path,
    }
}

fn texts(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Pragmas that change what a script does or that a script may change, and what they are on the command line.
const PRAGMAS: [(&str, bool); 3] =
    [("recursive_triggers", false), ("ignore_check_constraints", false), ("reverse_unordered_selects", false)];

/// The same for what the C interface sets (<https://www.sqlite.org/c3ref/c_dbconfig_defensive.html>).
const CONFIGS: [(DbConfig, bool); 5] = [
    (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    (DbConfig::SQLITE_DBCONFIG_DQS_DDL, true),
    (DbConfig::SQLITE_DBCONFIG_DQS_DML, true),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, true),
];

/// What the application has set, to be put back.
pub(super) struct Own {
    pragmas: Vec<bool>,
    configs: Vec<bool>,
    functions: BTreeSet<(String, i32)>,
    collations: BTreeSet<String>,
}

impl Own {
    /// Notes what is set, and sets what scripts find on the command line.
    pub(super) fn put_aside(connection: &Connection) -> rusqlite::Result<Own> {
        let pragma = |(name, _): &(&str, bool)| connection.pragma_query_value(None, name, |row| row.get(0));
        let own = Own {
            pragmas: PRAGMAS.iter().map(pragma).collect::<rusqlite::Result<_>>()?,
            configs: CONFIGS.iter().map(|(key, _)| connection.db_config(*key)).collect::<rusqlite::Result<_>>()?,
            functions: functions(connection)?,
            collations: collations(connection)?,
        };
        PRAGMAS.iter().try_for_each(|(name, value)| connection.pragma_update(None, name, value))?;
        CONFIGS.iter().try_for_each(|(key, value)| connection.set_db_config(*key, *value).map(drop))?;
        Ok(own)
    }

    /// Puts it back, and takes away what stood in for functions and collations that the application lacks.
    pub(super) fn put_back(&self, connection: &Connection) -> rusqlite::Result<()> {
        for ((name, _), value) in PRAGMAS.iter().zip(&self.pragmas) {
            connection.pragma_update(None, name, value)?;
        }
        for ((key, _), value) in CONFIGS.iter().zip(&self.configs) {
            connection.set_db_config(*key, *value)?;
        }
        for (name, arguments) in functions(connection)?.difference(&self.functions) {
            connection.remove_function(name.as_str(), *arguments)?;
        }
        for name in collations(connection)?.difference(&self.collations) {
            connection.remove_collation(name.as_str())?;
        }
        Ok(())
    }
}

fn functions(connection: &Connection) -> rusqlite::Result<BTreeSet<(String, i32)>> {
    let mut list = connection.prepare("SELECT name, narg FROM pragma_function_list WHERE NOT builtin")?;
    list.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn collations(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    // A collation that was taken away stays in the list.
    let is_there = |name: &String| connection.prepare(&format!("SELECT '' = '' COLLATE {}", quote_name(name))).is_ok();
    Ok(texts(connection, "SELECT name FROM pragma_collation_list")?.into_iter().filter(is_there).collect())
}
