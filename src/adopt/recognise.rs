//! Which tools' version tables a database has, and whether one of them is at work.

use rusqlite::{Connection, OptionalExtension};

use super::Error;
use super::rows::columns;
use crate::database::{Tool, tools};
use crate::token::quote_name;

/// The account of a tool in a database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The tool.
    pub tool: Tool,
    /// The table in which it keeps its versions; empty where that is no table.
    pub table: String,
}

impl Found {
    fn usual(tool: Tool) -> Found {
        Found { tool, table: tool.table().unwrap_or_default().to_owned() }
    }

    /// Whether the table is called as the tool calls it unless it is told otherwise.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.tool.table().unwrap_or_default().eq_ignore_ascii_case(&self.table)
    }
}

/// Tools that can be told how to call their table, with all the columns that it has: by these it is known under any name.
const BY_COLUMNS: [(Tool, &[&str]); 9] = [
    (Tool::Alembic, &["version_num"]),
    (Tool::GolangMigrate, &["version", "dirty"]),
    (Tool::Goose, &["id", "version_id", "is_applied", "tstamp"]),
    (Tool::Knex, &["id", "name", "batch", "migration_time"]),
    (Tool::Refinery, &["version", "name", "applied_on", "checksum"]),
    (Tool::Drizzle, &["id", "hash", "created_at"]),
    (Tool::Drizzle, &["id", "hash", "created_at", "name", "applied_at", "version"]),
    (Tool::Sqlx, &["version", "description", "installed_on", "success", "checksum", "execution_time"]),
    (
        Tool::Flyway,
        &[
            "installed_rank",
            "version",
            "description",
            "type",
            "script",
            "checksum",
            "installed_by",
            "installed_on",
            "execution_time",
            "success",
        ],
    ),
];

/// The tools whose version tables a database has, in the order of their names. A table that somebody has called otherwise
/// counts where there is none of a usual name.
///
/// # Errors
/// When the schema cannot be read.
pub fn found(connection: &Connection) -> Result<Vec<Found>, Error> {
    look(connection).map_err(|error| Error::Schema { message: error.to_string() })
}

