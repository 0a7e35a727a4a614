//! An index on a table.

use super::{Expression, Name};

/// An index made by CREATE INDEX (<https://www.sqlite.org/lang_createindex.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name, unique in the database.
    pub name: Name,
    /// `UNIQUE`
    pub unique: bool,
    /// What it sorts by, in order.
    pub terms: Vec<IndexTerm>,
    /// `WHERE …` of a partial index, without outer parentheses.
    pub predicate: Option<Expression>,
}

/// One indexed column or expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexTerm {
    /// What is indexed.
    pub key: IndexKey,
    /// `COLLATE …`
    pub collate: Option<Name>,
    /// `DESC`
    pub descending: bool,
}

/// What an index term holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexKey {
    /// A column.
    Column(Name),
    /// An expression, without outer parentheses.
    Expression(Expression),
}
