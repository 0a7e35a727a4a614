//! Finds the databases of a fleet: by patterns, in lists, by a query, from a command. Each is found once.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::Value;
use serde::Deserialize;

use super::error::FleetError;
use super::pattern::Pattern;
use crate::database::{self, Access};
use crate::libsql::Address;
use crate::model::Origin;
use crate::report::{Failure, Place, Report, Source};

/// One database of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is called: the parts of its path that a pattern names, what a list says, or else its path.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// The wave that it belongs to, where a list says so.
    pub wave: Option<u32>,
}

impl Member {
    /// That its file is not there: one that is missing from a fleet is a mistake in the list, not one to be made.
    pub(super) fn missing(&self) -> Failure {
        let error = database::Error::Missing { path: self.path.clone() };
        let help =
            format!("take it out of the list; or make it, at head: `schemactl template {}`", self.path.display());
        Failure::all(error.class(), error.diagnostics().into_iter().map(|found| found.help(help.clone())).collect())
    }
}

/// The databases that the origins list, in the order in which they are listed, each once.
///
/// Paths count from `folder`; `stdin` is read where a list is `-`.
///
/// # Errors
/// When an origin cannot be asked, none has a database, an id stands for two databases, or a database has two ids.
pub fn find(origins: &[Origin], folder: &Path, stdin: &mut dyn Read) -> Result<Vec<Member>, FleetError> {
    let mut members = Vec::new();
    for origin in origins {
        let found = match origin {
            Origin::Pattern(pattern) => Pattern::read(pattern)?.find(folder)?,
            Origin::File(file) => {
                let (name, text) = read_text(file, folder, stdin)?;
                read_list(name, text, folder)?
            }
            Origin::Command(command) => read_list(command.clone(), output_of(command, folder)?, folder)?,
            Origin::Query { database, sql } => ask(&folder.join(file_of(database)), sql, folder)?,
        };
        members.extend(found);
    }
    if members.is_empty() {
        let what = origins.iter().map(described).collect::<Vec<_>>().join(", ");
        return Err(FleetError::None { what });
    }
    distinct(members)
}

fn described(origin: &Origin) -> String {
    match origin {
        Origin::Pattern(pattern) => format!("`{pattern}`"),
        Origin::File(file) => format!("the list `{file}`"),
        Origin::Query { sql, .. } => format!("the query `{sql}`"),
        Origin::Command(command) => format!("the command `{command}`"),
    }
}

/// The file that a written database means: a path, or a URL of SQLite's.
fn file_of(written: &str) -> &str {
    written.strip_prefix("sqlite://").or_else(|| written.strip_prefix("sqlite:")).unwrap_or(written)
}

fn read_text(file: &str, folder: &Path, stdin: &mut dyn Read) -> Result<(String, String), FleetError> {
    let (name, path) = if file == "-" { ("standard input", PathBuf::new()) } else { (file, folder.join(file)) };
    let mut text = String::new();
    let read = if file == "-" { stdin.read_to_string(&mut text).map(|_| text) } else { std::fs::read_to_string(&path) };
    let text = read.map_err(|source| FleetError::Unreadable { path: PathBuf::from(name), source })?;
    Ok((name.to_owned(), text))
}

fn output_of(command: &str, folder: &Path) -> Result<String, FleetError> {
    let failed = |why: String| FleetError::Command { command: command.to_owned(), why };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed: {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| failed("printed what is no UTF-8".to_owned()))
}

/// A line of a list in JSON; what else it says is for others.
#[derive(Deserialize)]
struct Line {
    id: Option<serde_json::Value>,
    database: String,
    wave: Option<u32>,
}

/// A path on each line, or JSON; empty lines and those that begin with `#` say nothing.
fn read_list(name: String, text: String, folder: &Path) -> Result<Vec<Member>, FleetError> {
    let source = Arc::new(Source { path: name, text });
    let mut members = Vec::new();
    let mut start = 0;
    for whole in source.text.split_inclusive('\n') {
        let span = start..start + whole.trim_end().len();
        start += whole.len();
        let line = whole.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = |message: String| FleetError::BadLine { message, place: Place::new(&source, span.clone()) };
        let (id, database, wave) = if line.starts_with('{') {
            let Line { id, database, wave } =
                serde_json::from_str(line).map_err(|error| bad(format!("not a line of a list: {error}")))?;
            let id = match id {
                None | Some(serde_json::Value::Null) => None,
                Some(serde_json::Value::String(id)) => Some(id),
                Some(other) => Some(other.to_string()),
            };
            (id, database, wave)
        } else {
            (None, line.to_owned(), None)
        };
        members.push(member(id, &database, wave, folder).map_err(bad)?);
    }
    Ok(members)
}

