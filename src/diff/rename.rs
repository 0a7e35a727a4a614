//! Which renames of a model still have to be carried out, and which contradict the schemas.
//!
//! A rename is active while its old name is in the schema before, and gone or taken over after; else it is quiet. No
//! rename is ever guessed here.

use std::fmt;

use indexmap::IndexMap;

use super::scope::Scope;
use super::{column, index};
use crate::report::{Class, Diagnostic, Report};
use crate::schema::{Name, ObjectKind, Schema, Table};

/// Old names by new names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    /// New table name to old table name.
    pub tables: IndexMap<Name, Name>,
    /// New table name and new column name to old column name.
    pub columns: IndexMap<(Name, Name), Name>,
    /// New index name to old index name.
    pub indexes: IndexMap<Name, Name>,
}

impl Renames {
    /// The renames of the way back.
    #[must_use]
    pub fn reversed(&self) -> Renames {
        let flip = |(new, old): (&Name, &Name)| (old.clone(), new.clone());
        let columns = self.columns.iter().map(|((table, new), old)| {
            let old_table = self.tables.get(table).unwrap_or(table);
            ((old_table.clone(), old.clone()), new.clone())
        });
        Renames {
            tables: self.tables.iter().map(flip).collect(),
            columns: columns.collect(),
            indexes: self.indexes.iter().map(flip).collect(),
        }
    }

    /// The old name of a table that stays: its own unless a rename says otherwise, `None` for a new table.
    pub(super) fn origin<'a>(&'a self, table: &'a Name, before: &Schema) -> Option<&'a Name> {
        origin(&self.tables, table, |name| before.tables.contains_key(name))
    }
}

/// The old name of something that stays, given old names by new names.
pub(super) fn origin<'a>(
    renames: &'a IndexMap<Name, Name>,
    name: &'a Name,
    was_there: impl Fn(&Name) -> bool,
) -> Option<&'a Name> {
    let is_renamed_away = || renames.values().any(|old| old == name);
    renames.get(name).or_else(|| (was_there(name) && !is_renamed_away()).then_some(name))
}

/// What is wrong with a rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenameProblem {
    /// More than one new name claims an old one.
    ClaimedTwice {
        /// All that claim it, in the order of the model.
        by: Vec<Name>,
    },
    /// The new name is there already, while the old one goes: its rows or values would be lost, not renamed.
    NewNameTaken {
        /// The new name.
        new: Name,
    },
}

/// A rename that contradicts the schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenameConflict {
    /// What is renamed.
    pub subject: RenameSubject,
    /// The old name.
    pub old: Name,
    /// What is wrong.
    pub problem: RenameProblem,
}

/// What a rename is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenameSubject {
    /// A table or an index.
    Object(ObjectKind),
    /// A column of this table, by the table's new name.
    ColumnOf(Name),
}

impl RenameSubject {
    fn name(&self, name: &Name) -> String {
        match self {
            RenameSubject::Object(kind) => format!("{kind} `{name}`"),
            RenameSubject::ColumnOf(table) => format!("column `{table}.{name}`"),
        }
    }
}

impl fmt::Display for RenameConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old = self.subject.name(&self.old);
        match &self.problem {
            RenameProblem::ClaimedTwice { by } => {
                let by: Vec<String> = by.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "{old} cannot be renamed to {}: only one can take its place", by.join(" and to "))
            }
            RenameProblem::NewNameTaken { new } => {
                write!(
                    f,
                    "{old} cannot be renamed to `{new}`: the database has both, and the model has no `{}`",
                    self.old
                )
            }
        }
    }
}

/// Renames that contradict the schemas.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct RenameConflicts(pub Vec<RenameConflict>);

impl Report for RenameConflicts {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = |conflict: &RenameConflict| {
            let old = &conflict.old;
            Diagnostic::new("rename_conflict", conflict.to_string()).help(match &conflict.problem {
                RenameProblem::ClaimedTwice { .. } => format!("keep `renamed_from = \"{old}\"` in one place only"),
                RenameProblem::NewNameTaken { new } => format!(
                    "remove `renamed_from = \"{old}\"` from `{new}` if `{old}` is to be dropped, or add `{old}` to the model"
                ),
            })
        };
        self.0.iter().map(diagnostic).collect()
    }
}

/// The renames that are to be carried out. Those that have been, and those of names that were never there, are left
/// out; contradictions are errors.
///
/// Chains (`a` to `b`, `b` to `c`) work. A swap of two names leaves no trace in the names: it is to be carried out
/// where the declarations fit crosswise and not straight.
pub fn resolve_renames(before: &Schema, after: &Schema, renames: &Renames) -> Result<Renames, RenameConflicts> {
    let (active, conflicts) = active(before, after, renames);
    if conflicts.is_empty() { Ok(active) } else { Err(RenameConflicts(conflicts)) }
}

