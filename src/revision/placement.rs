//! Where a new revision goes: checked before there is a file.

use std::collections::BTreeSet;

use super::graph::Graph;
use super::header::Revision;
use super::id::{IllegalWord, RevisionId, check_word};
use super::mention::{Mention, list, with_choices};
use super::naming::{Naming, NamingError, Verb};
use super::node_set::{Node, NodeSet};
use super::problem::Problem;
use super::target::{Target, Word};
use crate::report::{Class, Diagnostic, Report};

/// Whether a new revision may follow one that others follow already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Splice {
    /// Only heads can be followed.
    No,
    /// Any revision can, which begins a branch.
    Yes,
}

/// What a new revision stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The revisions that it follows.
    pub parents: Vec<RevisionId>,
    /// What it depends on: labels as they were written, otherwise whole identifiers.
    pub depends_on: Vec<String>,
}

impl Graph {
    /// Where a revision goes that follows the targets and depends on others.
    pub fn place(&self, heads: &[Target], splice: Splice, depends_on: &[Target]) -> Result<Placement, PlacementError> {
        self.place_for(Verb::Revision, heads, splice, depends_on)
    }

    /// Where a revision goes that joins the targets, usually `heads`.
    pub fn place_merge(&self, targets: &[Target], splice: Splice) -> Result<Placement, PlacementError> {
        let placement = self.place_for(Verb::Merge, targets, splice, &[])?;
        match &placement.parents[..] {
            [_, _, ..] => Ok(placement),
            parents => Err(PlacementError::NothingToMerge { heads: parents.to_vec() }),
        }
    }

    fn place_for(
        &self,
        verb: Verb,
        heads: &[Target],
        splice: Splice,
        depends_on: &[Target],
    ) -> Result<Placement, PlacementError> {
        self.check_sound()?;
        let naming = Naming { graph: self, applied: None, verb };
        let mut parents: Vec<Node> = Vec::new();
        for target in heads {
            for node in naming.plain(target)? {
                if parents.contains(&node) {
                    return Err(PlacementError::Twice { revision: self.at(node).id.clone() });
                }
                parents.push(node);
            }
        }
        for &node in &parents {
            let children = naming.mentions(self.edges.children[node].iter().copied());
            if splice == Splice::No && !children.is_empty() {
                let revision = self.at(node).id.clone();
                return Err(PlacementError::NotAHead { revision, children, verb });
            }
            let mut below = NodeSet::reached(&self.edges.parents, [node]);
            below.remove(node);
            if let Some(&older) = parents.iter().find(|&&parent| below[parent]) {
                let (older, newer) = (self.at(older).id.clone(), self.at(node).id.clone());
                return Err(PlacementError::Overlap { older, newer });
            }
        }
        let mut needed: Vec<String> = Vec::new();
        for target in depends_on {
            let nodes = naming.plain(target)?;
            let [node] = nodes[..] else {
                return Err(match (nodes.is_empty(), &target.word) {
                    (true, _) => PlacementError::DependsOnNothing { written: target.written.clone() },
                    (false, _) => naming.several_heads(target, nodes).into(),
                });
            };
            let name = match &target.word {
                Some(Word::Name(name)) if target.branch.is_none() && self.labels.contains_key(name) => name.clone(),
                _ => self.at(node).id.to_string(),
            };
            if !needed.contains(&name) {
                needed.push(name);
            }
        }
        let parents = parents.into_iter().map(|node| self.at(node).id.clone()).collect();
        Ok(Placement { parents, depends_on: needed })
    }

    /// Checks that a new revision can have this identifier and these labels.
    pub fn check_new(&self, id: &RevisionId, labels: &[String]) -> Result<(), PlacementError> {
        if self.get(id).is_some() || self.labels.contains_key(id.as_str()) {
            let path = self.script(id).map(|script| script.path().to_owned());
            return Err(PlacementError::IdTaken { id: id.clone(), path });
        }
        let mut seen = BTreeSet::new();
        for label in labels {
            check_word(label)?;
            let owner = self.labels.get(label).or_else(|| self.ids.get(label.as_str()));
            let owner = owner.map(|&node| &self.at(node).id).or(Some(id).filter(|id| id.as_str() == label));
            let owner = owner.or(Some(id).filter(|_| !seen.insert(label)));
            if let Some(owner) = owner {
                return Err(PlacementError::LabelTaken { label: label.clone(), owner: owner.clone() });
            }
        }
        Ok(())
    }

