//! The numbers under which other tools know revisions: the time of each, so that files sort as revisions run.
//!
//! A number depends on the revision and those that it needs, hardly on others: what was exported once keeps its name
//! when more revisions come, also on branches that are older.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use chrono::{DateTime, Utc};

use crate::revision::{Graph, Revision, RevisionId};

/// The number of a revision: a second, which no other revision has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(i64);

impl Number {
    /// The number as most tools write it: `20261122193712`.
    #[must_use]
    pub fn digits(self) -> String {
        self.time().format("%Y%m%d%H%M%S").to_string()
    }

    /// The number as diesel writes it in names of folders: `2026-11-22-193712-0000`.
    #[must_use]
    pub fn dashed(self) -> String {
        self.time().format("%Y-%m-%d-%H%M%S-0000").to_string()
    }

    fn time(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default()
    }
}

/// The numbers of all revisions that have a script.
///
/// The number of a revision is the time of its header, or the next free second after those of all that it needs where
/// that is later. A revision that stands for others has the number of the last of them: where that ran, this one need
/// not run.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    numbers: BTreeMap<RevisionId, Number>,
}

impl Numbers {
    /// Numbers the revisions of a graph, also those that others replace.
    #[must_use]
    pub fn of(graph: &Graph) -> Numbers {
        let scripts: BTreeMap<&RevisionId, &Revision> =
            graph.all_scripts().map(|script| (&script.revision.id, &script.revision)).collect();
        let mut waits: BTreeMap<&RevisionId, BTreeSet<&RevisionId>> =
            scripts.iter().map(|(id, revision)| (*id, needs(revision, &scripts))).collect();
        let mut waiting_for: BTreeMap<&RevisionId, Vec<&RevisionId>> = BTreeMap::new();
        for (id, needs) in &waits {
            for need in needs {
                waiting_for.entry(need).or_default().push(id);
            }
        }
        let key = |id: &RevisionId| Reverse((scripts[id].created, id.clone()));
        let mut ready: BinaryHeap<_> =
            waits.iter().filter(|(_, needs)| needs.is_empty()).map(|(id, _)| key(id)).collect();
        let mut taken = BTreeSet::new();
        let mut numbers: BTreeMap<RevisionId, Number> = BTreeMap::new();
        while let Some(Reverse((created, id))) = ready.pop() {
            let revision = scripts[&id];
            let replaced = revision.replaces.iter().filter_map(|id| numbers.get(id)).max().copied();
            let number = replaced.unwrap_or_else(|| {
                let after = needs(revision, &scripts).into_iter().filter_map(|need| numbers.get(need)).max();
                let own = created.map_or(0, |created| created.timestamp());
                let mut second = after.map_or(own, |Number(after)| own.max(after + 1));
                while taken.contains(&Number(second)) {
                    second += 1;
                }
                Number(second)
            });
            taken.insert(number);
            for next in waiting_for.get(&id).into_iter().flatten() {
                let is_ready = waits.get_mut(*next).is_some_and(|left| left.remove(&id) && left.is_empty());
                if is_ready {
                    ready.push(key(next));
                }
            }
            numbers.insert(id, number);
        }
        Numbers { numbers }
    }

    /// The number of a revision; none where it has no script, or stands in a circle.
    #[must_use]
    pub fn get(&self, id: &RevisionId) -> Option<Number> {
        self.numbers.get(id).copied()
    }
}

/// The scripts that a revision comes after.
fn needs<'a>(revision: &Revision, scripts: &BTreeMap<&'a RevisionId, &'a Revision>) -> BTreeSet<&'a RevisionId> {
    let by_id = |id: &RevisionId| {
        let own = scripts.get_key_value(id).map(|(id, _)| *id);
        own.or_else(|| scripts.values().find(|other| other.replaces.contains(id)).map(|other| &other.id))
    };
    let by_word = |word: &String| {
        let is_meant = |other: &&&Revision| other.id.as_str().starts_with(word.as_str()) || other.labels.contains(word);
        scripts.values().find(is_meant).map(|other| &other.id)
    };
    let parents = revision.parents.iter().chain(&revision.replaces).filter_map(by_id);
    parents.chain(revision.depends_on.iter().filter_map(by_word)).filter(|id| **id != revision.id).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::revision::{Script, Scripts};

    /// Numbers of revisions said as `id parents time`, with more lines of the head after a bar.
    fn numbers(lines: &[&str]) -> Vec<String> {
        let script = |line: &&str| {
            let mut words = line.split(' ');
            let (id, parents, time) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            let more = words
                .map(|word| word.replacen(':', ": ", 1))
                .fold(String::new(), |all, word| all + "-- " + &word + "\n");
            let created = if time == "-" { String::new() } else { format!("-- created: 2026-11-22T{time}Z\n") };
            let text = format!("-- revision: {id}\n-- parents: {parents}\n{created}{more}-- migrate:up\nSELECT 1;\n");
            Arc::new(Script::read(format!("{id}.sql"), &text).unwrap())
        };
        let graph = Graph::new(Scripts { scripts: lines.iter().map(script).collect(), problems: Vec::new() });
        let numbers = Numbers::of(&graph);
        lines
            .iter()
            .map(|line| {
                let id = RevisionId::new(line.split(' ').next().unwrap()).unwrap();
                numbers.get(&id).unwrap().digits()
            })
            .collect()
    }

    #[test]
    fn a_number_is_the_time_of_a_revision() {
        assert_eq!(numbers(&["a none 10:00:00", "b a 11:00:00"]), ["20261122100000", "20261122110000"]);
        let number = Number(1_795_376_232);
        assert_eq!((number.digits().as_str(), number.dashed().as_str()), ("20261122193712", "2026-11-22-193712-0000"));
    }

    #[test]
    fn revisions_of_one_second_and_clocks_that_go_back_give_numbers_in_the_order_of_the_chain() {
        assert_eq!(
            numbers(&["z none 10:00:00", "a z 10:00:00", "b a 09:00:00", "c b -"]),
            ["20261122100000", "20261122100001", "20261122100002", "20261122100003"]
        );
        assert_eq!(numbers(&["b none -", "a b -"]), ["19700101000000", "19700101000001"]);
    }

    #[test]
    fn a_branch_that_comes_later_leaves_the_numbers_that_were_given() {
        let before = numbers(&["a none 10:00:00", "c a 12:00:00"]);
        let after = numbers(&["a none 10:00:00", "c a 12:00:00", "b a 11:00:00", "m b,c 13:00:00"]);
        assert_eq!(before, after[..2]);
        assert_eq!(after[2..], ["20261122110000", "20261122130000"]);
    }

    #[test]
    fn what_a_revision_depends_on_comes_before_it() {
        let told = numbers(&[
            "a none 12:00:00 labels:core",
            "b none 10:00:00 depends_on:core",
            "c none 09:00:00 depends_on:b",
        ]);
        assert_eq!(told, ["20261122120000", "20261122120001", "20261122120002"]);
    }

    #[test]
    fn a_squashed_stretch_has_the_number_of_its_last_revision() {
        let told = numbers(&["a none 10:00:00", "b a 11:00:00", "c b 12:00:00", "s none 15:00:00 replaces:a,b"]);
        assert_eq!(told, ["20261122100000", "20261122110000", "20261122120000", "20261122110000"]);
        assert_eq!(numbers(&["c b 12:00:00", "s none 11:30:00 replaces:a,b"]), ["20261122120000", "20261122113000"]);
    }
}