/// The renames that are to be carried out, and the conflicts; what is in conflict is not carried out.
pub(super) fn active(before: &Schema, after: &Schema, renames: &Renames) -> (Renames, Vec<RenameConflict>) {
    let mut conflicts = Vec::new();
    if *renames == Renames::default() {
        return (Renames::default(), conflicts);
    }
    let tables = Namespace {
        subject: RenameSubject::Object(ObjectKind::Table),
        before: &|name| before.tables.contains_key(name),
        after: &|name| after.tables.contains_key(name),
        same: &|old, new| have_same_columns(&before.tables[old], &after.tables[new]),
    };
    let mut active = Renames { tables: tables.active(&renames.tables, &mut conflicts), ..Renames::default() };
    for (name, table) in &after.tables {
        let Some(old) = active.origin(name, before).map(|origin| &before.tables[origin]) else { continue };
        let wanted = renames.columns.iter().filter(|((table, _), _)| table == name);
        let wanted: IndexMap<Name, Name> = wanted.map(|((_, new), old)| (new.clone(), old.clone())).collect();
        let scope = Scope::of_table(old, table);
        let columns = Namespace {
            subject: RenameSubject::ColumnOf(name.clone()),
            before: &|name| old.column(name).is_some(),
            after: &|name| table.column(name).is_some(),
            same: &|was, is| match (old.column(was), table.column(is)) {
                (Some(was), Some(is)) => column::differences((old, was), (table, is), &scope).is_empty(),
                _ => false,
            },
        };
        let found = columns.active(&wanted, &mut conflicts);
        active.columns.extend(found.into_iter().map(|(new, old)| ((name.clone(), new), old)));
        let wanted = renames.indexes.iter().filter(|(new, _)| table.indexes.contains_key(*new));
        let indexes = Namespace {
            subject: RenameSubject::Object(ObjectKind::Index),
            before: &|name| old.indexes.contains_key(name),
            after: &|name| table.indexes.contains_key(name),
            same: &|was, is| index::same((old, &old.indexes[was]), (table, &table.indexes[is]), &scope),
        };
        let wanted = wanted.map(|(new, old)| (new.clone(), old.clone())).collect();
        active.indexes.extend(indexes.active(&wanted, &mut conflicts));
    }
    (active, conflicts)
}

fn have_same_columns(before: &Table, after: &Table) -> bool {
    let scope = Scope::of_table(before, after);
    before.columns.len() == after.columns.len()
        && before.columns.iter().all(|column| {
            let other = after.column(&column.name);
            other.is_some_and(|other| column::differences((before, column), (after, other), &scope).is_empty())
        })
}

/// Names of one kind, before and after.
struct Namespace<'a> {
    subject: RenameSubject,
    before: &'a dyn Fn(&Name) -> bool,
    after: &'a dyn Fn(&Name) -> bool,
    /// Whether what has the first name before is declared like what has the second name after.
    same: &'a dyn Fn(&Name, &Name) -> bool,
}

impl Namespace<'_> {
    /// The renames to carry out among old names by new names.
    fn active(&self, renames: &IndexMap<Name, Name>, conflicts: &mut Vec<RenameConflict>) -> IndexMap<Name, Name> {
        let mut active = renames.clone();
        active.retain(|new, old| new != old && (self.before)(old) && (self.after)(new));
        let meant = active.clone();
        self.retain_possible(&mut active);
        for (new, old) in meant {
            let is_lost = (self.before)(&new) && !(self.after)(&old) && !active.values().any(|taken| *taken == old);
            if is_lost && !active.contains_key(&new) {
                conflicts.push(self.conflict(&old, RenameProblem::NewNameTaken { new }));
            }
        }
        self.remove_claimed_twice(&mut active, conflicts);
        self.retain_possible(&mut active);
        self.remove_swaps_done(&mut active);
        active
    }

    /// Keeps the renames whose old name gets free and whose new name is free or gets free.
    fn retain_possible(&self, active: &mut IndexMap<Name, Name>) {
        loop {
            let all = active.clone();
            active.retain(|new, old| {
                (!(self.after)(old) || all.contains_key(old))
                    && (!(self.before)(new) || all.values().any(|other| other == new))
            });
            if active.len() == all.len() {
                return;
            }
        }
    }

    fn remove_claimed_twice(&self, active: &mut IndexMap<Name, Name>, conflicts: &mut Vec<RenameConflict>) {
        let mut claims: IndexMap<Name, Vec<Name>> = IndexMap::new();
        for (new, old) in &*active {
            claims.entry(old.clone()).or_default().push(new.clone());
        }
        claims.retain(|_, by| by.len() > 1);
        active.retain(|_, old| !claims.contains_key(old));
        conflicts.extend(claims.into_iter().map(|(old, by)| self.conflict(&old, RenameProblem::ClaimedTwice { by })));
    }

    /// Removes the rings of names that fit where they stand.
    fn remove_swaps_done(&self, active: &mut IndexMap<Name, Name>) {
        let all = active.clone();
        active.retain(|new, _| match ring(&all, new) {
            Some(names) => {
                names.iter().all(|new| (self.same)(&all[*new], new))
                    && !names.iter().all(|name| (self.same)(name, name))
            }
            None => true,
        });
    }

    fn conflict(&self, old: &Name, problem: RenameProblem) -> RenameConflict {
        RenameConflict { subject: self.subject.clone(), old: old.clone(), problem }
    }
}

/// The new names of the ring of renames that a name belongs to, if it belongs to one.
fn ring<'a>(renames: &'a IndexMap<Name, Name>, start: &'a Name) -> Option<Vec<&'a Name>> {
    let mut names = vec![start];
    let mut name = start;
    while let Some(old) = renames.get(name) {
        if old == start {
            return Some(names);
        }
        if names.len() > renames.len() {
            return None;
        }
        names.push(old);
        name = old;
    }
    None
}