    /// The head of a revision that stands for all from one revision to another. Message and time are left to the
    /// caller.
    ///
    /// Nothing outside may follow or need any of them but the last, and they must hang together.
    pub fn squash(&self, id: RevisionId, from: &Target, to: &Target) -> Result<Revision, PlacementError> {
        self.check_sound()?;
        let naming = Naming { graph: self, applied: None, verb: Verb::Show };
        let one = |target: &Target| match naming.plain(target)?[..] {
            [node] => Ok(node),
            [] => Err(PlacementError::NothingToSquash),
            ref several => Err(naming.several_heads(target, several.to_vec()).into()),
        };
        let (first, last) = (one(from)?, one(to)?);
        let span = NodeSet::reached(&self.edges.children, [first]).and(&self.needed([last]));
        let nodes = self.sorted(&span);
        if nodes.len() < 2 || !span[first] {
            return Err(PlacementError::NothingToSquash);
        }
        let mut revision = Revision::new(id, Vec::new());
        for &node in &nodes {
            let outside = self.edges.needed_by[node].iter().find(|&&next| node != last && !span[next]);
            if let Some(&outside) = outside {
                let (revision, follower) = (self.at(node).id.clone(), self.at(outside).id.clone());
                return Err(PlacementError::LeftFromTheMiddle { revision, follower });
            }
            let part = self.at(node);
            revision.replaces.push(part.id.clone());
            revision.labels.extend(part.labels.iter().cloned());
            revision.requires = revision.requires.max(part.requires);
            revision.irreversible = revision.irreversible.or_else(|| part.irreversible.clone());
            for &parent in self.edges.parents[node].iter().filter(|&&parent| !span[parent]) {
                let parent = &self.at(parent).id;
                if !revision.parents.contains(parent) {
                    revision.parents.push(parent.clone());
                }
            }
            let parents = &self.edges.parents[node];
            for &needed in self.edges.needs[node].iter().filter(|&node| !span[*node] && !parents.contains(node)) {
                let needed = self.at(needed).id.to_string();
                if !revision.depends_on.contains(&needed) {
                    revision.depends_on.push(needed);
                }
            }
        }
        let Revision { parents, depends_on, .. } = &mut revision;
        depends_on.retain(|needed| !parents.iter().any(|parent| parent.as_str() == needed));
        revision.schema.clone_from(&self.at(last).schema);
        Ok(revision)
    }

    fn check_sound(&self) -> Result<(), PlacementError> {
        match self.problems() {
            [] => Ok(()),
            problems => Err(PlacementError::Broken { problems: problems.to_vec() }),
        }
    }
}

