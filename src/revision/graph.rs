//! The graph that revisions form: who follows whom, who needs whom, where it begins and ends.
//!
//! There are two kinds of edges: a revision *follows* its parents, and it *needs* its parents and what it depends
//! on. Branches, heads and walks go by the first; the order of running goes by the second. What is wrong is kept as
//! [`Problem`]s beside the sane part, so that commands that only read still answer.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, btree_map};
use std::sync::Arc;

use super::applied::Applied;
use super::edges::Edges;
use super::folder::Scripts;
use super::header::{HeaderKey, Revision};
use super::id::RevisionId;
use super::node_set::{Node, NodeSet};
use super::problem::Problem;
use super::replacing::View;
use super::script::Script;
use crate::report::Place;

/// A revision as it is known.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// From a script.
    Script(Arc<Script>),
    /// Only from a row of the version table.
    Row(Revision),
}

impl Entry {
    pub fn revision(&self) -> &Revision {
        match self {
            Entry::Script(script) => &script.revision,
            Entry::Row(revision) => revision,
        }
    }

    pub fn script(&self) -> Option<&Arc<Script>> {
        match self {
            Entry::Script(script) => Some(script),
            Entry::Row(_) => None,
        }
    }

    /// The place of a value of its head.
    pub fn place(&self, key: HeaderKey) -> Option<Place> {
        self.script().map(|script| script.place_of(key))
    }
}

/// Revisions and how they hang together.
#[derive(Debug, Clone)]
pub struct Graph {
    pub(super) entries: Arc<Vec<Entry>>,
    /// What is wrong with files, whatever is applied.
    file_problems: Arc<Vec<Problem>>,
    problems: Vec<Problem>,
    pub(super) ids: BTreeMap<RevisionId, Node>,
    pub(super) labels: BTreeMap<String, Node>,
    pub(super) edges: Edges,
    /// The nodes that count, each after all that it needs.
    pub(super) order: Vec<Node>,
}

impl Graph {
    /// The graph of the scripts of folders.
    #[must_use]
    pub fn new(found: Scripts) -> Graph {
        Graph::with_recorded(found, Vec::new())
    }

    /// The graph of the scripts, and of revisions that have no script any more and are known from the version table.
    #[must_use]
    pub fn with_recorded(found: Scripts, recorded: Vec<Revision>) -> Graph {
        let mut problems = found.problems;
        let mut entries: Vec<Entry> = Vec::new();
        let mut ids: BTreeMap<RevisionId, Node> = BTreeMap::new();
        let scripts = found.scripts.into_iter().map(Entry::Script);
        for entry in scripts.chain(recorded.into_iter().map(Entry::Row)) {
            match ids.entry(entry.revision().id.clone()) {
                btree_map::Entry::Vacant(free) => {
                    free.insert(entries.len());
                    entries.push(entry);
                }
                btree_map::Entry::Occupied(first) => {
                    if let (Some(first), Some(second)) = (entries[*first.get()].script(), entry.script()) {
                        problems.push(Problem::DuplicateId {
                            revision: entry.revision().id.clone(),
                            first: first.path().to_owned(),
                            second: second.path().to_owned(),
                            place: entry.place(HeaderKey::Revision),
                        });
                    }
                }
            }
        }
        let view = View::of(&entries, &ids, &Applied::default());
        Graph::seen(&Arc::new(entries), &Arc::new(problems), ids, view)
    }

    /// The graph of the revisions that have a script.
    #[must_use]
    pub fn of_scripts(&self) -> Graph {
        let scripts = self.all_scripts().cloned().collect();
        Graph::new(Scripts { scripts, problems: Vec::clone(&self.file_problems) })
    }

    /// All scripts, those aside that others replace too, in the order in which they were read.
    pub fn all_scripts(&self) -> impl Iterator<Item = &Arc<Script>> {
        self.entries.iter().filter_map(Entry::script)
    }

    /// The applied revisions that have no script, each after all that it needs; those aside that another replaces.
    #[must_use]
    pub fn without_script(&self, applied: &Applied) -> Vec<&Revision> {
        let (graph, applied) = self.for_database(applied);
        let nodes = graph.applied_nodes(&applied);
        let gone = graph.order.iter().copied().filter(|&node| nodes[node] && graph.entries[node].script().is_none());
        self.revisions_of(gone)
    }

