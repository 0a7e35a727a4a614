//! When do the bodies of two views or triggers say the same?

use std::cell::OnceCell;

use super::rewrite::NewNames;
use super::scope::Scope;
use crate::schema::{Expression, Name, Schema};

/// What bodies are compared in: the two schemas and the renames between them.
pub(super) struct Bodies<'a> {
    before: &'a Schema,
    after: &'a Schema,
    names: &'a NewNames,
    /// Made when two bodies first differ in their text.
    scope: OnceCell<Scope<'static>>,
}

impl<'a> Bodies<'a> {
    pub(super) fn new(before: &'a Schema, after: &'a Schema, names: &'a NewNames) -> Bodies<'a> {
        Bodies { before, after, names, scope: OnceCell::new() }
    }

    pub(super) fn names(&self) -> &NewNames {
        self.names
    }

    /// Whether two bodies say the same once renames have been applied; `watched` is the table that a trigger is on.
    pub(super) fn same(&self, before: &Expression, after: &Expression, watched: Option<&Name>) -> bool {
        let (old, new) = (before.as_str(), after.as_str());
        if old == new && self.names.is_empty() {
            return true;
        }
        let outer = self.scope.get_or_init(|| Scope::of_schemas(self.before, self.after));
        let scope = Scope::with_names_in(outer, old, new);
        let pairs = self.names.pairs_in([old, new], watched, self.before, self.after);
        pairs.same(&scope.meanings(old), &scope.meanings(new))
    }
}
