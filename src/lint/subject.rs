//! A schema as rules look at it, with the questions that several of them ask.

use crate::database::check;
use crate::schema::{Affinity, Column, ForeignKey, IndexKey, Name, Schema, Table, TypeName};

/// A schema, and what SQLite says against it.
pub(super) struct Subject<'a> {
    pub schema: &'a Schema,
    pub problems: &'a [check::Finding],
}

/// A column of a foreign key beside the column of the parent that it refers to.
pub(super) struct Reference<'a> {
    pub child: &'a Column,
    pub parent: &'a Column,
}

impl<'a> Subject<'a> {
    pub fn tables(&self) -> impl Iterator<Item = &'a Table> + use<'a> {
        self.schema.tables.values()
    }

    /// All foreign keys with the tables that they belong to.
    pub fn foreign_keys(&self) -> impl Iterator<Item = (&'a Table, &'a ForeignKey)> + use<'a> {
        self.tables().flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)))
    }

    /// The columns of a foreign key with those that they refer to; none where the parent does not have them.
    pub fn references(&self, child: &'a Table, key: &'a ForeignKey) -> Option<Vec<Reference<'a>>> {
        let parent = self.schema.tables.get(&key.parent)?;
        let wanted: Vec<&Name> = if key.parent_columns.is_empty() {
            parent.primary_key.as_ref()?.columns.iter().map(|column| &column.name).collect()
        } else {
            key.parent_columns.iter().collect()
        };
        if wanted.len() != key.columns.len() {
            return None;
        }
        let pairs = key.columns.iter().zip(wanted);
        pairs.map(|(own, other)| Some(Reference { child: child.column(own)?, parent: parent.column(other)? })).collect()
    }
}

/// What sorts the rows of a table: an index, or a constraint that makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sorting<'a> {
    /// Its columns in order, each with its collation and whether it descends; expressions as their text.
    pub terms: Vec<(String, Name, bool)>,
    pub is_unique: bool,
    /// `index x`, `the primary key`, `a UNIQUE constraint`.
    pub what: String,
    pub index: Option<&'a crate::schema::Index>,
}

/// All that sorts the rows of a table.
pub(super) fn sortings(table: &Table) -> Vec<Sorting<'_>> {
    let mut all = Vec::new();
    let key_terms = |columns: &[crate::schema::KeyColumn]| {
        let term = |key: &crate::schema::KeyColumn| {
            let collation = key.collate.clone().unwrap_or_else(|| collation_of(table, &key.name));
            (key.name.folded(), collation, key.descending)
        };
        columns.iter().map(term).collect::<Vec<_>>()
    };
    if let Some(key) = &table.primary_key {
        let what = "the primary key".to_owned();
        all.push(Sorting { terms: key_terms(&key.columns), is_unique: true, what, index: None });
    }
    for unique in &table.uniques {
        let what = "a UNIQUE constraint".to_owned();
        all.push(Sorting { terms: key_terms(&unique.columns), is_unique: true, what, index: None });
    }
    for index in table.indexes.values() {
        let term = |term: &crate::schema::IndexTerm| match &term.key {
            IndexKey::Column(name) => {
                let collation = term.collate.clone().unwrap_or_else(|| collation_of(table, name));
                (name.folded(), collation, term.descending)
            }
            IndexKey::Expression(expression) => {
                let collation = term.collate.clone().unwrap_or_else(|| Name::from("BINARY"));
                (format!("({})", expression.normal()), collation, term.descending)
            }
        };
        let what = format!("the index `{}`", index.name);
        let terms = index.terms.iter().map(term).collect();
        all.push(Sorting { terms, is_unique: index.unique, what, index: Some(index) });
    }
    all
}

/// The collation of a column (<https://www.sqlite.org/datatype3.html#collation>).
pub(super) fn collation_of(table: &Table, column: &Name) -> Name {
    table.column(column).map_or_else(|| Name::from("BINARY"), collation)
}

/// The collation that a column declares, or `BINARY`.
pub(super) fn collation(column: &Column) -> Name {
    column.collate.clone().unwrap_or_else(|| Name::from("BINARY"))
}

/// The affinity of a column (<https://www.sqlite.org/datatype3.html#determination_of_column_affinity>).
pub(super) fn affinity(column: &Column) -> Affinity {
    column.type_name.as_ref().map_or(Affinity::Blob, TypeName::affinity)
}

/// The word for an affinity.
pub(super) fn affinity_word(affinity: Affinity) -> &'static str {
    match affinity {
        Affinity::Text => "TEXT",
        Affinity::Numeric => "NUMERIC",
        Affinity::Integer => "INTEGER",
        Affinity::Real => "REAL",
        Affinity::Blob => "BLOB",
    }
}

/// The bare words of a declared type, in upper case.
pub(super) fn type_words(column: &Column) -> Vec<String> {
    let Some(type_name) = &column.type_name else { return Vec::new() };
    crate::token::significant_tokens(type_name.as_str())
        .take_while(|token| !token.is_operator("("))
        .map(|token| token.unquoted().to_ascii_uppercase())
        .flat_map(|words| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}