    /// The revisions that are not applied although an applied one needs them, each after all that it needs.
    #[must_use]
    pub fn left_out(&self, applied: &Applied) -> Vec<&Revision> {
        let (graph, applied) = self.for_database(applied);
        let nodes = graph.applied_nodes(&applied);
        self.revisions_of(graph.sorted(&graph.needed(nodes.iter()).without(&nodes)))
    }

    /// The graph as it is for a database, and what is applied in it. It differs from another database's only where
    /// revisions are replaced: one that stands in the middle of the old ones walks them to their end.
    #[must_use]
    pub fn for_database<'g, 'a>(&'g self, applied: &'a Applied) -> (Cow<'g, Graph>, Cow<'a, Applied>) {
        if self.entries.iter().all(|entry| entry.revision().replaces.is_empty()) {
            return (Cow::Borrowed(self), Cow::Borrowed(applied));
        }
        let ids: BTreeMap<RevisionId, Node> =
            self.entries.iter().enumerate().map(|(node, entry)| (entry.revision().id.clone(), node)).collect();
        let view = View::of(&self.entries, &ids, applied);
        let applied = view.applied.clone();
        (Cow::Owned(Graph::seen(&self.entries, &self.file_problems, ids, view)), Cow::Owned(applied))
    }

    fn seen(
        entries: &Arc<Vec<Entry>>,
        file_problems: &Arc<Vec<Problem>>,
        mut ids: BTreeMap<RevisionId, Node>,
        view: View,
    ) -> Graph {
        let mut problems = Vec::clone(file_problems);
        ids.retain(|_, node| !view.hidden[*node]);
        let labels = read_labels(entries, &ids, &mut problems);
        let edges = Edges::read(entries, &ids, &labels, &view, &mut problems);
        problems.extend(view.problems);
        let order = order(entries, &ids, &edges);
        let (entries, file_problems) = (Arc::clone(entries), Arc::clone(file_problems));
        Graph { entries, file_problems, problems, ids, labels, edges, order }
    }

    /// What is wrong, with files and with the graph.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// All revisions, each after all that it needs; among equals the older first, then by identifier.
    #[must_use]
    pub fn revisions(&self) -> impl DoubleEndedIterator<Item = &Revision> {
        self.order.iter().map(|&node| self.at(node))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The revision with that identifier, also one that another replaces: a database may have to walk it.
    #[must_use]
    pub fn get(&self, id: &RevisionId) -> Option<&Revision> {
        self.entry(id).map(Entry::revision)
    }

    /// The script of a revision; none if it is only known from the version table.
    #[must_use]
    pub fn script(&self, id: &RevisionId) -> Option<&Script> {
        self.entry(id)?.script().map(Arc::as_ref)
    }

    fn entry(&self, id: &RevisionId) -> Option<&Entry> {
        match self.ids.get(id) {
            Some(&node) => Some(&self.entries[node]),
            None => self.entries.iter().find(|entry| entry.revision().id == *id),
        }
    }

    /// The revision that stands for one that is replaced, by its identifier or the beginning of it.
    pub(super) fn stands_for(&self, written: &str) -> Option<&Revision> {
        let shown = self.ids.values().map(|&node| self.at(node));
        let mut replacing = shown.filter(|revision| !revision.replaces.is_empty());
        replacing.find(|revision| {
            let mut open: Vec<&RevisionId> = revision.replaces.iter().collect();
            let mut seen = BTreeSet::new();
            while let Some(id) = open.pop() {
                if id.as_str() == written || written.len() >= 4 && id.as_str().starts_with(written) {
                    return true;
                }
                if seen.insert(id) {
                    open.extend(self.get(id).iter().flat_map(|replaced| &replaced.replaces));
                }
            }
            false
        })
    }

    /// The revisions that no other follows.
    #[must_use]
    pub fn heads(&self) -> Vec<&Revision> {
        self.revisions_of(self.head_nodes())
    }

    /// The revisions that no other follows or depends on.
    #[must_use]
    pub fn effective_heads(&self) -> Vec<&Revision> {
        self.revisions_of(self.effective_head_nodes())
    }

    /// The revisions without parents.
    #[must_use]
    pub fn bases(&self) -> Vec<&Revision> {
        self.revisions_of(self.base_nodes())
    }

    /// The revisions that more than one other follows.
    #[must_use]
    pub fn branch_points(&self) -> Vec<&Revision> {
        self.revisions_of(self.order.iter().copied().filter(|&node| self.edges.children[node].len() > 1))
    }

    /// The revisions that follow a revision.
    #[must_use]
    pub fn children(&self, id: &RevisionId) -> Vec<&Revision> {
        let Some(&node) = self.ids.get(id) else { return Vec::new() };
        self.revisions_of(self.edges.children[node].iter().copied())
    }

    /// Whether a revision is another one, or needed by it over however many steps.
    #[must_use]
    pub fn is_ancestor(&self, ancestor: &RevisionId, of: &RevisionId) -> bool {
        match (self.ids.get(ancestor), self.ids.get(of)) {
            (Some(&ancestor), Some(&of)) => self.needed([of])[ancestor],
            _ => false,
        }
    }

    /// The last revisions that are both applied and on the way to a head: where a database and the scripts part.
    #[must_use]
    pub fn common_ancestors(&self, applied: &Applied, head: &RevisionId) -> Vec<&Revision> {
        let Some(&head) = self.ids.get(head) else { return Vec::new() };
        let (graph, applied) = self.for_database(applied);
        let common = graph.needed([head]).and(&graph.applied_nodes(&applied));
        self.revisions_of(graph.last_of(&common))
    }

    /// The applied revisions that no other applied one needs: where a database stands.
    #[must_use]
    pub fn current(&self, applied: &Applied) -> Vec<&Revision> {
        let (graph, applied) = self.for_database(applied);
        self.revisions_of(graph.current_nodes(&applied))
    }

    /// Everything that is applied when these revisions are where a database stands.
    #[must_use]
    pub fn applied_at<'a>(&self, heads: impl IntoIterator<Item = &'a RevisionId>) -> Applied {
        let nodes = self.needed(heads.into_iter().filter_map(|head| self.ids.get(head).copied()));
        nodes.iter().map(|node| self.at(node).id.clone()).collect()
    }

