//! The rows that another tool keeps of what it ran: which table they stand in, and the statements that write them.
//!
//! Pure text. Which revisions have which rows is for others to say.

use std::fmt;

use crate::token::quote_string;

/// A tool whose table of applied scripts is kept along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirror {
    /// sqlx: `_sqlx_migrations`.
    Sqlx,
    /// dbmate: `schema_migrations`.
    Dbmate,
    /// diesel: `__diesel_schema_migrations`.
    Diesel,
    /// goose: `goose_db_version`.
    Goose,
}

/// What another tool knows of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The number of its script, digits alone.
    pub version: String,
    /// The words of its script's name.
    pub description: String,
    /// The checksum of its script, where the tool keeps one.
    pub checksum: Vec<u8>,
}

impl Row {
    fn hexadecimal(&self) -> String {
        let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
        self.checksum.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

impl Mirror {
    /// All of them with the word of each.
    pub const ALL: [(&str, Mirror); 4] =
        [("sqlx", Mirror::Sqlx), ("dbmate", Mirror::Dbmate), ("diesel", Mirror::Diesel), ("goose", Mirror::Goose)];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, mirror)| *mirror == self).map_or("sqlx", |(word, _)| word)
    }

    /// The table.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Mirror::Sqlx => "_sqlx_migrations",
            Mirror::Dbmate => "schema_migrations",
            Mirror::Diesel => "__diesel_schema_migrations",
            Mirror::Goose => "goose_db_version",
        }
    }

    /// The statements that make the table where it is missing, word for word as the tool does.
    #[must_use]
    pub fn create_sql(self) -> &'static str {
        match self {
            Mirror::Sqlx => {
                "CREATE TABLE IF NOT EXISTS _sqlx_migrations (\n    \
                     version BIGINT PRIMARY KEY,\n    \
                     description TEXT NOT NULL,\n    \
                     installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    \
                     success BOOLEAN NOT NULL,\n    \
                     checksum BLOB NOT NULL,\n    \
                     execution_time BIGINT NOT NULL\n)"
            }
            Mirror::Dbmate => "CREATE TABLE IF NOT EXISTS \"schema_migrations\" (version varchar(128) primary key)",
            Mirror::Diesel => {
                "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (\n       \
                     version VARCHAR(50) PRIMARY KEY NOT NULL,\n       \
                     run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n)"
            }
            Mirror::Goose => {
                "CREATE TABLE IF NOT EXISTS goose_db_version (\n\t\t\
                     id INTEGER PRIMARY KEY AUTOINCREMENT,\n\t\t\
                     version_id INTEGER NOT NULL,\n\t\t\
                     is_applied INTEGER NOT NULL,\n\t\t\
                     tstamp TIMESTAMP DEFAULT (datetime('now'))\n\t);\n\
                 INSERT INTO goose_db_version (version_id, is_applied) \
                 SELECT 0, 1 WHERE NOT EXISTS (SELECT 1 FROM goose_db_version)"
            }
        }
    }

    /// The question for the versions that are there, as texts.
    #[must_use]
    pub fn versions_sql(self) -> String {
        format!("SELECT CAST({} AS TEXT) FROM {}", self.key(), self.table())
    }

    /// The statement that adds a row, unless there is one of that version already.
    ///
    /// `now` is RFC 3339 in UTC; `nanoseconds` is how long the script took, none where it did not run.
    #[must_use]
    pub fn insert_sql(self, row: &Row, now: &str, nanoseconds: Option<u64>) -> String {
        let time = quote_string(&now.replacen('T', " ", 1).replace('Z', ""));
        let version = self.version(row);
        let (columns, values) = match self {
            Mirror::Sqlx => {
                let checksum = row.hexadecimal();
                // The tool itself has -1 for what it has not measured.
                let took = nanoseconds.map_or_else(|| "-1".to_owned(), |nanoseconds| nanoseconds.to_string());
                (
                    "version, description, installed_on, success, checksum, execution_time",
                    format!("{version}, {}, {time}, 1, x'{checksum}', {took}", quote_string(&row.description)),
                )
            }
            Mirror::Dbmate => ("version", version.clone()),
            Mirror::Diesel => ("version, run_on", format!("{version}, {time}")),
            Mirror::Goose => ("version_id, is_applied, tstamp", format!("{version}, 1, {time}")),
        };
        let (table, key) = (self.table(), self.key());
        format!(
            "INSERT INTO {table} ({columns})\n  SELECT {values}\n  \
             WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {key} = {version})"
        )
    }

    /// The statement that removes a row.
    #[must_use]
    pub fn delete_sql(self, row: &Row) -> String {
        format!("DELETE FROM {} WHERE {} = {}", self.table(), self.key(), self.version(row))
    }

    /// The statement that writes down what the script says now, where the tool keeps anything of it.
    #[must_use]
    pub fn update_sql(self, row: &Row) -> Option<String> {
        let checksum = row.hexadecimal();
        let set = format!("description = {}, checksum = x'{checksum}'", quote_string(&row.description));
        let (table, version) = (self.table(), self.version(row));
        (self == Mirror::Sqlx).then(|| format!("UPDATE {table} SET {set} WHERE version = {version}"))
    }

    /// The column with the number.
    fn key(self) -> &'static str {
        if self == Mirror::Goose { "version_id" } else { "version" }
    }

    fn version(self, row: &Row) -> String {
        match self {
            Mirror::Sqlx | Mirror::Goose => row.version.clone(),
            Mirror::Dbmate | Mirror::Diesel => quote_string(&row.version),
        }
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn row() -> Row {
        Row { version: "20261122193712".to_owned(), description: "it's new".to_owned(), checksum: vec![0xab, 0x01] }
    }

    #[test]
    fn a_row_is_written_once_and_removed() {
        for (word, mirror) in Mirror::ALL {
            let connection = Connection::open_in_memory().unwrap();
            let rows = |connection: &Connection| -> i64 {
                let count = format!("SELECT count(*) FROM {} WHERE {} <> 0", mirror.table(), mirror.key());
                connection.query_row(&count, [], |row| row.get(0)).unwrap()
            };
            for _ in 0..2 {
                connection.execute_batch(mirror.create_sql()).unwrap();
                let insert = mirror.insert_sql(&row(), "2026-11-22T19:37:12Z", Some(7));
                connection.execute_batch(&insert).unwrap();
                assert_eq!(rows(&connection), 1, "{word}");
            }
            connection.execute_batch(&mirror.delete_sql(&row())).unwrap();
            assert_eq!(rows(&connection), 0, "{word}");
        }
    }

    #[test]
    fn goose_has_its_first_row_of_no_script() {
        let connection = Connection::open_in_memory().unwrap();
        for _ in 0..2 {
            connection.execute_batch(Mirror::Goose.create_sql()).unwrap();
        }
        let rows = "SELECT group_concat(version_id || ' ' || is_applied) FROM goose_db_version";
        assert_eq!(connection.query_row(rows, [], |row| row.get::<_, String>(0)).unwrap(), "0 1");
    }

    #[test]
    fn sqlx_is_told_words_checksum_and_time() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(Mirror::Sqlx.create_sql()).unwrap();
        connection.execute_batch(&Mirror::Sqlx.insert_sql(&row(), "2026-11-22T19:37:12Z", None)).unwrap();
        let text = "SELECT version || '|' || description || '|' || installed_on || '|' || success || '|' \
                    || hex(checksum) || '|' || execution_time FROM _sqlx_migrations";
        let read = |connection: &Connection| connection.query_row(text, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(read(&connection), "20261122193712|it's new|2026-11-22 19:37:12|1|AB01|-1");
        let now = Row { checksum: vec![2], ..row() };
        connection.execute_batch(&Mirror::Sqlx.update_sql(&now).unwrap()).unwrap();
        assert!(read(&connection).contains("|02|"));
        assert_eq!(Mirror::Dbmate.update_sql(&now), None);
    }
}
