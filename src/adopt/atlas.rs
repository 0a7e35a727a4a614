//! Atlas: `<version>_<words>.sql`, no way down; a row for each with how many of its statements ran.

use std::path::Path;
use std::time::Duration;

use super::folder::{File, sql_files};
use super::naming::{self, refuse_twice};
use super::rows::Table;
use super::{Applied, Convention, Error, Half, Script, Trouble, moment};

pub(super) const CONVENTION: Convention = Convention {
    folders: &["migrations"],
    scripts,
    applied,
    after_failure: "bring it to its end with `atlas migrate apply`, or say where it stands: `atlas migrate set VERSION`",
};

fn scripts(folder: &Path) -> Result<Vec<Script>, Error> {
    let files = sql_files(folder)?;
    let scripts: Vec<Script> = files.iter().map(read).collect::<Result<_, _>>()?;
    refuse_twice(&scripts)?;
    Ok(scripts)
}

fn read(file: &File) -> Result<Script, Error> {
    let text = file.text()?;
    let stem = file.name.strip_suffix(".sql").unwrap_or(&file.name);
    let (version, rest) = stem.split_once('_').unwrap_or((stem, ""));
    let refuse = |what: &str, help| Error::Script { path: file.path.clone(), what: what.to_owned(), help };
    for (directive, what, help) in [
        ("delimiter", "has its own delimiter between statements", "end its statements with semicolons"),
        (
            "checkpoint",
            "is a checkpoint, which stands for the scripts before it",
            "take the database as it is: `--baseline`",
        ),
        ("import", "imports other files", "put their statements into it"),
    ] {
        if has_directive(&text, directive, "") {
            return Err(refuse(what, help));
        }
    }
    Ok(Script {
        version: version.to_owned(),
        message: naming::words(rest),
        created: naming::time(version),
        path: file.path.clone(),
        up: Half::new(&text, !has_directive(&text, "txmode", "none")),
        down: None,
        text,
    })
}

/// Whether the comments at the head of a file say `-- atlas:WORD VALUE`.
fn has_directive(text: &str, word: &str, value: &str) -> bool {
    let head = text.lines().take_while(|line| line.starts_with("--") || line.trim().is_empty());
    let said = head.filter_map(|line| line.strip_prefix("--")?.trim_start().strip_prefix("atlas:"));
    said.filter_map(|said| said.strip_prefix(word)).any(|rest| {
        let rest = rest.trim_end();
        (rest.is_empty() || rest.starts_with(' ')) && (value.is_empty() || rest.trim() == value)
    })
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    // Rows that begin with a dot are Atlas' notes to itself.
    let question = "SELECT version, executed_at, execution_time, applied, total, error FROM {table}
                    WHERE version NOT LIKE '.%' ORDER BY version";
    let rows = table.ask(question)?;
    let read = |row: super::rows::Row| {
        let is_whole = row.text(3) == row.text(4) && row.text(5).is_empty();
        Applied {
            at: moment::time(row.value(1)),
            duration: moment::duration(row.value(2), Duration::from_nanos),
            trouble: (!is_whole).then_some(Trouble::Failed),
            ..Applied::new(row.text(0), scripts)
        }
    };
    Ok(rows.into_iter().map(read).collect())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    #[test]
    fn directives_at_the_head_count() {
        let folder = folder_of(&[
            ("20240131120000_create_users.sql", "CREATE TABLE u (x);\n-- atlas:txmode none\n"),
            ("20240131120001.sql", "-- atlas:txmode none\n\nVACUUM;"),
            ("atlas.sum", "h1:"),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert_eq!(scripts.iter().map(|script| script.up.transaction).collect::<Vec<_>>(), [true, false]);
        for word in ["delimiter \\n\\n\\n", "checkpoint"] {
            let folder = folder_of(&[("1_a.sql", &format!("-- atlas:{word}\n\nSELECT 1"))]);
            assert!((CONVENTION.scripts)(folder.path()).is_err(), "{word}");
        }
    }

    #[test]
    fn a_script_that_did_not_run_to_its_end_has_failed() {
        let folder = folder_of(&[("1_a.sql", ""), ("2_b.sql", "")]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE atlas_schema_revisions (version text NOT NULL, description text NOT NULL,
                     type integer NOT NULL DEFAULT 2, applied integer NOT NULL DEFAULT 0, total integer NOT NULL DEFAULT 0,
                     executed_at datetime NOT NULL, execution_time integer NOT NULL, error text, error_stmt text,
                     hash text NOT NULL, partial_hashes json, operator_version text NOT NULL, PRIMARY KEY (version));
                     INSERT INTO atlas_schema_revisions VALUES
                     ('.atlas_cloud_identifier', 'x', 0, 0, 0, '2024-01-01 00:00:00', 0, NULL, NULL, '', NULL, ''),
                     ('1', 'a', 2, 2, 2, '2024-01-31 12:00:05.5+00:00', 2000000, '', '', 'h', 'null', 'Atlas CLI'),
                     ('2', 'b', 2, 1, 2, '2024-01-31 12:00:06+00:00', 1, 'no such table', 'DROP', 'h', 'null', 'Atlas CLI')";
        connection.execute_batch(table).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::Atlas), &scripts).unwrap();
        let shown: Vec<_> =
            applied.iter().map(|row| (row.script, row.trouble.clone(), row.duration.as_millis())).collect();
        assert_eq!(shown, [(Some(0), None, 2), (Some(1), Some(Trouble::Failed), 0)]);
        assert_eq!(applied[0].at.unwrap().timestamp(), 1_706_702_405);
    }
}
