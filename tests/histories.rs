//! Real projects' histories: from each version of the schema to the next, up and down, without a hint.

use std::path::Path;
use std::process::Command;

use rusqlite::backup::Progress;
use rusqlite::{Connection, MAIN_DB};
use schemactl::diff::ColumnOrder;
use schemactl::model::Intent;
use schemactl::plan::{self, Draft, Options, Statement, write_section};
use schemactl::report::Report;
use schemactl::schema::{Schema, SqliteVersion};

use crate::support::laws::{self, Contents};
use crate::support::shared;

/// Takes a file database, filled by a tool that knows nothing of plans, up, down and up again, and lets other tools
/// judge; says whether its rows satisfied the change.
fn walk_a_file(tools: &Path, before: &Schema, after: &Schema, draft: &Draft) -> Result<bool, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let build = |name: &str, schema: &Schema| {
        let connection = Connection::open(path(name)).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(&laws::script(schema)).map_err(|error| error.to_string()).map(|()| connection)
    };
    let connection = build("app.db", before)?;
    build("before.db", before)?;
    build("after.db", after)?;
    python(tools, "fill.py", &[&path("app.db"), "--rows", "12", "--quiet"])?;
    let copy = |name: &str| connection.backup(MAIN_DB, path(name), None::<fn(Progress)>).unwrap();
    copy("start.db");
    let run = |statements: &[Statement]| {
        let ran = connection.execute_batch(&format!("BEGIN;\n{}COMMIT;", write_section(statements)));
        if ran.is_err() {
            connection.execute_batch("ROLLBACK; PRAGMA legacy_alter_table = OFF").unwrap();
        }
        ran.map_err(|error| error.to_string())
    };
    let is_refusal = |error: &str| error.contains("constraint failed") || error.contains("datatype mismatch");
    let nothing_said = Intent::default();
    let start = Contents::of(&connection, before);
    match run(&draft.up) {
        Err(error) if is_refusal(&error) => {
            python(tools, "data_equal.py", &[&path("start.db"), &path("app.db"), "--rowid", "--sequence"])?;
            return Ok(false);
        }
        ran => ran?,
    }
    start.is_in(&connection, after, &nothing_said)?;
    python(tools, "schema_equal.py", &[&path("app.db"), &path("after.db"), "--ignore-column-order", "--quiet"])?;
    let upper = Contents::of(&connection, after);
    match run(&draft.down) {
        Err(error) if is_refusal(&error) => return Ok(false),
        ran => ran?,
    }
    upper.is_in(&connection, before, &nothing_said)?;
    python(tools, "schema_equal.py", &[&path("app.db"), &path("before.db"), "--quiet"])?;
    if draft.up.iter().all(|statement| statement.sql.starts_with("CREATE")) {
        // Nothing but new objects: not one value may differ.
        python(tools, "data_equal.py", &[&path("start.db"), &path("app.db"), "--rowid", "--sequence"])?;
    }
    match run(&draft.up) {
        Err(error) if is_refusal(&error) => Ok(false),
        ran => {
            ran?;
            laws::reached(&connection, after, OPTIONS.column_order)?;
            Ok(true)
        }
    }
}

fn python(tools: &Path, tool: &str, args: &[&str]) -> Result<(), String> {
    let ended = Command::new("python3").arg(tools.join(tool)).args(args).output().map_err(|error| error.to_string())?;
    if ended.status.success() {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(format!("{tool}: {}{}", text(&ended.stdout), text(&ended.stderr)))
}

const OPTIONS: Options =
    Options { target: SqliteVersion::new(3, 54), column_order: ColumnOrder::Loose, catalog_edits: false };

#[test]
fn every_step_of_real_histories_is_planned_and_proved() {
    let Some(histories) = shared::folder("corpus/histories") else { return };
    let Some(tools) = shared::folder("corpus/tools") else { return };
    // Files are slow: one in so many steps is walked in one, all where `SCHEMACTL_ALL_FILES` is set.
    let one_in = if std::env::var_os("SCHEMACTL_ALL_FILES").is_some() { 1 } else { 25 };
    let (mut walked, mut refused) = (0, 0);
    let (mut steps, mut failures) = (0, Vec::new());
    let mut with_rows = 0;
    for history in std::fs::read_dir(histories).unwrap().map(|entry| entry.unwrap().path()) {
        let connection = laws::open();
        let mut before = laws::read(&connection);
        for file in shared::files(&history, "sql") {
            let script = std::fs::read_to_string(&file).unwrap();
            if let Err(error) = connection.execute_batch(&script) {
                panic!("{}: {error}", file.display());
            }
            let after = laws::read(&connection);
            if before != after {
                steps += 1;
                match plan::draft(&before, &after, &Intent::default(), OPTIONS) {
                    Ok(draft) => {
                        with_rows += usize::from(draft.rows > 0);
                        if steps % one_in == 0 {
                            match walk_a_file(&tools, &before, &after, &draft) {
                                Ok(true) => walked += 1,
                                Ok(false) => refused += 1,
                                Err(problem) => failures.push(format!("{}: {problem}", file.display())),
                            }
                        }
                    }
                    Err(error) => {
                        let told = error.diagnostics();
                        failures.push(format!("{}: {}\n{}", file.display(), told[0].message, told[0].notes.join("\n")));
                    }
                }
            }
            before = after;
        }
    }
    eprintln!("{steps} steps, {with_rows} of them with rows; {walked} files walked, {refused} refused by their rows");
    assert!(failures.is_empty(), "{} of {steps} steps:\n{}", failures.len(), failures.join("\n\n"));
}
