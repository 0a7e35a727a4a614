//! What is asked of the rows of a server before a script and after it, inside its transaction, and what may not differ.

use std::collections::BTreeMap;

use super::hrana::{Batch, Results};
use crate::database::runner::{Damage, Intended, reach};
use crate::schema::{Name, Schema};
use crate::token::quote_string;

/// What is counted, and whose references are checked.
pub(super) struct Evidence {
    /// Tables whose rows are counted, and what they are called afterwards.
    counted: Vec<(Name, Name)>,
    /// Children before and after; one that is new has no number before.
    checked: Vec<(Name, bool)>,
    /// Children that are not there afterwards under their name: what was wrong with them may be found under another.
    gone: Vec<Name>,
}

/// Where the answers stand in a batch.
#[derive(Default)]
pub(super) struct Asked {
    counts: BTreeMap<Name, usize>,
    violations: BTreeMap<Name, usize>,
    parents: BTreeMap<Name, usize>,
}

impl Evidence {
    /// What a script that leads from one schema to the other can do harm to.
    pub(super) fn of(before: &Schema, after: &Schema, script: &str, intended: &Intended) -> Evidence {
        let reached = reach(before, script);
        let there = reached.iter().filter(|table| before.tables.contains_key(*table));
        let counted = there
            .filter_map(|table| intended.keeps_rows_of(table, before, after).map(|now| (table.clone(), now)))
            .collect();
        let children = after.tables.values().filter(|table| !table.foreign_keys.is_empty());
        let checked = children
            .map(|table| (table.name.clone(), before.tables.contains_key(&table.name)))
            .filter(|(table, was_there)| !was_there || reached.contains(table))
            .collect();
        let children = before.tables.values().filter(|table| !table.foreign_keys.is_empty());
        let is_gone = |table: &Name| !after.tables.contains_key(table);
        let gone = children.map(|table| table.name.clone()).filter(is_gone).collect();
        Evidence { counted, checked, gone }
    }

    /// Asks before the script.
    pub(super) fn ask_before(&self, batch: &mut Batch) -> Asked {
        let mut asked = Asked::default();
        for (table, _) in &self.counted {
            asked.counts.insert(table.clone(), batch.then(count(table)));
        }
        let were_there = self.checked.iter().filter(|(_, was_there)| *was_there).map(|(table, _)| table);
        for table in were_there.chain(&self.gone) {
            asked.violations.insert(table.clone(), batch.aside(violations(table)));
        }
        asked
    }

    /// Asks after it.
    pub(super) fn ask_after(&self, batch: &mut Batch) -> Asked {
        let mut asked = Asked::default();
        for (table, now) in &self.counted {
            asked.counts.insert(table.clone(), batch.then(count(now)));
        }
        for (table, _) in &self.checked {
            asked.violations.insert(table.clone(), batch.aside(violations(table)));
            asked.parents.insert(table.clone(), batch.aside(parents(table)));
        }
        asked
    }

    /// The first damage that the answers tell of.
    pub(super) fn damage(&self, before: &Asked, after: &Asked, results: &Results) -> Option<Damage> {
        let number = |asked: Option<&usize>| asked.and_then(|at| results.answer(*at).integer());
        for (table, _) in &self.counted {
            let (was, is) = (number(before.counts.get(table)), number(after.counts.get(table)));
            if let (Some(was), Some(is)) = (was, is)
                && is < was
            {
                return Some(Damage::RowsLost { table: table.clone(), before: was, after: is });
            }
        }
        let mut pardoned: i64 = self.gone.iter().filter_map(|table| number(before.violations.get(table))).sum();
        for (table, was_there) in &self.checked {
            let is = number(after.violations.get(table));
            let was = if *was_there {
                number(before.violations.get(table))
            } else {
                let pardon = pardoned.min(is.unwrap_or_default());
                pardoned -= pardon;
                Some(pardon)
            };
            match (was, is) {
                (Some(_), None) if *was_there => {
                    let message = format!("the foreign keys of `{table}` cannot be checked any more");
                    return Some(Damage::Mismatch { message });
                }
                (was, Some(is)) if is > was.unwrap_or_default() => {
                    let parents = after.parents.get(table).map(|at| results.answer(*at)).unwrap_or_default();
                    let parents = parents.rows.iter().flatten().map(|name| match name {
                        super::Value::Text(text) => text.clone(),
                        other => other.to_string(),
                    });
                    let rows = usize::try_from(is - was.unwrap_or_default()).unwrap_or_default();
                    return Some(Damage::Dangling { child: table.clone(), rows, parents: parents.collect() });
                }
                _ => {}
            }
        }
        None
    }
}

fn count(table: &Name) -> String {
    format!("SELECT count(*) FROM {}", table.quoted())
}

/// One table at a time: over all of them SQLite stops at the first foreign key that it cannot check
/// (<https://www.sqlite.org/pragma.html#pragma_foreign_key_check>).
fn violations(table: &Name) -> String {
    format!("SELECT count(*) FROM pragma_foreign_key_check({})", quote_string(table.as_str()))
}

fn parents(table: &Name) -> String {
    format!("SELECT DISTINCT \"parent\" FROM pragma_foreign_key_check({})", quote_string(table.as_str()))
}
