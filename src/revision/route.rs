//! The way from where a database stands to where it is to stand, as steps.

use std::fmt;

use super::applied::Applied;
use super::graph::Graph;
use super::id::RevisionId;
use super::mention::Mention;
use super::naming::{Naming, NamingError, Verb};
use super::node_set::{Node, NodeSet};
use super::remark::Remark;
use super::route_error::RouteError;
use super::target::{Target, Word};

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Runs the script up and records the revision.
    Upgrade,
    /// Runs the script down and forgets the revision.
    Downgrade,
    /// Records the revision and runs nothing.
    Stamp,
    /// Forgets the revision and runs nothing.
    Unstamp,
}

impl Op {
    /// The word that programs read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Op::Upgrade => "upgrade",
            Op::Downgrade => "downgrade",
            Op::Stamp => "stamp",
            Op::Unstamp => "unstamp",
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One step of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub op: Op,
    /// The revision that it does it with.
    pub revision: RevisionId,
}

/// The steps in their order, and what the user should know about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// The steps; none if there is nothing to do.
    pub steps: Vec<Step>,
    /// What the user should know.
    pub remarks: Vec<Remark>,
}

impl Route {
    /// The remarks that the user must agree to before the first step.
    pub fn doubts(&self) -> impl Iterator<Item = &Remark> {
        self.remarks.iter().filter(|remark| remark.is_doubt())
    }

    /// What is applied at the end of the route.
    #[must_use]
    pub fn applied_after(&self, applied: &Applied) -> Applied {
        let mut after = applied.clone();
        for step in &self.steps {
            match step.op {
                Op::Upgrade | Op::Stamp => after.insert(step.revision.clone()),
                Op::Downgrade | Op::Unstamp => after.remove(&step.revision),
            }
        }
        after
    }

    /// The steps that turn the records of a database into others, running nothing.
    pub(super) fn of_records(graph: &Graph, before: &Applied, after: &Applied) -> Route {
        if std::ptr::eq(before, after) {
            return Route::default();
        }
        let step = |op, revision: &RevisionId| Step { op, revision: revision.clone() };
        let is_gone = |id: &RevisionId| before.contains(id) && !after.contains(id);
        let strangers = before.iter().filter(|id| is_gone(id) && !graph.ids.contains_key(*id));
        let known = graph.revisions().rev().map(|revision| &revision.id).filter(|id| is_gone(id));
        let new = graph.revisions().map(|revision| &revision.id);
        let new = new.filter(|id| after.contains(id) && !before.contains(id));
        let mut steps: Vec<Step> = strangers.chain(known).map(|id| step(Op::Unstamp, id)).collect();
        steps.extend(new.map(|id| step(Op::Stamp, id)));
        Route { steps, remarks: Vec::new() }
    }

    fn push(&mut self, graph: &Graph, op: Op, node: Node) {
        self.steps.push(Step { op, revision: graph.at(node).id.clone() });
    }
}

/// Refuses to move in a graph that does not hang together, or from a place that is not in it.
pub(super) fn check(graph: &Graph, applied: &Applied) -> Result<(), RouteError> {
    if !graph.problems().is_empty() {
        return Err(RouteError::Broken { problems: graph.problems().to_vec() });
    }
    let revisions: Vec<RevisionId> = applied.iter().filter(|id| !graph.ids.contains_key(*id)).cloned().collect();
    if revisions.is_empty() { Ok(()) } else { Err(RouteError::UnknownApplied { revisions }) }
}

impl Graph {
    /// The route up to a target: everything that it needs and that is not applied, each after what it needs.
    ///
    /// A target that is applied gives a route without steps and a remark. A revision all of whose replaced revisions
    /// are applied is recorded in their place first.
    pub fn upgrade(&self, applied: &Applied, target: &Target) -> Result<Route, RouteError> {
        self.up(applied, target, Verb::Upgrade)
    }

    fn up(&self, applied: &Applied, target: &Target, verb: Verb) -> Result<Route, RouteError> {
        let (graph, seen) = self.for_database(applied);
        check(&graph, &seen)?;
        let mut route = Route::of_records(&graph, applied, &seen);
        let naming = Naming { graph: &graph, applied: Some(&seen), verb };
        let targets = naming.upgrade(target)?;
        let missing = graph.needed(targets.iter().copied()).without(&naming.applied_nodes());
        for node in graph.sorted(&missing) {
            route.push(&graph, Op::Upgrade, node);
        }
        if missing.is_empty() {
            let current = graph.current_nodes(&seen);
            let remark = |node: &Node| match naming.mention(*node) {
                revision if current.contains(node) => Remark::AlreadyThere { revision },
                revision => Remark::Older { revision },
            };
            route.remarks = match &targets[..] {
                [] if graph.is_empty() => vec![Remark::NoRevisions],
                [] => vec![Remark::UpToBase],
                targets => targets.iter().map(remark).collect(),
            };
        }
        Ok(route)
    }

    /// The route to a target of this graph's scripts from wherever a database stands: first it takes back the revisions
    /// that have no script here, and all that need them, then it goes up.
    pub fn switch(&self, applied: &Applied, target: &Target) -> Result<Route, RouteError> {
        let (graph, seen) = self.for_database(applied);
        check(&graph, &seen)?;
        let mut route = Route::of_records(&graph, applied, &seen);
        let applied_nodes = graph.applied_nodes(&seen);
        let gone = applied_nodes.iter().filter(|&node| graph.entries[node].script().is_none());
        let dropped = graph.needing(gone).and(&applied_nodes);
        for node in graph.sorted(&dropped).into_iter().rev() {
            route.push(&graph, Op::Downgrade, node);
        }
        let up = self.of_scripts().up(&route.applied_after(applied), target, Verb::Switch)?;
        route.steps.extend(up.steps);
        route.remarks = up.remarks;
        Ok(route)
    }

