//! Stretches of the history, the newest revision first.

use super::applied::Applied;
use super::graph::Graph;
use super::header::Revision;
use super::naming::{Branch, Naming, NamingError, Verb};
use super::node_set::{Node, NodeSet};
use super::route_error::RouteError;
use super::target::{Range, Target, Word};

impl Graph {
    /// The revisions of a range, both ends included, the newest first; all of them for no range.
    ///
    /// Where the range has a beginning, what other branches depend on is left out.
    pub fn history(&self, range: Option<&Range>, applied: Option<&Applied>) -> Result<Vec<&Revision>, RouteError> {
        let seen = applied.map(|applied| self.for_database(applied));
        let graph = seen.as_ref().map_or(self, |(graph, _)| graph);
        let applied = seen.as_ref().map(|(_, applied)| applied.as_ref());
        let nodes = match range {
            None => NodeSet::of(graph.size(), graph.order.iter().copied()),
            Some(range) => Naming { graph, applied, verb: Verb::History }.range(range)?,
        };
        Ok(graph.sorted(&nodes).into_iter().rev().map(|node| self.at(node)).collect())
    }
}

impl Naming<'_> {
    fn range(&self, range: &Range) -> Result<NodeSet, RouteError> {
        let graph = self.graph;
        let heads = Target::of(Word::Heads);
        let upper_target = range.upper.as_ref().unwrap_or(&heads);
        let is_from_above = |target: &&Target| target.word.is_none() && target.steps < 0;
        let mut lower: Vec<Node> = Vec::new();
        for target in range.lower.iter().filter(|target| !is_from_above(target)) {
            lower.extend(self.plain(target)?);
        }
        let mut upper = self.upper(upper_target, &lower)?;
        for target in range.lower.iter().filter(is_from_above) {
            lower.extend(self.below(target, &upper, range.upper.is_some())?);
        }
        for target in &range.lower {
            if let Some(Branch { lineage, .. }) = self.branch(target)? {
                upper.retain(|&node| lineage[node]);
            }
        }
        let needed = graph.needed(upper.iter().copied());
        if lower.is_empty() {
            return Ok(needed);
        }
        let followed = NodeSet::reached(&graph.edges.parents, upper.iter().copied());
        if lower.iter().any(|&node| !followed[node]) {
            let (begin, end) = range.written.split_once(':').unwrap_or_default();
            let end = if end.is_empty() { "heads" } else { end };
            return Err(RouteError::NotAnAncestor { lower: begin.to_owned(), upper: end.to_owned() });
        }
        let before = graph.needed(lower.iter().copied());
        let mut nodes = needed.without(&before);
        for &node in &lower {
            nodes.insert(node);
        }
        Ok(nodes.and(&NodeSet::reached(&graph.edges.children, lower)))
    }

    /// Where a range ends; `+2` counts from where it begins.
    fn upper(&self, target: &Target, lower: &[Node]) -> Result<Vec<Node>, NamingError> {
        if target.word.is_some() || target.steps == 0 {
            return self.upgrade(target);
        }
        if target.steps < 0 {
            return Err(self.wrong_direction(target));
        }
        let branch = self.branch(target)?;
        let start = match *lower {
            [] => None,
            [node] => Some(node),
            _ => return Err(self.several_current(target, lower.to_vec())),
        };
        Ok(self.walk(target, start, target.steps, branch.as_ref())?.into_iter().collect())
    }

    /// Where a range begins that many steps below its end. Below an end that is named there may be fewer.
    fn below(&self, target: &Target, upper: &[Node], is_named: bool) -> Result<Vec<Node>, NamingError> {
        let branch = self.branch(target)?;
        let mut lower = NodeSet::none(self.graph.size());
        for &node in upper {
            match self.walk(target, Some(node), target.steps, branch.as_ref()) {
                Err(error) if !(is_named && matches!(error, NamingError::TooFar { .. })) => return Err(error),
                Ok(Some(node)) => lower.insert(node),
                Ok(None) | Err(_) => {
                    let followed = NodeSet::reached(&self.graph.edges.parents, [node]);
                    self.graph
                        .base_nodes()
                        .into_iter()
                        .filter(|&base| followed[base])
                        .for_each(|base| lower.insert(base));
                }
            }
        }
        Ok(self.graph.sorted(&lower))
    }
}
