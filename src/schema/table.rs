//! A table with its columns, constraints and indexes.

use indexmap::IndexMap;

use super::constraint::{Check, ForeignKey, PrimaryKey, Unique};
use super::{Column, Index, Name};

/// An ordinary table (<https://www.sqlite.org/lang_createtable.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its columns in their order.
    pub columns: Vec<Column>,
    /// `PRIMARY KEY`
    pub primary_key: Option<PrimaryKey>,
    /// All UNIQUE constraints.
    pub uniques: Vec<Unique>,
    /// All CHECK constraints.
    pub checks: Vec<Check>,
    /// All foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// `WITHOUT ROWID`
    pub without_rowid: bool,
    /// `STRICT`
    pub strict: bool,
    /// Its indexes, but for those that constraints make.
    pub indexes: IndexMap<Name, Index>,
}

impl Table {
    /// A table with nothing in it yet.
    pub fn new(name: impl Into<String>) -> Table {
        Table {
            name: Name::new(name),
            columns: Vec::new(),
            primary_key: None,
            uniques: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            without_rowid: false,
            strict: false,
            indexes: IndexMap::new(),
        }
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &Name) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }

    /// Whether that column is part of the primary key.
    #[must_use]
    pub fn is_in_primary_key(&self, name: &Name) -> bool {
        self.primary_key.as_ref().is_some_and(|key| key.columns.iter().any(|column| column.name == *name))
    }

    /// The column that is the rowid under another name: the only key column, declared exactly INTEGER, and not
    /// `INTEGER PRIMARY KEY DESC` written with the column (<https://www.sqlite.org/lang_createtable.html#rowid>).
    #[must_use]
    pub fn rowid_alias(&self) -> Option<&Column> {
        let key = self.primary_key.as_ref()?;
        let [only] = key.columns.as_slice() else { return None };
        if self.without_rowid || only.descending && key.inline {
            return None;
        }
        self.column(&only.name).filter(|column| column.type_name.as_ref().is_some_and(super::TypeName::is_integer))
    }

    /// Whether the primary key alone forbids NULL in a column: always without a rowid, and in STRICT tables unless
    /// the column is the rowid (<https://www.sqlite.org/withoutrowid.html>, <https://www.sqlite.org/stricttables.html>).
    #[must_use]
    pub fn is_not_null_by_key(&self, column: &Column) -> bool {
        let is_rowid = || self.rowid_alias().is_some_and(|alias| alias.name == column.name);
        self.is_in_primary_key(&column.name) && (self.without_rowid || self.strict && !is_rowid())
    }

    /// A name by which SQL can read the rowid of a table that keeps one: one of `rowid`, `_rowid_`, `oid` that no
    /// column takes.
    #[must_use]
    pub fn rowid_name(&self) -> Option<&'static str> {
        if self.without_rowid {
            return None;
        }
        ["rowid", "_rowid_", "oid"].into_iter().find(|name| self.column(&Name::from(*name)).is_none())
    }
}
