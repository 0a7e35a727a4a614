//! What revisions make, for the questions of one run or of one after the other: each schema is made from the one that was
//! asked for before it, by the scripts that lie between, so that many steps replay their chain once.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::filter::Filter;
use super::introspect;
use super::runner::Recalled;
use super::scratch::Scratch;
use crate::revision::{Applied, Graph, RevisionId};

/// Gives a scratch database on which the first of these revisions have run, and how many, where there is a quicker way
/// than to run them.
pub type Opening = fn(&Graph, &[&RevisionId]) -> Option<(Scratch, usize)>;

/// The schemas that revisions make, as far as they were asked for; threads that ask for the same wait for one answer.
#[derive(Debug)]
pub struct Recollection {
    filter: Filter,
    opening: Opening,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    place: Option<Place>,
    /// The last one first.
    answers: VecDeque<Answer>,
}

#[derive(Debug)]
struct Answer {
    revisions: Vec<RevisionId>,
    expected: String,
    recalled: Option<Recalled>,
}

/// How many answers are remembered: databases that walk side by side are a few steps apart.
const REMEMBERED: usize = 16;

impl Recollection {
    /// Nothing asked for so far; schemas are to be read through a filter.
    #[must_use]
    pub fn new(filter: Filter, opening: Opening) -> Recollection {
        Recollection { filter, opening, memory: Mutex::default() }
    }

    /// The schema that these revisions make together, where this fingerprint is expected; `None` where a script is missing
    /// or fails.
    #[must_use]
    pub fn recall(&self, graph: &Graph, revisions: &[RevisionId], expected: &str) -> Option<Recalled> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |answer: &&Answer| answer.expected == expected && answer.revisions == revisions;
        if let Some(answer) = memory.answers.iter().find(is_it) {
            return answer.recalled.clone();
        }
        let recalled = self.make(&mut memory.place, graph, revisions, expected);
        memory.answers.truncate(REMEMBERED - 1);
        let (revisions, expected) = (revisions.to_vec(), expected.to_owned());
        memory.answers.push_front(Answer { revisions, expected, recalled: recalled.clone() });
        recalled
    }

    fn make(
        &self,
        place: &mut Option<Place>,
        graph: &Graph,
        revisions: &[RevisionId],
        expected: &str,
    ) -> Option<Recalled> {
        let applied: Applied = revisions.iter().cloned().collect();
        let (graph, applied) = graph.for_database(&applied);
        if !applied.iter().all(|id| graph.script(id).is_some()) {
            return None;
        }
        let ids = graph.revisions().map(|revision| &revision.id).filter(|id| applied.contains(id)).collect::<Vec<_>>();
        if let Some(next) = place.take().and_then(|place| place.moved(&graph, &ids)) {
            let recalled = next.recalled(&self.filter, expected)?;
            if next.is_replayed || recalled.is_expected {
                *place = Some(next);
                return Some(recalled);
            }
        }
        let start = (self.opening)(&graph, &ids).map_or_else(|| Some((Scratch::empty().ok()?, 0)), Some);
        let (scratch, built) = start?;
        let ran = ids[..built].iter().copied().cloned().collect();
        let next = Place { scratch, ran, is_replayed: true }.run(&graph, &ids[built..])?;
        let recalled = next.recalled(&self.filter, expected)?;
        *place = Some(next);
        Some(recalled)
    }
}

/// A scratch database on which revisions have run.
#[derive(Debug)]
struct Place {
    scratch: Scratch,
    /// In the order in which they ran.
    ran: Vec<RevisionId>,
    /// Whether they ran in the order of the graph and none was taken back: else the schema counts only where it is the
    /// one that was expected.
    is_replayed: bool,
}

impl Place {
    /// The place at other revisions, by the scripts that lie between; `None` where it is better found from the start.
    fn moved(mut self, graph: &Graph, ids: &[&RevisionId]) -> Option<Place> {
        let wanted: BTreeSet<&RevisionId> = ids.iter().copied().collect();
        let ran: BTreeSet<&RevisionId> = self.ran.iter().collect();
        let ahead: Vec<&RevisionId> = ids.iter().copied().filter(|id| !ran.contains(id)).collect();
        let back: Vec<RevisionId> = self.ran.iter().filter(|id| !wanted.contains(id)).cloned().collect();
        let is_one_way = ahead.is_empty() || back.is_empty();
        if !is_one_way || ahead.len() + back.len() > ids.len() {
            return None;
        }
        for revision in back.iter().rev() {
            self.scratch.run_revision(graph.script(revision)?.down.as_ref()?.sql()).ok()?;
        }
        self.ran.retain(|id| wanted.contains(id));
        self.is_replayed &= back.is_empty();
        let mut place = self.run(graph, &ahead)?;
        place.is_replayed &= place.ran.iter().eq(ids.iter().copied());
        Some(place)
    }

