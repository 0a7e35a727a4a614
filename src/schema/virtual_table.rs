//! A virtual table.

use super::{Expression, Name};

/// A virtual table (<https://www.sqlite.org/lang_createvtab.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualTable {
    /// Its name.
    pub name: Name,
    /// The module, `fts5` for one.
    pub module: Name,
    /// The arguments as written; each module reads them its own way.
    pub arguments: Vec<Expression>,
}
