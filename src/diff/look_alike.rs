//! What goes and what comes that look like one thing renamed: a question for the user, never an answer.

use std::cmp::Reverse;

use super::change::{AlterTable, Change, TableChange};
use super::column;
use super::rename::RenameSubject;
use super::scope::Scope;
use crate::schema::{Column, Index, Name, ObjectKind, Table};

/// A thing that goes and a thing that comes and looks the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookAlike {
    /// What the two are.
    pub subject: RenameSubject,
    /// What goes.
    pub dropped: Name,
    /// What comes.
    pub added: Name,
}

/// The pairs of a dropped and an added column of one table with the same declaration, of a dropped and an added table
/// with nearly the same columns, of a dropped and an added index with the same terms. No thing is in two pairs; the
/// more alike two names are, the sooner they are a pair.
#[must_use]
pub fn look_alikes(changes: &[Change]) -> Vec<LookAlike> {
    let mut found = tables(changes);
    for change in changes {
        if let Change::AlterTable(table) = change {
            found.extend(columns(table));
            found.extend(indexes(table));
        }
    }
    found
}

fn tables(changes: &[Change]) -> Vec<LookAlike> {
    let (mut dropped, mut added) = (Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::DropTable(table) => dropped.push(table),
            Change::CreateTable(table) => added.push(table),
            _ => {}
        }
    }
    pairs(
        &RenameSubject::Object(ObjectKind::Table),
        (&dropped, &added),
        |table: &Table| &table.name,
        |old, new| {
            let scope = Scope::of_table(old, new);
            let is_shared = |column: &&Column| {
                let other = new.column(&column.name);
                other.is_some_and(|other| column::differences((old, column), (new, other), &scope).is_empty())
            };
            let shared = old.columns.iter().filter(is_shared).count();
            shared * 4 >= old.columns.len().max(new.columns.len()) * 3
        },
    )
}

fn columns(alter: &AlterTable) -> Vec<LookAlike> {
    let (mut dropped, mut added) = (Vec::new(), Vec::new());
    for change in &alter.changes {
        match change {
            TableChange::DropColumn(column) => dropped.push(column),
            TableChange::AddColumn(column) => added.push(column),
            _ => {}
        }
    }
    pairs(
        &RenameSubject::ColumnOf(alter.after.name.clone()),
        (&dropped, &added),
        |column: &Column| &column.name,
        |old, new| {
            alter.column_differences(old, new).is_empty()
                && Keys::of(&alter.before, &old.name) == Keys::of(&alter.after, &new.name)
        },
    )
}

fn indexes(alter: &AlterTable) -> Vec<LookAlike> {
    let (mut dropped, mut added) = (Vec::new(), Vec::new());
    for change in &alter.changes {
        match change {
            TableChange::DropIndex(index) => dropped.push(index),
            TableChange::CreateIndex(index) => added.push(index),
            _ => {}
        }
    }
    pairs(
        &RenameSubject::Object(ObjectKind::Index),
        (&dropped, &added),
        |index: &Index| &index.name,
        |old, new| alter.is_only_renamed(old, new),
    )
}

/// What a column alone is to the constraints of its table.
#[derive(PartialEq)]
struct Keys<'a> {
    place_in_primary_key: Option<usize>,
    is_unique: bool,
    references: Vec<(&'a Name, &'a [Name])>,
}

impl<'a> Keys<'a> {
    fn of(table: &'a Table, column: &Name) -> Keys<'a> {
        let key = table.primary_key.iter().flat_map(|key| &key.columns);
        let references =
            table.foreign_keys.iter().filter(|key| matches!(key.columns.as_slice(), [only] if only == column));
        Keys {
            place_in_primary_key: key.map(|key| &key.name).position(|name| name == column),
            is_unique: table
                .uniques
                .iter()
                .any(|unique| matches!(unique.columns.as_slice(), [only] if only.name == *column)),
            references: references.map(|key| (&key.parent, key.parent_columns.as_slice())).collect(),
        }
    }
}

fn pairs<T>(
    subject: &RenameSubject,
    (dropped, added): (&[&T], &[&T]),
    name: fn(&T) -> &Name,
    is_alike: impl Fn(&T, &T) -> bool,
) -> Vec<LookAlike> {
    let mut candidates: Vec<(usize, usize)> = Vec::new();
    for (old, dropped) in dropped.iter().enumerate() {
        candidates.extend((0..added.len()).filter(|&new| is_alike(dropped, added[new])).map(|new| (old, new)));
    }
    let likeness = |old: usize, new: usize| {
        let (old, new) = (name(dropped[old]).folded(), name(added[new]).folded());
        let longest = old.chars().count().max(new.chars().count()).max(1);
        1000 * (longest - strsim::damerau_levenshtein(&old, &new).min(longest)) / longest
    };
    candidates.sort_by_key(|&(old, new)| (Reverse(likeness(old, new)), old, new));
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (old, new) in candidates {
        if !taken.iter().any(|&(other_old, other_new)| other_old == old || other_new == new) {
            taken.push((old, new));
        }
    }
    taken.sort_unstable();
    let look_alike = |(old, new): (usize, usize)| LookAlike {
        subject: subject.clone(),
        dropped: name(dropped[old]).clone(),
        added: name(added[new]).clone(),
    };
    taken.into_iter().map(look_alike).collect()
}
