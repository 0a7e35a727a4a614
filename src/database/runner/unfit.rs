//! Which rows the copy of a rebuild stumbles over: such as violate a CHECK that the table had already. SQLite takes them
//! where `ignore_check_constraints` is on (<https://www.sqlite.org/pragma.html#pragma_ignore_check_constraints>), and
//! names neither table nor row when they are copied.

use std::ops::Range;

use rusqlite::{Connection, ffi};

use super::block::{self, Rebuild};
use crate::database::gate::{self, Gate, Offending};
use crate::database::statements::Failure;
use crate::schema::Name;

/// What a failed copy is to be told with: the CHECK, and the rows.
pub(super) struct Unfit {
    /// What is wrong with them.
    pub violation: String,
    /// How many there are, and some of them.
    pub found: Offending,
}

/// The rows that a failed statement of a script did not copy; none where it failed for another reason, or where the rows
/// are computed so that only the script can tell.
pub(super) fn rows(connection: &Connection, script: &str, failure: &Failure) -> Option<Unfit> {
    let error = failure.source.as_ref()?.sqlite_error()?;
    if error.extended_code != ffi::SQLITE_CONSTRAINT_CHECK {
        return None;
    }
    let is_to_blame = |span: &Range<usize>| span.start <= failure.span.start && failure.span.end <= span.end;
    let block = block::blocks(script).into_iter().find(|block| is_to_blame(&block.span))?;
    let rebuild = block.rebuild.ok()?;
    questions(&rebuild, &block.table).into_iter().find_map(|gate| {
        let found = gate::offending_rows(connection, &gate).ok()??;
        Some(Unfit { violation: gate.violation, found })
    })
}

/// A question for each CHECK of the new table, asked of the old one, which is still there. One that names a column that
/// the old table has not gets no answer.
fn questions(rebuild: &Rebuild, table: &Name) -> Vec<Gate> {
    let key = match &rebuild.staged.primary_key {
        Some(key) => key.columns.iter().map(|column| column.name.quoted()).collect::<Vec<_>>().join(", "),
        None => "rowid".to_owned(),
    };
    let ask = |expression: &str| Gate {
        violation: format!("a row of `{table}` that violates CHECK ({expression})"),
        sql: format!("SELECT {key} FROM {} WHERE NOT ({expression}\n)", table.quoted()),
        help: String::new(),
        help_in_script: String::new(),
    };
    rebuild.staged.checks.iter().map(|check| ask(check.expression.as_str())).collect()
}
