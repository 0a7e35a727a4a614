//! diesel: a folder `<version>_<words>` for each, with `up.sql`, `down.sql` and `metadata.toml`; a row with the version
//! without its dashes.

use std::path::Path;

use super::folder::{File, folders, read_if_there};
use super::naming::{self, refuse_twice};
use super::rows::Table;
use super::{ALL_OR_NOTHING, Applied, Convention, Error, Half, Script, moment};

pub(super) const CONVENTION: Convention =
    Convention { folders: &["migrations"], scripts, applied, after_failure: ALL_OR_NOTHING };

fn scripts(folder: &Path) -> Result<Vec<Script>, Error> {
    let mut scripts = Vec::new();
    for folder in folders(folder)? {
        scripts.extend(read(&folder)?);
    }
    scripts.sort_by(|a, b| a.version.cmp(&b.version));
    refuse_twice(&scripts)?;
    Ok(scripts)
}

fn read(folder: &File) -> Result<Option<Script>, Error> {
    let path = folder.path.join("up.sql");
    let Some(text) = read_if_there(&path)? else { return Ok(None) };
    let (version, rest) = folder.name.split_once('_').unwrap_or((&folder.name, ""));
    let version = version.replace('-', "");
    let metadata = read_if_there(&folder.path.join("metadata.toml"))?;
    let transaction = metadata.is_none_or(|text| runs_in_transaction(&text));
    let down = read_if_there(&folder.path.join("down.sql"))?;
    Ok(Some(Script {
        message: naming::words(rest),
        created: naming::time(&version),
        version,
        path,
        up: Half::new(&text, transaction),
        down: down.and_then(|text| Half::new(&text, transaction).unless_empty()),
        text,
    }))
}

/// diesel takes a file that does not say so as one that says no.
fn runs_in_transaction(metadata: &str) -> bool {
    let table: Option<toml::Table> = metadata.parse().ok();
    table.is_some_and(|table| table.get("run_in_transaction").and_then(toml::Value::as_bool).unwrap_or(false))
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let question = "SELECT version, run_on FROM {table} ORDER BY version";
    let rows = table.ask(question)?;
    let read = |row: super::rows::Row| Applied { at: moment::time(row.value(1)), ..Applied::new(row.text(0), scripts) };
    Ok(rows.into_iter().map(read).collect())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    #[test]
    fn a_folder_is_a_script() {
        let folder = folder_of(&[
            ("2024-01-31-120000-0000_create_users/up.sql", "CREATE TABLE u (x);"),
            ("2024-01-31-120000-0000_create_users/down.sql", "DROP TABLE u;"),
            ("2024-02-01-000000-0000_vacuum/up.sql", "VACUUM;"),
            ("2024-02-01-000000-0000_vacuum/metadata.toml", "run_in_transaction = false\n"),
            ("2024-02-02-000000-0000_silent/up.sql", "SELECT 1;"),
            ("2024-02-02-000000-0000_silent/metadata.toml", ""),
            ("2024-02-03-000000-0000_loud/up.sql", "SELECT 1;"),
            ("2024-02-03-000000-0000_loud/metadata.toml", "run_in_transaction = true"),
            ("other/notes.txt", ""),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert_eq!((scripts[0].version.as_str(), scripts[0].message.as_str()), ("202401311200000000", "create users"));
        let outside: Vec<bool> = scripts.iter().map(|script| !script.up.transaction).collect();
        assert_eq!(outside, [false, true, true, false]);
        let connection = Connection::open_in_memory().unwrap();
        // What `diesel migration run` makes.
        let table = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,
                     run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
                     INSERT INTO __diesel_schema_migrations VALUES ('202401311200000000', '2024-02-05 10:00:00')";
        connection.execute_batch(table).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Diesel), &scripts).unwrap();
        assert_eq!((applied[0].script, applied[0].at.unwrap().timestamp()), (Some(0), 1_707_127_200));
    }
}