fn look(connection: &Connection) -> rusqlite::Result<Vec<Found>> {
    let mut statement = connection.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'")?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let (mut found, mut renamed) = (Vec::new(), Vec::new());
    for name in names {
        let columns = columns(connection, &name)?;
        let kept = tools::kept(&name, |column| columns.iter().any(|known| known == column));
        let tool = kept.and_then(|table| table.versions_of);
        renamed.extend(by_columns(&columns).map(|tool| Found { tool, table: name.clone() }));
        found.extend(tool.map(|tool| Found { tool, table: name }));
    }
    if found.iter().any(|found| found.tool == Tool::Rails) {
        found.retain(|found| found.tool != Tool::Dbmate);
    }
    if found.is_empty() {
        found = renamed;
    }
    // Room numbers its versions in the head of the file and adds a table.
    let number: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found.is_empty() && number > 0 {
        found.push(Found::usual(Tool::UserVersion));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn by_columns(columns: &[String]) -> Option<Tool> {
    let is_it = |known: &&[&str]| known.len() == columns.len() && columns.iter().all(|c| known.contains(&c.as_str()));
    BY_COLUMNS.iter().find(|(_, known)| is_it(known)).map(|(tool, _)| *tool)
}

/// The account of a tool that is named, or whose table is, or of both.
///
/// # Errors
/// When a table of that name is not there, or is not known for any tool's; when the schema cannot be read.
pub fn named(connection: &Connection, tool: Option<Tool>, table: Option<&str>) -> Result<Option<Found>, Error> {
    let failed = |error: rusqlite::Error| Error::Schema { message: error.to_string() };
    let Some(table) = table else {
        let Some(tool) = tool else { return Ok(None) };
        let other = found(connection)?.into_iter().find(|found| found.tool == tool);
        return Ok(Some(other.unwrap_or_else(|| Found::usual(tool))));
    };
    let columns = columns(connection, table).map_err(failed)?;
    if columns.is_empty() {
        return Err(Error::NoTable { table: table.to_owned() });
    }
    let has = |column: &str| columns.iter().any(|known| known == column);
    let kept = || tools::kept(table, has).and_then(|kept| kept.versions_of);
    let tool = tool.or_else(kept).or_else(|| by_columns(&columns));
    let tool = tool.ok_or_else(|| Error::UnknownTable { table: table.to_owned() })?;
    Ok(Some(Found { tool, table: table.to_owned() }))
}

/// Tables that have such a row while a tool is at work, or after it died at it.
const LOCKS: [(Tool, &str, &str, &str); 4] = [
    (Tool::Knex, "knex_migrations_lock", "is_locked = 1", "is_locked = 1"),
    (Tool::Kysely, "kysely_migration_lock", "is_locked = 1", "is_locked = 1"),
    (Tool::Liquibase, "databasechangeloglock", "locked = 1", "LOCKED = 1"),
    (Tool::EntityFramework, "__efmigrationslock", "true", "`__EFMigrationsLock` has a row"),
];

impl Found {
    /// The table of the tool's lock, where it has one; that of knex is called after the one with the versions.
    fn lock(&self) -> Option<(String, &'static str, &'static str)> {
        let (_, table, is_held, lock) = LOCKS.iter().find(|(tool, ..)| *tool == self.tool)?;
        let is_renamed = self.tool == Tool::Knex && !self.is_usual();
        let table = if is_renamed { format!("{}_lock", self.table) } else { (*table).to_owned() };
        Some((table, is_held, lock))
    }

    /// The tables that are no part of a model, where they are called otherwise than is known.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn renamed(&self, connection: &Connection) -> Result<Vec<String>, Error> {
        let mut renamed = Vec::new();
        if !self.is_usual() {
            renamed.push(self.table.clone());
            if let Some((lock, ..)) = self.lock() {
                let columns = columns(connection, &lock);
                let is_there = !columns.map_err(|error| Error::Schema { message: error.to_string() })?.is_empty();
                renamed.extend(is_there.then_some(lock));
            }
        }
        Ok(renamed)
    }
}

/// Refuses a tool that is at work, or has died at it.
///
/// # Errors
/// When its lock is held, or cannot be read.
pub fn locked(connection: &Connection, found: &Found) -> Result<(), Error> {
    let Some((table, is_held, lock)) = found.lock() else { return Ok(()) };
    let tool = found.tool;
    let failed = |error: rusqlite::Error| Error::Table { tool, message: error.to_string() };
    if columns(connection, &table).map_err(failed)?.is_empty() {
        return Ok(());
    }
    let question = format!("SELECT 1 FROM {} WHERE {is_held}", quote_name(&table));
    match connection.query_row(&question, [], |_| Ok(())).optional().map_err(failed)? {
        Some(()) => Err(Error::Locked { tool, lock }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools(sql: &str) -> Vec<Tool> {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        found(&connection).unwrap().into_iter().map(|found| found.tool).collect()
    }

    #[test]
    fn rails_is_told_from_dbmate_by_its_second_table() {
        let versions = "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);";
        assert_eq!(tools(versions), [Tool::Dbmate]);
        let rails = "CREATE TABLE ar_internal_metadata (key, value, created_at, updated_at)";
        assert_eq!(tools(&format!("{versions}{rails}")), [Tool::Rails]);
    }

    #[test]
    fn several_tools_are_all_found_and_a_number_in_the_head_only_where_there_is_no_table() {
        let django = "CREATE TABLE django_migrations (id, app, name, applied);";
        let knex = "CREATE TABLE knex_migrations (id, name, batch, migration_time);";
        assert_eq!(tools(&format!("{knex}{django}")), [Tool::Django, Tool::Knex]);
        assert_eq!(tools("PRAGMA user_version = 3"), [Tool::UserVersion]);
        assert_eq!(tools(&format!("PRAGMA user_version = 3;{knex}")), [Tool::Knex]);
        assert_eq!(tools("CREATE TABLE user (id)"), []);
    }

    #[test]
    fn a_table_that_somebody_has_called_otherwise_is_known_by_its_columns() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE applied (version uint64, dirty bool); CREATE TABLE user (id)").unwrap();
        let expected = Found { tool: Tool::GolangMigrate, table: "applied".to_owned() };
        assert_eq!(found(&connection).unwrap(), std::slice::from_ref(&expected));
        for tool in [None, Some(Tool::GolangMigrate)] {
            assert_eq!(named(&connection, tool, Some("applied")).unwrap(), Some(expected.clone()));
        }
        assert_eq!(named(&connection, Some(Tool::GolangMigrate), None).unwrap(), Some(expected));
        assert!(!found(&connection).unwrap()[0].is_usual());
        assert!(matches!(named(&connection, None, Some("user")), Err(Error::UnknownTable { .. })));
        assert!(matches!(named(&connection, None, Some("none")), Err(Error::NoTable { .. })));
        // Beside one of a usual name it is somebody's own.
        connection.execute_batch("CREATE TABLE knex_migrations (id, name, batch, migration_time)").unwrap();
        assert_eq!(found(&connection).unwrap(), [Found::usual(Tool::Knex)]);
    }

    #[test]
    fn a_lock_that_is_held_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        locked(&connection, &Found::usual(Tool::Knex)).unwrap();
        connection.execute_batch("CREATE TABLE knex_migrations_lock (\"index\", is_locked)").unwrap();
        connection.execute_batch("INSERT INTO knex_migrations_lock VALUES (1, 0)").unwrap();
        locked(&connection, &Found::usual(Tool::Knex)).unwrap();
        connection.execute_batch("UPDATE knex_migrations_lock SET is_locked = 1").unwrap();
        assert!(matches!(locked(&connection, &Found::usual(Tool::Knex)), Err(Error::Locked { .. })));
        connection.execute_batch("CREATE TABLE __EFMigrationsLock (Id, Timestamp)").unwrap();
        locked(&connection, &Found::usual(Tool::EntityFramework)).unwrap();
    }
}
