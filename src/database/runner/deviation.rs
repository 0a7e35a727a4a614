//! A schema that is not the one that was expected, and how the two differ where that can be told.

use std::sync::Arc;

use super::{Event, Runner, Step};
use crate::diff::{self, Change, ColumnOrder, Renames};
use crate::report::first_notes;
use crate::revision::RevisionId;
use crate::schema::Schema;
use crate::sql;

/// Gives the schema that these revisions make together, by the fingerprint that it should have, where it can be told.
/// Asked only where the one that is there has another.
pub type Recall<'a> = dyn Fn(&[RevisionId], &str) -> Option<Recalled> + 'a;

/// A schema that revisions make together.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    /// The schema.
    pub schema: Arc<Schema>,
    /// Whether it has the fingerprint that was expected; else it is what their scripts make now.
    pub is_expected: bool,
}

impl Recalled {
    /// A schema that revisions make, where this fingerprint was expected.
    #[must_use]
    pub fn new(schema: Schema, expected: &str) -> Recalled {
        Recalled { is_expected: sql::fingerprint(&schema) == expected, schema: Arc::new(schema) }
    }
}

/// How a schema differs from the one that was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// The fingerprint that was expected.
    pub expected: String,
    /// The fingerprint of the schema that is there.
    pub actual: String,
    /// What became of the one to make it the other, a sentence each; empty where the expected schema cannot be told.
    pub differences: Vec<String>,
}

/// How many differences are shown.
const SHOWN: usize = 10;

impl Deviation {
    /// The differences as notes, or the fingerprints where there is nothing better to show.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        if self.differences.is_empty() {
            return vec![format!("its fingerprint is {} instead of {}", self.actual, self.expected)];
        }
        first_notes(self.differences.iter().map(|line| format!("it differs: {line}")), SHOWN)
    }
}

/// What becomes of one schema to make it the other, a sentence each.
pub(super) fn sentences(before: &Schema, after: &Schema, order: ColumnOrder) -> Vec<String> {
    let changes = diff::diff(before, after, &Renames::default(), order);
    changes.iter().flat_map(Change::lines).map(|line| line.text).collect()
}

impl Runner<'_, '_> {
    /// How a schema differs from the one that a script promises to make.
    pub(super) fn deviation(&self, expected: String, (schema, actual): (&Schema, &str), step: &Step) -> Deviation {
        // What the same script makes once more says nothing of what it should.
        let recalled = self.recall(&expected, Some(step)).filter(|recalled| recalled.is_expected);
        let sentences = |recalled: Recalled| sentences(&recalled.schema, schema, self.options.column_order);
        let differences = recalled.map(sentences).unwrap_or_default();
        Deviation { expected, actual: actual.to_owned(), differences }
    }

    /// How a schema differs from the one that was expected before a step or after it; `None` where nothing but the
    /// fingerprint does, as where columns stand in another order.
    pub(super) fn drift(
        &mut self,
        expected: String,
        (schema, actual): (&Schema, &str),
        step: Option<&Step>,
        order: ColumnOrder,
    ) -> Option<Deviation> {
        let actual = actual.to_owned();
        if order == self.options.column_order
            && self.alike.as_ref().is_some_and(|(wanted, found)| *wanted == expected && *found == actual)
        {
            return None;
        }
        let recalled = self.recall(&expected, step);
        let sentences = |recalled: Recalled| sentences(&recalled.schema, schema, order);
        match recalled.map(sentences) {
            Some(differences) if differences.is_empty() => {
                self.alike = Some((expected, actual));
                None
            }
            differences => Some(Deviation { expected, actual, differences: differences.unwrap_or_default() }),
        }
    }

    /// The schema that the revisions make, before a step or after it.
    pub(super) fn recall(&self, expected: &str, step: Option<&Step>) -> Option<Recalled> {
        let applied = self.applied.iter().flatten().map(|row| row.revision.clone());
        let revisions: Vec<RevisionId> = match step {
            Some(step) if step.op == super::Op::Downgrade => applied.filter(|id| *id != step.revision).collect(),
            Some(step) => applied.chain([step.revision.clone()]).collect(),
            None => applied.collect(),
        };
        (self.options.recall)(&revisions, expected)
    }

    /// Tells of drift, once.
    pub(super) fn tell_drift(&mut self, step: &Step, after: bool, expected: String, actual: (&Schema, &str)) {
        if self.told_drift {
            return;
        }
        if let Some(deviation) = self.drift(expected, actual, after.then_some(step), self.options.column_order) {
            self.told_drift = true;
            (self.observer)(Event::Drifted { step, after, deviation });
        }
    }
}