fn member(id: Option<String>, database: &str, wave: Option<u32>, folder: &Path) -> Result<Member, String> {
    let file = file_of(database);
    if file.is_empty() {
        return Err("an empty path".to_owned());
    }
    if Address::is_meant(file) {
        let (address, token) = Address::read(file).map_err(|error| error.to_string())?;
        if token.is_some() {
            return Err("a token has no place in a list; set the variable SCHEMACTL_AUTH_TOKEN".to_owned());
        }
        let named = address.to_string();
        return Ok(Member { id: id.unwrap_or_else(|| named.clone()), path: PathBuf::from(named), wave });
    }
    if let Some((scheme, _)) = file.split_once("://") {
        return Err(format!("a `{scheme}` URL is not a database file"));
    }
    Ok(Member { id: id.unwrap_or_else(|| database.to_owned()), path: folder.join(file), wave })
}

/// How long a query waits for others.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

fn ask(database: &Path, sql: &str, folder: &Path) -> Result<Vec<Member>, FleetError> {
    let bad = |why: String| FleetError::Query { sql: sql.to_owned(), why };
    let fails = |error: rusqlite::Error| bad(format!("fails: {error}"));
    let missing = || database::Error::Missing { path: database.to_owned() };
    let connection = database::open(database, Access::Read, LOCK_TIMEOUT)?.ok_or_else(missing)?;
    let mut statement = connection.prepare(sql).map_err(fails)?;
    let columns = statement.column_count();
    if !(1..=3).contains(&columns) {
        return Err(bad(format!("answers with {columns} columns")));
    }
    let text = |value: Value, what: &str| match value {
        Value::Text(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        other => Err(bad(format!("answers with {} for {what}", other.data_type()))),
    };
    let mut rows = statement.query([]).map_err(fails)?;
    let mut members = Vec::new();
    while let Some(row) = rows.next().map_err(fails)? {
        let path = text(row.get(columns.min(2) - 1).map_err(fails)?, "a path")?;
        let id = match columns {
            1 => None,
            _ => Some(text(row.get(0).map_err(fails)?, "an id")?),
        };
        let wave = if columns == 3 { row.get(2).map_err(fails)? } else { None };
        members.push(member(id, &path, wave, folder).map_err(bad)?);
    }
    Ok(members)
}

/// What a file is, however it is called.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Same {
    #[cfg(unix)]
    Inode(u64, u64),
    Path(PathBuf),
}

impl Same {
    fn of(path: &Path) -> Same {
        #[cfg(unix)]
        if let Ok(found) = path.metadata() {
            use std::os::unix::fs::MetadataExt;
            return Same::Inode(found.dev(), found.ino());
        }
        Same::Path(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    }
}

fn distinct(members: Vec<Member>) -> Result<Vec<Member>, FleetError> {
    let mut files: BTreeMap<Same, usize> = BTreeMap::new();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    let mut distinct: Vec<Member> = Vec::new();
    for member in members {
        let file = Same::of(&member.path);
        if let Some(&first) = files.get(&file) {
            let first = &distinct[first];
            if first.id == member.id {
                continue;
            }
            return Err(FleetError::SameDatabase {
                first: first.id.clone(),
                second: member.id,
                path: first.path.clone(),
            });
        }
        if let Some(&first) = ids.get(&member.id) {
            let first = distinct[first].path.clone();
            return Err(FleetError::SameId { id: member.id, first, second: member.path });
        }
        files.insert(file, distinct.len());
        ids.insert(member.id.clone(), distinct.len());
        distinct.push(member);
    }
    Ok(distinct)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in ["data/b/main.db", "data/a/main.db", "data/a/main.db-wal", "data/.c/main.db", "flat.db"] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        folder
    }

    type Entry = (String, String, Option<u32>);

