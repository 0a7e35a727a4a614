//! When has a constraint of a table changed?
//!
//! Where a constraint is written, with its column or after the columns, and in which order they stand never counts.

use super::column::collation;
use super::scope::Scope;
use crate::schema::{Check, ConflictClause, ForeignKey, KeyColumn, Name, PrimaryKey, Table, TypeName, Unique};

/// Whether the primary keys of two forms of a table mean the same.
pub(super) fn same_primary_key(before: &Table, after: &Table) -> bool {
    match (&before.primary_key, &after.primary_key) {
        (Some(old), Some(new)) => {
            let PrimaryKey { name, columns, on_conflict, autoincrement, inline: _ } = old;
            *name == new.name
                && same_key_columns((before, columns), (after, &new.columns))
                && conflict(*on_conflict) == conflict(new.on_conflict)
                && *autoincrement == new.autoincrement
                && !is_alias_moved(before, after)
        }
        (old, new) => old.is_none() && new.is_none(),
    }
}

/// Whether the rowid gains or loses its other name by the place alone where the key is written
/// (<https://www.sqlite.org/lang_createtable.html#rowid>).
pub(super) fn is_alias_moved(before: &Table, after: &Table) -> bool {
    is_integer_key(before) && is_integer_key(after) && before.rowid_alias().is_some() != after.rowid_alias().is_some()
}

/// The UNIQUE constraints that say something: an unnamed one is left out where the primary key or another one says the
/// same. Of two that differ in nothing but DESC, SQLite builds the index of the one that comes first: both count.
pub(super) fn telling_uniques(table: &Table) -> Vec<usize> {
    if table.uniques.is_empty() {
        return Vec::new();
    }
    let bare = |columns: &[KeyColumn]| -> Vec<(Name, Name, bool)> {
        let bare = |column: &KeyColumn| (column.name.clone(), key_collation(table, column), column.descending);
        columns.iter().map(bare).collect()
    };
    let key = table.primary_key.as_ref().filter(|_| !is_integer_key(table)).map(|key| bare(&key.columns));
    let mut seen: Vec<_> = key.into_iter().collect();
    let mut kept = Vec::new();
    for (place, unique) in table.uniques.iter().enumerate() {
        let columns = bare(&unique.columns);
        if unique.name.is_some() || unique.on_conflict.is_some() || !seen.contains(&columns) {
            seen.push(columns);
            kept.push(place);
        }
    }
    let says_less = |place: usize| {
        let unique = &table.uniques[place];
        unique.name.is_none()
            && conflict(unique.on_conflict) == ConflictClause::Abort
            && kept
                .iter()
                .map(|&other| &table.uniques[other])
                .any(|other| other.name.is_some() && bare(&other.columns) == bare(&unique.columns))
    };
    kept.iter().copied().filter(|&place| !says_less(place)).collect()
}

/// Whether the key is a single column of type INTEGER, which needs no index of its own.
fn is_integer_key(table: &Table) -> bool {
    let only = table.primary_key.as_ref().filter(|key| key.columns.len() == 1).map(|key| &key.columns[0]);
    let type_name = only.and_then(|only| table.column(&only.name)).and_then(|column| column.type_name.as_ref());
    !table.without_rowid && type_name.is_some_and(TypeName::is_integer)
}

/// Whether two UNIQUE constraints mean the same.
pub(super) fn same_unique(before: (&Table, &Unique), after: (&Table, &Unique)) -> bool {
    let Unique { name, columns, on_conflict, inline: _ } = before.1;
    *name == after.1.name
        && same_key_columns((before.0, columns), (after.0, &after.1.columns))
        && conflict(*on_conflict) == conflict(after.1.on_conflict)
}

/// Whether two CHECK constraints mean the same; SQLite makes no use of their ON CONFLICT.
pub(super) fn same_check(before: &Check, after: &Check, scope: &Scope) -> bool {
    let Check { name, expression, on_conflict: _, inline: _ } = before;
    *name == after.name && scope.same(expression, &after.expression)
}

/// Whether two foreign keys mean the same. `REFERENCES t` follows the primary key of `t` wherever it goes and so
/// differs from `REFERENCES t(id)`.
pub(super) fn same_foreign_key(before: &ForeignKey, after: &ForeignKey) -> bool {
    let ForeignKey {
        name,
        columns,
        parent,
        parent_columns,
        on_delete,
        on_update,
        match_type: _,
        deferrable: _,
        inline: _,
    } = before;
    *name == after.name
        && *columns == after.columns
        && *parent == after.parent
        && *parent_columns == after.parent_columns
        && *on_delete == after.on_delete
        && *on_update == after.on_update
        && telling_match(before) == telling_match(after)
        && before.is_deferred() == after.is_deferred()
}

/// The MATCH clause, unless it says what none says.
pub(super) fn telling_match(key: &ForeignKey) -> Option<&Name> {
    key.match_type.as_ref().filter(|name| **name != *"SIMPLE" && **name != *"NONE")
}

/// Pairs what is the same on both sides and gives what is left over, by place: of before, of after.
pub(super) fn unpaired<T>(before: &[T], after: &[T], same: impl Fn(&T, &T) -> bool) -> (Vec<usize>, Vec<usize>) {
    let mut added: Vec<usize> = (0..after.len()).collect();
    let mut dropped = Vec::new();
    for (place, old) in before.iter().enumerate() {
        match added.iter().position(|&new| same(old, &after[new])) {
            Some(pair) => {
                added.remove(pair);
            }
            None => dropped.push(place),
        }
    }
    (dropped, added)
}

/// `ON CONFLICT`, where leaving it out is ABORT.
fn conflict(clause: Option<ConflictClause>) -> ConflictClause {
    clause.unwrap_or(ConflictClause::Abort)
}

/// Whether key columns mean the same. Where neither side writes a collation, one that the column changes is the
/// column's change and not the key's.
fn same_key_columns(before: (&Table, &[KeyColumn]), after: (&Table, &[KeyColumn])) -> bool {
    before.1.len() == after.1.len()
        && before.1.iter().zip(after.1).all(|(old, new)| {
            let KeyColumn { name, collate, descending } = old;
            *name == new.name
                && *descending == new.descending
                && (collate.is_none() && new.collate.is_none()
                    || key_collation(before.0, old) == key_collation(after.0, new))
        })
}

/// The collation of a key column: its own, or else its column's.
fn key_collation(table: &Table, column: &KeyColumn) -> Name {
    let own = || table.column(&column.name).and_then(|column| column.collate.as_ref());
    collation(column.collate.as_ref().or_else(own))
}
