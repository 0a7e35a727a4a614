//! Schema x schema -> changes.
//!
//! What differs is what SQLite would do differently, and how things are called; how they are spelled, where a
//! constraint is written and in which order constraints stand never counts. Nothing is decided here about how a change
//! is made, and no rename is guessed. `diff/index.rs` answers when an index has changed, and so on for each object.

mod body;
mod change;
mod column;
mod constraint;
mod discard;
mod index;
mod line;
mod look_alike;
mod rename;
mod rewrite;
mod scope;
mod table;
mod three_way;
mod trigger;
mod unmet;
mod view;
mod virtual_table;

#[cfg(test)]
mod tests;

use indexmap::IndexMap;

use crate::schema::{Name, Schema};

pub use change::{AlterTable, Change, TableChange};
pub use column::ColumnDifference;
pub use discard::Discard;
pub use line::{Line, LineKind};
pub use look_alike::{LookAlike, look_alikes};
pub use rename::{RenameConflict, RenameConflicts, RenameProblem, RenameSubject, Renames, resolve_renames};
pub use three_way::three_way;
pub use unmet::{UnmetRename, unmet_renames};

use body::Bodies;
use rewrite::NewNames;

/// Whether the order of columns counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnOrder {
    /// A column added in the middle of the model is appended to the table.
    #[default]
    Loose,
    /// The order in the database is the order of the model.
    Strict,
}

/// The changes that make `after` of `before`.
///
/// Tables first, then virtual tables, views and triggers; of each kind, what is new or differs in the order of `after`,
/// then what goes in the order of `before`. The same holds for the columns, constraints and indexes inside a table.
///
/// Renames that cannot be carried out are passed over: [`resolve_renames`] tells the quiet ones from those that
/// contradict the schemas.
#[must_use]
pub fn diff(before: &Schema, after: &Schema, renames: &Renames, order: ColumnOrder) -> Vec<Change> {
    let (renames, _) = rename::active(before, after, renames);
    let names = NewNames::of(&renames);
    let bodies = Bodies::new(before, after, &names);
    let mut changes = Vec::new();

    for (name, new) in &after.tables {
        match renames.origin(name, before).map(|origin| &before.tables[origin]) {
            Some(old) => {
                let pair = table::Pair::new(old, new, &names);
                changes.extend(pair.change(&renames, order).map(Change::AlterTable));
            }
            None => changes.push(Change::CreateTable(new.clone())),
        }
    }
    for (name, old) in &before.tables {
        if !after.tables.contains_key(&names.table(name)) {
            changes.push(Change::DropTable(old.clone()));
        }
    }

    changes.extend(objects(
        (&before.virtual_tables, &after.virtual_tables),
        virtual_table::same,
        Change::CreateVirtualTable,
        Change::DropVirtualTable,
        |before, after| Change::AlterVirtualTable { before, after },
    ));
    changes.extend(objects(
        (&before.views, &after.views),
        |old, new| view::same(old, new, &bodies),
        Change::CreateView,
        Change::DropView,
        |before, after| Change::AlterView { before, after },
    ));
    changes.extend(objects(
        (&before.triggers, &after.triggers),
        |old, new| trigger::same(old, new, &bodies),
        Change::CreateTrigger,
        Change::DropTrigger,
        |before, after| Change::AlterTrigger { before, after },
    ));
    changes
}

/// The changes among objects of a kind that has no renames.
fn objects<T: Clone>(
    (before, after): (&IndexMap<Name, T>, &IndexMap<Name, T>),
    same: impl Fn(&T, &T) -> bool,
    create: fn(T) -> Change,
    drop: fn(T) -> Change,
    change: fn(T, T) -> Change,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, new) in after {
        match before.get(name) {
            Some(old) if same(old, new) => {}
            Some(old) => changes.push(change(old.clone(), new.clone())),
            None => changes.push(create(new.clone())),
        }
    }
    changes.extend(before.iter().filter(|(name, _)| !after.contains_key(*name)).map(|(_, old)| drop(old.clone())));
    changes
}
