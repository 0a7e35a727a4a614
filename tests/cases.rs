//! Each file of `tests/cases` is one change; all laws of changes are held against it, unasked.

use std::path::Path;

use rusqlite::Connection;
use schemactl::plan::{Draft, Options, Statement, Switches, write_section};
use schemactl::schema::{Schema, SqliteVersion};

use crate::support::case::{Case, Fact};
use crate::support::laws::{self, Outcome, Trial};
use crate::support::{judges, shared};

fn schema(sql: &str) -> Schema {
    let connection = laws::open();
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error} in\n{sql}"));
    laws::read(&connection)
}

fn try_case(case: &Case) -> Result<(), String> {
    let (before, after) = (schema(&case.before), schema(&case.after));
    let with_edits = (!case.edits.is_empty()).then_some((40, true));
    for (minor, catalog_edits) in [(54, false), (40, false)].into_iter().chain(with_edits) {
        let options = Options {
            target: SqliteVersion::new(3, minor),
            column_order: case.order,
            catalog_edits,
            fast_rebuild: false,
            switches: Switches::All,
        };
        let trial = Trial { before: &before, after: &after, intent: &case.intent, options, keep: case.keep.is_some() };
        let draft = laws::drafted(&trial)?;
        let told = |problem: String| {
            let (up, down) = (write_section(&draft.up), write_section(&draft.down));
            format!("{problem}\nfor SQLite 3.{minor}\n--- up\n{up}\n--- down\n{down}")
        };
        let filled = || {
            let connection = laws::open();
            connection.execute_batch(&case.before).unwrap();
            connection.execute_batch(&case.rows).map_err(|error| format!("the rows: {error}"))?;
            Ok::<_, String>(connection)
        };
        let outcome = laws::walked(&trial, &draft, &filled()?).map_err(told)?;
        let is_refused = outcome == Outcome::RefusedUp;
        if is_refused != case.refused || outcome == Outcome::RefusedDown {
            return Err(told(format!("unexpected: {outcome:?}")));
        }
        if minor == 54 {
            facts(&case.up, &draft.up).and_then(|()| facts(&case.down, &draft.down)).map_err(told)?;
            if !case.refused {
                queries(case, &draft, &filled()?).map_err(told)?;
            }
            continue;
        }
        if catalog_edits {
            facts(&case.edits, &draft.up).map_err(told)?;
        }
        if !case.refused {
            judges::agree(&trial, &draft, &filled()?).map_err(told)?;
        }
    }
    Ok(())
}

fn facts(facts: &[Fact], statements: &[Statement]) -> Result<(), String> {
    let script = write_section(statements);
    match facts.iter().find(|fact| script.contains(&fact.text) != fact.holds) {
        None => Ok(()),
        Some(fact) if fact.holds => Err(format!("not in the script: {}", fact.text)),
        Some(fact) => Err(format!("in the script: {}", fact.text)),
    }
}

fn queries(case: &Case, draft: &Draft, connection: &Connection) -> Result<(), String> {
    connection.execute_batch(&write_section(&draft.up)).map_err(|error| error.to_string())?;
    answers(connection, &case.then)?;
    connection.execute_batch(&write_section(&draft.down)).map_err(|error| error.to_string())?;
    answers(connection, case.keep.as_deref().unwrap_or_default())
}

fn answers(connection: &Connection, queries: &[(String, String)]) -> Result<(), String> {
    for (query, wanted) in queries {
        let mut statement = connection.prepare(query).map_err(|error| format!("{error} in {query}"))?;
        let width = statement.column_count();
        let rows = statement.query_map([], |row| {
            let values = (0..width).map(|at| {
                row.get_ref(at).map(|value| match value {
                    rusqlite::types::ValueRef::Null => "NULL".to_owned(),
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    rusqlite::types::ValueRef::Real(number) => format!("{number:?}"),
                    rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    rusqlite::types::ValueRef::Blob(bytes) => format!("{bytes:?}"),
                })
            });
            Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
        });
        let found =
            rows.and_then(Iterator::collect::<rusqlite::Result<Vec<String>>>).map_err(|error| error.to_string())?;
        if found.join("; ") != *wanted {
            return Err(format!("{query} gives {}, not {wanted}", found.join("; ")));
        }
    }
    Ok(())
}

#[test]
fn every_case_goes_up_and_down_and_keeps_its_rows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = shared::files(&folder, "case");
    assert!(files.len() > 40, "only {} cases", files.len());
    let cases: Vec<Case> = files.iter().map(|file| Case::read(file)).collect();
    let only = shared::asked("SCHEMACTL_CASE").unwrap_or_default();
    let tried = cases.iter().filter(|case| case.name.contains(&only));
    let failures: Vec<String> =
        tried.filter_map(|case| try_case(case).err().map(|problem| format!("=== {}: {problem}", case.name))).collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n\n"));
}