    fn run(mut self, graph: &Graph, ids: &[&RevisionId]) -> Option<Place> {
        for &revision in ids {
            self.scratch.run_revision(graph.script(revision)?.up.sql()).ok()?;
            self.ran.push(revision.clone());
        }
        Some(self)
    }

    fn recalled(&self, filter: &Filter, expected: &str) -> Option<Recalled> {
        let Scratch { connection, known, .. } = &self.scratch;
        let (schema, fingerprint) =
            introspect::read_with_fingerprint(connection, filter, &mut known.borrow_mut()).ok()?;
        Some(Recalled { schema: Arc::new(schema), is_expected: fingerprint == expected })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::revision::{Script, Scripts};
    use crate::sql;

    /// How often a chain was begun anew.
    static BEGUN: AtomicUsize = AtomicUsize::new(0);

    fn begin(_: &Graph, _: &[&RevisionId]) -> Option<(Scratch, usize)> {
        BEGUN.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// A revision with its parents, its way up and its way down.
    type Line<'a> = (&'a str, &'a str, &'a str, &'a str);

    fn graph(lines: &[Line<'_>]) -> Graph {
        let scripts = lines.iter().map(|(id, parents, up, down)| {
            let text =
                format!("-- revision: {id}\n-- parents: {parents}\n\n-- migrate:up\n{up}\n-- migrate:down\n{down}\n");
            Script::read(format!("{id}.sql"), &text).unwrap().into()
        });
        Graph::new(Scripts { scripts: scripts.collect(), problems: Vec::new() })
    }

    fn ids(words: &str) -> Vec<RevisionId> {
        words.split_whitespace().map(|word| RevisionId::new(word).unwrap()).collect()
    }

    fn fingerprint(script: &str) -> String {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(script).unwrap();
        sql::fingerprint(&scratch.schema(&Filter::default()).unwrap())
    }

    #[test]
    fn what_revisions_make_is_carried_from_question_to_question() {
        let lines = [
            ("a", "none", "CREATE TABLE t (a);", "DROP TABLE t;"),
            ("b", "a", "ALTER TABLE t ADD COLUMN b;", "ALTER TABLE t DROP COLUMN b;"),
            ("c", "b", "ALTER TABLE t DROP COLUMN a;", "ALTER TABLE t ADD COLUMN a;"),
            ("d", "b", "CREATE TABLE u (a);", "DROP TABLE u;"),
            ("e", "c", "ALTER TABLE missing ADD COLUMN a;", ""),
        ];
        let graph = graph(&lines);
        let recollection = Recollection::new(Filter::default(), begin);
        let (of_b, of_c) = (fingerprint("CREATE TABLE t (a, b)"), fingerprint("CREATE TABLE t (b)"));
        let (of_a, other_way) = (fingerprint("CREATE TABLE t (a)"), fingerprint("CREATE TABLE t (b, a)"));
        let of_d = fingerprint("CREATE TABLE t (b); CREATE TABLE u (a)");
        // The revisions, the fingerprint that is expected, whether they have it, and how often they ran from the start.
        let questions = [
            ("a b", &of_b, Some(true), 1),
            ("a b c", &of_c, Some(true), 1),
            ("a b c", &of_b, Some(false), 1),
            ("a b c d", &of_d, Some(true), 1),
            ("a b c", &of_c, Some(true), 1),
            // The way back puts the column at the end: what is not expected so is made from the start.
            ("a b", &other_way, Some(true), 1),
            ("a", &of_a, Some(true), 1),
            ("a b", &of_c, Some(false), 2),
            ("a b d", &of_c, Some(false), 2),
            ("a b c e", &of_c, None, 3),
            ("a b c e", &of_c, None, 3),
            ("a b x", &of_c, None, 3),
            ("a b", &of_b, Some(true), 3),
        ];
        for (revisions, expected, is_expected, begun) in questions {
            let recalled = recollection.recall(&graph, &ids(revisions), expected);
            assert_eq!(recalled.as_ref().map(|recalled| recalled.is_expected), is_expected, "{revisions}");
            assert_eq!(BEGUN.load(Ordering::Relaxed), begun, "{revisions}");
            let scripts = lines.iter().filter(|(id, ..)| revisions.contains(id)).map(|(_, _, up, _)| *up);
            if let Some(recalled) = recalled.filter(|recalled| !recalled.is_expected) {
                assert_eq!(
                    sql::fingerprint(&recalled.schema),
                    fingerprint(&scripts.collect::<String>()),
                    "{revisions}"
                );
            }
        }
    }
}
