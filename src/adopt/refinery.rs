//! refinery: `V<number>__<words>.sql`, in any folder below; a row for each with the `SipHash` of name, number and SQL.

use std::hash::{Hash, Hasher};
use std::path::Path;

use siphasher::sip::SipHasher13;

use super::folder::{File, sql_files_below};
use super::naming::{self, refuse_twice, sort_by_number};
use super::rows::Table;
use super::{Applied, Convention, Error, Half, Script, Trouble, moment};

pub(super) const CONVENTION: Convention =
    Convention { folders: &["migrations", "src/migrations"], scripts, applied, after_failure: super::ALL_OR_NOTHING };

fn scripts(folder: &Path) -> Result<Vec<Script>, Error> {
    let files = sql_files_below(folder)?;
    let mut scripts: Vec<Script> = files.iter().filter_map(|file| read(file).transpose()).collect::<Result<_, _>>()?;
    sort_by_number(&mut scripts);
    refuse_twice(&scripts)?;
    Ok(scripts)
}

fn read(file: &File) -> Result<Option<Script>, Error> {
    let Some((version, name)) = parts(&file.name) else { return Ok(None) };
    let text = file.text()?;
    Ok(Some(Script {
        version: version.to_owned(),
        message: naming::words(name),
        created: naming::time(version),
        path: file.path.clone(),
        up: Half::new(&text, true),
        down: None,
        text,
    }))
}

/// Number and name of `V1__create_users.sql`. A `U` in front says that the number may come late.
fn parts(file: &str) -> Option<(&str, &str)> {
    let (version, rest) = naming::digits(file.strip_suffix(".sql")?.strip_prefix(['V', 'U'])?)?;
    rest.strip_prefix("__").map(|name| (version, name))
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let question = "SELECT version, applied_on, checksum FROM {table} ORDER BY version";
    let rows = table.ask(question)?;
    let read = |row: super::rows::Row| {
        let version = row.text(0);
        let script = scripts.iter().position(|script| naming::is_same_number(&script.version, &version));
        let is_edited = script.is_some_and(|script| !is_checksum(&scripts[script], &row.text(2)));
        Applied {
            script,
            at: moment::time(row.value(1)),
            trouble: is_edited.then_some(Trouble::Edited),
            ..Applied::new(version, scripts)
        }
    };
    Ok(rows.into_iter().map(read).collect())
}

fn is_checksum(script: &Script, kept: &str) -> bool {
    let file = script.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some((version, name)) = parts(&file) else { return false };
    let Ok(version) = version.parse::<i64>() else { return false };
    script.spellings().any(|text| {
        // Which of the two integers it is depends on a feature of the crate.
        let narrow = i32::try_from(version).ok().map(|version| checksum(name, &version, &text));
        [narrow, Some(checksum(name, &version, &text))].into_iter().flatten().any(|sum| sum.to_string() == kept)
    })
}

fn checksum(name: &str, version: &impl Hash, sql: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    name.hash(&mut hasher);
    version.hash(&mut hasher);
    sql.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    #[test]
    fn scripts_lie_in_any_folder_and_go_by_number() {
        let folder = folder_of(&[
            ("2024/V10__third.sql", "SELECT 3;"),
            ("V2__add_cars.sql", "SELECT 2;"),
            ("U1__first.sql", "SELECT 1;"),
            ("notes.sql", ""),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        let shown: Vec<_> = scripts.iter().map(|script| (script.version.as_str(), script.message.as_str())).collect();
        assert_eq!(shown, [("1", "first"), ("2", "add cars"), ("10", "third")]);
    }

    #[test]
    fn the_checksum_is_that_of_refinery_itself_with_either_kind_of_number() {
        // File and checksums are those of refinery's own tests.
        let sql = "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n";
        let folder = folder_of(&[("V2__add_cars_table.sql", sql)]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert!(is_checksum(&scripts[0], "8238603820526370208"));
        assert!(is_checksum(&scripts[0], "5394706226941044339"));
        assert!(!is_checksum(&scripts[0], "8238603820526370209"));
    }

    #[test]
    fn a_row_is_about_the_script_of_its_number() {
        let sql = "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n";
        let folder = folder_of(&[("V002__add_cars_table.sql", sql), ("V3__edited.sql", "SELECT 1;")]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE refinery_schema_history(version int4 PRIMARY KEY, name VARCHAR(255),
                     applied_on VARCHAR(255), checksum VARCHAR(255));
                     INSERT INTO refinery_schema_history VALUES
                     (2, 'add_cars_table', '2024-01-31T12:00:05.123456789Z', '8238603820526370208'),
                     (3, 'edited', '2024-01-31T12:00:06Z', '7')";
        connection.execute_batch(table).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Refinery), &scripts).unwrap();
        assert_eq!((applied[0].script, applied[0].trouble.clone()), (Some(0), None));
        assert_eq!(applied[0].at.unwrap().timestamp(), 1_706_702_405);
        assert_eq!((applied[1].script, applied[1].trouble.clone()), (Some(1), Some(Trouble::Edited)));
    }
}
