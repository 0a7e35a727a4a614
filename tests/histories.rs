//! Real projects' histories: from each version of the schema to the next, up and down, without a hint.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::backup::Progress;
use rusqlite::{Connection, MAIN_DB};
use schemactl::diff::ColumnOrder;
use schemactl::model::Intent;
use schemactl::plan::{self, Draft, Options, Statement, Switches, write_section};
use schemactl::report::Report;
use schemactl::schema::{Schema, SqliteVersion};

use crate::support::laws::{self, Contents};
use crate::support::{judges, shared};

/// Takes a file database, filled by a tool that knows nothing of plans, up, down and up again, and lets other tools
/// judge; says where its rows do not satisfy the change.
fn walk_a_file(before: &Schema, after: &Schema, draft: &Draft) -> Result<Went, String> {
    let folder = judges::folder();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let build = |name: &str, schema: &Schema| {
        let connection = Connection::open(path(name)).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(&laws::script(schema)).map_err(|error| error.to_string()).map(|()| connection)
    };
    let connection = build("app.db", before)?;
    build("before.db", before)?;
    build("after.db", after)?;
    judges::tool("fill", &[&path("app.db"), "--rows", "12", "--quiet"])?;
    let copy = |name: &str| connection.backup(MAIN_DB, path(name), None::<fn(Progress)>).unwrap();
    copy("start.db");
    let run = |statements: &[Statement]| {
        let ran = connection.execute_batch(&format!("BEGIN;\n{}COMMIT;", write_section(statements)));
        if ran.is_err() {
            connection.execute_batch("ROLLBACK; PRAGMA legacy_alter_table = OFF").unwrap();
        }
        ran.map_err(|error| error.to_string())
    };
    let refusal = |way: &str, error: String| {
        let is_of_rows = ["constraint failed", "datatype mismatch", "malformed JSON"];
        let is_refusal = is_of_rows.iter().any(|words| error.contains(words));
        if is_refusal { Ok(Went::Refused(format!("{way}: {error}"))) } else { Err(error) }
    };
    let nothing_said = Intent::default();
    let start = Contents::of(&connection, before);
    if let Err(error) = run(&draft.up) {
        judges::tool("data_equal", &[&path("start.db"), &path("app.db"), "--rowid", "--sequence"])?;
        return refusal("up", error);
    }
    start.is_in(&connection, after, &nothing_said)?;
    judges::tool("schema_equal", &[&path("app.db"), &path("after.db"), "--ignore-column-order", "--quiet"])?;
    let upper = Contents::of(&connection, after);
    if let Err(error) = run(&draft.down) {
        return refusal("down", error);
    }
    upper.is_in(&connection, before, &nothing_said)?;
    judges::tool("schema_equal", &[&path("app.db"), &path("before.db"), "--quiet"])?;
    if draft.up.iter().all(|statement| statement.sql.starts_with("CREATE")) {
        // Nothing but new objects: not one value may differ.
        judges::tool("data_equal", &[&path("start.db"), &path("app.db"), "--rowid", "--sequence"])?;
    }
    let lower = Contents::of(&connection, before);
    if let Err(error) = run(&draft.up) {
        return refusal("up again", error);
    }
    lower.is_in(&connection, after, &nothing_said)?;
    judges::tool("schema_equal", &[&path("app.db"), &path("after.db"), "--ignore-column-order", "--quiet"])?;
    Ok(Went::Walked)
}

const OPTIONS: Options = Options {
    target: SqliteVersion::new(3, 54),
    column_order: ColumnOrder::Loose,
    catalog_edits: false,
    fast_rebuild: false,
    switches: Switches::All,
};

/// A version of a schema, the next one, and the file that leads there.
struct Step {
    before: Schema,
    after: Schema,
    file: String,
}

fn steps(history: &Path) -> Vec<Step> {
    let connection = laws::open();
    let mut before = laws::read(&connection);
    let mut steps = Vec::new();
    for path in shared::files(history, "sql") {
        let file = path.display().to_string();
        connection
            .execute_batch(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let after = laws::read(&connection);
        if before != after {
            steps.push(Step { before, after: after.clone(), file });
        }
        before = after;
    }
    steps
}

/// How a step went.
enum Went {
    /// Planned and proved with so many made-up rows.
    Proved(usize),
    /// A file was walked too.
    Walked,
    /// The rows of a file do not satisfy the change: the way, and SQLite's words.
    Refused(String),
}

fn go(step: &Step, in_a_file: bool) -> Result<Went, String> {
    let draft = plan::draft(&step.before, &step.after, &Intent::default(), OPTIONS).map_err(|error| {
        let told = error.diagnostics();
        format!("{}: {}\n{}", step.file, told[0].message, told[0].notes.join("\n"))
    })?;
    if !in_a_file {
        return Ok(Went::Proved(draft.rows));
    }
    walk_a_file(&step.before, &step.after, &draft).map_err(|problem| format!("{}: {problem}", step.file))
}

#[test]
fn every_step_of_real_histories_is_planned_and_proved() {
    let Some(histories) = shared::folder("corpus/histories") else { return };
    // Files are slow: one in so many steps is walked in one, all where `SCHEMACTL_ALL_FILES` is set.
    let one_in = if std::env::var_os("SCHEMACTL_ALL_FILES").is_some() { 1 } else { 25 };
    let mut folders: Vec<_> = std::fs::read_dir(histories).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let steps: Vec<Step> = folders.iter().flat_map(|folder| steps(folder)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            steps.get(at).map(|step| {
                let went = go(step, at.is_multiple_of(one_in));
                if let Ok(Went::Refused(why)) = &went {
                    println!("{}: {why}", step.file);
                }
                went
            })
        });
        mine.collect::<Vec<_>>()
    };
    let went: Vec<Result<Went, String>> = std::thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let number = |is: fn(&Went) -> bool| went.iter().flatten().filter(|went| is(went)).count();
    eprintln!(
        "{} steps, {} of them without rows; {} files walked, {} refused by their rows",
        steps.len(),
        number(|went| matches!(went, Went::Proved(0))),
        number(|went| matches!(went, Went::Walked)),
        number(|went| matches!(went, Went::Refused(_))),
    );
    let failures: Vec<&str> = went.iter().filter_map(|went| went.as_ref().err().map(String::as_str)).collect();
    assert!(failures.is_empty(), "{} of {} steps:\n{}", failures.len(), steps.len(), failures.join("\n\n"));
}
