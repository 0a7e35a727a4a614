//! The differences between two schemas as values: each holds what was before and what comes after.

use super::Renames;
use super::rewrite::NewNames;
use super::table::Pair;
use super::{ColumnDifference, ColumnOrder};
use crate::schema::{Check, Column, ForeignKey, Index, Name, PrimaryKey, Table, Trigger, Unique, View, VirtualTable};

/// One difference between two schemas. Changes of one table are grouped, since SQLite decides per table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new table, with its indexes.
    CreateTable(Table),
    /// A table that goes, with its indexes.
    DropTable(Table),
    /// A table that stays, under the same or another name.
    AlterTable(AlterTable),
    /// A new virtual table.
    CreateVirtualTable(VirtualTable),
    /// A virtual table that goes.
    DropVirtualTable(VirtualTable),
    /// A virtual table with another module or other arguments, or its name spelled in another case.
    AlterVirtualTable {
        /// As it was.
        before: VirtualTable,
        /// As it comes.
        after: VirtualTable,
    },
    /// A new view.
    CreateView(View),
    /// A view that goes.
    DropView(View),
    /// A view with another body or column list, or its name spelled in another case.
    AlterView {
        /// As it was.
        before: View,
        /// As it comes.
        after: View,
    },
    /// A new trigger.
    CreateTrigger(Trigger),
    /// A trigger that goes.
    DropTrigger(Trigger),
    /// A trigger that differs, or whose name is spelled in another case.
    AlterTrigger {
        /// As it was.
        before: Trigger,
        /// As it comes.
        after: Trigger,
    },
}

/// All changes of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterTable {
    /// The whole table as it was.
    pub before: Table,
    /// The whole table as it comes.
    pub after: Table,
    /// What differs, in a fixed order; never empty.
    pub changes: Vec<TableChange>,
}

/// One difference inside a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableChange {
    /// Another name, or the same in another case: old and new stand in [`AlterTable`].
    Rename,
    /// A column that is renamed; its other differences follow as [`TableChange::AlterColumn`].
    RenameColumn {
        /// The old name.
        before: Name,
        /// The new name.
        after: Name,
    },
    /// A new column.
    AddColumn(Column),
    /// A column that goes.
    DropColumn(Column),
    /// A column whose declaration differs, apart from its name.
    AlterColumn {
        /// As it was.
        before: Column,
        /// As it comes.
        after: Column,
    },
    /// The columns stand in another order than they would with dropped ones gone and new ones appended (only where
    /// the order counts).
    ReorderColumns,
    /// Another primary key, or AUTOINCREMENT, or its name, or its conflict clause.
    AlterPrimaryKey {
        /// As it was.
        before: Option<PrimaryKey>,
        /// As it comes.
        after: Option<PrimaryKey>,
    },
    /// A new UNIQUE constraint.
    AddUnique(Unique),
    /// A UNIQUE constraint that goes.
    DropUnique(Unique),
    /// A new CHECK constraint.
    AddCheck(Check),
    /// A CHECK constraint that goes.
    DropCheck(Check),
    /// A new foreign key.
    AddForeignKey(ForeignKey),
    /// A foreign key that goes.
    DropForeignKey(ForeignKey),
    /// STRICT is put on or taken off: it is on afterwards.
    SetStrict(bool),
    /// WITHOUT ROWID is put on or taken off: it is on afterwards.
    SetWithoutRowid(bool),
    /// A new index.
    CreateIndex(Index),
    /// An index that goes.
    DropIndex(Index),
    /// An index that differs, is renamed, or both.
    AlterIndex {
        /// As it was.
        before: Index,
        /// As it comes.
        after: Index,
    },
}

impl Change {
    /// The change of the way back.
    #[must_use]
    pub fn reversed(&self, order: ColumnOrder) -> Change {
        match self.clone() {
            Change::CreateTable(table) => Change::DropTable(table),
            Change::DropTable(table) => Change::CreateTable(table),
            Change::AlterTable(table) => Change::AlterTable(table.reversed(order)),
            Change::CreateVirtualTable(table) => Change::DropVirtualTable(table),
            Change::DropVirtualTable(table) => Change::CreateVirtualTable(table),
            Change::AlterVirtualTable { before, after } => Change::AlterVirtualTable { before: after, after: before },
            Change::CreateView(view) => Change::DropView(view),
            Change::DropView(view) => Change::CreateView(view),
            Change::AlterView { before, after } => Change::AlterView { before: after, after: before },
            Change::CreateTrigger(trigger) => Change::DropTrigger(trigger),
            Change::DropTrigger(trigger) => Change::CreateTrigger(trigger),
            Change::AlterTrigger { before, after } => Change::AlterTrigger { before: after, after: before },
        }
    }
}

