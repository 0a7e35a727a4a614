//! Prisma: a folder `<time>_<words>` for each, with `migration.sql`, no way down; a row for each attempt, with the SHA-256
//! of the file.

use sha2::{Digest, Sha256};

use super::folder::migrations;
use super::rows::{Table, hex};
use super::{Applied, Convention, Error, Half, Script, Trouble, moment};

pub(super) const CONVENTION: Convention = Convention {
    folders: &["prisma/migrations", "migrations"],
    scripts: |folder| migrations(folder, |text| Half::new(text, true)),
    applied,
    after_failure: "look what the script did, then say so: `prisma migrate resolve --applied NAME` or `--rolled-back NAME`",
};

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let question = "SELECT migration_name, checksum, started_at, finished_at FROM {table}
                    WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name";
    let rows = table.ask(question)?;
    let read = |row: super::rows::Row| {
        let mut applied = Applied::new(row.text(0), scripts);
        let (started, finished) = (moment::time(row.value(2)), moment::time(row.value(3)));
        applied.at = finished;
        let took = finished.zip(started).and_then(|(finished, started)| (finished - started).to_std().ok());
        applied.duration = took.unwrap_or_default();
        let is_edited = applied.script.is_some_and(|script| !is_checksum(&scripts[script], &row.text(1)));
        applied.trouble = match () {
            () if row.is_null(3) => Some(Trouble::Failed),
            () if is_edited => Some(Trouble::Edited),
            () => None,
        };
        applied
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Whether the SHA-256 of a script's file is this one.
pub(super) fn is_checksum(script: &Script, kept: &str) -> bool {
    script.spellings().any(|text| hex(&Sha256::digest(text.as_bytes())) == kept)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    #[test]
    fn what_was_rolled_back_does_not_count_and_what_was_not_finished_has_failed() {
        let folder = folder_of(&[
            ("20240131120000_init/migration.sql", "CREATE TABLE a (x);"),
            ("20240201000000_next/migration.sql", "CREATE TABLE b (x);"),
            ("20240202000000_last/migration.sql", "CREATE TABLE c (x);"),
            ("migration_lock.toml", "provider = \"sqlite\""),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert_eq!((scripts.len(), scripts[0].message.as_str()), (3, "init"));
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE \"_prisma_migrations\" (\"id\" TEXT PRIMARY KEY NOT NULL, \"checksum\" TEXT NOT NULL,
            \"finished_at\" DATETIME, \"migration_name\" TEXT NOT NULL, \"logs\" TEXT, \"rolled_back_at\" DATETIME,
            \"started_at\" DATETIME NOT NULL DEFAULT current_timestamp,
            \"applied_steps_count\" INTEGER UNSIGNED NOT NULL DEFAULT 0)";
        connection.execute_batch(table).unwrap();
        let insert = "INSERT INTO _prisma_migrations VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, 1)";
        let sum = hex(&Sha256::digest(b"CREATE TABLE a (x);"));
        let (start, end) = (1_706_702_405_000_i64, 1_706_702_405_250_i64);
        let none = None::<i64>;
        connection.execute(insert, ("1", &sum, none, "20240131120000_init", Some(end), start - 1)).unwrap();
        connection.execute(insert, ("2", &sum, Some(end), "20240131120000_init", none, start)).unwrap();
        connection.execute(insert, ("3", "0", none, "20240201000000_next", none, start + 1)).unwrap();
        connection.execute(insert, ("4", "0", Some(end), "20240202000000_last", none, start + 2)).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Prisma), &scripts).unwrap();
        let shown: Vec<_> = applied.iter().map(|row| (row.script, row.trouble.clone())).collect();
        let expected = [(Some(0), None), (Some(1), Some(Trouble::Failed)), (Some(2), Some(Trouble::Edited))];
        assert_eq!(shown, expected);
        assert_eq!(applied[0].duration.as_millis(), 250);
    }
}
