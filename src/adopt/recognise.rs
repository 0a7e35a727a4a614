//! Which tools' version tables a database has, and whether one of them is at work.

use rusqlite::{Connection, OptionalExtension};

use super::Error;
use super::rows::columns;
use crate::database::{Tool, tools};

/// The tools whose version tables a database has, in the order of their names.
///
/// # Errors
/// When the schema cannot be read.
pub fn found(connection: &Connection) -> Result<Vec<Tool>, Error> {
    look(connection).map_err(|error| Error::Schema { message: error.to_string() })
}

fn look(connection: &Connection) -> rusqlite::Result<Vec<Tool>> {
    let mut statement = connection.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'")?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    for name in names {
        let columns = columns(connection, &name)?;
        let kept = tools::kept(&name, |column| columns.iter().any(|known| known == column));
        found.extend(kept.and_then(|table| table.versions_of));
    }
    if found.contains(&Tool::Rails) {
        found.retain(|tool| *tool != Tool::Dbmate);
    }
    // Room numbers its versions in the head of the file and adds a table.
    let number: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found.is_empty() && number > 0 {
        found.push(Tool::UserVersion);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Questions that have a row while a tool is at work, or after it died at it.
const LOCKS: [(Tool, &str, &str, &str); 4] = [
    (Tool::Knex, "knex_migrations_lock", "SELECT 1 FROM knex_migrations_lock WHERE is_locked = 1", "is_locked = 1"),
    (Tool::Kysely, "kysely_migration_lock", "SELECT 1 FROM kysely_migration_lock WHERE is_locked = 1", "is_locked = 1"),
    (Tool::Liquibase, "databasechangeloglock", "SELECT 1 FROM databasechangeloglock WHERE locked = 1", "LOCKED = 1"),
    (
        Tool::EntityFramework,
        "__efmigrationslock",
        "SELECT 1 FROM \"__EFMigrationsLock\"",
        "`__EFMigrationsLock` has a row",
    ),
];

/// Refuses a tool that is at work, or has died at it.
///
/// # Errors
/// When its lock is held, or cannot be read.
pub fn locked(connection: &Connection, tool: Tool) -> Result<(), Error> {
    let failed = |error: rusqlite::Error| Error::Table { tool, message: error.to_string() };
    for (_, table, question, lock) in LOCKS.iter().filter(|(of, ..)| *of == tool) {
        let is_there = !columns(connection, table).map_err(failed)?.is_empty();
        if is_there && connection.query_row(question, [], |_| Ok(())).optional().map_err(failed)?.is_some() {
            return Err(Error::Locked { tool, lock });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools(sql: &str) -> Vec<Tool> {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        found(&connection).unwrap()
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
    fn a_lock_that_is_held_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        locked(&connection, Tool::Knex).unwrap();
        connection.execute_batch("CREATE TABLE knex_migrations_lock (\"index\", is_locked)").unwrap();
        connection.execute_batch("INSERT INTO knex_migrations_lock VALUES (1, 0)").unwrap();
        locked(&connection, Tool::Knex).unwrap();
        connection.execute_batch("UPDATE knex_migrations_lock SET is_locked = 1").unwrap();
        assert!(matches!(locked(&connection, Tool::Knex), Err(Error::Locked { .. })));
        connection.execute_batch("CREATE TABLE __EFMigrationsLock (Id, Timestamp)").unwrap();
        locked(&connection, Tool::EntityFramework).unwrap();
    }
}
