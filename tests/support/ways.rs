//! The two ways in which the runner rebuilds tables, held against each other: the same schema, text by text, the same
//! rows, or the same refusal.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB};
use schemactl::database::runner::{self, Event, Op, Step};
use schemactl::database::version_table::{DEFAULT_NAME, Kind};
use schemactl::database::{Access, Filter, open};
use schemactl::plan::{Statement, write_section};
use schemactl::revision::{RevisionId, Section};
use schemactl::schema::Name;

/// How many blocks were rebuilt in the fast way, and how many as they are written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub fast: usize,
    pub classic: usize,
}

/// What the settings of the file are beside.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    pub journal: &'static str,
    pub auto_vacuum: &'static str,
    pub page_size: u32,
}

/// The formats in turn.
pub fn format(number: usize) -> Format {
    Format {
        journal: ["delete", "wal"][number % 2],
        auto_vacuum: ["none", "full", "incremental"][number % 3],
        page_size: [4096, 512, 1024, 65536][number % 4],
    }
}

/// A file with the contents of a database.
pub fn file(folder: &Path, name: &str, filled: &Connection, format: Format) -> PathBuf {
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    filled.backup(MAIN_DB, &path, None::<fn(rusqlite::backup::Progress)>).unwrap();
    let connection = Connection::open(&path).unwrap();
    let Format { journal, auto_vacuum, page_size } = format;
    let set = format!(
        "PRAGMA auto_vacuum = {auto_vacuum}; PRAGMA page_size = {page_size}; VACUUM; PRAGMA journal_mode = {journal}"
    );
    connection.execute_batch(&set).unwrap();
    path
}

/// Runs a script as a revision, and tells which ways its rebuilds took, or why it stopped.
pub fn run(path: &Path, name: &str, script: &str, fast: bool) -> Result<Taken, String> {
    run_with(path, name, script, fast, |_| ())
}

/// The same on a connection that is made ready for it.
pub fn run_with(
    path: &Path,
    name: &str,
    script: &str,
    fast: bool,
    ready: impl Fn(&Connection),
) -> Result<Taken, String> {
    let step = Step {
        op: Op::Upgrade,
        revision: RevisionId::new(name).unwrap(),
        parents: Vec::new(),
        depends_on: Vec::new(),
        message: String::new(),
        kind: Kind::Upgrade,
        checksum: "sha256:00".to_owned(),
        gates: Vec::new(),
        script: Some(Section::stored("script", script, true)),
        down: None,
        schema_before: None,
        is_promised: false,
        schema_after: None,
        replaces: Vec::new(),
    };
    let options = runner::Options {
        mirrored: None,
        version_table: Name::from(DEFAULT_NAME),
        filter: Filter::default(),
        shapes: None,
        known: None,
        lock_timeout: Duration::from_secs(5),
        transaction: runner::Transaction::Each,
        drift: runner::Drift::Warn,
        dry_run: false,
        catalog_edits: true,
        fast_rebuild: fast,
        interrupt: Arc::default(),
        prepare: &|_| Ok(()),
        recall: &|_, _| None,
        column_order: schemactl::diff::ColumnOrder::Loose,
        now: &String::new,
        tool_version: "0",
    };
    let mut connection = open(path, Access::Write, Duration::from_secs(5)).unwrap().unwrap();
    ready(&connection);
    let mut taken = Taken { fast: script.matches("-- rebuild: end\n").count(), classic: 0 };
    let mut watch = |event: Event<'_>| {
        if let Event::Classic { .. } = event {
            taken.fast -= 1;
            taken.classic += 1;
        }
    };
    let outcome = runner::run(&mut connection, &mut |_| Ok(vec![step.clone()]), &options, &mut watch);
    outcome.map(|_| taken).map_err(|error| error.to_string().replace(&path.display().to_string(), "the file"))
}

