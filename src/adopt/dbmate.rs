//! dbmate: `<digits>_<words>.sql` with the sections `-- migrate:up` and `-- migrate:down`; a row for each with its digits.

use std::ops::Range;
use std::path::Path;

use super::folder::{File, sql_files};
use super::naming::{self, refuse_twice};
use super::rows::Table;
use super::{ALL_OR_NOTHING, Applied, Convention, Error, Half, Script};

pub(super) const CONVENTION: Convention =
    Convention { folders: &["db/migrations", "migrations"], scripts, applied, after_failure: ALL_OR_NOTHING };

fn scripts(folder: &Path) -> Result<Vec<Script>, Error> {
    let files = sql_files(folder)?;
    let named = files.iter().filter_map(|file| Some((file, naming::digits(file.name.strip_suffix(".sql")?)?)));
    // dbmate runs them in the order of their names.
    let scripts: Vec<Script> =
        named.map(|(file, (version, rest))| read(file, version, rest)).collect::<Result<_, _>>()?;
    refuse_twice(&scripts)?;
    Ok(scripts)
}

fn read(file: &File, version: &str, rest: &str) -> Result<Script, Error> {
    let text = file.text()?;
    let refuse = |what: &str, help| Error::Script { path: file.path.clone(), what: what.to_owned(), help };
    let (ups, downs) = (markers(&text, "up"), markers(&text, "down"));
    let ([up], [] | [_]) = (&ups[..], &downs[..]) else {
        let what = "has not exactly one `-- migrate:up` and one `-- migrate:down`";
        return Err(refuse(what, "split it into scripts of one up and one down each"));
    };
    let end = downs.first().map_or(text.len(), |down| down.start);
    if end < up.start {
        return Err(refuse("has its `-- migrate:down` before its `-- migrate:up`", "put the way up first"));
    }
    let half = |marker: &Range<usize>, end: usize| {
        let is_outside = text[marker.clone()].split_whitespace().any(|option| option == "transaction:false");
        Half::new(&text[marker.end..end], !is_outside)
    };
    Ok(Script {
        version: version.to_owned(),
        message: naming::words(rest),
        created: naming::time(version),
        path: file.path.clone(),
        up: half(up, end),
        down: downs.first().and_then(|down| half(down, text.len()).unless_empty()),
        text,
    })
}

/// The lines `-- migrate:up`, or down, of a text.
fn markers(text: &str, word: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let marker = line.strip_prefix("--").map(str::trim_start).and_then(|rest| rest.strip_prefix("migrate:"));
        let options = marker.and_then(|rest| rest.strip_prefix(word));
        if options.is_some_and(|options| options.is_empty() || options.starts_with(char::is_whitespace)) {
            found.push(at..at + line.len());
        }
        at += line.len();
    }
    found
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let rows = table.ask("SELECT version FROM {table} ORDER BY version")?;
    Ok(rows.into_iter().map(|row| Applied::new(row.text(0), scripts)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::folder_of;

    #[test]
    fn both_sections_and_their_options_are_read() {
        let folder = folder_of(&[
            (
                "20240131120000_create_users.sql",
                "-- a word\n-- migrate:up\nCREATE TABLE u (x);\n\n-- migrate:down\nDROP TABLE u;\n",
            ),
            ("20240131120001_vacuum.sql", "--migrate:up transaction:false\nVACUUM;\n-- migrate:down\n\n"),
            ("readme.sql", ""),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert_eq!(
            (scripts[0].message.as_str(), scripts[0].created.unwrap().timestamp()),
            ("create users", 1_706_702_400)
        );
        assert_eq!(scripts[0].up, Half { sql: "CREATE TABLE u (x);\n\n".to_owned(), transaction: true });
        assert_eq!(scripts[0].down.as_ref().unwrap().sql, "DROP TABLE u;\n");
        assert_eq!((scripts[1].up.transaction, &scripts[1].down, scripts.len()), (false, &None, 2));
    }

    #[test]
    fn two_ways_up_in_one_file_are_refused() {
        let folder = folder_of(&[("1_a.sql", "-- migrate:up\n-- migrate:down\n-- migrate:up\n-- migrate:down\n")]);
        let error = (CONVENTION.scripts)(folder.path()).unwrap_err();
        assert!(error.to_string().contains("exactly one"), "{error}");
        let folder = folder_of(&[("1_a.sql", "-- migrate:up\n"), ("1_b.sql", "-- migrate:up\n")]);
        assert!(matches!((CONVENTION.scripts)(folder.path()), Err(Error::Twice { .. })));
    }
}
