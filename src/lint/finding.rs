//! What linting answers with.

use std::collections::BTreeMap;

use super::Rule;
use crate::model::Level;
use crate::report::Diagnostic;
use crate::revision::RevisionId;

/// Something that a rule has found and nobody has agreed to.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is: [`Level::Error`] or [`Level::Warn`].
    pub level: Level,
    /// What it is, where, and what to do. Its code is that of the rule.
    pub diagnostic: Diagnostic,
    /// The revision that it is about; none for the model.
    pub revision: Option<RevisionId>,
}

/// All that was found, and in what.
#[derive(Debug, Clone, Default)]
pub struct Linted {
    /// The findings: those of the model by their places, then those of the revisions in the order in which they run.
    pub findings: Vec<Finding>,
    /// How many findings were agreed to.
    pub allowed: usize,
    /// How many revisions were looked at.
    pub revisions: usize,
    /// How many tables of the model or of a database were looked at.
    pub tables: usize,
    /// Revisions that were not looked at because one before them fails.
    pub unreached: Vec<RevisionId>,
}

impl Linted {
    /// How many findings are that bad.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    /// The rules that have found something, each once, in the order of their codes.
    #[must_use]
    pub fn rules(&self) -> Vec<&'static Rule> {
        let by_code: BTreeMap<_, _> = self.findings.iter().map(|finding| (finding.rule.code, finding.rule)).collect();
        by_code.into_values().collect()
    }
}
