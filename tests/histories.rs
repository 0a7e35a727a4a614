//! Real projects' histories: from each version of the schema to the next, up and down, without a hint.

use rusqlite::Connection;
use schemactl::database::{Filter, introspect};
use schemactl::diff::ColumnOrder;
use schemactl::model::Intent;
use schemactl::plan::{self, Options};
use schemactl::report::Report;
use schemactl::schema::{Schema, SqliteVersion};

use crate::support::shared;

fn read(connection: &Connection) -> Schema {
    introspect::read(connection, &Filter::default()).unwrap()
}

#[test]
fn every_step_of_real_histories_is_planned_and_proved() {
    let Some(histories) = shared::folder("corpus/histories") else { return };
    let options = Options { target: SqliteVersion::new(3, 54), column_order: ColumnOrder::Loose, catalog_edits: false };
    let (mut steps, mut failures) = (0, Vec::new());
    let mut with_rows = 0;
    for history in std::fs::read_dir(histories).unwrap().map(|entry| entry.unwrap().path()) {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        let mut before = read(&connection);
        for file in shared::files(&history, "sql") {
            let script = std::fs::read_to_string(&file).unwrap();
            if let Err(error) = connection.execute_batch(&script) {
                panic!("{}: {error}", file.display());
            }
            let after = read(&connection);
            if before != after {
                steps += 1;
                match plan::draft(&before, &after, &Intent::default(), options) {
                    Ok(draft) => with_rows += usize::from(draft.rows > 0),
                    Err(error) => {
                        let told = error.diagnostics();
                        failures.push(format!("{}: {}\n{}", file.display(), told[0].message, told[0].notes.join("\n")));
                    }
                }
            }
            before = after;
        }
    }
    eprintln!("{steps} steps, {with_rows} of them with rows");
    assert!(failures.is_empty(), "{} of {steps} steps:\n{}", failures.len(), failures.join("\n\n"));
}
