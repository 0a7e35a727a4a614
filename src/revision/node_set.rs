//! Sets of places in a graph, and what can be reached from them.

use std::ops::Index;

/// A place in a graph: the number of its revision.
pub(super) type Node = usize;

/// A set of nodes of one graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeSet(Vec<bool>);

impl NodeSet {
    /// No nodes of a graph of that size.
    pub fn none(size: usize) -> NodeSet {
        NodeSet(vec![false; size])
    }

    /// These nodes of a graph of that size.
    pub fn of(size: usize, nodes: impl IntoIterator<Item = Node>) -> NodeSet {
        let mut set = NodeSet::none(size);
        for node in nodes {
            set.0[node] = true;
        }
        set
    }

    /// The nodes, and all that can be reached from them over the edges; walks in circles end.
    pub fn reached(edges: &[Vec<Node>], from: impl IntoIterator<Item = Node>) -> NodeSet {
        let mut set = NodeSet::none(edges.len());
        let mut open: Vec<Node> = from.into_iter().collect();
        while let Some(node) = open.pop() {
            if !set.0[node] {
                set.0[node] = true;
                open.extend(edges[node].iter().copied());
            }
        }
        set
    }

    /// Takes a node in.
    pub fn insert(&mut self, node: Node) {
        self.0[node] = true;
    }

    /// Leaves a node out.
    pub fn remove(&mut self, node: Node) {
        self.0[node] = false;
    }

    /// Takes in the nodes of another set.
    pub fn extend(&mut self, other: &NodeSet) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// The nodes of both sets.
    pub fn and(mut self, other: &NodeSet) -> NodeSet {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= theirs);
        self
    }

    /// The nodes that the other set does not have.
    pub fn without(mut self, other: &NodeSet) -> NodeSet {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= !theirs);
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }

    /// The nodes by number.
    pub fn iter(&self) -> impl Iterator<Item = Node> {
        self.0.iter().enumerate().filter_map(|(node, &is_in)| is_in.then_some(node))
    }
}

impl Index<Node> for NodeSet {
    type Output = bool;

    fn index(&self, node: Node) -> &bool {
        &self.0[node]
    }
}
