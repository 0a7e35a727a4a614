//! What is applied to a database, as its version table says.

use std::collections::BTreeSet;

use super::id::RevisionId;

/// The revisions that are applied to a database: a row of the version table for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied(BTreeSet<RevisionId>);

impl Applied {
    /// Whether a revision is applied.
    #[must_use]
    pub fn contains(&self, id: &RevisionId) -> bool {
        self.0.contains(id)
    }

    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The revisions, ordered by identifier.
    pub fn iter(&self) -> impl Iterator<Item = &RevisionId> {
        self.0.iter()
    }

    /// Records a revision.
    pub fn insert(&mut self, id: RevisionId) {
        self.0.insert(id);
    }

    /// Forgets a revision.
    pub fn remove(&mut self, id: &RevisionId) {
        self.0.remove(id);
    }
}

impl FromIterator<RevisionId> for Applied {
    fn from_iter<I: IntoIterator<Item = RevisionId>>(ids: I) -> Applied {
        Applied(ids.into_iter().collect())
    }
}
