//! When has an index changed?

use super::column::collation;
use super::scope::Scope;
use crate::schema::{Expression, Index, IndexKey, IndexTerm, Name, Table};
use crate::token::{Token, TokenKind, significant_tokens};

/// Whether two indexes mean the same, apart from their names. The index and the table before must read as if renames
/// had been applied.
pub(super) fn same(before: (&Table, &Index), after: (&Table, &Index), scope: &Scope) -> bool {
    let Index { name: _, unique, terms, predicate } = before.1;
    *unique == after.1.unique
        && terms.len() == after.1.terms.len()
        && terms.iter().zip(&after.1.terms).all(|(old, new)| same_term((before.0, old), (after.0, new), scope))
        && scope.same_option(predicate.as_ref(), after.1.predicate.as_ref())
}

fn same_term(before: (&Table, &IndexTerm), after: (&Table, &IndexTerm), scope: &Scope) -> bool {
    if before.1.descending != after.1.descending {
        return false;
    }
    match (IndexedColumn::of(before.0, before.1), IndexedColumn::of(after.0, after.1)) {
        (Some(old), Some(new)) => {
            old.name == new.name
                && (old.collate.is_none() && new.collate.is_none() || old.collation() == new.collation())
        }
        (None, None) => {
            collation(before.1.collate.as_ref()) == collation(after.1.collate.as_ref())
                && scope.same(&expression(&before.1.key), &expression(&after.1.key))
        }
        _ => false,
    }
}

/// A term that is a column, however it is written: `a`, `("a")`, `(a COLLATE nocase)`.
struct IndexedColumn<'a> {
    table: &'a Table,
    name: Name,
    /// The collation that the term itself asks for.
    collate: Option<Name>,
}

impl<'a> IndexedColumn<'a> {
    fn of(table: &'a Table, term: &IndexTerm) -> Option<IndexedColumn<'a>> {
        let (name, inner) = match &term.key {
            IndexKey::Column(name) => (name.clone(), None),
            IndexKey::Expression(expression) => column_of(expression)?,
        };
        table.column(&name)?;
        Some(IndexedColumn { table, name, collate: term.collate.clone().or(inner) })
    }

    /// The collation in effect: the term's own, or else the column's.
    fn collation(&self) -> Name {
        let own = || self.table.column(&self.name).and_then(|column| column.collate.as_ref());
        collation(self.collate.as_ref().or_else(own))
    }
}

/// The name and the collation of an expression that is no more than that.
fn column_of(expression: &Expression) -> Option<(Name, Option<Name>)> {
    let tokens: Vec<Token> = significant_tokens(expression.as_str()).collect();
    let name = |token: &Token| {
        matches!(token.kind, TokenKind::Word | TokenKind::QuotedName).then(|| Name::new(token.unquoted()))
    };
    match tokens.as_slice() {
        [column] => Some((name(column)?, None)),
        [column, word, collate] if word.is_word("COLLATE") => Some((name(column)?, Some(name(collate)?))),
        _ => None,
    }
}

fn expression(key: &IndexKey) -> Expression {
    match key {
        IndexKey::Column(name) => Expression::new(name.quoted()),
        IndexKey::Expression(expression) => expression.clone(),
    }
}
