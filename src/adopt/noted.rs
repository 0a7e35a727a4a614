//! What the other tool said that it had run when its database was taken over: what it says beyond that, it has run since.
//!
//! Stands in a table of our own, `schemactl_adopted`, with a row for each version.

use rusqlite::{Connection, OptionalExtension};

use super::recognise::Found;
use super::rows::{Table, columns};
use super::{Error, convention};
use crate::database::Tool;

/// The table of our own.
const NOTES: &str = "schemactl_adopted";

/// What a tool has run since it was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The tool.
    pub tool: Tool,
    /// What it calls them.
    pub versions: Vec<String>,
}

/// The versions that a tool says it has run, whatever its scripts are.
///
/// # Errors
/// When its table cannot be read.
pub fn versions(connection: &Connection, found: &Found) -> Result<Vec<String>, Error> {
    let table = Table::named(connection, found.tool, &found.table);
    if let Some(convention) = convention(found.tool) {
        return Ok((convention.applied)(&table, &[])?.into_iter().map(|row| row.version).collect());
    }
    let expression = match found.tool {
        Tool::Alembic => "version_num",
        Tool::Django => "app || '.' || name",
        Tool::EntityFramework => "migrationid",
        Tool::Grdb => "identifier",
        Tool::Laravel => "migration",
        Tool::Liquibase => "id",
        Tool::Room => "identity_hash",
        Tool::Rails => {
            let versions = Table::named(connection, Tool::Rails, "schema_migrations");
            return texts(&versions, "version");
        }
        Tool::UserVersion => {
            let number = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
            return number.map(|number| vec![number.to_string()]).map_err(|error| failed(found.tool, &error));
        }
        Tool::Ecto | Tool::Phinx | Tool::SeaOrm => "version",
        _ => "name",
    };
    texts(&table, expression)
}

fn texts(table: &Table<'_>, expression: &str) -> Result<Vec<String>, Error> {
    let rows = table.ask(&format!("SELECT {expression} FROM {{table}} ORDER BY 1"))?;
    Ok(rows.iter().map(|row| row.text(0)).collect())
}

/// Notes what a tool says now, in the place of what was noted of it.
///
/// # Errors
/// When the database cannot be written.
pub fn note(connection: &Connection, found: &Found, versions: &[String]) -> Result<(), Error> {
    write(connection, found, versions).map_err(|error| failed(found.tool, &error))
}

fn write(connection: &Connection, found: &Found, versions: &[String]) -> rusqlite::Result<()> {
    let tool = found.tool.name();
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {NOTES} (\n  \
           \"tool\" TEXT NOT NULL,\n  \
           \"version\" TEXT NOT NULL,\n  \
           \"table\" TEXT NOT NULL,\n  \
           PRIMARY KEY (\"tool\", \"version\")\n)"
    ))?;
    connection.execute(&format!("DELETE FROM {NOTES} WHERE \"tool\" = ?1"), [tool])?;
    let mut insert = connection.prepare(&format!("INSERT OR IGNORE INTO {NOTES} VALUES (?1, ?2, ?3)"))?;
    // The first one says that there is a note, also where nothing was applied.
    let mut all = std::iter::once("").chain(versions.iter().map(String::as_str));
    all.try_for_each(|version| insert.execute((tool, version, &found.table)).map(drop))
}

/// What tools have run since they were taken over; `is_ours` says of a version that it was written from here.
///
/// # Errors
/// When a table cannot be read.
pub fn since(connection: &Connection, is_ours: impl Fn(Tool, &str) -> bool) -> Result<Vec<Since>, Error> {
    let unreadable = |error: rusqlite::Error| Error::Schema { message: error.to_string() };
    if columns(connection, NOTES).map_err(unreadable)?.is_empty() {
        return Ok(Vec::new());
    }
    let mut since = Vec::new();
    for found in noted(connection).map_err(unreadable)? {
        let tool = found.tool.name();
        let mut is_noted = connection
            .prepare(&format!("SELECT 1 FROM {NOTES} WHERE \"tool\" = ?1 AND \"version\" = ?2"))
            .map_err(unreadable)?;
        let mut new = Vec::new();
        for version in versions(connection, &found)? {
            let is_known = is_noted.query_row((tool, &version), |_| Ok(())).optional().map_err(unreadable)?.is_some();
            if !is_known && !is_ours(found.tool, &version) {
                new.push(version);
            }
        }
        if !new.is_empty() {
            since.push(Since { tool: found.tool, versions: new });
        }
    }
    Ok(since)
}

/// The tools of which something is noted.
fn noted(connection: &Connection) -> rusqlite::Result<Vec<Found>> {
    let mut statement = connection.prepare(&format!("SELECT DISTINCT \"tool\", \"table\" FROM {NOTES} ORDER BY 1"))?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (tool, table) = row?;
        found.extend(Tool::named(&tool).map(|tool| Found { tool, table }));
    }
    Ok(found)
}

fn failed(tool: Tool, error: &rusqlite::Error) -> Error {
    Error::Table { tool, message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::found;

    fn rows(connection: &Connection) -> Vec<Since> {
        since(connection, |_, _| false).unwrap()
    }

    #[test]
    fn what_comes_after_the_note_is_told_until_it_is_noted() {
        let connection = Connection::open_in_memory().unwrap();
        assert_eq!(rows(&connection), []);
        connection
            .execute_batch("CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('aa01')")
            .unwrap();
        let tool = found(&connection).unwrap().remove(0);
        let note_all = || note(&connection, &tool, &versions(&connection, &tool).unwrap()).unwrap();
        note_all();
        assert_eq!(rows(&connection), []);
        connection.execute_batch("UPDATE alembic_version SET version_num = 'aa02'").unwrap();
        assert_eq!(rows(&connection), [Since { tool: Tool::Alembic, versions: vec!["aa02".to_owned()] }]);
        assert_eq!(since(&connection, |_, version| version == "aa02").unwrap(), []);
        note_all();
        assert_eq!(rows(&connection), []);
    }

    #[test]
    fn each_tool_says_what_it_has_run() {
        for (sql, tool, expected) in [
            (
                "CREATE TABLE django_migrations (id, app, name, applied); INSERT INTO django_migrations VALUES (1, 'shop', '0001_initial', '')",
                Tool::Django,
                "shop.0001_initial",
            ),
            (
                "CREATE TABLE schema_migrations (version); CREATE TABLE ar_internal_metadata (key, value); INSERT INTO schema_migrations VALUES ('2024')",
                Tool::Rails,
                "2024",
            ),
            (
                "CREATE TABLE applied (version uint64, dirty bool); INSERT INTO applied VALUES (7, 0)",
                Tool::GolangMigrate,
                "7",
            ),
            (
                "CREATE TABLE knex_migrations (id, name, batch, migration_time); INSERT INTO knex_migrations VALUES (1, 'a.js', 1, '')",
                Tool::Knex,
                "a.js",
            ),
            ("PRAGMA user_version = 3", Tool::UserVersion, "3"),
        ] {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(sql).unwrap();
            let found = found(&connection).unwrap().remove(0);
            assert_eq!(found.tool, tool);
            assert_eq!(versions(&connection, &found).unwrap(), [expected]);
        }
    }
}