    /// The applied revisions that the graph does not know, those aside that a known one replaces.
    #[must_use]
    pub fn unknown(&self, applied: &Applied) -> Vec<RevisionId> {
        let (graph, applied) = self.for_database(applied);
        applied.iter().filter(|id| !graph.ids.contains_key(*id)).cloned().collect()
    }

    /// The names of the branches that each revision is on. A label holds for all that follow, and back to where the
    /// branch begins.
    #[must_use]
    pub fn branch_labels(&self) -> BTreeMap<&RevisionId, BTreeSet<&str>> {
        let mut labels: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); self.entries.len()];
        for (label, &node) in &self.labels {
            let mut at = Some(node);
            while let Some(node) = at {
                if self.edges.children[node].len() > 1 || self.edges.parents[node].len() > 1 {
                    break;
                }
                labels[node].insert(label);
                at = self.edges.parents[node].first().copied();
            }
            labels[node].insert(label);
        }
        for &node in &self.order {
            for &parent in &self.edges.parents[node] {
                let inherited = labels[parent].clone();
                labels[node].extend(inherited);
            }
        }
        self.order.iter().map(|&node| (&self.at(node).id, std::mem::take(&mut labels[node]))).collect()
    }

    pub(super) fn at(&self, node: Node) -> &Revision {
        self.entries[node].revision()
    }

    pub(super) fn node_of(&self, id: &RevisionId) -> Option<Node> {
        self.ids.get(id).copied()
    }

    pub(super) fn size(&self) -> usize {
        self.entries.len()
    }

    fn revisions_of(&self, nodes: impl IntoIterator<Item = Node>) -> Vec<&Revision> {
        nodes.into_iter().map(|node| self.at(node)).collect()
    }

    /// The nodes of a set, each after all that it needs.
    pub(super) fn sorted(&self, nodes: &NodeSet) -> Vec<Node> {
        self.order.iter().copied().filter(|&node| nodes[node]).collect()
    }

    pub(super) fn head_nodes(&self) -> Vec<Node> {
        self.order.iter().copied().filter(|&node| self.edges.children[node].is_empty()).collect()
    }

    pub(super) fn effective_head_nodes(&self) -> Vec<Node> {
        self.order.iter().copied().filter(|&node| self.edges.needed_by[node].is_empty()).collect()
    }

    pub(super) fn base_nodes(&self) -> Vec<Node> {
        self.order.iter().copied().filter(|&node| self.edges.parents[node].is_empty()).collect()
    }

    /// The nodes and all that they need.
    pub(super) fn needed(&self, nodes: impl IntoIterator<Item = Node>) -> NodeSet {
        NodeSet::reached(&self.edges.needs, nodes)
    }

    /// The nodes and all that need them.
    pub(super) fn needing(&self, nodes: impl IntoIterator<Item = Node>) -> NodeSet {
        NodeSet::reached(&self.edges.needed_by, nodes)
    }

    /// A node, all that it follows and all that follow it.
    pub(super) fn lineage(&self, node: Node) -> NodeSet {
        let mut lineage = NodeSet::reached(&self.edges.parents, [node]);
        lineage.extend(&NodeSet::reached(&self.edges.children, [node]));
        lineage
    }

    /// A node, all that it needs and all that need it.
    pub(super) fn line(&self, node: Node) -> NodeSet {
        let mut line = self.needed([node]);
        line.extend(&self.needing([node]));
        line
    }

    pub(super) fn applied_nodes(&self, applied: &Applied) -> NodeSet {
        // Both are in the order of their identifiers: one walk along both costs a tenth of looking each up.
        let mut known = self.ids.iter().peekable();
        let nodes = applied.iter().filter_map(|id| {
            while known.next_if(|(other, _)| *other < id).is_some() {}
            known.next_if(|(other, _)| *other == id).map(|(_, &node)| node)
        });
        NodeSet::of(self.size(), nodes)
    }

    pub(super) fn current_nodes(&self, applied: &Applied) -> Vec<Node> {
        self.last_of(&self.applied_nodes(applied))
    }

    /// The nodes of a set that no other of the set needs.
    pub(super) fn last_of(&self, nodes: &NodeSet) -> Vec<Node> {
        let passed = self.needed(nodes.iter().flat_map(|node| self.edges.needs[node].iter().copied()));
        self.sorted(&nodes.clone().without(&passed))
    }
}

