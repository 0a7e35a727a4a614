//! The edges of a graph, and what is wrong with them.

use std::collections::BTreeMap;

use super::graph::Entry;
use super::header::HeaderKey;
use super::id::RevisionId;
use super::node_set::{Node, NodeSet};
use super::problem::Problem;
use super::replacing::View;
use crate::report;

/// The shortest name that an abbreviation can stand for: numbered revisions would be mistaken for each other.
const ABBREVIATED: usize = 4;

/// Who follows whom and who needs whom, for each node; no edge twice, none to the node itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Edges {
    pub parents: Vec<Vec<Node>>,
    pub children: Vec<Vec<Node>>,
    /// Parents and dependencies.
    pub needs: Vec<Vec<Node>>,
    pub needed_by: Vec<Vec<Node>>,
}

impl Edges {
    /// The edges that the heads of scripts speak of. What names nothing becomes a problem and no edge.
    pub fn read(
        entries: &[Entry],
        ids: &BTreeMap<RevisionId, Node>,
        labels: &BTreeMap<String, Node>,
        view: &View,
        problems: &mut Vec<Problem>,
    ) -> Edges {
        let empty = || vec![Vec::new(); entries.len()];
        let mut edges = Edges { parents: empty(), children: empty(), needs: empty(), needed_by: empty() };
        let names = Names { ids, labels, view };
        for &node in ids.values() {
            let entry = &entries[node];
            for parent in names.parents(entry, problems) {
                connect(&mut edges.parents, &mut edges.children, node, parent);
                connect(&mut edges.needs, &mut edges.needed_by, node, parent);
            }
            for needed in names.dependencies(entry, problems) {
                connect(&mut edges.needs, &mut edges.needed_by, node, needed);
            }
        }
        edges.find_circles(entries, problems);
        edges
    }

    fn find_circles(&self, entries: &[Entry], problems: &mut Vec<Problem>) {
        let named = |circle: Vec<Node>| {
            let first = circle[0];
            let revisions = circle.into_iter().map(|node| entries[node].revision().id.clone()).collect();
            (first, revisions)
        };
        let of_parents = circles(&self.parents);
        for (first, revisions) in of_parents.into_iter().map(named) {
            problems.push(Problem::Cycle { revisions, place: entries[first].place(HeaderKey::Parents) });
        }
        for circle in circles(&self.needs) {
            let is_of_parents =
                (0..circle.len()).all(|at| self.parents[circle[(at + 1) % circle.len()]].contains(&circle[at]));
            if !is_of_parents {
                let (first, revisions) = named(circle);
                let place = entries[first].place(HeaderKey::DependsOn);
                problems.push(Problem::DependencyCycle { revisions, place });
            }
        }
    }
}

fn connect(up: &mut [Vec<Node>], down: &mut [Vec<Node>], node: Node, to: Node) {
    if node != to && !up[node].contains(&to) {
        up[node].push(to);
        down[to].push(node);
    }
}

/// Circles over the edges, one for each knot of nodes; each node of a circle leads back from the next.
fn circles(edges: &[Vec<Node>]) -> Vec<Vec<Node>> {
    let mut done = NodeSet::none(edges.len());
    let mut on_path = NodeSet::none(edges.len());
    let mut circles = Vec::new();
    for start in 0..edges.len() {
        if done[start] {
            continue;
        }
        // A walk as deep as it goes, with what is left to try at each step.
        let mut path = vec![(start, edges[start].iter())];
        on_path.insert(start);
        while let Some((node, rest)) = path.last_mut() {
            let node = *node;
            match rest.next() {
                Some(&next) if on_path[next] => {
                    let from = path.iter().position(|(node, _)| *node == next).expect("it is on the path");
                    circles.push(path[from..].iter().rev().map(|(node, _)| *node).collect());
                    for (node, _) in path.drain(..) {
                        done.insert(node);
                        on_path.remove(node);
                    }
                }
                Some(&next) if !done[next] => {
                    on_path.insert(next);
                    path.push((next, edges[next].iter()));
                }
                Some(_) => {}
                None => {
                    done.insert(node);
                    on_path.remove(node);
                    path.pop();
                }
            }
        }
    }
    circles
}

