//! Another place in the graph for a line of revisions: which ones move, and what they follow then.

use super::applied::Applied;
use super::graph::Graph;
use super::id::RevisionId;
use super::mention::{Mention, with_choices};
use super::naming::{Naming, NamingError, Verb};
use super::node_set::{Node, NodeSet};
use super::problem::Problem;
use super::target::Target;
use crate::report::{Class, Diagnostic, Report, count};

/// A line of revisions that is to follow another revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebase {
    /// The revision that the line is to follow.
    pub onto: RevisionId,
    /// The revisions of the line with their new parents, each after all that it needs; none if nothing has to move.
    pub moved: Vec<(RevisionId, Vec<RevisionId>)>,
}

impl Graph {
    /// What moves where, when the line that ends at a head is put on top of another head. Where one of the two is not
    /// named, it is found if there is no choice; what is applied does not move.
    pub fn rebase(
        &self,
        applied: &Applied,
        line: Option<&Target>,
        onto: Option<&Target>,
    ) -> Result<Rebase, RebaseError> {
        if !self.problems().is_empty() {
            return Err(RebaseError::Broken { problems: self.problems().to_vec() });
        }
        let naming = Naming { graph: self, applied: None, verb: Verb::Rebase };
        let one = |target: &Target| -> Result<Node, RebaseError> {
            naming.one(target, None)?.ok_or_else(|| RebaseError::Base { written: target.written.clone() })
        };
        let (line, onto) = match (line, onto) {
            (Some(line), Some(onto)) => (one(line)?, one(onto)?),
            (Some(line), None) => {
                let line = one(line)?;
                (line, self.other_head(&naming, line)?)
            }
            (None, Some(onto)) => {
                let onto = one(onto)?;
                (self.other_head(&naming, onto)?, onto)
            }
            (None, None) => self.line_to_move(&naming, applied)?,
        };
        let below = self.needed([onto]);
        let followed = NodeSet::reached(&self.edges.parents, [line]);
        let onto_id = self.at(onto).id.clone();
        if below[line] {
            return Err(RebaseError::Below { line: naming.mention(line), onto: naming.mention(onto) });
        }
        if followed[onto] {
            return Ok(Rebase { onto: onto_id, moved: Vec::new() });
        }
        let moving = followed.without(&below);
        let nodes = self.sorted(&moving);
        for &node in &nodes {
            if let Some(&outside) = self.edges.needed_by[node].iter().find(|&&next| !moving[next]) {
                let (revision, follower) = (naming.mention(node), naming.mention(outside));
                return Err(RebaseError::Followed { revision, follower });
            }
            if !self.at(node).replaces.is_empty() {
                return Err(RebaseError::Replaces { revision: naming.mention(node) });
            }
        }
        let (seen, rows) = self.for_database(applied);
        let applied_nodes = seen.applied_nodes(&rows);
        let done: Vec<Node> = nodes.iter().copied().filter(|&node| applied_nodes[node]).collect();
        if !done.is_empty() {
            let common = self.last_of(&below.clone().and(&NodeSet::reached(&self.edges.parents, [line])));
            let beside = below.and(&applied_nodes).without(&NodeSet::reached(&self.edges.parents, [line]));
            return Err(RebaseError::Applied {
                revisions: naming.mentions(done),
                onto: onto_id,
                common: common.first().map(|&node| self.at(node).id.clone()),
                both: !beside.is_empty(),
            });
        }
        let moved = nodes.into_iter().map(|node| {
            let kept = self.edges.parents[node].iter().filter(|&&parent| moving[parent]);
            let mut parents: Vec<RevisionId> = kept.map(|&parent| self.at(parent).id.clone()).collect();
            if parents.is_empty() {
                parents.push(onto_id.clone());
            }
            (self.at(node).id.clone(), parents)
        });
        Ok(Rebase { onto: onto_id.clone(), moved: moved.collect() })
    }

    /// The only head beside the one on whose line a revision is.
    fn other_head(&self, naming: &Naming<'_>, node: Node) -> Result<Node, RebaseError> {
        let mut heads = self.head_nodes();
        let lineage = self.lineage(node);
        heads.retain(|&head| !lineage[head]);
        match heads[..] {
            [head] => Ok(head),
            [] => Err(RebaseError::OneHead { heads: naming.mentions(self.head_nodes()) }),
            _ => Err(RebaseError::WhichWay { heads: naming.mentions(heads) }),
        }
    }