fn read_labels(
    entries: &[Entry],
    ids: &BTreeMap<RevisionId, Node>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Node> {
    let mut labels: BTreeMap<String, Node> = BTreeMap::new();
    for (node, entry) in entries.iter().enumerate() {
        let revision = entry.revision();
        if !ids.contains_key(&revision.id) {
            continue;
        }
        for label in &revision.labels {
            let place = entry.place(HeaderKey::Labels);
            if ids.contains_key(label.as_str()) {
                problems.push(Problem::LabelIsId { label: label.clone(), revision: revision.id.clone(), place });
            } else if let Some(&first) = labels.get(label) {
                problems.push(Problem::DuplicateLabel {
                    label: label.clone(),
                    first: entries[first].revision().id.clone(),
                    second: revision.id.clone(),
                    place,
                });
            } else {
                labels.insert(label.clone(), node);
            }
        }
    }
    labels
}

/// Kahn's order; among equals the older first, then by identifier. What stands in a circle comes last.
fn order(entries: &[Entry], ids: &BTreeMap<RevisionId, Node>, edges: &Edges) -> Vec<Node> {
    let key = |node: Node| {
        let revision = entries[node].revision();
        Reverse((revision.created, &revision.id, node))
    };
    let mut waits: Vec<usize> = edges.needs.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<_> = ids.values().filter(|&&node| waits[node] == 0).map(|&node| key(node)).collect();
    let mut order = Vec::with_capacity(ids.len());
    while let Some(Reverse((_, _, node))) = ready.pop() {
        order.push(node);
        for &next in &edges.needed_by[node] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(key(next));
            }
        }
    }
    if order.len() < ids.len() {
        let placed = NodeSet::of(entries.len(), order.iter().copied());
        let mut rest: Vec<_> = ids.values().filter(|&&node| !placed[node]).map(|&node| key(node)).collect();
        rest.sort_by(|a, b| b.cmp(a));
        order.extend(rest.into_iter().map(|Reverse((_, _, node))| node));
    }
    order
}
