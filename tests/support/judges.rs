//! Judges that know nothing of this project: the sqlite3 shell, and the tools of the shared corpus.
//!
//! The tools are in Python, which takes longer to start than to judge: one process answers for all tests.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use rusqlite::{Connection, MAIN_DB};
use schemactl::diff::ColumnOrder;
use schemactl::model::Intent;
use schemactl::plan::{Draft, Statement, write_section};
use schemactl::schema::{Name, Schema, SqliteVersion, Table};

use super::laws::{self, Broken, Contents, Trial};
use super::shared;

/// Reads the name of a tool and its arguments from each line, and answers with its exit code and all it said.
const SERVER: &str = r"
import contextlib, importlib, io, json, sys, traceback
sys.path.insert(0, sys.argv[1])
for line in sys.stdin:
    tool, *args = json.loads(line)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = importlib.import_module(tool).main(args)
        except SystemExit as end:
            code = end.code
        except Exception:
            traceback.print_exc()
            code = 2
    print(json.dumps([code, said.getvalue()]), flush=True)
";

struct Python {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    // Ends when its input does, with the tests.
    _process: Child,
}

static PYTHON: LazyLock<Mutex<Option<Python>>> = LazyLock::new(|| Mutex::new(Python::start()));

impl Python {
    fn start() -> Option<Python> {
        let tools = shared::folder("corpus/tools")?;
        let server = Command::new("python3")
            .args(["-c", SERVER])
            .arg(tools)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut process) = server else {
            eprintln!("skipped: there is no python3");
            return None;
        };
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Some(Python { input, output: BufReader::new(output), _process: process })
    }
}

/// Asks a tool of the shared corpus, without `.py`; what it says against the files, if it is there.
pub fn tool(name: &str, args: &[&str]) -> Result<(), Broken> {
    let mut python = PYTHON.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(python) = python.as_mut() else { return Ok(()) };
    let call: Vec<&str> = std::iter::once(name).chain(args.iter().copied()).collect();
    writeln!(python.input, "{}", serde_json::to_string(&call).unwrap()).unwrap();
    let mut answer = String::new();
    python.output.read_line(&mut answer).unwrap();
    let (code, said): (i32, String) = serde_json::from_str(&answer).unwrap();
    if code == 0 { Ok(()) } else { Err(format!("{name}.py says: {said}")) }
}

