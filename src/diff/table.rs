//! When has a table changed?

use std::borrow::Cow;

use super::Renames;
use super::change::{AlterTable, TableChange};
use super::column::{self, ColumnDifference};
use super::constraint::{same_check, same_foreign_key, same_primary_key, same_unique, telling_uniques, unpaired};
use super::rename::origin;
use super::rewrite::NewNames;
use super::scope::Scope;
use super::{ColumnOrder, index};
use crate::schema::{Column, Index, Name, Table};

/// Two forms of one table, side by side.
pub(super) struct Pair<'a> {
    before: &'a Table,
    /// `before` as it reads once renames have been applied; everything stands at the same place.
    renamed: Cow<'a, Table>,
    after: &'a Table,
}

impl<'a> Pair<'a> {
    pub(super) fn new(before: &'a Table, after: &'a Table, names: &NewNames) -> Pair<'a> {
        Pair { before, renamed: names.rewrite(before), after }
    }

    fn scope(&self) -> Scope<'_> {
        Scope::of_table(&self.renamed, self.after)
    }

    /// What differs, or `None` where nothing does.
    pub(super) fn change(&self, renames: &Renames, order: ColumnOrder) -> Option<AlterTable> {
        let Table {
            name,
            columns: _,
            primary_key: _,
            uniques: _,
            checks: _,
            foreign_keys: _,
            without_rowid: _,
            strict: _,
            indexes: _,
        } = self.before;
        let mut changes = Vec::new();
        if !name.is_spelled_like(&self.after.name) {
            changes.push(TableChange::Rename);
        }
        self.columns(&mut changes);
        if order == ColumnOrder::Strict && self.is_reordered() {
            changes.push(TableChange::ReorderColumns);
        }
        self.constraints(&mut changes);
        self.options(&mut changes);
        self.indexes(renames, &mut changes);
        let is_changed = !changes.is_empty();
        is_changed.then(|| AlterTable { before: self.before.clone(), after: self.after.clone(), changes })
    }

    /// What differs between two columns of these tables, given as they stand in them.
    pub(super) fn column_differences(&self, before: &Column, after: &Column) -> Vec<ColumnDifference> {
        let place = self.before.columns.iter().position(|column| column.name == before.name);
        let renamed = place.map_or(before, |place| &self.renamed.columns[place]);
        column::differences((&self.renamed, renamed), (self.after, after), &self.scope())
    }

    /// Whether two indexes of these tables, given as they stand in them, mean the same, apart from their names.
    pub(super) fn is_same_index(&self, before: &Index, after: &Index) -> bool {
        let place = self.before.indexes.get_index_of(&before.name);
        let renamed = place.map_or(before, |place| &self.renamed.indexes[place]);
        index::same((&self.renamed, renamed), (self.after, after), &self.scope())
    }

    fn columns(&self, changes: &mut Vec<TableChange>) {
        for after in &self.after.columns {
            let Some(place) = self.place_before(&after.name) else {
                changes.push(TableChange::AddColumn(after.clone()));
                continue;
            };
            let before = &self.before.columns[place];
            if !before.name.is_spelled_like(&after.name) {
                let (before, after) = (before.name.clone(), after.name.clone());
                changes.push(TableChange::RenameColumn { before, after });
            }
            if !self.column_differences(before, after).is_empty() {
                changes.push(TableChange::AlterColumn { before: before.clone(), after: after.clone() });
            }
        }
        for (renamed, before) in self.renamed.columns.iter().zip(&self.before.columns) {
            if self.after.column(&renamed.name).is_none() {
                changes.push(TableChange::DropColumn(before.clone()));
            }
        }
    }

    /// The place in the table before of a column by its new name.
    fn place_before(&self, name: &Name) -> Option<usize> {
        self.renamed.columns.iter().position(|column| column.name == *name)
    }

    /// Whether the columns stand in another order than they would once dropped ones are gone and new ones appended.
    pub(super) fn is_reordered(&self) -> bool {
        let place = |column: &Column| self.place_before(&column.name).unwrap_or(usize::MAX);
        !self.after.columns.is_sorted_by_key(place)
    }

    fn constraints(&self, changes: &mut Vec<TableChange>) {
        let (before, renamed, after) = (self.before, &*self.renamed, self.after);
        if !same_primary_key(renamed, after) {
            let (before, after) = (before.primary_key.clone(), after.primary_key.clone());
            changes.push(TableChange::AlterPrimaryKey { before, after });
        }
        let (old, new) = (telling_uniques(renamed), telling_uniques(after));
        let (dropped, added) = unpaired(&old, &new, |&old, &new| {
            same_unique((renamed, &renamed.uniques[old]), (after, &after.uniques[new]))
        });
        changes.extend(added.iter().map(|&place| TableChange::AddUnique(after.uniques[new[place]].clone())));
        changes.extend(dropped.iter().map(|&place| TableChange::DropUnique(before.uniques[old[place]].clone())));
        let scope = self.scope();
        let (dropped, added) = unpaired(&renamed.checks, &after.checks, |old, new| same_check(old, new, &scope));
        changes.extend(added.iter().map(|&place| TableChange::AddCheck(after.checks[place].clone())));
        changes.extend(dropped.iter().map(|&place| TableChange::DropCheck(before.checks[place].clone())));
        let (dropped, added) = unpaired(&renamed.foreign_keys, &after.foreign_keys, same_foreign_key);
        changes.extend(added.iter().map(|&place| TableChange::AddForeignKey(after.foreign_keys[place].clone())));
        changes.extend(dropped.iter().map(|&place| TableChange::DropForeignKey(before.foreign_keys[place].clone())));
    }

    fn options(&self, changes: &mut Vec<TableChange>) {
        if self.before.strict != self.after.strict {
            changes.push(TableChange::SetStrict(self.after.strict));
        }
        if self.before.without_rowid != self.after.without_rowid {
            changes.push(TableChange::SetWithoutRowid(self.after.without_rowid));
        }
    }

    fn indexes(&self, renames: &Renames, changes: &mut Vec<TableChange>) {
        let mut kept = vec![false; self.before.indexes.len()];
        for (name, after) in &self.after.indexes {
            let old = origin(&renames.indexes, name, |name| self.before.indexes.contains_key(name));
            let Some((place, _, before)) = old.and_then(|old| self.before.indexes.get_full(old)) else {
                changes.push(TableChange::CreateIndex(after.clone()));
                continue;
            };
            kept[place] = true;
            let same = before.name.is_spelled_like(&after.name) && self.is_same_index(before, after);
            if !same {
                changes.push(TableChange::AlterIndex { before: before.clone(), after: after.clone() });
            }
        }
        for (before, kept) in self.before.indexes.values().zip(kept) {
            if !kept {
                changes.push(TableChange::DropIndex(before.clone()));
            }
        }
    }
}
