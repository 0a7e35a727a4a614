//! When has a column changed?

use super::scope::Scope;
use crate::schema::{Column, ConflictClause, Name, NotNull, Table};

/// One property of a column that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnDifference {
    /// The declared type.
    Type,
    /// `NOT NULL` is put on or taken off.
    NotNull,
    /// What NOT NULL does on a conflict.
    NotNullConflict,
    /// The name of NOT NULL.
    NotNullName,
    /// The default, put on, taken off or another.
    Default,
    /// The collation.
    Collation,
    /// The expression of a generated column, also where the column becomes one or is one no longer.
    Generated,
    /// Whether a generated column is stored.
    Stored,
}

/// What differs between two columns, apart from their names. Names that constraints without a use for one carry do
/// not count. The column before must read as if renames had been applied.
pub(super) fn differences<'a>(
    (table, before): (&Table, &'a Column),
    (table_after, after): (&Table, &'a Column),
    scope: &Scope,
) -> Vec<ColumnDifference> {
    let Column { name: _, type_name, not_null, default, collate, generated, idle_names: _ } = before;
    let mut found = Vec::new();
    let mut add = |differs: bool, difference| {
        if differs {
            found.push(difference);
        }
    };
    add(*type_name != after.type_name, ColumnDifference::Type);
    match (not_null, &after.not_null) {
        (Some(before), Some(after)) => {
            add(conflict(before) != conflict(after), ColumnDifference::NotNullConflict);
            add(before.name != after.name, ColumnDifference::NotNullName);
        }
        (None, None) => {}
        (Some(written), None) => add(!is_said_by_key(written, table_after, after), ColumnDifference::NotNull),
        (None, Some(written)) => add(!is_said_by_key(written, table, before), ColumnDifference::NotNull),
    }
    let nothing_in_scope = Scope::default();
    let same_default = nothing_in_scope.same_option(default.as_ref(), after.default.as_ref());
    add(!same_default, ColumnDifference::Default);
    add(collation(collate.as_ref()) != collation(after.collate.as_ref()), ColumnDifference::Collation);
    let expression = |column: &'a Column| column.generated.as_ref().map(|generated| &generated.expression);
    add(!scope.same_option(expression(before), expression(after)), ColumnDifference::Generated);
    if let (Some(before), Some(after)) = (generated, &after.generated) {
        add(before.stored != after.stored, ColumnDifference::Stored);
    }
    found
}

/// The collation that a COLLATE clause, or none, gives.
pub(super) fn collation(clause: Option<&Name>) -> Name {
    clause.cloned().unwrap_or_else(|| Name::from("BINARY"))
}

fn conflict(not_null: &NotNull) -> ConflictClause {
    not_null.on_conflict.unwrap_or(ConflictClause::Abort)
}

/// Whether a NOT NULL adds nothing to a column that has none, since the primary key implies it.
fn is_said_by_key(not_null: &NotNull, table: &Table, column: &Column) -> bool {
    conflict(not_null) == ConflictClause::Abort && table.is_not_null_by_key(column)
}
