//! What a SQLite schema is: owned values, the order of the file kept.
//!
//! No SQL is read or written here and no database is spoken to. Spelling that SQLite does not look at does not
//! count in comparisons: [`Name`] folds ASCII case, [`Expression`] compares tokens.

mod column;
mod constraint;
mod expression;
mod index;
mod name;
mod object;
mod sqlite_version;
mod table;
mod trigger;
mod view;
mod virtual_table;

use indexmap::IndexMap;

pub use column::{Affinity, Column, Generated, TypeName};
pub use constraint::{
    Action, Check, ConflictClause, Deferrable, ForeignKey, Initially, KeyColumn, NotNull, PrimaryKey, Unique,
};
pub use expression::Expression;
pub use index::{Index, IndexKey, IndexTerm};
pub use name::Name;
pub use object::{ObjectKind, ObjectRef};
pub use sqlite_version::{BadVersion, SqliteVersion};
pub use table::Table;
pub use trigger::{Event, Timing, Trigger};
pub use view::View;
pub use virtual_table::VirtualTable;

/// All objects of a database that a model describes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// Tables, each with its indexes.
    pub tables: IndexMap<Name, Table>,
    /// Virtual tables.
    pub virtual_tables: IndexMap<Name, VirtualTable>,
    /// Views.
    pub views: IndexMap<Name, View>,
    /// Triggers in the order of their creation, which decides the order of firing.
    pub triggers: IndexMap<Name, Trigger>,
}

impl Schema {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.virtual_tables.is_empty() && self.views.is_empty() && self.triggers.is_empty()
    }

    /// The index of that name and the table that it stands on.
    #[must_use]
    pub fn index(&self, name: &Name) -> Option<(&Table, &Index)> {
        self.tables.values().find_map(|table| table.indexes.get(name).map(|index| (table, index)))
    }

    /// The triggers on a table or view, in the order of their creation.
    pub fn triggers_on<'a>(&'a self, table: &'a Name) -> impl Iterator<Item = &'a Trigger> {
        self.triggers.values().filter(move |trigger| trigger.table == *table)
    }
}
