//! Recording revisions as applied, or as not applied, without running anything.

use std::borrow::Cow;

use super::applied::Applied;
use super::graph::Graph;
use super::id::RevisionId;
use super::naming::{Naming, NamingError, Verb};
use super::node_set::{Node, NodeSet};
use super::remark::Remark;
use super::route::{Route, check};
use super::route_error::RouteError;
use super::target::Target;

/// Whether a stamp forgets everything first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    /// What is on other lines than the targets' stays.
    No,
    /// Nothing stays; the only way out of records that no script explains.
    Yes,
}

impl Graph {
    /// The route that records a database as standing at the targets.
    ///
    /// Where the database stands on the line of a target, over parents or dependencies, it moves there with all that
    /// it had on that line; where it does not, the target comes on top. `base` forgets everything, `label@base` what
    /// is on the line of the label.
    pub fn stamp(&self, applied: &Applied, targets: &[Target], purge: Purge) -> Result<Route, RouteError> {
        let (graph, mut seen) = self.for_database(applied);
        if purge == Purge::Yes {
            seen = Cow::Owned(Applied::default());
        }
        check(&graph, &seen)?;
        let naming = Naming { graph: &graph, applied: Some(&seen), verb: Verb::Stamp };
        let mut asked: Vec<Option<Node>> = Vec::new();
        let mut on_line = NodeSet::none(graph.size());
        let current = graph.current_nodes(&seen);
        for target in targets {
            let (nodes, lines) = naming.stamp(target)?;
            for &row in &current {
                let line = graph.line(row);
                if lines.is_empty() || lines.iter().any(|&node| line[node]) {
                    on_line.insert(row);
                }
            }
            match &nodes[..] {
                [] => asked.push(None),
                nodes => asked.extend(nodes.iter().copied().map(Some)),
            }
        }
        let mut stands = NodeSet::of(graph.size(), current.iter().copied());
        for node in asked.iter().copied() {
            match node {
                None => stands = stands.without(&on_line),
                Some(node) if on_line[node] => {}
                Some(node) => {
                    if !graph.line(node).and(&on_line).is_empty() {
                        stands = stands.without(&on_line);
                    }
                    stands.insert(node);
                }
            }
        }
        for newer in stands.iter() {
            let mut older = graph.needed([newer]);
            older.remove(newer);
            if let Some(older) = older.and(&stands).iter().next() {
                return Err(RouteError::Overlap { older: naming.mention(older), newer: naming.mention(newer) });
            }
        }
        let recorded = graph.needed(stands.iter());
        let ids = |nodes: &NodeSet| -> Vec<RevisionId> {
            graph.sorted(nodes).into_iter().map(|node| graph.at(node).id.clone()).collect()
        };
        let after = ids(&recorded).into_iter().collect();
        let mut route = Route::of_records(&graph, applied, &after);
        let left_out = NodeSet::of(graph.size(), asked.into_iter().flatten()).without(&recorded);
        if !left_out.is_empty() {
            route.remarks.push(Remark::NotRecorded { left_out: ids(&left_out), recorded: ids(&stands) });
        }
        Ok(route)
    }
}

impl Naming<'_> {
    /// What is to be recorded, and the revisions whose lines are touched; none for all.
    fn stamp(&self, target: &Target) -> Result<(Vec<Node>, Vec<Node>), NamingError> {
        let branch = self.branch(target)?;
        let nodes = if target.counts_from_current() && target.steps < 0 {
            let start = self.start_of_upgrade(target, branch.as_ref())?;
            self.walk(target, start, target.steps, branch.as_ref())?.into_iter().collect()
        } else {
            self.upgrade(target)?
        };
        let lines = nodes.iter().copied().chain(branch.map(|branch| branch.node)).collect();
        Ok((nodes, lines))
    }
}
