//! What the name of a place stands for in a graph.

use super::applied::Applied;
use super::edges::abbreviated;
use super::graph::Graph;
use super::header::Revision;
use super::id::RevisionId;
use super::mention::Mention;
use super::node_set::{Node, NodeSet};
use super::target::{Target, Word, words};
use crate::report;

pub use super::naming_error::NamingError;

/// How many revisions are offered in the place of a name that is near to none.
const NEWEST: usize = 5;

/// The command that a place is named for; it decides what help is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `upgrade`
    Upgrade,
    /// `switch`
    Switch,
    /// `downgrade`
    Downgrade,
    /// `stamp`
    Stamp,
    /// `revision`
    Revision,
    /// `merge`
    Merge,
    /// `rebase`
    Rebase,
    /// `history`
    History,
    /// `show`, and others that only look.
    Show,
}

impl Verb {
    /// The command as it is typed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Upgrade => "upgrade",
            Verb::Switch => "switch",
            Verb::Downgrade => "downgrade",
            Verb::Stamp => "stamp",
            Verb::Revision => "revision",
            Verb::Merge => "merge",
            Verb::Rebase => "rebase",
            Verb::History => "history",
            Verb::Show => "show",
        }
    }
}

/// A graph and a database, in which names stand for revisions.
#[derive(Clone, Copy)]
pub(super) struct Naming<'a> {
    pub graph: &'a Graph,
    /// What is applied, if there is a database to ask.
    pub applied: Option<&'a Applied>,
    pub verb: Verb,
}

/// A branch that was named.
pub(super) struct Branch {
    pub written: String,
    /// The revision that stands for it.
    pub node: Node,
    /// All that it follows and all that follow it.
    pub lineage: NodeSet,
}

impl Graph {
    /// The revisions that a name stands for where no walk is meant: an identifier, the beginning of one, a label,
    /// `head`, `heads`, `base` (none), `current`, `label@…`, and `-2` for two below each head.
    pub fn resolve(&self, target: &Target, applied: Option<&Applied>) -> Result<Vec<&Revision>, NamingError> {
        let seen = applied.map(|applied| self.for_database(applied));
        let graph = seen.as_ref().map_or(self, |(graph, _)| graph);
        let applied = seen.as_ref().map(|(_, applied)| applied.as_ref());
        let naming = Naming { graph, applied, verb: Verb::Show };
        Ok(naming.plain(target)?.into_iter().map(|node| self.at(node)).collect())
    }
}

