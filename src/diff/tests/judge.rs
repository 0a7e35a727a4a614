//! The same question asked of `schema_equal.py`, which shares nothing with this program: do two schemas differ?

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;

use super::super::{Change, ColumnOrder, Renames, diff};
use super::{cases, check_laws, schema, schema_of, texts};

/// The folder of real schemas and tools, if it is at hand.
fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("SCHEMACTL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let corpus = shared.join("corpus");
    if corpus.is_dir() {
        return Some(corpus);
    }
    println!("skipped: no corpus in {}", corpus.display());
    None
}

/// Reads pairs of scripts, prints what the judge says of each pair in each order of columns: a line of JSON. What it
/// has once parsed it remembers, since a history says the same again at each step.
const DRIVER: &str = "
import functools, json, sqlite3, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import schema_equal
for slow in ('tokenize', 'parse_table', 'parse_index', 'parse_view', 'parse_trigger'):
    remembered = functools.lru_cache(None)(getattr(schema_equal, slow))
    setattr(schema_equal, slow, (lambda f: lambda *of: list(f(*of)))(remembered) if slow == 'tokenize' else remembered)
@functools.lru_cache(8)
def database(script):
    connection = sqlite3.connect(':memory:')
    connection.executescript(script)
    return connection
def differences(before, after, strict):
    found = schema_equal.compare(database(before), database(after), column_order=strict)
    return [str(d) for d in found if d.severity == 'diff']
for line in sys.stdin:
    before, after = json.loads(line)
    try:
        verdicts = [differences(before, after, True)] * 2
        if any('columns:' in difference for difference in verdicts[1]):
            verdicts[0] = differences(before, after, False)
    except sqlite3.Error as error:
        verdicts = str(error)
    print(json.dumps(verdicts))
";