impl AlterTable {
    /// The changes of the way back, in the order of these.
    fn reversed(&self, order: ColumnOrder) -> AlterTable {
        let (before, after) = (self.after.clone(), self.before.clone());
        let unordered = self.changes.iter().filter(|change| **change != TableChange::ReorderColumns);
        let changes = unordered.map(TableChange::reversed).collect();
        let mut back = AlterTable { before, after, changes };
        if order == ColumnOrder::Strict && Pair::new(&back.before, &back.after, &back.new_names()).is_reordered() {
            back.changes.push(TableChange::ReorderColumns);
        }
        back
    }

    /// Whether the table forgets which identifiers it has given.
    #[must_use]
    pub fn drops_counter(&self) -> bool {
        let counts = |table: &Table| table.primary_key.as_ref().is_some_and(|key| key.autoincrement);
        counts(&self.before) && !counts(&self.after)
    }

    /// The column of the table before that a column of the table after comes from; none for a new one.
    #[must_use]
    pub fn old_column(&self, name: &Name) -> Option<&Column> {
        let mut renames = self.changes.iter().filter_map(|change| match change {
            TableChange::RenameColumn { before, after } => Some((before, after)),
            _ => None,
        });
        let old_name = match renames.clone().find(|(_, after)| *after == name) {
            Some((before, _)) => before,
            None if renames.any(|(before, _)| before == name) => return None,
            None => name,
        };
        self.before.column(old_name)
    }

    /// What differs between two columns that an [`TableChange::AlterColumn`] of these changes holds.
    #[must_use]
    pub fn column_differences(&self, before: &Column, after: &Column) -> Vec<ColumnDifference> {
        Pair::new(&self.before, &self.after, &self.new_names()).column_differences(before, after)
    }

    /// Whether an index that an [`TableChange::AlterIndex`] of these changes holds differs in its name alone.
    #[must_use]
    pub fn is_only_renamed(&self, before: &Index, after: &Index) -> bool {
        Pair::new(&self.before, &self.after, &self.new_names()).is_same_index(before, after)
    }

    /// The new names that these changes give.
    fn new_names(&self) -> NewNames {
        let mut renames = Renames::default();
        let (old, new) = (&self.before.name, &self.after.name);
        if old != new {
            renames.tables.insert(new.clone(), old.clone());
        }
        for change in &self.changes {
            match change {
                TableChange::RenameColumn { before, after } if before != after => {
                    renames.columns.insert((new.clone(), after.clone()), before.clone());
                }
                TableChange::AlterIndex { before, after } if before.name != after.name => {
                    renames.indexes.insert(after.name.clone(), before.name.clone());
                }
                _ => {}
            }
        }
        NewNames::of(&renames)
    }
}

impl TableChange {
    fn reversed(&self) -> TableChange {
        match self.clone() {
            TableChange::Rename => TableChange::Rename,
            TableChange::RenameColumn { before, after } => TableChange::RenameColumn { before: after, after: before },
            TableChange::AddColumn(column) => TableChange::DropColumn(column),
            TableChange::DropColumn(column) => TableChange::AddColumn(column),
            TableChange::AlterColumn { before, after } => TableChange::AlterColumn { before: after, after: before },
            TableChange::ReorderColumns => TableChange::ReorderColumns,
            TableChange::AlterPrimaryKey { before, after } => {
                TableChange::AlterPrimaryKey { before: after, after: before }
            }
            TableChange::AddUnique(unique) => TableChange::DropUnique(unique),
            TableChange::DropUnique(unique) => TableChange::AddUnique(unique),
            TableChange::AddCheck(check) => TableChange::DropCheck(check),
            TableChange::DropCheck(check) => TableChange::AddCheck(check),
            TableChange::AddForeignKey(key) => TableChange::DropForeignKey(key),
            TableChange::DropForeignKey(key) => TableChange::AddForeignKey(key),
            TableChange::SetStrict(on) => TableChange::SetStrict(!on),
            TableChange::SetWithoutRowid(on) => TableChange::SetWithoutRowid(!on),
            TableChange::CreateIndex(index) => TableChange::DropIndex(index),
            TableChange::DropIndex(index) => TableChange::CreateIndex(index),
            TableChange::AlterIndex { before, after } => TableChange::AlterIndex { before: after, after: before },
        }
    }
}
