//! What a model says about the way from an older schema: renames, row work, comments.
//!
//! Intent goes quiet once it has been carried out: a `renamed_from` whose old name is gone, a `backfill` of a column
//! that is there already.

use indexmap::IndexMap;

use crate::diff::Renames;
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

/// The line that makes something a rename, where the model describes it: `renamed_from = "mail"`.
#[must_use]
pub fn renamed_from(old: &Name) -> String {
    format!("renamed_from = {}", toml::Value::from(old.as_str()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_quoted_as_toml_wants_it() {
        assert_eq!(renamed_from(&Name::from("mail")), "renamed_from = \"mail\"");
        assert_eq!(renamed_from(&Name::from("i\"1")), "renamed_from = 'i\"1'");
    }
}