    /// The route down to a target, which stays applied: everything that follows it or needs what follows it, each
    /// before what it needs.
    ///
    /// `-2` takes back the last two revisions, and at a merge `-1` takes back just the merge. A branch before the
    /// target leaves the other branches that begin at the target alone.
    pub fn downgrade(&self, applied: &Applied, target: &Target) -> Result<Route, RouteError> {
        let (graph, seen) = self.for_database(applied);
        check(&graph, &seen)?;
        let mut route = Route::of_records(&graph, applied, &seen);
        let naming = Naming { graph: &graph, applied: Some(&seen), verb: Verb::Downgrade };
        let to_base = target.word == Some(Word::Base) && target.steps == 0;
        let branch = match naming.branch(target) {
            // There is one line to take back, whatever it is called; yet the name is a slip.
            Err(NamingError::UnknownBranch { written, near, .. }) if to_base && graph.base_nodes().len() <= 1 => {
                route.remarks.push(Remark::UnknownBranch { written, near });
                None
            }
            branch => branch?,
        };
        let branch = branch.as_ref();
        let applied_nodes = naming.applied_nodes();
        let current = graph.current_nodes(&seen);
        let descent = if target.counts_from_current() {
            naming.last_steps(target, branch, &current)?
        } else if target.word == Some(Word::Current) {
            Descent { stop: current.first().copied(), roots: Vec::new() }
        } else {
            naming.descent(target, branch)?
        };
        let dropped = graph.needing(descent.roots).and(&applied_nodes);
        for node in graph.sorted(&dropped).into_iter().rev() {
            route.push(&graph, Op::Downgrade, node);
        }
        if let Some(branch) = branch {
            let beside = dropped.clone().without(&branch.lineage);
            if !beside.is_empty() {
                let revisions = naming.mentions(graph.sorted(&beside));
                route.remarks.push(Remark::OtherBranches { branch: branch.written.clone(), revisions });
            }
        }
        if dropped.is_empty() {
            route.remarks.push(match descent.stop {
                None => Remark::NothingApplied,
                Some(stop) if current.contains(&stop) => Remark::AlreadyThere { revision: naming.mention(stop) },
                Some(stop) => {
                    let (revision, current) = (naming.mention(stop), naming.mentions(current));
                    return Err(if applied_nodes[stop] {
                        RouteError::NothingAbove { revision, current }
                    } else {
                        RouteError::NotApplied { revision, current }
                    });
                }
            });
        }
        Ok(route)
    }
}

/// Where a downgrade stops, and the first revisions above that it takes back.
struct Descent {
    stop: Option<Node>,
    roots: Vec<Node>,
}

impl Naming<'_> {
    /// The descent by a number of steps from where the database stands.
    fn last_steps(
        &self,
        target: &Target,
        branch: Option<&super::naming::Branch>,
        current: &[Node],
    ) -> Result<Descent, NamingError> {
        if target.steps > 0 {
            return Err(self.wrong_direction(target));
        }
        let starts = match branch {
            None => current.to_vec(),
            Some(branch) => {
                // A revision that another branch depends on is not where the database stands, and yet the end of its
                // own branch.
                let applied = self.applied_nodes();
                let passed = applied.iter().flat_map(|node| self.graph.edges.parents[node].iter().copied());
                let passed = NodeSet::of(self.graph.size(), passed);
                self.graph.sorted(&applied.without(&passed).and(&branch.lineage))
            }
        };
        let start = match (&starts[..], branch) {
            ([start], _) => *start,
            ([], None) => return Err(self.too_far(target, 0, None)),
            ([], Some(branch)) => {
                let current = self.mentions(current.iter().copied());
                return Err(NamingError::BranchNotApplied { branch: branch.written.clone(), current });
            }
            (several, _) => return Err(self.several_current(target, several.to_vec())),
        };
        match self.walk(target, Some(start), target.steps + 1, branch)? {
            Some(root) => Ok(Descent { stop: None, roots: vec![root] }),
            None => Err(self.too_far(target, target.steps.unsigned_abs() - 1, None)),
        }
    }

    /// The descent to a revision that is named.
    fn descent(&self, target: &Target, branch: Option<&super::naming::Branch>) -> Result<Descent, RouteError> {
        let is_end = matches!(target.word, Some(Word::Head | Word::Heads)) && target.steps == 0;
        let start = self.one(target, branch.filter(|_| !is_end))?;
        let stop = self.walk(target, start, target.steps, branch)?;
        let mut roots = stop.map_or_else(|| self.graph.base_nodes(), |stop| self.graph.edges.children[stop].clone());
        if let Some(branch) = branch
            && roots.len() > 1
        {
            let choices: Vec<Mention> = self.mentions(roots.iter().copied());
            let line = NodeSet::reached(&self.graph.edges.parents, [branch.node]);
            roots.retain(|&root| line[root]);
            if roots.is_empty() {
                let written = target.written.clone();
                return Err(RouteError::NotABranch { written, branch: branch.written.clone(), choices });
            }
        }
        Ok(Descent { stop, roots })
    }
}
