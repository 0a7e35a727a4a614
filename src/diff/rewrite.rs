//! A schema as it reads once renames have been applied, so that a pure rename leaves no other difference.
//!
//! Tables, columns and what refers to them inside tables are rewritten. Views and triggers are not: they are compared
//! token by token, with the [`Pairs`] of names that stand for each other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Renames;
use crate::schema::{Expression, ForeignKey, Index, IndexKey, IndexTerm, Name, Schema, Table};
use crate::token::{Meaning, Token, TokenKind, is_reserved, significant_tokens, tokens};

/// New names by old names.
#[derive(Debug, Default)]
pub(super) struct NewNames {
    tables: BTreeMap<Name, Name>,
    /// By the old name of the table.
    columns: BTreeMap<Name, BTreeMap<Name, Name>>,
    indexes: BTreeMap<Name, Name>,
}

impl NewNames {
    /// The new names that renames give.
    pub(super) fn of(renames: &Renames) -> NewNames {
        let mut names = NewNames::default();
        for (new, old) in &renames.tables {
            names.tables.insert(old.clone(), new.clone());
        }
        for ((table, new), old) in &renames.columns {
            let table = renames.tables.get(table).unwrap_or(table);
            names.columns.entry(table.clone()).or_default().insert(old.clone(), new.clone());
        }
        for (new, old) in &renames.indexes {
            names.indexes.insert(old.clone(), new.clone());
        }
        names
    }

