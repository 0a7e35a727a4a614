//! Cloudflare D1 (wrangler): `<number>_<words>.sql`, no way down; a row for each with the name of its file.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::folder::sql_files;
use super::rows::Table;
use super::{ALL_OR_NOTHING, Applied, Convention, Error, Half, Script, moment, naming};

pub(super) const CONVENTION: Convention =
    Convention { folders: &["migrations"], scripts, applied, after_failure: ALL_OR_NOTHING };

fn scripts(folder: &Path) -> Result<Vec<Script>, Error> {
    let mut scripts = Vec::new();
    for file in sql_files(folder)? {
        let text = file.text()?;
        let stem = file.name.strip_suffix(".sql").unwrap_or(&file.name);
        let (digits, rest) = naming::digits(stem).unwrap_or(("", stem));
        scripts.push(Script {
            message: naming::words(rest),
            created: created(&text).or_else(|| naming::time(digits)),
            version: file.name.clone(),
            path: file.path,
            up: Half::new(&text, true),
            down: None,
            text,
        });
    }
    // Wrangler goes by the number in front, then by the name.
    let number = |script: &Script| naming::digits(&script.version).and_then(|(digits, _)| digits.parse::<u64>().ok());
    scripts.sort_by(|a, b| number(a).cmp(&number(b)).then_with(|| a.version.cmp(&b.version)));
    Ok(scripts)
}

/// When a script was created, as its first line says: `-- Migration number: 0001 \t 2024-01-31T12:00:05.123Z`.
fn created(text: &str) -> Option<DateTime<Utc>> {
    let said = text.lines().next()?.strip_prefix("-- Migration number:")?;
    Some(DateTime::parse_from_rfc3339(said.split_whitespace().last()?).ok()?.with_timezone(&Utc))
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let rows = table.ask("SELECT name, applied_at FROM {table} ORDER BY id")?;
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
    fn a_row_has_the_name_of_its_file() {
        let folder = folder_of(&[("0010_later.sql", ""), ("0002_create_users.sql", "CREATE TABLE u (x);")]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert_eq!(
            (scripts[0].version.as_str(), scripts[0].message.as_str()),
            ("0002_create_users.sql", "create users")
        );
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE \"d1_migrations\"( id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
                     applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);
                     INSERT INTO d1_migrations VALUES (1, '0002_create_users.sql', '2024-01-31 12:00:05')";
        connection.execute_batch(table).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::D1), &scripts).unwrap();
        assert_eq!((applied[0].script, applied[0].at.unwrap().timestamp()), (Some(0), 1_706_702_405));
    }
}
