//! A schema that is not the one that was expected, and how the two differ where that can be told.

use super::{Event, Runner, Step};
use crate::diff::{self, Change, ColumnOrder, Renames};
use crate::revision::RevisionId;
use crate::schema::Schema;

/// Gives the schema of a fingerprint that these revisions should have made together, where it can be told. Asked only
/// for what is to be shown.
pub type Recall<'a> = dyn Fn(&[RevisionId], &str) -> Option<Schema> + 'a;

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
        let mut notes: Vec<String> =
            self.differences.iter().take(SHOWN).map(|line| format!("it differs: {line}")).collect();
        if self.differences.len() > SHOWN {
            notes.push(format!("and in {} more ways", self.differences.len() - SHOWN));
        }
        notes
    }
}

/// What becomes of one schema to make it the other, a sentence each.
pub(super) fn sentences(before: &Schema, after: &Schema) -> Vec<String> {
    let changes = diff::diff(before, after, &Renames::default(), ColumnOrder::Loose);
    changes.iter().flat_map(Change::lines).map(|line| line.text).collect()
}

impl Runner<'_, '_> {
    /// How a schema differs from the one that was expected before a step or after it.
    pub(super) fn deviation(
        &self,
        expected: String,
        (schema, actual): (&Schema, &str),
        step: Option<&Step>,
    ) -> Deviation {
        let applied = self.applied.iter().flatten().map(|row| row.revision.clone());
        let revisions: Vec<RevisionId> = match step {
            Some(step) if step.op == super::Op::Downgrade => applied.filter(|id| *id != step.revision).collect(),
            Some(step) => applied.chain([step.revision.clone()]).collect(),
            None => applied.collect(),
        };
        let recalled = (self.options.recall)(&revisions, &expected);
        let differences = recalled.map(|expected| sentences(&expected, schema)).unwrap_or_default();
        Deviation { expected, actual: actual.to_owned(), differences }
    }

    /// Tells of drift, once.
    pub(super) fn tell_drift(&mut self, step: &Step, after: bool, expected: String, actual: (&Schema, &str)) {
        if !std::mem::replace(&mut self.told_drift, true) {
            let deviation = self.deviation(expected, actual, after.then_some(step));
            (self.observer)(Event::Drifted { step, after, deviation });
        }
    }
}