    fn found(folder: &Path, origin: Origin) -> Result<Vec<Entry>, &'static str> {
        let members = find(&[origin], folder, &mut "flat.db\n".as_bytes()).map_err(|error| error.diagnostics()[0].code);
        let below = |member: Member| {
            let path = member.path.strip_prefix(folder).unwrap().display().to_string();
            (member.id, path, member.wave)
        };
        members.map(|members| members.into_iter().map(below).collect())
    }

    fn entry(id: &str, path: &str, wave: Option<u32>) -> Entry {
        (id.to_owned(), path.to_owned(), wave)
    }

    #[test]
    fn lists_are_paths_or_json_and_may_come_from_anywhere() {
        let folder = folder();
        let at = folder.path();
        let text = "# tenants\n\n data/a/main.db\r\n{\"id\": 7, \"database\": \"sqlite:data/b/main.db\", \"wave\": 2, \"plan\": \"x\"}\n";
        std::fs::write(at.join("list"), text).unwrap();
        let both = [entry("data/a/main.db", "data/a/main.db", None), entry("7", "data/b/main.db", Some(2))];
        assert_eq!(found(at, Origin::File("list".to_owned())).unwrap(), both);
        assert_eq!(found(at, Origin::Command("cat list".to_owned())).unwrap(), both);
        assert_eq!(found(at, Origin::File("-".to_owned())).unwrap(), [entry("flat.db", "flat.db", None)]);

        let control = rusqlite::Connection::open(at.join("control.db")).unwrap();
        control
            .execute_batch(
                "CREATE TABLE t (id, path, wave); INSERT INTO t VALUES (1, 'flat.db', 3), ('x', 'no.db', NULL)",
            )
            .unwrap();
        let ask = |sql: &str| found(at, Origin::Query { database: "control.db".to_owned(), sql: sql.to_owned() });
        let three = ask("SELECT id, path, wave FROM t").unwrap();
        assert_eq!(three, [entry("1", "flat.db", Some(3)), entry("x", "no.db", None)]);
        assert_eq!(ask("SELECT path FROM t LIMIT 1").unwrap(), [entry("flat.db", "flat.db", None)]);
        assert_eq!(ask("SELECT id, NULL FROM t").unwrap_err(), "list_query");
        assert_eq!(ask("DELETE FROM t RETURNING id").unwrap_err(), "list_query");
        assert_eq!(ask("SELECT path FROM t WHERE 0").unwrap_err(), "empty_fleet");
    }

    #[test]
    fn what_is_wrong_with_a_list_is_told() {
        let folder = folder();
        let at = folder.path();
        for (list, want) in [
            ("{\"id\":\"a\"}", "bad_line"),
            ("ftp://host", "bad_line"),
            ("libsql://host?authToken=x", "bad_line"),
            ("# none\n", "empty_fleet"),
            ("flat.db\nflat.db\n{\"id\":\"x\",\"database\":\"./flat.db\"}", "same_database"),
            ("{\"id\":\"x\",\"database\":\"flat.db\"}\n{\"id\":\"x\",\"database\":\"data/a/main.db\"}", "same_id"),
        ] {
            std::fs::write(at.join("list"), list).unwrap();
            assert_eq!(found(at, Origin::File("list".to_owned())).unwrap_err(), want, "{list}");
        }
        assert_eq!(found(at, Origin::File("absent".to_owned())).unwrap_err(), "unreadable_file");
        assert_eq!(found(at, Origin::Command("exit 3".to_owned())).unwrap_err(), "list_command");
        #[cfg(unix)]
        {
            std::fs::hard_link(at.join("flat.db"), at.join("hard.db")).unwrap();
            assert_eq!(found(at, Origin::Pattern("*.db".to_owned())).unwrap_err(), "same_database");
        }
    }

    #[test]
    fn patterns_give_ids_and_find_each_database_once() {
        let folder = folder();
        let at = folder.path();
        let tenants = [entry("a", "data/a/main.db", None), entry("b", "data/b/main.db", None)];
        assert_eq!(found(at, Origin::Pattern("data/{tenant}/main.db".to_owned())).unwrap(), tenants);
        let twice = [Origin::Pattern("data/{tenant}/main.db".to_owned()), Origin::Pattern("data/{t}/*".to_owned())];
        assert_eq!(find(&twice, at, &mut std::io::empty()).unwrap().len(), 2);
        assert_eq!(found(at, Origin::Pattern("data/{tenant}/other.db".to_owned())).unwrap_err(), "empty_fleet");
    }
}
