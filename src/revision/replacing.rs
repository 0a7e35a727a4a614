//! Revisions that replace others: which of the two a database walks.
//!
//! As long as none of the replaced revisions is applied, or all of them are, the replacing one stands for them. A
//! database in the middle of them walks them to their end.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::applied::Applied;
use super::graph::Entry;
use super::header::HeaderKey;
use super::id::RevisionId;
use super::node_set::{Node, NodeSet};
use super::problem::Problem;

/// The side of a graph that a database sees.
pub(super) struct View {
    /// The nodes that do not count.
    pub hidden: NodeSet,
    /// For a revision that does not count, those that do in its place.
    pub stands_for: BTreeMap<RevisionId, Vec<RevisionId>>,
    /// What is applied, where a replacing revision counts once all that it replaces is.
    pub applied: Applied,
    pub problems: Vec<Problem>,
}

impl View {
    /// What a database sees where these revisions are applied.
    pub fn of(entries: &[Entry], ids: &BTreeMap<RevisionId, Node>, applied: &Applied) -> View {
        let hidden = NodeSet::none(entries.len());
        let mut view = View { hidden, stands_for: BTreeMap::new(), applied: applied.clone(), problems: Vec::new() };
        let replacing: BTreeMap<&RevisionId, Node> = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| !entry.revision().replaces.is_empty())
            .map(|(node, entry)| (&entry.revision().id, node))
            .collect();
        if replacing.is_empty() {
            return view;
        }
        let mut squashes = Squashes { entries, replacing };
        view.problems = squashes.leave_out_the_senseless();
        let reached = applied.iter().flat_map(|id| squashes.originals(id)).collect();
        // The outermost first: what it stands for needs no decision any more.
        let mut open: Vec<Node> = squashes.replacing.values().copied().collect();
        open.sort_by_key(|&node| Reverse(squashes.all_replaced(&entries[node].revision().id).len()));
        for node in open {
            if !view.hidden[node] {
                view.decide(&squashes, ids, node, &reached);
            }
        }
        view
    }

    fn decide(
        &mut self,
        squashes: &Squashes<'_>,
        ids: &BTreeMap<RevisionId, Node>,
        node: Node,
        reached: &BTreeSet<&RevisionId>,
    ) {
        let entry = &squashes.entries[node];
        let id = &entry.revision().id;
        let originals = squashes.originals(id);
        let is_sound = self.problems.is_empty();
        let (applied, open): (Vec<_>, Vec<_>) = originals.iter().partition(|id| reached.contains(*id));
        if !self.applied.contains(id) && !applied.is_empty() && !open.is_empty() {
            let missing: Vec<RevisionId> =
                entry.revision().replaces.iter().filter(|id| !ids.contains_key(*id)).cloned().collect();
            if missing.is_empty() {
                self.hidden.insert(node);
                self.stands_for.insert(id.clone(), squashes.last_replaced(node));
                return;
            }
            self.problems.push(Problem::PartlyReplaced {
                revision: id.clone(),
                applied: applied.into_iter().copied().cloned().collect(),
                missing,
                place: entry.place(HeaderKey::Replaces),
            });
        } else if !applied.is_empty() {
            self.applied.insert(id.clone());
        }
        for replaced in squashes.all_replaced(id) {
            self.stands_for.insert(replaced.clone(), vec![id.clone()]);
            if let Some(&replaced) = ids.get(replaced) {
                self.hidden.insert(replaced);
            }
            if is_sound {
                self.applied.remove(replaced);
            }
        }
    }
}

/// The revisions that replace others.
struct Squashes<'a> {
    entries: &'a [Entry],
    replacing: BTreeMap<&'a RevisionId, Node>,
}

impl<'a> Squashes<'a> {
    /// Leaves out revisions that replace themselves, or what another one replaces; gives back a problem for each.
    fn leave_out_the_senseless(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut owners: BTreeMap<&'a RevisionId, &'a RevisionId> = BTreeMap::new();
        for (id, node) in self.replacing.clone() {
            let entry = &self.entries[node];
            let place = entry.place(HeaderKey::Replaces);
            let replaced = self.replaced(id);
            if replaced.contains(id) || replaced.iter().any(|replaced| self.all_replaced(replaced).contains(id)) {
                problems.push(Problem::ReplacesItself { revision: id.clone(), place });
                self.replacing.remove(id);
                continue;
            }
            for replaced in replaced {
                let other = *owners.entry(replaced).or_insert(id);
                if other != id && !self.all_replaced(id).contains(other) && !self.all_replaced(other).contains(id) {
                    problems.push(Problem::ReplacedTwice {
                        revision: replaced.clone(),
                        first: other.clone(),
                        second: id.clone(),
                        place: place.clone(),
                    });
                }
            }
        }
        problems
    }

    /// All that a revision replaces, and what that replaces in turn.
    fn all_replaced(&self, id: &RevisionId) -> BTreeSet<&'a RevisionId> {
        let mut all = BTreeSet::new();
        let mut open: Vec<&'a RevisionId> = self.replaced(id).iter().collect();
        while let Some(next) = open.pop() {
            if next != id && all.insert(next) {
                open.extend(self.replaced(next));
            }
        }
        all
    }

    /// The revisions at the bottom of what a revision replaces; itself if it replaces none.
    fn originals<'i>(&self, id: &'i RevisionId) -> BTreeSet<&'i RevisionId>
    where
        'a: 'i,
    {
        if !self.replacing.contains_key(id) {
            return BTreeSet::from([id]);
        }
        self.all_replaced(id).into_iter().filter(|id| !self.replacing.contains_key(id)).collect()
    }

    fn replaced(&self, id: &RevisionId) -> &'a [RevisionId] {
        self.replacing.get(id).map_or(&[], |&node| &self.entries[node].revision().replaces)
    }

    /// What a revision replaces, without those that another of them follows.
    fn last_replaced(&self, node: Node) -> Vec<RevisionId> {
        let replaces = &self.entries[node].revision().replaces;
        let followed: BTreeSet<&RevisionId> = self
            .entries
            .iter()
            .filter(|entry| replaces.contains(&entry.revision().id))
            .flat_map(|entry| &entry.revision().parents)
            .collect();
        let is_followed = |id: &RevisionId| {
            followed.contains(id) || self.all_replaced(id).iter().any(|replaced| followed.contains(replaced))
        };
        replaces.iter().filter(|id| !is_followed(id)).cloned().collect()
    }
}
