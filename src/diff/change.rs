//! The differences between two schemas as values: each holds what was before and what comes after.

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
    /// Columns that both have stand in another order (only where the order counts).
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