    /// Of two heads, the one whose line nothing of is applied moves onto the other.
    fn line_to_move(&self, naming: &Naming<'_>, applied: &Applied) -> Result<(Node, Node), RebaseError> {
        let heads = self.head_nodes();
        let (first, second) = match heads[..] {
            [first, second] => (first, second),
            [] | [_] => return Err(RebaseError::OneHead { heads: naming.mentions(heads) }),
            _ => return Err(RebaseError::WhichWay { heads: naming.mentions(heads) }),
        };
        let (seen, rows) = self.for_database(applied);
        let applied = seen.applied_nodes(&rows);
        let is_begun =
            |line: Node, other: Node| !self.needed([line]).without(&self.needed([other])).and(&applied).is_empty();
        match (is_begun(first, second), is_begun(second, first)) {
            (false, true) => Ok((first, second)),
            // Where both are applied, the error will say so.
            (true, _) => Ok((second, first)),
            (false, false) => Err(RebaseError::WhichWay { heads: naming.mentions(heads) }),
        }
    }
}

/// Why a line cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RebaseError {
    /// A name stands for nothing, or for too much.
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// The scripts do not hang together.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Broken {
        /// What is wrong; never empty.
        problems: Vec<Problem>,
    },
    /// The base was named.
    #[error("`{written}` is no revision")]
    Base {
        /// What was written.
        written: String,
    },
    /// There is one line.
    #[error("there is one line of revisions and nothing to move it onto")]
    OneHead {
        /// Its head, if there is any revision.
        heads: Vec<Mention>,
    },
    /// It has to be said which line moves onto which.
    #[error("there are {}: which line is to move, and onto which?", count(heads.len(), "head"))]
    WhichWay {
        /// The heads to choose from; at least two.
        heads: Vec<Mention>,
    },
    /// The line is a part of the one that it is to follow.
    #[error("`{}` comes before `{}`, it cannot follow it", line.id, onto.id)]
    Below {
        /// The end of the line.
        line: Mention,
        /// What it is to follow.
        onto: Mention,
    },
    /// Something that would stay follows or needs something that would move.
    #[error("`{}` goes on from `{}`, which would move", follower.id, revision.id)]
    Followed {
        /// What would move.
        revision: Mention,
        /// What would stay.
        follower: Mention,
    },
    /// A revision that replaces others stands where they stood.
    #[error("`{}` replaces other revisions, so it stays where they were", revision.id)]
    Replaces {
        /// The revision.
        revision: Mention,
    },
    /// The database has run what is to move.
    #[error("{} that would move {} applied", count(revisions.len(), "revision"), if revisions.len() == 1 { "is" } else { "are" })]
    Applied {
        /// What has run.
        revisions: Vec<Mention>,
        /// What the line is to follow.
        onto: RevisionId,
        /// Where the two lines part; none for the base.
        common: Option<RevisionId>,
        /// Whether the database has run some of the other line as well.
        both: bool,
    },
}

impl RebaseError {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            RebaseError::Naming(error) => error.code(),
            RebaseError::Broken { problems } => problems.first().map_or("broken", Problem::code),
            RebaseError::Base { .. } => "no_revision",
            RebaseError::OneHead { .. } => "one_head",
            RebaseError::WhichWay { .. } => "several_heads",
            RebaseError::Below { .. } => "overlap",
            RebaseError::Followed { .. } => "followed",
            RebaseError::Replaces { .. } => "replaces_others",
            RebaseError::Applied { .. } => "applied",
        }
    }
}

impl Report for RebaseError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let new = || Diagnostic::new(self.code(), self.to_string());
        vec![match self {
            RebaseError::Naming(error) => return error.diagnostics(),
            RebaseError::Broken { problems } => return problems.iter().flat_map(Report::diagnostics).collect(),
            RebaseError::Base { .. } => new().help("`schemactl heads` lists what can move"),
            RebaseError::OneHead { heads } => {
                with_choices(new().help("name what it is to follow: `schemactl rebase REV --onto REV`"), heads)
            }
            RebaseError::WhichWay { heads } => {
                let [first, second, ..] = &heads[..] else { return vec![new()] };
                let help = format!("say so: `schemactl rebase {} --onto {}`", second.id, first.id);
                with_choices(new().help(help), heads)
            }
            RebaseError::Below { line, onto } => {
                new().help(format!("the other way round: `schemactl rebase {} --onto {}`", onto.id, line.id))
            }
            RebaseError::Followed { follower, .. } => new()
                .note(follower.to_string())
                .help(format!("move all of it: name `{}`, or join the lines: `schemactl merge heads`", follower.id)),
            RebaseError::Replaces { .. } => new().help("join the lines: `schemactl merge heads -m \"…\"`"),
            RebaseError::Applied { revisions, both: true, .. } => with_choices(
                new().help("the database has both lines: join them, `schemactl merge heads -m \"…\"`"),
                revisions,
            ),
            RebaseError::Applied { revisions, onto, common, .. } => {
                let common = common.as_ref().map_or("base", RevisionId::as_str);
                let help = format!(
                    "take them back first: `schemactl downgrade {common}`, then `schemactl rebase --onto {onto}` and \
                     `schemactl upgrade`; or join the lines: `schemactl merge heads -m \"…\"`"
                );
                with_choices(new().help(help), revisions)
            }
        }]
    }
}