/// A folder that goes when the test ends, in memory where the system has such a place: nothing that is asked here
/// hangs on a disk.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// The version of the shell that is there.
fn shell_version() -> Option<SqliteVersion> {
    static VERSION: LazyLock<Option<SqliteVersion>> = LazyLock::new(|| {
        let ended = Command::new("sqlite3").arg("-version").output().ok()?;
        let text = String::from_utf8(ended.stdout).ok()?;
        let mut numbers = text.split(['.', ' ']).map(str::parse);
        Some(SqliteVersion::new(numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    *VERSION
}

/// Runs a script in the plain shell as a person would, in one transaction.
fn shell(file: &Path, foreign_keys: &str, statements: &[Statement]) -> Result<(), Broken> {
    let mut shell = Command::new("sqlite3")
        .args(["-batch", "-bail"])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let script = format!("PRAGMA foreign_keys = {foreign_keys};\nBEGIN;\n{}COMMIT;\n", write_section(statements));
    // The shell may stop reading at an error.
    let _ = shell.stdin.take().unwrap().write_all(script.as_bytes());
    let ended = shell.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&ended.stderr).into_owned();
    if ended.status.success() && words.is_empty() { Ok(()) } else { Err(format!("the shell says: {words}")) }
}

/// Files in a folder, by name.
struct Files(tempfile::TempDir);

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn copy(&self, from: &Connection, name: &str) -> Connection {
        let _ = std::fs::remove_file(self.path(name));
        from.backup(MAIN_DB, self.path(name), None::<fn(rusqlite::backup::Progress)>).unwrap();
        self.open(name)
    }

    fn open(&self, name: &str) -> Connection {
        let connection = Connection::open(self.path(name)).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection
    }
}

/// Lets the judges see a change: the script does in the plain shell what it does here, the schemas are the wanted
/// ones, the rows are what they were, and the script stops before it touches anything where foreign keys are enforced
/// and tables that others refer to would be dropped. Says whether there was a judge for it.
pub fn agree(trial: &Trial, draft: &Draft, filled: &Connection) -> Result<bool, Broken> {
    let is_too_old = |version: SqliteVersion| draft.requires.is_some_and(|needed| needed > version);
    if shell_version().is_none_or(is_too_old) {
        return Ok(false);
    }
    let files = Files(folder());
    let start = Contents::of(filled, trial.before);
    files.copy(filled, "start.db");
    let is_guarded = |statements: &[Statement]| statements.iter().any(|each| each.sql.contains("schemactl_guard"));
    if is_guarded(&draft.up) {
        let connection = files.copy(filled, "app.db");
        if shell(&files.path("app.db"), "ON", &draft.up).is_ok() {
            return Err("the guard does not stop the script where foreign keys are enforced".to_owned());
        }
        start.is_in(&connection, trial.before, &Intent::default())?;
    }
    files.copy(filled, "live.db");
    let connection = files.copy(filled, "app.db");
    // SQLite's versions write the same number as different texts.
    let converted = converted(trial);
    let both = |statements: &[Statement]| {
        let here = laws::run(&files.open("live.db"), statements)?;
        match (here, shell(&files.path("app.db"), "OFF", statements)) {
            (true, Err(words)) => Err(words),
            // An older SQLite looks at less: it takes types in generated columns that a later one calls unsound.
            (false, Ok(())) if laws::sound(&connection).is_err() => Ok(false),
            (false, Ok(())) => Err("the shell takes what is refused here".to_owned()),
            (here, _) => {
                let mut args = vec![files.text("live.db"), files.text("app.db")];
                let all = ["--rowid", "--sequence", "--need-tables", "--need-columns", "--quiet"];
                args.extend(all.map(str::to_owned).into_iter().chain(converted.clone()));
                tool("data_equal", &args.iter().map(String::as_str).collect::<Vec<_>>()).map(|()| here)
            }
        }
    };
    let is_schema = |wanted: &Schema, order: ColumnOrder| {
        let _ = std::fs::remove_file(files.path("wanted.db"));
        files.open("wanted.db").execute_batch(&laws::script(wanted)).unwrap();
        let mut args = vec![files.text("app.db"), files.text("wanted.db")];
        args.extend(["--quiet", "--ignore", "schemactl_kept_*"].map(str::to_owned));
        if order == ColumnOrder::Loose {
            args.push("--ignore-column-order".to_owned());
            // They show the columns as they stand.
            let views = wanted.views.values().filter(|view| view.select.as_str().contains('*'));
            args.extend(views.map(|view| format!("--ignore={}", glob(&view.name))));
        }
        tool("schema_equal", &args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    if !both(&draft.up)? {
        return Ok(true);
    }
    laws::reached(&connection, trial.after, trial.options.column_order)?;
    start.is_in(&connection, trial.after, trial.intent)?;
    is_schema(trial.after, trial.options.column_order).map_err(|problem| problem + "\nup")?;
    let args = [vec![files.text("start.db"), files.text("app.db")], same_rows(trial)].concat();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    tool("data_equal", &args).map_err(|problem| problem + "\nup")?;
    if both(&draft.down)? {
        laws::reached(&connection, trial.before, ColumnOrder::Strict)?;
        is_schema(trial.before, ColumnOrder::Strict).map_err(|problem| problem + "\ndown")?;
    }
    Ok(true)
}

/// The arguments by which tables are left out whose values a change converts.
fn converted(trial: &Trial) -> Vec<String> {
    let Trial { before, after, intent, .. } = *trial;
    let mut args = Vec::new();
    for new in after.tables.values() {
        let old_name = intent.renames.tables.get(&new.name).unwrap_or(&new.name);
        if before.tables.get(old_name).is_some_and(|old| maps(old, new, intent).is_none()) {
            args.extend([&new.name, old_name].map(|name| format!("--ignore={}", glob(name))));
        }
    }
    args
}

/// The arguments by which rows are compared that a change leaves as they are: tables in which values are converted or
/// rows numbered anew are left out, and what is renamed is told.
fn same_rows(trial: &Trial) -> Vec<String> {
    let Trial { before, after, intent, .. } = *trial;
    let mut args: Vec<String> = ["--rowid", "--sequence", "--quiet"].map(str::to_owned).into();
    for new in after.tables.values() {
        let old_name = intent.renames.tables.get(&new.name).unwrap_or(&new.name);
        let Some(old) = before.tables.get(old_name) else { continue };
        let map = maps(old, new, intent);
        match map {
            Some(map) => args.extend(map.into_iter().map(|pair| format!("--map={pair}"))),
            None => args.push(format!("--ignore={}", glob(&new.name))),
        }
    }
    for name in before.tables.keys().filter(|name| !after.tables.contains_key(*name)) {
        args.push(format!("--ignore={}", glob(name)));
    }
    args
}

/// How the names of a table map; nothing where its rows may differ, or a name cannot be said.
fn maps(old: &Table, new: &Table, intent: &Intent) -> Option<Vec<String>> {
    let alias = |table: &Table| table.rowid_alias().map(|column| column.name.clone());
    let counts = |table: &Table| table.primary_key.as_ref().is_some_and(|key| key.autoincrement);
    let old_column = |name: &Name| {
        intent.renames.columns.get(&(new.name.clone(), name.clone())).cloned().unwrap_or_else(|| name.clone())
    };
    // The judge reads the rowid by that name, whatever a column of that name holds.
    let hides_rowid = |table: &Table| table.column(&Name::from("rowid")).is_some();
    let is_numbered_alike =
        alias(old) == alias(new).map(|name| old_column(&name)) && hides_rowid(old) == hides_rowid(new);
    if !is_numbered_alike || counts(old) != counts(new) || old.strict != new.strict {
        return None;
    }
    let mut maps = Vec::new();
    if old.name != new.name {
        maps.push((old.name.as_str().to_owned(), new.name.clone()));
    }
    for column in &new.columns {
        let old_name = old_column(&column.name);
        let Some(was) = old.column(&old_name) else { continue };
        let is_filled = was.not_null.is_none() && column.not_null.is_some();
        if was.type_name != column.type_name || is_filled || was.is_copied() != column.is_copied() {
            return None;
        }
        if old_name != column.name {
            maps.push((format!("{}.{old_name}", old.name), column.name.clone()));
        } else if intent.renames.columns.iter().any(|((table, _), origin)| *table == new.name && *origin == column.name)
        {
            // A column of that name goes under another one, and this one is new.
            return None;
        }
    }
    let is_sayable = |(from, to): &(String, Name)| {
        from.matches('.').count() <= 1
            && !from.contains('=')
            && !to.as_str().contains(['.', '='])
            && (from.contains('.') == (from != old.name.as_str()))
    };
    let as_text = |(from, to): (String, Name)| format!("{from}={to}");
    maps.iter().all(is_sayable).then(|| maps.into_iter().map(as_text).collect())
}

/// A pattern that matches one name.
fn glob(name: &Name) -> String {
    let mut pattern = String::new();
    for character in name.as_str().chars() {
        if "[*?".contains(character) {
            let _ = write!(pattern, "[{character}]");
        } else {
            pattern.push(character);
        }
    }
    pattern
}
