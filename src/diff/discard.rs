//! What a change throws away, so that it can be counted and warned of.

use super::change::{Change, TableChange};
use super::virtual_table::same_content;
use crate::schema::Name;

/// Rows or values that a change discards, by the names they have before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Discard {
    /// All rows of a table.
    Rows {
        /// The table.
        table: Name,
    },
    /// All values of a column; a generated column has none of its own.
    Values {
        /// The table.
        table: Name,
        /// The column.
        column: Name,
    },
}

impl Change {
    /// What this change discards.
    #[must_use]
    pub fn discards(&self) -> Vec<Discard> {
        let rows = |table: &Name| vec![Discard::Rows { table: table.clone() }];
        match self {
            Change::DropTable(table) => rows(&table.name),
            Change::DropVirtualTable(table) => rows(&table.name),
            Change::AlterVirtualTable { before, after } if !same_content(before, after) => rows(&before.name),
            Change::AlterTable(table) => {
                let lost = table.changes.iter().filter_map(|change| match change {
                    TableChange::DropColumn(column) if column.is_copied() => Some(&column.name),
                    TableChange::AlterColumn { before, after } if before.is_copied() && !after.is_copied() => {
                        Some(&before.name)
                    }
                    _ => None,
                });
                let table = &table.before.name;
                lost.map(|column| Discard::Values { table: table.clone(), column: column.clone() }).collect()
            }
            Change::AlterVirtualTable { .. }
            | Change::CreateTable(_)
            | Change::CreateVirtualTable(_)
            | Change::CreateView(_)
            | Change::DropView(_)
            | Change::AlterView { .. }
            | Change::CreateTrigger(_)
            | Change::DropTrigger(_)
            | Change::AlterTrigger { .. } => Vec::new(),
        }
    }
}
