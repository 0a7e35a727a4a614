//! sqlx: `<number>_<words>.sql`, or `.up.sql` and `.down.sql`; a row for each with the SHA-384 of the file.

use std::time::Duration;

use rusqlite::types::Value;
use sha2::{Digest, Sha384};

use super::rows::Table;
use super::{Applied, Convention, Error, Script, Trouble, moment, pairs};

pub(super) const CONVENTION: Convention = Convention {
    folders: &["migrations"],
    scripts: |folder| pairs::read(folder, true, |text| !text.starts_with("-- no-transaction")),
    applied,
    after_failure: "look what the script did, take it back by hand, and delete its row from `_sqlx_migrations`",
};

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let question = "SELECT version, installed_on, success, checksum, execution_time FROM {table} ORDER BY version";
    let rows = table.ask(question)?;
    let read = |row: super::rows::Row| {
        let mut applied = Applied::new(row.text(0), scripts);
        applied.at = moment::time(row.value(1));
        applied.duration = moment::duration(row.value(4), Duration::from_nanos);
        let script = applied.script.map(|script| &scripts[script]);
        let is_edited = script.is_some_and(|script| !is_checksum(script, row.value(3)));
        applied.trouble = match () {
            () if !row.is_true(2) => Some(Trouble::Failed),
            () if is_edited => Some(Trouble::Edited),
            () => None,
        };
        applied
    };
    Ok(rows.into_iter().map(read).collect())
}

fn is_checksum(script: &Script, kept: &Value) -> bool {
    let Value::Blob(kept) = kept else { return false };
    script.spellings().any(|text| Sha384::digest(text.as_bytes()).as_slice() == kept.as_slice())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    // What `sqlx migrate run` (0.8) makes.
    const TABLE: &str = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
        execution_time BIGINT NOT NULL);";

    fn scripts() -> Vec<Script> {
        let folder = folder_of(&[
            ("1_first.sql", "CREATE TABLE a (x);\r\n"),
            ("10_third_one.up.sql", "-- no-transaction\nVACUUM;"),
            ("10_third_one.down.sql", "SELECT 1;"),
            ("2_second.up.sql", "CREATE TABLE b (x);"),
            ("2_second.down.sql", "-- nothing\n"),
            ("notes.sql", "no version"),
            ("3_notes.txt", "no script"),
        ]);
        (CONVENTION.scripts)(folder.path()).unwrap()
    }

    #[test]
    fn simple_and_reversible_scripts_are_read_in_the_order_of_their_numbers() {
        let scripts = scripts();
        let shown: Vec<_> = scripts
            .iter()
            .map(|script| {
                (script.version.as_str(), script.message.as_str(), script.up.transaction, script.down.is_some())
            })
            .collect();
        assert_eq!(
            shown,
            [("1", "first", true, false), ("2", "second", true, false), ("10", "third one", false, true)]
        );
        assert_eq!(scripts[0].up.sql, "CREATE TABLE a (x);\n");
    }

    #[test]
    fn a_row_is_held_against_the_file_whatever_its_line_ends() {
        let scripts = scripts();
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLE).unwrap();
        let insert = "INSERT INTO _sqlx_migrations VALUES (?1, 'x', '2024-01-31 12:00:05', ?2, ?3, 1500000)";
        let checksum = |text: &str| Sha384::digest(text.as_bytes()).to_vec();
        for (version, success, text) in [
            (1, true, "CREATE TABLE a (x);\n"),
            (2, false, "CREATE TABLE b (x);"),
            (7, true, "gone"),
            (10, true, "another text"),
        ] {
            connection.execute(insert, rusqlite::params![version, success, checksum(text)]).unwrap();
        }
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Sqlx), &scripts).unwrap();
        let shown: Vec<_> = applied.iter().map(|row| (row.script, row.trouble.clone())).collect();
        assert_eq!(
            shown,
            [(Some(0), None), (Some(1), Some(Trouble::Failed)), (None, None), (Some(2), Some(Trouble::Edited))]
        );
        assert_eq!(applied[0].at.unwrap().to_rfc3339(), "2024-01-31T12:00:05+00:00");
        assert_eq!(applied[0].duration, Duration::from_micros(1500));
    }

    #[test]
    fn a_database_without_the_table_has_had_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        assert_eq!((CONVENTION.applied)(&Table::usual(&connection, Tool::Sqlx), &scripts()).unwrap(), []);
    }
}
