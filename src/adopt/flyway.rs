//! Flyway: `V<version>__<words>.sql`, `U…` takes it back, `B…` begins with what is there, `R__<words>.sql` runs whenever
//! it changes; a row for each run, with the CRC-32 of the lines.

use std::path::Path;
use std::time::Duration;

use super::folder::{File, read_if_there, sql_files_below};
use super::rows::{Row, Table};
use super::{Applied, Convention, Error, Half, Script, Trouble, moment, naming};

pub(super) const CONVENTION: Convention = Convention {
    folders: &["sql", "migrations", "db/migration", "src/main/resources/db/migration"],
    scripts,
    applied,
    after_failure: "look what the script did, take it back by hand, and run `flyway repair`",
};

fn scripts(folder: &Path) -> Result<Vec<Script>, Error> {
    let files = sql_files_below(folder)?;
    let mut scripts = Vec::new();
    for file in &files {
        match Named::read(&file.name) {
            Some(Named { kind: 'V', version, words }) => {
                let undo = files.iter().find(|other| {
                    Named::read(&other.name).is_some_and(|other| other.kind == 'U' && other.version == version)
                });
                scripts.push(read(file, version, &words, undo)?);
            }
            // It has no version; its name tells it from the others.
            Some(Named { kind: 'R', words, .. }) => scripts.push(read(file, format!("R__{words}"), &words, None)?),
            _ => {}
        }
    }
    // Those that may run again come last.
    scripts.sort_by(|a, b| key(&a.version).cmp(&key(&b.version)));
    naming::refuse_twice(&scripts)?;
    Ok(scripts)
}

/// What the name of a file says.
struct Named {
    kind: char,
    version: String,
    words: String,
}

impl Named {
    fn read(file: &str) -> Option<Named> {
        let (head, words) = file.strip_suffix(".sql")?.split_once("__")?;
        let mut rest = head.chars();
        let kind = rest.next()?;
        let version = rest.as_str().replace('_', ".");
        let is_version = version.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        let is_named = match kind {
            'R' => version.is_empty(),
            'V' | 'U' | 'B' => is_version,
            _ => false,
        };
        is_named.then(|| Named { kind, version, words: words.replace('_', " ") })
    }
}

/// What versions are sorted by: their numbers, less zeros at the end; what has none comes after all that have.
fn key(version: &str) -> (bool, Vec<u64>, &str) {
    if version.starts_with("R__") {
        return (true, Vec::new(), version);
    }
    let mut numbers: Vec<u64> = version.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    (false, numbers, "")
}

fn read(file: &File, version: String, words: &str, undo: Option<&File>) -> Result<Script, Error> {
    let half = |file: &File| -> Result<(String, Half), Error> {
        let text = file.text()?;
        if text.contains("${") {
            return Err(Error::Script {
                path: file.path.clone(),
                what: "has placeholders of Flyway (`${...}`)".to_owned(),
                help: "write their values into the script, or take the database as it is: `--baseline`",
            });
        }
        let settings = read_if_there(&file.path.with_file_name(format!("{}.conf", file.name)))?.unwrap_or_default();
        let is_outside = settings.lines().any(|line| line.replace(' ', "") == "executeInTransaction=false");
        let half = Half::new(&text, !is_outside);
        Ok((text, half))
    };
    let (text, up) = half(file)?;
    let down = undo.map(half).transpose()?.and_then(|(_, half)| half.unless_empty());
    let created = naming::time(&version);
    Ok(Script { version, message: words.to_owned(), created, path: file.path.clone(), text, up, down })
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let question = "SELECT version, description, type, checksum, installed_on, execution_time, success
                    FROM {table} ORDER BY installed_rank";
    let mut applied: Vec<Applied> = Vec::new();
    for row in table.ask(question)? {
        let version = if row.is_null(0) { format!("R__{}", row.text(1)) } else { row.text(0) };
        let is_it = |script: &Script| key(&script.version) == key(&version);
        // What happened last counts.
        applied.retain(|earlier| key(&earlier.version) != key(&version));
        match row.text(2).as_str() {
            "UNDO_SQL" | "DELETE" | "SCHEMA" => {}
            // All that is not newer was there before Flyway was.
            "BASELINE" => {
                let before = scripts.iter().filter(|script| key(&script.version) <= key(&version));
                applied.extend(before.map(|script| Applied {
                    at: moment::time(row.value(4)),
                    ..Applied::new(script.version.clone(), scripts)
                }));
            }
            _ => applied.push(Applied {
                script: scripts.iter().position(is_it),
                at: moment::time(row.value(4)),
                duration: moment::duration(row.value(5), Duration::from_millis),
                trouble: trouble(&row, scripts.iter().find(|script| is_it(script))),
                ..Applied::new(version.clone(), scripts)
            }),
        }
    }
    Ok(applied)
}

