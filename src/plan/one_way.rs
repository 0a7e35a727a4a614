//! What a way back cannot bring back of the rows that stay, as comments of both ways.

use indexmap::IndexSet;

use crate::diff::{Change, TableChange};
use crate::schema::{Expression, Name};

use super::keep::Keeping;
use super::rows::RowWork;
use super::statement::Statement;

/// What a script says of a table that counts no more.
pub(super) const DROPS_COUNTER: &str =
    "The AUTOINCREMENT counter goes: identifiers of deleted rows may be given again.";

/// What the way up says of a column whose values it converts.
pub(super) fn replaces(column: &Name, using: &Expression) -> String {
    format!("{}; the way down does not bring the old ones back.", replacement(column, using))
}

/// What the way down says of a column whose old values were kept.
pub(super) fn restores(column: &Name) -> String {
    format!("Gives {column} the values back that were kept, but for rows that somebody has given another one since.")
}

/// What happens to the values of a column that is converted.
pub(super) fn replacement(column: &Name, using: &Expression) -> String {
    format!("Replaces each value of {column} by {}", one_line(using))
}

/// Says above the first statement of the way down what stays as the way up has left it.
///
/// `rebuilt` are the tables that the way up makes anew; others keep their counters.
pub(super) fn say(
    changes: &[Change],
    work: &RowWork,
    keeping: &Keeping,
    rebuilt: &IndexSet<Name>,
    down: &mut [Statement],
) {
    let mut remarks = remarks(changes, work, keeping);
    remarks.extend(counters_lost(changes, rebuilt).map(|table| {
        format!("The AUTOINCREMENT counter of {table} begins again, at the highest identifier that is there.")
    }));
    if let Some(first) = down.first_mut().filter(|_| !remarks.is_empty()) {
        let own = first.comment.take();
        first.comment = Some(remarks.into_iter().chain(own).collect::<Vec<_>>().join("\n"));
    }
}

/// The tables, of those that are rebuilt, that forget which identifiers they have given.
pub fn counters_lost<'a>(changes: &'a [Change], rebuilt: &'a IndexSet<Name>) -> impl Iterator<Item = &'a Name> {
    changes.iter().filter_map(|change| match change {
        Change::AlterTable(alter) if alter.drops_counter() => rebuilt.get(&alter.after.name),
        _ => None,
    })
}

fn remarks(changes: &[Change], work: &RowWork, keeping: &Keeping) -> Vec<String> {
    let altered = changes.iter().filter_map(|change| match change {
        Change::AlterTable(alter) => Some(alter),
        _ => None,
    });
    let mut remarks = Vec::new();
    for alter in altered {
        let table = &alter.after.name;
        for change in &alter.changes {
            let TableChange::AlterColumn { before, after } = change else { continue };
            let is_converted = work.converting(table, before, after).is_some();
            if is_converted && !keeping.restores(table, &after.name) {
                remarks.push(format!(
                    "Values of {table}.{column} stay as the way up made them; going up again converts them once more.",
                    column = after.name
                ));
            }
            let is_filled = before.not_null.is_none() && after.not_null.is_some();
            if is_filled && let Some(filling) = work.filling(&alter.after, after) {
                remarks.push(format!(
                    "Rows where {table}.{column} was NULL keep {}: nothing tells them from rows that had it before.",
                    one_line(filling),
                    column = after.name
                ));
            }
        }
    }
    remarks
}

/// An expression as a part of a line.
fn one_line(expression: &Expression) -> String {
    expression.as_str().split_whitespace().collect::<Vec<_>>().join(" ")
}