/// All that a database says and holds but for its version table; what order the objects have only where it counts.
pub fn dump(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let all = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{error} in {sql}"));
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(|row| row.unwrap_or_else(|error| panic!("{error} in {sql}"))).collect()
    };
    let mut found = all("SELECT format('%s %s %s %s', type, tbl_name, name, sql) FROM sqlite_schema
         WHERE tbl_name <> 'schemactl_version'
         ORDER BY type, CASE type WHEN 'table' THEN name WHEN 'view' THEN name ELSE tbl_name END, rowid");
    let tables = all("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0
         AND name NOT IN ('schemactl_version', 'sqlite_sequence') AND name NOT LIKE 'sqlite_stat%' ORDER BY name");
    for table in tables.iter().map(|table| Name::new(table.as_str())) {
        let listed = format!(
            "SELECT name FROM pragma_table_xinfo({}) WHERE hidden <> 1",
            schemactl::token::quote_string(table.as_str())
        );
        let columns = all(&listed);
        let rowid = ["rowid", "oid", "_rowid_"]
            .into_iter()
            .find(|name| !columns.iter().any(|column| column.eq_ignore_ascii_case(name)))
            .filter(|name| connection.prepare(&format!("SELECT {name} FROM {}", table.quoted())).is_ok());
        let values = columns.iter().map(|column| Name::new(column.as_str()).quoted());
        let values: Vec<String> =
            rowid.map(str::to_owned).into_iter().chain(values).map(|value| format!("quote({value})")).collect();
        found.push(table.to_string());
        found.extend(all(&format!("SELECT {} FROM {} ORDER BY 1", values.join(" || ',' || "), table.quoted())));
    }
    if tables.iter().any(|_| connection.table_exists(None, "sqlite_sequence").unwrap()) {
        found.extend(all("SELECT name || seq FROM sqlite_sequence ORDER BY name"));
    }
    for statistics in ["sqlite_stat1", "sqlite_stat4"] {
        if connection.table_exists(None, statistics).unwrap() {
            found.extend(all(&format!("SELECT format('%s %s', tbl, idx) FROM {statistics} ORDER BY 1")));
        }
    }
    found
}

/// What `CURRENT_TIMESTAMP` has written since a moment, as one word: the two ways may run in different seconds.
fn timeless(lines: &[String], began: &str) -> Vec<String> {
    let seconds: Vec<String> = Connection::open_in_memory()
        .unwrap()
        .prepare(
            "WITH RECURSIVE seconds(at) AS (
                 SELECT ?1 UNION ALL SELECT datetime(at, '+1 second') FROM seconds WHERE at < CURRENT_TIMESTAMP)
             SELECT at FROM seconds",
        )
        .unwrap()
        .query_map([began], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let told = |line: &String| seconds.iter().fold(line.clone(), |line, second| line.replace(second, "now"));
    lines.iter().map(told).collect()
}

/// Nothing is wrong with the file; the shell says so too, where there is one.
pub fn sound(path: &Path) -> Result<(), String> {
    let check = "PRAGMA integrity_check";
    let connection = Connection::open(path).unwrap();
    let ours: String = connection.query_row(check, [], |row| row.get(0)).unwrap();
    let shell = match Command::new("sqlite3").arg(path).arg(check).output() {
        Ok(ended) => String::from_utf8_lossy(&ended.stdout).trim().to_owned(),
        Err(_) => "ok".to_owned(),
    };
    if ours == "ok" && shell == "ok" { Ok(()) } else { Err(format!("integrity_check: {ours}; the shell: {shell}")) }
}

/// Why rows or keys are refused. Of several keys that fit no table the first is told, and a table that is rebuilt becomes
/// the last one of its database.
fn reason(error: &str) -> &str {
    let mismatch = "foreign key mismatch";
    error.find(mismatch).map_or(error, |at| &error[at..at + mismatch.len()])
}

/// Runs statements on copies of a database in both ways, and then those that lead back.
pub fn same(filled: &Connection, up: &[Statement], down: &[Statement], format: Format) -> Result<Taken, String> {
    let folder = tempfile::tempdir().unwrap();
    let classic = file(folder.path(), "classic.db", filled, format);
    let fast = file(folder.path(), "fast.db", filled, format);
    let mut total = Taken::default();
    let began: String = filled.query_row("SELECT CURRENT_TIMESTAMP", [], |row| row.get(0)).unwrap();
    for (name, statements) in [("up", up), ("down", down)] {
        let script = write_section(statements);
        let outcomes = (run(&classic, name, &script, false), run(&fast, name, &script, true));
        let told = |problem: &str| format!("{problem}\n{format:?}\n{script}");
        let (was, is) = (timeless(&dump(&classic), &began), timeless(&dump(&fast), &began));
        if let Some(at) = (0..was.len().max(is.len())).find(|at| was.get(*at) != is.get(*at)) {
            return Err(told(&format!("the ways differ: {:?} became {:?}", was.get(at), is.get(at))));
        }
        // SQLite 3.40 finds NULL in NOT NULL columns of some tables WITHOUT ROWID that it has filled itself.
        match (sound(&classic), sound(&fast)) {
            (was, is) if was == is => {}
            (_, is) => is.map_err(|problem| told(&problem))?,
        }
        match outcomes {
            (Ok(_), Ok(taken)) => {
                total.fast += taken.fast;
                total.classic += taken.classic;
            }
            (Err(was), Err(is)) if reason(&was) == reason(&is) => return Ok(total),
            (was, is) => return Err(told(&format!("classic {was:?}, fast {is:?}"))),
        }
    }
    Ok(total)
}
