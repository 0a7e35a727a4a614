//! Steps as SQL, for a database that is not at hand: the other sink of the runner.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Mirrored, Op, Step};
use crate::database::version_table;
use crate::report::Report;
use crate::schema::Name;

/// The SQL of the steps: what the runner would run, in one transaction, version rows included.
///
/// Scripts that run outside a transaction stand between two of them. `from_base` says that the version table is not
/// there yet. `now` is the time that the rows say, RFC 3339 in UTC.
///
/// # Errors
/// When what another tool keeps of a step cannot be told.
pub fn write_sql(
    steps: &[Step],
    table: &Name,
    mirrored: Option<Mirrored<'_>>,
    from_base: bool,
    now: &str,
    tool_version: &str,
) -> Result<String, Box<dyn Report>> {
    let mut text = String::from("PRAGMA foreign_keys = OFF;\nBEGIN IMMEDIATE;\n");
    if from_base {
        let _ = write!(text, "\n{};\n", version_table::create_sql(table));
    }
    for step in steps {
        let message = step.message.replace(['\n', '\r'], " ");
        let _ = write!(text, "\n-- {} {} {}\n", step.op.verb(), step.revision, message);
        match &step.script {
            Some(script) if script.transaction => text.push_str(&closed(script.sql())),
            Some(script) => {
                let _ = write!(text, "COMMIT;\n{}BEGIN IMMEDIATE;\n", closed(script.sql()));
            }
            None => {}
        }
        for replaced in &step.replaces {
            let _ = writeln!(text, "{};", version_table::delete_sql(table, replaced));
        }
        let row = match step.op {
            Op::Upgrade => version_table::insert_sql(table, &step.row_at(Duration::ZERO, now, tool_version)),
            Op::Downgrade => version_table::delete_sql(table, &step.revision),
        };
        let _ = writeln!(text, "{row};");
        for sql in mirrored.map(|mirrored| mirrored.statements(step, now, Duration::ZERO)).transpose()?.iter().flatten()
        {
            let _ = writeln!(text, "{sql};");
        }
    }
    text.push_str("\nCOMMIT;\nPRAGMA foreign_keys = ON;\n");
    Ok(text)
}

/// A script with a line end behind it.
fn closed(sql: &str) -> String {
    let sql = sql.trim_matches(['\n', '\r']);
    if sql.trim().is_empty() { String::new() } else { format!("{sql}\n") }
}