/// Why a new revision cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// A name stands for nothing, or for too much.
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// The scripts do not hang together.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Broken {
        /// What is wrong; never empty.
        problems: Vec<Problem>,
    },
    /// A label that is no word.
    #[error(transparent)]
    Word(#[from] IllegalWord),
    /// A revision is to follow the same one twice.
    #[error("the head `{revision}` is named twice")]
    Twice {
        /// The head.
        revision: RevisionId,
    },
    /// A revision is to follow one that others follow already.
    #[error("`{revision}` is not a head, {} after it", list_followers(children))]
    NotAHead {
        /// The revision.
        revision: RevisionId,
        /// What follows it.
        children: Vec<Mention>,
        /// The command.
        verb: Verb,
    },
    /// A revision is to follow two of which one comes before the other.
    #[error("`{older}` comes before `{newer}`, following both is following `{newer}`")]
    Overlap {
        /// The one that comes before.
        older: RevisionId,
        /// The one after it.
        newer: RevisionId,
    },
    /// There is nothing to join.
    #[error("there is nothing to merge, the only head is {}", list(heads))]
    NothingToMerge {
        /// The heads that were named.
        heads: Vec<RevisionId>,
    },
    /// A dependency on the base.
    #[error("`{written}` is no revision to depend on")]
    DependsOnNothing {
        /// What was written.
        written: String,
    },
    /// The identifier of a revision or a label of another.
    #[error("the identifier `{id}` is taken{}", path.as_ref().map(|path| format!(" by `{path}`")).unwrap_or_default())]
    IdTaken {
        /// The identifier.
        id: RevisionId,
        /// The file that has it.
        path: Option<String>,
    },
    /// The label of a revision or the identifier of another.
    #[error("the label `{label}` belongs to revision `{owner}` already")]
    LabelTaken {
        /// The label.
        label: String,
        /// The revision.
        owner: RevisionId,
    },
    /// Fewer than two revisions from one to the other.
    #[error("there are no two revisions on one line to squash")]
    NothingToSquash,
    /// A revision outside goes on from the middle of those that are to become one.
    #[error("`{follower}` goes on from `{revision}`, in the middle of what would become one revision")]
    LeftFromTheMiddle {
        /// The revision in the middle.
        revision: RevisionId,
        /// The one that goes on from it.
        follower: RevisionId,
    },
}

fn list_followers(children: &[Mention]) -> String {
    let ids: Vec<&RevisionId> = children.iter().map(|child| &child.id).collect();
    format!("{} {}", list(&ids), if ids.len() == 1 { "comes" } else { "come" })
}

impl PlacementError {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PlacementError::Naming(error) => error.code(),
            PlacementError::Broken { problems } => problems.first().map_or("broken", Problem::code),
            PlacementError::Word(_) => "illegal_word",
            PlacementError::Twice { .. } => "duplicate_head",
            PlacementError::NotAHead { .. } => "not_a_head",
            PlacementError::Overlap { .. } => "overlap",
            PlacementError::NothingToMerge { .. } => "nothing_to_merge",
            PlacementError::DependsOnNothing { .. } => "depends_on_nothing",
            PlacementError::IdTaken { .. } => "id_taken",
            PlacementError::LabelTaken { .. } => "label_taken",
            PlacementError::NothingToSquash => "nothing_to_squash",
            PlacementError::LeftFromTheMiddle { .. } => "left_from_the_middle",
        }
    }
}

impl Report for PlacementError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let new = || Diagnostic::new(self.code(), self.to_string());
        vec![match self {
            PlacementError::Naming(error) => return error.diagnostics(),
            PlacementError::Broken { problems } => return problems.iter().flat_map(Report::diagnostics).collect(),
            PlacementError::Word(_) => new().help("use letters, digits and underscores"),
            PlacementError::Twice { .. } => new().help("name it once"),
            PlacementError::NotAHead { revision, children, verb } => with_choices(
                new().help(match verb {
                    Verb::Merge => format!("`--splice` merges from the middle of the line of `{revision}`"),
                    _ => format!("`schemactl revision --head {revision} --splice -m \"…\"` begins a branch there"),
                }),
                children,
            ),
            PlacementError::Overlap { newer, .. } => new().help(format!("name only `{newer}`")),
            PlacementError::NothingToMerge { .. } => new().help("`schemactl heads` lists the heads"),
            PlacementError::DependsOnNothing { .. } => new().help("leave the dependency out, or name a revision"),
            PlacementError::IdTaken { .. } => new().help("choose another, or leave `--rev-id` out"),
            PlacementError::LabelTaken { .. } => new().help("choose another label"),
            PlacementError::NothingToSquash => {
                new().help("name the oldest and the newest of the revisions; `schemactl history` lists them")
            }
            PlacementError::LeftFromTheMiddle { revision, .. } => {
                new().help(format!("end at `{revision}`, or merge the branches first"))
            }
        }]
    }
}
