//! What a run over a fleet came to, counted on the way: as large for a million databases as for ten.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::cause::Cause;
use super::look::Look;
use super::record::{Outcome, Record};
use crate::report::Diagnostic;
use crate::revision::RevisionId;

/// How many databases of a kind are named; the report has all of them.
const NAMED: usize = 5;

/// Counts of what came to pass.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many databases there are.
    pub total: usize,
    /// By outcome.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// What failed, by its class.
    pub failures: BTreeMap<Cause, Group>,
    /// Where databases stand, as far as that is known.
    pub places: BTreeMap<Vec<RevisionId>, usize>,
    /// What was found where databases were only looked at: the same for all of a group.
    pub looks: BTreeMap<String, (Arc<Look>, Group)>,
    /// How long databases took, all together.
    pub work: Duration,
    /// How many copies were made.
    pub backups: usize,
}

/// Databases of one kind: how many, and some by name.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// How many.
    pub number: usize,
    /// The first of them by their paths, and what was said about each.
    pub examples: BTreeMap<PathBuf, Option<Diagnostic>>,
}

impl Group {
    /// What was said about the first.
    #[must_use]
    pub fn said(&self) -> Option<&Diagnostic> {
        self.examples.values().find_map(Option::as_ref)
    }

    fn add(&mut self, record: &Record) {
        self.number += 1;
        let is_early = self.examples.last_key_value().is_some_and(|(last, _)| record.path < *last);
        if self.examples.len() < NAMED || is_early {
            let said = record.trouble.as_ref().map(|trouble| trouble.diagnostic.clone());
            self.examples.insert(record.path.clone(), said);
            // In whichever order they come, the same ones are named.
            while self.examples.len() > NAMED {
                self.examples.pop_last();
            }
        }
    }
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, record: &Record) {
        self.total += 1;
        *self.outcomes.entry(record.outcome).or_default() += 1;
        self.work += record.duration;
        self.backups += usize::from(record.backup.is_some());
        if let Some(to) = &record.to {
            *self.places.entry(to.clone()).or_default() += 1;
        }
        if let Some(look) = &record.look {
            let (_, group) =
                self.looks.entry(look.key().to_owned()).or_insert_with(|| (Arc::clone(look), Group::default()));
            group.add(record);
        }
        if let (Outcome::Failed, Some(trouble)) = (record.outcome, &record.trouble) {
            self.failures.entry(trouble.cause).or_default().add(record);
        }
    }

    /// How many came to this outcome.
    #[must_use]
    pub fn number(&self, outcome: Outcome) -> usize {
        self.outcomes.get(&outcome).copied().unwrap_or_default()
    }

    /// How many failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.number(Outcome::Failed)
    }

    /// The last line of the report.
    #[must_use]
    pub fn json(&self) -> Value {
        let outcomes: BTreeMap<&str, usize> =
            self.outcomes.iter().map(|(outcome, number)| (outcome.as_str(), *number)).collect();
        let failures: BTreeMap<&str, usize> =
            self.failures.iter().map(|(cause, group)| (cause.as_str(), group.number)).collect();
        let mut groups: Vec<(&Vec<RevisionId>, &usize)> = self.places.iter().collect();
        groups.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
        let place = |(heads, number): (&Vec<RevisionId>, &usize)| json!({ "heads": heads.iter().map(RevisionId::as_str).collect::<Vec<_>>(), "databases": number });
        let mut summary = json!({
            "databases": self.total,
            "outcomes": outcomes,
            "failures": failures,
            "places": groups.into_iter().map(place).collect::<Vec<_>>(),
        });
        if !self.looks.is_empty() {
            let group = |(look, group): &(Arc<Look>, Group)| {
                let mut value = look.json();
                value["databases"] = group.number.into();
                value["examples"] = group.examples.keys().map(|path| path.to_string_lossy()).collect();
                value
            };
            summary["groups"] = self.looks.values().map(group).collect();
        }
        json!({ "version": 1, "summary": summary })
    }
}