impl Naming<'_> {
    pub fn branch(&self, target: &Target) -> Result<Option<Branch>, NamingError> {
        let Some(written) = &target.branch else { return Ok(None) };
        let node = self.name(written, None).map_err(|error| match error {
            NamingError::Unknown { written, near, labels, .. } => NamingError::UnknownBranch { written, near, labels },
            error => error,
        })?;
        Ok(Some(Branch { written: written.clone(), node, lineage: self.graph.lineage(node) }))
    }

    /// The node of an identifier, of a label, or of the unique beginning of one.
    fn name(&self, written: &str, branch: Option<&Branch>) -> Result<Node, NamingError> {
        let graph = self.graph;
        let exact = graph.ids.get(written).or_else(|| graph.labels.get(written)).copied();
        let node = if let Some(node) = exact {
            node
        } else {
            let mut found = abbreviated(&graph.ids, &graph.labels, written);
            if let Some(branch) = branch
                && found.iter().any(|&node| branch.lineage[node])
            {
                found.retain(|&node| branch.lineage[node]);
            }
            match found[..] {
                [] => return Err(self.unknown(written)),
                [node] => node,
                _ => {
                    let candidates = self.mentions(found);
                    return Err(NamingError::Ambiguous { written: written.to_owned(), candidates });
                }
            }
        };
        match branch {
            Some(branch) if !branch.lineage[node] => {
                let ends = self.graph.head_nodes().into_iter().filter(|&head| branch.lineage[head]);
                let heads = self.mentions(ends);
                Err(NamingError::NotInBranch { revision: self.mention(node), branch: branch.written.clone(), heads })
            }
            _ => Ok(node),
        }
    }

    fn unknown(&self, written: &str) -> NamingError {
        if let Some(by) = self.graph.stands_for(written) {
            return NamingError::Replaced { written: written.to_owned(), by: Mention::from(by) };
        }
        let names = self.graph.ids.keys().map(RevisionId::as_str).chain(self.graph.labels.keys().map(String::as_str));
        let near = report::nearest(written, words().chain(names)).map(str::to_owned);
        let meant = near.as_deref().and_then(|near| self.graph.ids.get(near));
        let (candidates, more) = match (meant, &near) {
            (Some(&node), _) => (vec![self.mention(node)], 0),
            (None, Some(_)) => (Vec::new(), 0),
            (None, None) => {
                let newest = self.graph.revisions().rev().take(NEWEST).map(Mention::from).collect();
                (newest, self.graph.size().saturating_sub(NEWEST))
            }
        };
        let labels = self.graph.labels.keys().cloned().collect();
        NamingError::Unknown { written: written.to_owned(), near, candidates, more, labels }
    }

    /// What the word of a target stands for, steps aside: several for `heads` and `current`, none for `base`.
    pub fn word(&self, target: &Target, branch: Option<&Branch>) -> Result<Vec<Node>, NamingError> {
        let on_branch = |mut nodes: Vec<Node>| {
            nodes.retain(|&node| branch.is_none_or(|branch| branch.lineage[node]));
            nodes
        };
        match &target.word {
            Some(Word::Head) => {
                let heads = on_branch(self.graph.head_nodes());
                if heads.len() > 1 { Err(self.several_heads(target, heads)) } else { Ok(heads) }
            }
            // The merge of a branch into what depends on it is up to `revision` and `merge`, which look at what
            // follows what; elsewhere the ends of what runs are meant.
            Some(Word::Heads) if branch.is_some() || matches!(self.verb, Verb::Revision | Verb::Merge) => {
                Ok(on_branch(self.graph.head_nodes()))
            }
            Some(Word::Heads) => Ok(self.graph.effective_head_nodes()),
            Some(Word::Base) => Ok(Vec::new()),
            Some(Word::Current) | None => {
                let applied = self.applied.ok_or_else(|| NamingError::NoCurrent { written: target.written.clone() })?;
                Ok(on_branch(self.graph.current_nodes(applied)))
            }
            Some(Word::Name(name)) => Ok(vec![self.name(name, branch)?]),
        }
    }

    /// The one revision that the word of a target stands for; none for `base`.
    pub fn one(&self, target: &Target, branch: Option<&Branch>) -> Result<Option<Node>, NamingError> {
        let nodes = self.word(target, branch)?;
        match nodes[..] {
            [] => Ok(None),
            [node] => Ok(Some(node)),
            _ if matches!(target.word, Some(Word::Heads)) => Err(self.several_heads(target, nodes)),
            _ => Err(self.several_current(target, nodes)),
        }
    }

    /// What a target stands for where nothing is walked; see [`Graph::resolve`].
    pub fn plain(&self, target: &Target) -> Result<Vec<Node>, NamingError> {
        let branch = self.branch(target)?;
        if target.steps == 0 {
            return self.word(target, branch.as_ref());
        }
        if target.word.is_some() || target.steps > 0 {
            return Err(NamingError::StepsNotAllowed { written: target.written.clone(), verb: self.verb });
        }
        let mut heads = self.graph.effective_head_nodes();
        if let Some(branch) = &branch {
            heads = self.graph.head_nodes();
            heads.retain(|&head| branch.lineage[head]);
        }
        let mut nodes = NodeSet::none(self.graph.size());
        for head in heads {
            if let Some(node) = self.walk(target, Some(head), target.steps, branch.as_ref())? {
                nodes.insert(node);
            }
        }
        Ok(self.graph.sorted(&nodes))
    }

    /// The node that many steps above a node, or below it; no node is the base, which is one step below the first.
    pub fn walk(
        &self,
        target: &Target,
        start: Option<Node>,
        steps: i64,
        branch: Option<&Branch>,
    ) -> Result<Option<Node>, NamingError> {
        let edges = &self.graph.edges;
        let mut at = start;
        for walked in 0..steps.unsigned_abs() {
            let mut next = match at {
                Some(node) if steps > 0 => edges.children[node].clone(),
                Some(node) => edges.parents[node].clone(),
                None if steps > 0 => self.graph.base_nodes(),
                None => return Err(self.too_far(target, walked, None)),
            };
            next.retain(|&node| branch.is_none_or(|branch| branch.lineage[node]));
            at = match next[..] {
                [node] => Some(node),
                [] if steps < 0 => None,
                [] => return Err(self.too_far(target, walked, at)),
                _ => {
                    return Err(NamingError::Fork {
                        written: target.written.clone(),
                        at: at.map(|node| self.mention(node)),
                        upwards: steps > 0,
                        choices: self.mentions(next),
                        verb: self.verb,
                    });
                }
            };
        }
        Ok(at)
    }

    pub fn too_far(&self, target: &Target, found: u64, end: Option<Node>) -> NamingError {
        let (written, end) = (target.written.clone(), end.map(|node| self.mention(node)));
        NamingError::TooFar { written, found, end, upwards: target.steps > 0, verb: self.verb }
    }

    pub fn wrong_direction(&self, target: &Target) -> NamingError {
        NamingError::WrongDirection { written: target.written.clone(), upwards: target.steps > 0, verb: self.verb }
    }

    pub fn several_heads(&self, target: &Target, heads: Vec<Node>) -> NamingError {
        let heads = self.mentions(heads);
        NamingError::SeveralHeads { written: target.written.clone(), heads, verb: self.verb }
    }

    pub fn several_current(&self, target: &Target, current: Vec<Node>) -> NamingError {
        let current = self.mentions(current);
        NamingError::SeveralCurrent { written: target.written.clone(), current, verb: self.verb }
    }

    pub fn mention(&self, node: Node) -> Mention {
        Mention::from(self.graph.at(node))
    }

    pub fn mentions(&self, nodes: impl IntoIterator<Item = Node>) -> Vec<Mention> {
        nodes.into_iter().map(|node| self.mention(node)).collect()
    }

    /// What is applied; nothing if there is no database to ask.
    pub fn applied_nodes(&self) -> NodeSet {
        self.applied.map_or_else(|| NodeSet::none(self.graph.size()), |applied| self.graph.applied_nodes(applied))
    }

    /// Where a walk up from the present begins: the last applied revision, on the branch if one is named; none if
    /// nothing is applied there.
    pub fn start_of_upgrade(&self, target: &Target, branch: Option<&Branch>) -> Result<Option<Node>, NamingError> {
        let mut applied = self.applied_nodes();
        if let Some(branch) = branch {
            applied = applied.and(&branch.lineage);
        }
        match self.graph.last_of(&applied)[..] {
            [] => Ok(None),
            [node] => Ok(Some(node)),
            ref several => Err(self.several_current(target, several.to_vec())),
        }
    }

    /// What an upgrade is to reach.
    pub fn upgrade(&self, target: &Target) -> Result<Vec<Node>, NamingError> {
        let branch = self.branch(target)?;
        let branch = branch.as_ref();
        if target.steps == 0 {
            return self.word(target, branch);
        }
        let start = if target.counts_from_current() {
            if target.steps < 0 {
                return Err(self.wrong_direction(target));
            }
            self.start_of_upgrade(target, branch)?
        } else {
            self.one(target, branch)?
        };
        Ok(self.walk(target, start, target.steps, branch)?.into_iter().collect())
    }
}
