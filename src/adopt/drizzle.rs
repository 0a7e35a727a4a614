//! Drizzle: up to 0.x `<tag>.sql` with a journal, from 1.0 a folder with `migration.sql` for each, no way down; a row for
//! each with the SHA-256 of the file.

use std::path::Path;

use chrono::DateTime;

use super::folder::{migrations, read, read_if_there};
use super::rows::Table;
use super::{ALL_OR_NOTHING, Applied, Convention, Error, Half, Script, Trouble, moment, naming, prisma};

pub(super) const CONVENTION: Convention = Convention {
    folders: &["drizzle", "migrations", "src/db/migrations"],
    scripts,
    applied,
    after_failure: ALL_OR_NOTHING,
};

fn scripts(folder: &Path) -> Result<Vec<Script>, Error> {
    let journal = folder.join("meta/_journal.json");
    match read_if_there(&journal)? {
        Some(text) => of_journal(folder, &journal, &text),
        None => migrations(folder, half),
    }
}

/// The journal of the older layout, which has the order.
#[derive(serde::Deserialize)]
struct Journal {
    entries: Vec<Entry>,
}

#[derive(serde::Deserialize)]
struct Entry {
    /// When it was written, in milliseconds since 1970; what the tool goes by.
    when: i64,
    tag: String,
}

fn of_journal(folder: &Path, path: &Path, text: &str) -> Result<Vec<Script>, Error> {
    let journal: Journal = serde_json::from_str(text).map_err(|error| Error::Script {
        path: path.to_owned(),
        what: format!("is no journal of Drizzle: {error}"),
        help: "bring it back as `drizzle-kit generate` has written it",
    })?;
    let read = |entry: &Entry| {
        let path = folder.join(format!("{}.sql", entry.tag));
        let text = read(&path)?;
        let (_, rest) = naming::digits(&entry.tag).unwrap_or(("", &entry.tag));
        Ok(Script {
            version: entry.tag.clone(),
            message: naming::words(rest),
            created: DateTime::from_timestamp_millis(entry.when),
            path,
            up: half(&text),
            down: None,
            text,
        })
    };
    journal.entries.iter().map(read).collect()
}

fn half(text: &str) -> Half {
    Half::new(&text.replace("--> statement-breakpoint", ""), true)
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    // From 1.0 on it keeps the name, and when it was applied; `created_at` is when the script was written.
    let has_names = table.columns()?.iter().any(|column| column == "name");
    let question = if has_names {
        "SELECT hash, created_at, name, applied_at FROM {table} ORDER BY created_at, rowid"
    } else {
        "SELECT hash, created_at, NULL, NULL FROM {table} ORDER BY created_at, rowid"
    };
    let read = |row: super::rows::Row| {
        let (hash, name) = (row.text(0), row.text(2));
        let written = moment::time(row.value(1));
        let named = scripts.iter().position(|script| script.version == name);
        let same = || scripts.iter().position(|script| prisma::is_checksum(script, &hash));
        let same_time = || scripts.iter().position(|script| written.is_some() && script.created == written);
        let script = named.or_else(same).or_else(same_time);
        let is_edited = script.is_some_and(|script| !prisma::is_checksum(&scripts[script], &hash));
        Applied {
            version: if name.is_empty() { row.text(1) } else { name },
            script,
            at: moment::time(row.value(3)),
            trouble: is_edited.then_some(Trouble::Edited),
            ..Applied::new("", scripts)
        }
    };
    Ok(table.ask(question)?.into_iter().map(read).collect())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::adopt::rows::hex;
    use crate::database::Tool;

    const ONE: &str = "CREATE TABLE `a` (`x` text);\n--> statement-breakpoint\nCREATE TABLE `b` (`y` text);";
    const TWO: &str = "ALTER TABLE `a` ADD `z` text;";

    #[test]
    fn scripts_of_the_journal_are_known_by_what_they_say_then_by_their_time() {
        let journal = r#"{"version":"7","dialect":"sqlite","entries":[
            {"idx":0,"version":"6","when":1706702405000,"tag":"0000_brave_one","breakpoints":true},
            {"idx":1,"version":"6","when":1706702406000,"tag":"0001_calm_two","breakpoints":true}]}"#;
        let folder =
            folder_of(&[("meta/_journal.json", journal), ("0000_brave_one.sql", ONE), ("0001_calm_two.sql", TWO)]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert_eq!((scripts[0].version.as_str(), scripts[1].message.as_str()), ("0000_brave_one", "calm two"));
        assert_eq!(scripts[0].up.sql, "CREATE TABLE `a` (`x` text);\n\nCREATE TABLE `b` (`y` text);");
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)",
            )
            .unwrap();
        let insert = "INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?1, ?2)";
        connection.execute(insert, (hex(&Sha256::digest(ONE)), 1_i64)).unwrap();
        connection.execute(insert, ("00", 1_706_702_406_000_i64)).unwrap();
        connection.execute(insert, ("11", 1_706_702_407_000_i64)).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Drizzle), &scripts).unwrap();
        let shown: Vec<_> = applied.iter().map(|row| (row.script, row.trouble.clone())).collect();
        assert_eq!(shown, [(Some(0), None), (Some(1), Some(Trouble::Edited)), (None, None)]);
    }

    #[test]
    fn folders_are_known_by_their_names() {
        let folder = folder_of(&[
            ("20240131120005_brave_one/migration.sql", ONE),
            ("20240131120005_brave_one/snapshot.json", "{}"),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric,
                            name text, applied_at TEXT, version INT)",
            )
            .unwrap();
        let insert = "INSERT INTO __drizzle_migrations VALUES (1, ?1, 1706702405000, '20240131120005_brave_one', '2024-02-01T00:00:00Z', 1)";
        connection.execute(insert, [hex(&Sha256::digest(ONE))]).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Drizzle), &scripts).unwrap();
        assert_eq!((applied[0].script, applied[0].trouble.clone()), (Some(0), None));
        assert_eq!(applied[0].at.unwrap().timestamp(), 1_706_745_600);
    }
}