    /// Whether nothing is renamed.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty() && self.indexes.is_empty()
    }

    /// The name that a table comes to have.
    pub(super) fn table(&self, old: &Name) -> Name {
        self.tables.get(old).unwrap_or(old).clone()
    }

    /// The name that a column of a table, by its old name, comes to have.
    pub(super) fn column(&self, table: &Name, old: &Name) -> Name {
        self.columns.get(table).and_then(|columns| columns.get(old)).unwrap_or(old).clone()
    }

    /// A table as it reads with the new names; the order of everything in it stays.
    pub(super) fn rewrite<'a>(&self, before: &'a Table) -> Cow<'a, Table> {
        if self.is_empty() {
            return Cow::Borrowed(before);
        }
        let mut table = before.clone();
        let old = &before.name;
        table.name = self.table(old);
        let keys = table.primary_key.iter_mut().map(|key| &mut key.columns);
        for columns in keys.chain(table.uniques.iter_mut().map(|unique| &mut unique.columns)) {
            for column in columns {
                column.name = self.column(old, &column.name);
            }
        }
        for column in &mut table.columns {
            column.name = self.column(old, &column.name);
            if let Some(generated) = &mut column.generated {
                generated.expression = self.expression(old, &generated.expression);
            }
        }
        for check in &mut table.checks {
            check.expression = self.expression(old, &check.expression);
            check.inline = check.inline.as_ref().map(|column| self.column(old, column));
        }
        for key in &mut table.foreign_keys {
            *key = self.foreign_key(old, key);
        }
        table.indexes =
            before.indexes.iter().map(|(name, index)| (self.index_name(name), self.index(old, index))).collect();
        Cow::Owned(table)
    }

    fn foreign_key(&self, table: &Name, key: &ForeignKey) -> ForeignKey {
        ForeignKey {
            columns: key.columns.iter().map(|column| self.column(table, column)).collect(),
            parent_columns: key.parent_columns.iter().map(|column| self.column(&key.parent, column)).collect(),
            parent: self.table(&key.parent),
            ..key.clone()
        }
    }

    fn index_name(&self, old: &Name) -> Name {
        self.indexes.get(old).unwrap_or(old).clone()
    }

    fn index(&self, table: &Name, index: &Index) -> Index {
        let term = |term: &IndexTerm| IndexTerm {
            key: match &term.key {
                IndexKey::Column(column) => IndexKey::Column(self.column(table, column)),
                IndexKey::Expression(expression) => IndexKey::Expression(self.expression(table, expression)),
            },
            ..term.clone()
        };
        Index {
            name: index.name.clone(),
            unique: index.unique,
            terms: index.terms.iter().map(term).collect(),
            predicate: index.predicate.as_ref().map(|predicate| self.expression(table, predicate)),
        }
    }

    /// An expression that belongs to a table, with the new names of the table and its columns.
    fn expression(&self, table: &Name, expression: &Expression) -> Expression {
        let columns = self.columns.get(table);
        if columns.is_none() && !self.tables.contains_key(table) {
            return expression.clone();
        }
        let all: Vec<Token> = tokens(expression.as_str()).collect();
        let significant: Vec<usize> = (0..all.len()).filter(|&at| all[at].is_significant()).collect();
        let near = |place: usize, by: isize| {
            place.checked_add_signed(by).and_then(|place| significant.get(place)).map(|&at| &all[at])
        };
        let is = |token: Option<&Token>, mark: &str| token.is_some_and(|token| token.is_operator(mark));
        let mut texts: Vec<String> = all.iter().map(|token| token.text.to_owned()).collect();
        for (place, &at) in significant.iter().enumerate() {
            let Some(name) = name_of(&all[at]) else { continue };
            let (previous, next) = (near(place, -1), near(place, 1));
            let new = if is(next, "(") {
                None
            } else if is(next, ".") {
                (name == *table).then(|| self.table(table))
            } else {
                let is_ours =
                    !is(previous, ".") || near(place, -2).and_then(name_of).is_some_and(|name| name == *table);
                columns.and_then(|columns| columns.get(&name)).filter(|_| is_ours).cloned()
            };
            if let Some(new) = new {
                texts[at] = new.quoted();
            }
        }
        Expression::new(texts.concat())
    }

    /// The old and new names of what a view or a trigger uses: tables that it names, and columns of such tables where
    /// no other table that it names has a column of that old or new name.
    pub(super) fn pairs_in(&self, texts: [&str; 2], watched: Option<&Name>, before: &Schema, after: &Schema) -> Pairs {
        let mut pairs = Pairs::default();
        let words: BTreeSet<Name> =
            texts.into_iter().flat_map(significant_tokens).filter_map(|token| name_of(&token)).collect();
        let uses = |name: &Name| words.contains(name) || watched == Some(name);
        let has = |schema: &Schema, but: &Name, column: &Name| {
            let mut others = words.iter().chain(watched).filter(|name| *name != but);
            others.any(|name| schema.tables.get(name).is_some_and(|table| table.column(column).is_some()))
        };
        for (old, new) in &self.tables {
            if uses(old) || uses(new) {
                pairs.add(old, new);
            }
        }
        for (table, columns) in &self.columns {
            let new_table = self.table(table);
            if !uses(table) && !uses(&new_table) {
                continue;
            }
            for (old, new) in columns {
                if !has(before, table, old) && !has(after, &new_table, new) {
                    pairs.add(old, new);
                }
            }
        }
        pairs
    }
}

/// Old and new names that stand for each other in the body of a view or a trigger.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    both: BTreeSet<(String, String)>,
    old: BTreeSet<String>,
    new: BTreeSet<String>,
}

impl Pairs {
    fn add(&mut self, old: &Name, new: &Name) {
        self.both.insert((old.folded(), new.folded()));
        self.old.insert(old.folded());
        self.new.insert(new.folded());
    }

    /// Whether the second body is the first with every old name replaced; names given with AS stay.
    pub(super) fn same(&self, before: &[Meaning], after: &[Meaning]) -> bool {
        let is_given = |at: usize| at > 0 && before[at - 1] == Meaning::Keyword("AS".to_owned());
        before.len() == after.len()
            && before.iter().zip(after).enumerate().all(|(at, pair)| match pair {
                (Meaning::Name(old), Meaning::Name(new))
                    if !is_given(at) && (self.old.contains(old) || self.new.contains(new)) =>
                {
                    self.both.contains(&(old.clone(), new.clone()))
                }
                (before, after) => before == after,
            })
    }
}

/// The name that a token can stand for.
fn name_of(token: &Token) -> Option<Name> {
    let is_name = token.kind == TokenKind::QuotedName || token.kind == TokenKind::Word && !is_reserved(token.text);
    is_name.then(|| Name::new(token.unquoted()))
}
