//! A view.

use super::{Expression, Name};

/// A view (<https://www.sqlite.org/lang_createview.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// The column list; empty where none is written.
    pub columns: Vec<Name>,
    /// The SELECT, as written: spacing decides the names of columns without an alias.
    pub select: Expression,
}
