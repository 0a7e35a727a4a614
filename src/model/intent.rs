//! What a model says about the way from an older schema: renames, row work, comments.
//!
//! Intent goes quiet once it has been carried out: a `renamed_from` whose old name is gone, a `backfill` of a column
//! that is there already.

use indexmap::IndexMap;

use crate::report::Place;
use crate::schema::{Expression, Name, ObjectRef};

/// All that a model says beside the schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intent {
    /// Who was called what before.
    pub renames: Renames,
    /// Fills existing rows when a column, by table and column, is added or tightened.
    pub backfills: IndexMap<(Name, Name), Expression>,
    /// Converts the old value when the type of a column, by table and column, changes.
    pub conversions: IndexMap<(Name, Name), Expression>,
    /// Comments on tables and, with a column, on columns.
    pub comments: IndexMap<(Name, Option<Name>), String>,
}

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

/// A finding of `lint` that is agreed to: `allow = { SC101 = "rows of the parent are never deleted" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The object that it is about.
    pub object: ObjectRef,
    /// The code of the rule, as written.
    pub code: String,
    /// Why.
    pub reason: String,
    /// Where the code stands.
    pub place: Place,
}