/// What the judge says of pairs of scripts: the differences in loose and in strict order of columns, or why it cannot
/// read them (its SQLite may be an older one).
fn verdicts(corpus: &Path, pairs: &[(String, String)]) -> Option<Vec<Result<[Vec<String>; 2], String>>> {
    let mut python = Command::new("python3");
    python.arg("-c").arg(DRIVER).arg(corpus.join("tools")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = python.spawn() else {
        println!("skipped: no python3");
        return None;
    };
    let lines: Vec<String> = pairs.iter().map(|pair| serde_json::to_string(pair).unwrap()).collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all((lines.join("\n") + "\n").as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let verdict = |line: &str| match serde_json::from_str::<serde_json::Value>(line).unwrap() {
        serde_json::Value::String(reason) => Err(reason),
        value => Ok(serde_json::from_value(value).unwrap()),
    };
    let verdicts: Vec<_> = text.lines().map(verdict).collect();
    assert_eq!(verdicts.len(), pairs.len(), "the judge answers for each pair");
    Some(verdicts)
}

#[test]
fn the_judge_agrees_on_every_case() {
    let Some(corpus) = corpus() else { return };
    let pairs: Vec<(String, String)> =
        cases::all().iter().map(|case| (case.before.to_owned(), case.after.to_owned())).collect();
    let Some(verdicts) = verdicts(&corpus, &pairs) else { return };
    let mut wrong = Vec::new();
    let mut unread = 0;
    for ((before, after), verdict) in pairs.iter().zip(verdicts) {
        let Ok(differences) = verdict else {
            unread += 1;
            continue;
        };
        for (order, differences) in [ColumnOrder::Loose, ColumnOrder::Strict].into_iter().zip(differences) {
            let changes = diff(&schema(before), &schema(after), &Renames::default(), order);
            if changes.is_empty() != differences.is_empty() {
                wrong.push(format!("{before} -> {after} {order:?}: we {:?}, judge {differences:?}", texts(&changes)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unread * 10 < pairs.len(), "the judge could not read {unread} cases");
}

#[test]
fn the_judge_agrees_on_every_step_of_real_histories() {
    let Some(corpus) = corpus() else { return };
    let mut pairs = Vec::new();
    let mut wrong = Vec::new();
    let mut expected = Vec::new();
    let mut histories: Vec<PathBuf> =
        fs::read_dir(corpus.join("histories")).unwrap().map(|entry| entry.unwrap().path()).collect();
    histories.sort();
    for history in &histories {
        let mut steps: Vec<PathBuf> = fs::read_dir(history).unwrap().map(|entry| entry.unwrap().path()).collect();
        steps.retain(|path| path.extension().is_some_and(|end| end == "sql"));
        steps.sort();
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        let (mut script, mut schema) = (String::new(), schema_of(&connection));
        for step in steps {
            let sql = fs::read_to_string(&step).unwrap();
            connection.execute_batch(&sql).unwrap_or_else(|error| panic!("{}: {error}", step.display()));
            let (next_script, next) = (dump(&connection), schema_of(&connection));
            let what = step.display().to_string();
            check_laws(&what, &schema, &next, &Renames::default());
            let changes = [ColumnOrder::Loose, ColumnOrder::Strict]
                .map(|order| texts(&diff(&schema, &next, &Renames::default(), order)));
            expected.push((what, changes));
            pairs.push((script, next_script.clone()));
            (script, schema) = (next_script, next);
        }
    }
    let Some(verdicts) = verdicts(&corpus, &pairs) else { return };
    for ((what, changes), verdict) in expected.iter().zip(verdicts) {
        let differences = verdict.unwrap_or_else(|reason| panic!("{what}: {reason}"));
        for (changes, differences) in changes.iter().zip(differences) {
            if changes.is_empty() != differences.is_empty() {
                wrong.push(format!("{what}: we {changes:?}, judge {differences:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} steps compared", pairs.len());
}

/// The schema of a database as a script, in the order of creation.
fn dump(connection: &Connection) -> String {
    let query =
        "SELECT s.sql FROM sqlite_schema s LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name
        WHERE s.sql IS NOT NULL AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND coalesce(l.type, '') <> 'shadow'
        ORDER BY s.type <> 'table', s.rowid";
    let mut statement = connection.prepare(query).unwrap();
    let statements: Vec<String> = statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    statements.join(";\n")
}

#[test]
fn what_sqlite_itself_renames_leaves_nothing_else_to_say_of_tables() {
    let Some(corpus) = corpus() else { return };
    let mut made = 0;
    for file in fs::read_dir(corpus.join("schemas")).unwrap() {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        let before = schema_of(&connection);
        for table in before.tables.values() {
            let mut steps = vec![("TO brand_new".to_owned(), Renames::default())];
            steps[0].1.tables.insert("brand_new".into(), table.name.clone());
            let column = &table.columns[table.columns.len() / 2].name;
            let mut renames = Renames::default();
            renames.columns.insert((table.name.clone(), "brand_new".into()), column.clone());
            steps.push((format!("COLUMN {} TO brand_new", column.quoted()), renames));
            for (step, renames) in steps {
                let sql = format!("ALTER TABLE {} RENAME {step}", table.name.quoted());
                connection.execute_batch("BEGIN").unwrap();
                // SQLite refuses where a view names the column of another view.
                if connection.execute_batch(&sql).is_ok() {
                    let after = schema_of(&connection);
                    let changes = diff(&before, &after, &renames, ColumnOrder::Strict);
                    let (tables, others): (Vec<Change>, Vec<Change>) =
                        changes.into_iter().partition(|change| matches!(change, Change::AlterTable(_)));
                    assert_eq!(texts(&tables).len(), 1, "{sql}: {:?}", texts(&tables));
                    let is_body =
                        |change: &Change| matches!(change, Change::AlterView { .. } | Change::AlterTrigger { .. });
                    assert!(others.iter().all(is_body), "{sql}: {:?}", texts(&others));
                    made += 1;
                }
                connection.execute_batch("ROLLBACK").unwrap();
            }
        }
    }
    assert!(made > 300, "{made} renames");
}
