//! goose: `<number>_<words>.sql` with the sections `-- +goose Up` and `-- +goose Down`; a row for each time that one went
//! up or down.

use std::path::Path;

use super::folder::{File, sql_files};
use super::naming::{self, is_same_number, refuse_twice, sort_by_number};
use super::rows::Table;
use super::{ALL_OR_NOTHING, Applied, Convention, Error, Half, Script, moment};

pub(super) const CONVENTION: Convention = Convention {
    folders: &["migrations", "db/migrations", "sql/migrations", "."],
    scripts,
    applied,
    after_failure: ALL_OR_NOTHING,
};

fn scripts(folder: &Path) -> Result<Vec<Script>, Error> {
    let mut scripts = Vec::new();
    for file in sql_files(folder)? {
        let named = file.name.strip_suffix(".sql").and_then(naming::digits);
        if let Some((version, rest)) = named.filter(|(_, rest)| rest.starts_with('_')) {
            scripts.push(read(&file, version, rest)?);
        }
    }
    sort_by_number(&mut scripts);
    refuse_twice(&scripts)?;
    Ok(scripts)
}

/// A line `-- +goose WORDS`: its words in lower case.
fn annotation(line: &str) -> Option<String> {
    let words = line.strip_prefix("--")?.trim_start().strip_prefix("+goose")?;
    Some(words.trim().to_ascii_lowercase())
}

fn read(file: &File, version: &str, rest: &str) -> Result<Script, Error> {
    let text = file.text()?;
    let refuse = |what: String, help| Err(Error::Script { path: file.path.clone(), what, help });
    let (mut up, mut down) = (String::new(), None::<String>);
    let mut is_begun = false;
    let mut transaction = true;
    for line in text.lines() {
        match annotation(line).as_deref() {
            Some("up") => is_begun = true,
            Some("down") if is_begun => down = Some(String::new()),
            Some("no transaction") => transaction = false,
            // SQLite itself finds where statements end.
            Some("statementbegin" | "statementend" | "envsub off") => {}
            Some("envsub on") => {
                let what = "takes variables of the environment (`+goose ENVSUB ON`)".to_owned();
                return refuse(what, "write their values into the script");
            }
            Some(words) => {
                return refuse(format!("has the line `-- +goose {words}`"), "correct it; goose refuses it too");
            }
            None if !is_begun => {}
            None => {
                let half = down.as_mut().unwrap_or(&mut up);
                half.push_str(line);
                half.push('\n');
            }
        }
    }
    if !is_begun {
        return refuse("has no `-- +goose Up`".to_owned(), "write it before the first statement");
    }
    Ok(Script {
        version: version.to_owned(),
        message: naming::words(rest),
        created: naming::time(version),
        path: file.path.clone(),
        up: Half::new(&up, transaction),
        down: down.and_then(|sql| Half::new(&sql, transaction).unless_empty()),
        text,
    })
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    // The last thing that happened to a version counts; 0 stands for the empty database.
    let question = "SELECT version_id, tstamp, is_applied FROM {table} AS last WHERE version_id > 0 AND id =
                    (SELECT max(id) FROM {table} WHERE version_id = last.version_id) ORDER BY id";
    let rows = table.ask(question)?;
    let read = |row: &super::rows::Row| {
        let version = row.text(0);
        let script = scripts.iter().position(|script| is_same_number(&script.version, &version));
        Applied { script, at: moment::time(row.value(1)), ..Applied::new(version, scripts) }
    };
    Ok(rows.iter().filter(|row| row.is_true(2)).map(read).collect())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    const SCRIPT: &str = "-- a word\n-- +goose Up\n-- +goose StatementBegin\nCREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\nEND;\n\
                          -- +goose StatementEnd\n-- +goose Down\nDROP TRIGGER t;\n";

    #[test]
    fn sections_are_read_without_their_marks() {
        let folder = folder_of(&[
            ("00002_trigger.sql", SCRIPT),
            ("20240131120000_later.sql", "-- +goose NO TRANSACTION\n-- +goose up\nVACUUM;\n"),
            ("00001_a.sql", "-- +goose Up\nCREATE TABLE a (x);"),
            ("00003_code.go", ""),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        let shown: Vec<_> = scripts.iter().map(|script| (script.version.as_str(), script.up.transaction)).collect();
        assert_eq!(shown, [("00001", true), ("00002", true), ("20240131120000", false)]);
        assert_eq!(scripts[1].up.sql, "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\nEND;\n");
        assert_eq!(scripts[1].down.as_ref().unwrap().sql, "DROP TRIGGER t;\n");
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for (text, words) in [
            ("-- +goose Up\n-- +goose ENVSUB ON\n", "variables of the environment"),
            ("CREATE TABLE a (x);", "no `-- +goose Up`"),
            ("-- +goose Up\n-- +goose Sideways", "`-- +goose sideways`"),
        ] {
            let folder = folder_of(&[("1_a.sql", text)]);
            let error = (CONVENTION.scripts)(folder.path()).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn the_last_row_of_a_version_counts() {
        let folder = folder_of(&[("00001_a.sql", "-- +goose Up"), ("00002_b.sql", "-- +goose Up")]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
                     is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
                     INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (0, 1, '2024-01-01 00:00:00'),
                     (1, 1, '2024-01-31 12:00:05'), (2, 1, '2024-02-01 00:00:00'), (2, 0, '2024-02-02 00:00:00')";
        connection.execute_batch(table).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Goose), &scripts).unwrap();
        assert_eq!(applied.len(), 1);
        assert_eq!((applied[0].script, applied[0].at.unwrap().timestamp()), (Some(0), 1_706_702_405));
    }
}