/// What the names in heads of scripts stand for.
pub(super) struct Names<'a> {
    pub ids: &'a BTreeMap<RevisionId, Node>,
    pub labels: &'a BTreeMap<String, Node>,
    pub view: &'a View,
}

impl Names<'_> {
    fn parents(&self, entry: &Entry, problems: &mut Vec<Problem>) -> Vec<Node> {
        let revision = entry.revision();
        let place = || entry.place(HeaderKey::Parents);
        let mut nodes = Vec::new();
        for parent in &revision.parents {
            if *parent == revision.id {
                problems.push(Problem::SelfLoop { revision: revision.id.clone(), place: place() });
                continue;
            }
            let found = self.standing_for(parent);
            if found.is_empty() {
                let near = report::nearest(parent.as_str(), self.ids.keys().map(RevisionId::as_str));
                problems.push(Problem::MissingParent {
                    revision: revision.id.clone(),
                    parent: parent.clone(),
                    near: near.and_then(|near| self.ids.get_key_value(near)).map(|(id, _)| id.clone()),
                    place: place(),
                });
            }
            nodes.extend(found);
        }
        nodes
    }

    fn dependencies(&self, entry: &Entry, problems: &mut Vec<Problem>) -> Vec<Node> {
        let revision = entry.revision();
        let place = || entry.place(HeaderKey::DependsOn);
        let mut nodes = Vec::new();
        for name in &revision.depends_on {
            let exact = self.labels.get(name).map_or_else(|| self.standing_for(name), |&node| vec![node]);
            let found = if exact.is_empty() { abbreviated(self.ids, self.labels, name) } else { exact.clone() };
            match &found[..] {
                [] => problems.push(Problem::MissingDependency {
                    revision: revision.id.clone(),
                    name: name.clone(),
                    place: place(),
                }),
                [one] if self.ids.get(&revision.id) == Some(one) => {
                    problems.push(Problem::DependencySelfLoop { revision: revision.id.clone(), place: place() });
                }
                [_, _, ..] if exact.is_empty() => problems.push(Problem::AmbiguousDependency {
                    revision: revision.id.clone(),
                    name: name.clone(),
                    candidates: self
                        .ids
                        .iter()
                        .filter(|(_, node)| found.contains(node))
                        .map(|(id, _)| id.clone())
                        .collect(),
                    place: place(),
                }),
                _ => nodes.extend(found),
            }
        }
        nodes
    }

    /// The nodes of an identifier: its own, or those of what replaces it.
    fn standing_for<T: AsRef<str>>(&self, id: T) -> Vec<Node> {
        let mut open = vec![id.as_ref()];
        let mut nodes = Vec::new();
        // Each step goes from a hidden revision to what stands for it; a circle of them would not end.
        for _ in 0..=self.view.stands_for.len() {
            for id in std::mem::take(&mut open) {
                if let Some(&node) = self.ids.get(id) {
                    nodes.push(node);
                } else if let Some(others) = self.view.stands_for.get(id) {
                    open.extend(others.iter().map(RevisionId::as_str));
                }
            }
        }
        nodes
    }
}

/// The nodes whose identifier or label begins with a text.
pub(super) fn abbreviated(ids: &BTreeMap<RevisionId, Node>, labels: &BTreeMap<String, Node>, start: &str) -> Vec<Node> {
    use std::ops::Bound::{Included, Unbounded};
    let is_long = |name: &str| name.chars().count() >= ABBREVIATED;
    let of_ids = ids.range::<str, _>((Included(start), Unbounded)).map(|(id, &node)| (id.as_str(), node));
    let of_labels = labels.range::<str, _>((Included(start), Unbounded)).map(|(label, &node)| (label.as_str(), node));
    let mut nodes: Vec<Node> = of_ids
        .take_while(|(name, _)| name.starts_with(start))
        .chain(of_labels.take_while(|(name, _)| name.starts_with(start)))
        .filter(|(name, _)| is_long(name))
        .map(|(_, node)| node)
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
