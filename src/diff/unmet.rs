//! Renames of things that come by the name of something that never was, while others of their kind go: somebody has
//! said that rows or values are to stay, and they would not.

use super::change::{Change, TableChange};
use super::rename::{RenameSubject, Renames};
use crate::schema::{Name, ObjectKind, Schema};

/// A rename that finds nothing to rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetRename {
    /// What it is about.
    pub subject: RenameSubject,
    /// The name of what comes.
    pub new: Name,
    /// The old name, which nothing has.
    pub old: Name,
    /// What goes of the same kind, columns and indexes of the same table; never empty.
    pub dropped: Vec<Name>,
}

/// The renames whose old name is not there, whose new one was not there either, and beside which something goes. All
/// else is quiet: what was renamed long ago, and what is made where there was nothing.
#[must_use]
pub fn unmet_renames(before: &Schema, changes: &[Change], renames: &Renames) -> Vec<UnmetRename> {
    let mut unmet = Vec::new();
    let mut note = |subject: RenameSubject, new: &Name, old: &Name, dropped: &[Name]| {
        if !dropped.is_empty() {
            unmet.push(UnmetRename { subject, new: new.clone(), old: old.clone(), dropped: dropped.to_vec() });
        }
    };
    let dropped_tables: Vec<Name> = changes.iter().filter_map(dropped_table).collect();
    for change in changes {
        match change {
            Change::CreateTable(table) => {
                let old = renames.tables.get(&table.name).filter(|old| !before.tables.contains_key(*old));
                if let Some(old) = old {
                    note(RenameSubject::Object(ObjectKind::Table), &table.name, old, &dropped_tables);
                }
            }
            Change::AlterTable(alter) => {
                let dropped_columns: Vec<Name> = alter.changes.iter().filter_map(dropped_column).collect();
                let dropped_indexes: Vec<Name> = alter.changes.iter().filter_map(dropped_index).collect();
                for change in &alter.changes {
                    match change {
                        TableChange::AddColumn(column) => {
                            let key = (alter.after.name.clone(), column.name.clone());
                            let old = renames.columns.get(&key).filter(|old| alter.before.column(old).is_none());
                            if let Some(old) = old {
                                note(RenameSubject::ColumnOf(key.0), &column.name, old, &dropped_columns);
                            }
                        }
                        TableChange::CreateIndex(index) if before.index(&index.name).is_none() => {
                            let old = renames.indexes.get(&index.name).filter(|old| before.index(old).is_none());
                            if let Some(old) = old {
                                note(RenameSubject::Object(ObjectKind::Index), &index.name, old, &dropped_indexes);
                            }
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    unmet
}

fn dropped_table(change: &Change) -> Option<Name> {
    if let Change::DropTable(table) = change { Some(table.name.clone()) } else { None }
}

fn dropped_column(change: &TableChange) -> Option<Name> {
    if let TableChange::DropColumn(column) = change { Some(column.name.clone()) } else { None }
}

fn dropped_index(change: &TableChange) -> Option<Name> {
    if let TableChange::DropIndex(index) = change { Some(index.name.clone()) } else { None }
}
