//! Where a database stands, kept up to date while a route is walked.
//!
//! Says the same as [`Graph::current`] after each step, without looking at the whole graph again.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::applied::Applied;
use super::graph::Graph;
use super::header::Revision;
use super::id::RevisionId;
use super::node_set::{Node, NodeSet};

/// The revisions that are applied, and those of them that no other applied one needs.
#[derive(Debug, Clone)]
pub struct Standing<'g> {
    graph: Cow<'g, Graph>,
    applied: NodeSet,
    /// How many applied revisions need each revision.
    needed_by: Vec<usize>,
    current: BTreeSet<Node>,
}

impl Graph {
    /// Where a database stands.
    #[must_use]
    pub fn standing(&self, applied: &Applied) -> Standing<'_> {
        let (graph, applied) = self.for_database(applied);
        let size = graph.size();
        let (none, needed_by) = (NodeSet::none(size), vec![0; size]);
        let mut standing = Standing { graph, applied: none, needed_by, current: BTreeSet::new() };
        for id in applied.iter() {
            standing.add(id);
        }
        standing
    }
}

impl Standing<'_> {
    /// Takes in a revision that is applied now; one that the graph does not show changes nothing.
    pub fn add(&mut self, id: &RevisionId) {
        let Some(&node) = self.graph.ids.get(id) else { return };
        if self.applied[node] {
            return;
        }
        self.applied.insert(node);
        for &needed in &self.graph.edges.needs[node] {
            self.needed_by[needed] += 1;
            self.current.remove(&needed);
        }
        if self.needed_by[node] == 0 {
            self.current.insert(node);
        }
    }

    /// Leaves out a revision that is applied no more.
    pub fn remove(&mut self, id: &RevisionId) {
        let Some(&node) = self.graph.ids.get(id) else { return };
        if !self.applied[node] {
            return;
        }
        self.applied.remove(node);
        self.current.remove(&node);
        for &needed in &self.graph.edges.needs[node] {
            self.needed_by[needed] -= 1;
            if self.needed_by[needed] == 0 && self.applied[needed] {
                self.current.insert(needed);
            }
        }
    }

    /// The revision that all applied ones lead to, if there is one such.
    #[must_use]
    pub fn single(&self) -> Option<&Revision> {
        let mut current = self.current.iter();
        match (current.next(), current.next()) {
            (Some(&node), None) => Some(self.graph.at(node)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Scripts;

    #[test]
    fn it_says_what_the_graph_says_after_each_step() {
        let id = |word: &str| RevisionId::new(word).unwrap();
        let line =
            |word: &str, parents: &[&str]| Revision::new(id(word), parents.iter().map(|word| id(word)).collect());
        let mut revisions = vec![line("a", &[]), line("b", &["a"]), line("c", &["a"]), line("d", &["b", "c"])];
        revisions.push(Revision { depends_on: vec!["b".to_owned()], ..line("e", &["c"]) });
        let graph = Graph::with_recorded(Scripts::default(), revisions);
        let mut applied = Applied::default();
        let mut standing = graph.standing(&applied);
        for (adds, word) in
            [(true, "a"), (true, "b"), (true, "c"), (true, "e"), (true, "d"), (false, "e"), (false, "d"), (false, "c")]
        {
            if adds {
                standing.add(&id(word));
                applied.insert(id(word));
            } else {
                standing.remove(&id(word));
                applied.remove(&id(word));
            }
            let current = graph.current(&applied);
            let single = if let [one] = current[..] { Some(&one.id) } else { None };
            assert_eq!(standing.single().map(|one| &one.id), single, "after {word}");
            assert_eq!(graph.standing(&applied).current, standing.current, "after {word}");
        }
    }
}