fn trouble(row: &Row, script: Option<&Script>) -> Option<Trouble> {
    if !row.is_true(6) {
        return Some(Trouble::Failed);
    }
    let is_edited = |script: &Script| !row.is_null(3) && row.text(3) != checksum(&script.text).to_string();
    // One that may run again is there to be edited.
    let script = script.filter(|script| !script.version.starts_with("R__"))?;
    is_edited(script).then_some(Trouble::Edited)
}

/// The CRC-32 of the lines, without their ends, as the signed number that Java makes of it.
fn checksum(text: &str) -> i32 {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut hasher = crc32fast::Hasher::new();
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    unix.lines().for_each(|line| hasher.update(line.as_bytes()));
    hasher.finalize().cast_signed()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    fn scripts() -> Vec<Script> {
        let folder = folder_of(&[
            ("V1__first_one.sql", "CREATE TABLE a (x);\r\nCREATE TABLE b (x);\r\n"),
            ("V1_10__later.sql", "SELECT 1;"),
            ("V1.2__second.sql", "VACUUM;"),
            ("V1.2__second.sql.conf", "executeInTransaction=false"),
            ("U1.2__second.sql", "SELECT 2;"),
            ("R__views.sql", "CREATE VIEW v AS SELECT 1;"),
            ("beforeMigrate.sql", "SELECT 3;"),
        ]);
        (CONVENTION.scripts)(folder.path()).unwrap()
    }

    #[test]
    fn versions_go_by_their_numbers_and_what_has_none_comes_last() {
        let scripts = scripts();
        let shown: Vec<_> = scripts
            .iter()
            .map(|script| {
                (script.version.as_str(), script.message.as_str(), script.up.transaction, script.down.is_some())
            })
            .collect();
        let expected = [
            ("1", "first one", true, false),
            ("1.2", "second", false, true),
            ("1.10", "later", true, false),
            ("R__views", "views", true, false),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_checksum_is_that_of_the_lines() {
        // CRC-32 of "123456789" is 0xCBF43926, the check value of the algorithm.
        for text in ["123456789", "1234\n56789\n", "\u{feff}1234\r\n56789"] {
            assert_eq!(checksum(text), 0xCBF4_3926_u32.cast_signed());
        }
    }

    fn rows(values: &str) -> Vec<(Option<usize>, Option<Trouble>)> {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE \"flyway_schema_history\" (\"installed_rank\" INT NOT NULL PRIMARY KEY,
            \"version\" VARCHAR(50), \"description\" VARCHAR(200) NOT NULL, \"type\" VARCHAR(20) NOT NULL,
            \"script\" VARCHAR(1000) NOT NULL, \"checksum\" INT, \"installed_by\" VARCHAR(100) NOT NULL,
            \"installed_on\" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')), \"execution_time\" INT NOT NULL,
            \"success\" BOOLEAN NOT NULL);";
        connection.execute_batch(table).unwrap();
        connection.execute_batch(&format!("INSERT INTO flyway_schema_history VALUES {values}")).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Flyway), &scripts()).unwrap();
        applied.into_iter().map(|row| (row.script, row.trouble)).collect()
    }

    #[test]
    fn rows_are_told_by_their_kind() {
        let first = checksum("CREATE TABLE a (x);\nCREATE TABLE b (x);\n");
        let at = "'me', '2024-01-31 12:00:05.123', 5";
        assert_eq!(
            rows(&format!(
                "(1, '1', 'first one', 'SQL', 'V1', {first}, {at}, 1), (2, '1.2', 'second', 'SQL', 'V', 1, {at}, 1),
                 (3, '1.10', 'later', 'SQL', 'V', NULL, {at}, 0), (4, NULL, 'views', 'SQL', 'R', 7, {at}, 1)"
            )),
            [(Some(0), None), (Some(1), Some(Trouble::Edited)), (Some(2), Some(Trouble::Failed)), (Some(3), None)]
        );
        assert_eq!(
            rows(&format!(
                "(1, '1.2', '<< Flyway Baseline >>', 'BASELINE', '', NULL, {at}, 1), (2, '1.10', '', 'SQL', '', NULL, {at}, 1),
                 (3, '1.10', '', 'UNDO_SQL', '', NULL, {at}, 1)"
            )),
            [(Some(0), None), (Some(1), None)]
        );
    }

    #[test]
    fn placeholders_are_refused() {
        let folder = folder_of(&[("V1__a.sql", "CREATE TABLE ${name} (x);")]);
        assert!((CONVENTION.scripts)(folder.path()).unwrap_err().to_string().contains("placeholders"));
    }
}
