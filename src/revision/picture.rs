//! A graph in the order in which it is drawn: from the newest down, a line of revisions in one piece where that can be.

use super::graph::Graph;
use super::header::Revision;
use super::node_set::{Node, NodeSet};

/// A revision of a picture, and which ones of the picture stand below it.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The revision.
    pub revision: &'a Revision,
    /// What it follows, as far as it is in the picture.
    pub below: Vec<Below<'a>>,
}

/// What a line of a picture leads to.
#[derive(Debug, Clone, Copy)]
pub struct Below<'a> {
    /// The revision.
    pub revision: &'a Revision,
    /// Whether it is a parent, and not farther down.
    pub is_parent: bool,
}

impl Graph {
    /// These revisions as a picture.
    #[must_use]
    pub fn picture<'a>(&'a self, revisions: &[&Revision]) -> Vec<Row<'a>> {
        let shown = revisions.iter().filter_map(|revision| self.node_of(&revision.id));
        let shown = NodeSet::of(self.size(), shown);
        let links = |node: Node| self.edges.parents[node].iter().map(|&parent| (parent, true));
        self.rows(&shown, |node| links(node).filter(|&(parent, _)| shown[parent]).collect())
    }

    /// The heads, and the revisions at which their lines part, as a picture.
    #[must_use]
    pub fn picture_of_heads(&self) -> Vec<Row<'_>> {
        // From the top down: the one shown revision that leads to a node, or several, and then it is shown itself.
        let mut above: Vec<Vec<Node>> = vec![Vec::new(); self.size()];
        let mut links: Vec<Vec<(Node, bool)>> = vec![Vec::new(); self.size()];
        let mut shown = NodeSet::none(self.size());
        for &node in self.order.iter().rev() {
            let through = match above[node][..] {
                [one] => one,
                ref several => {
                    for &from in several {
                        links[from].push((node, self.edges.parents[from].contains(&node)));
                    }
                    shown.insert(node);
                    node
                }
            };
            for &parent in &self.edges.parents[node] {
                if !above[parent].contains(&through) {
                    above[parent].push(through);
                }
            }
        }
        self.rows(&shown, |node| links[node].clone())
    }

    /// The shown nodes, each above all that it leads to; a line is gone down before the next one begins.
    fn rows(&self, shown: &NodeSet, below: impl Fn(Node) -> Vec<(Node, bool)>) -> Vec<Row<'_>> {
        let mut waits: Vec<usize> = vec![0; self.size()];
        for node in shown.iter() {
            for (next, _) in below(node) {
                waits[next] += 1;
            }
        }
        let mut open: Vec<Node> = self.sorted(shown).into_iter().filter(|&node| waits[node] == 0).collect();
        let mut rows = Vec::new();
        while let Some(node) = open.pop() {
            let links = below(node);
            for &(next, _) in links.iter().rev() {
                waits[next] -= 1;
                if waits[next] == 0 {
                    open.push(next);
                }
            }
            let below = links.into_iter().map(|(next, is_parent)| Below { revision: self.at(next), is_parent });
            rows.push(Row { revision: self.at(node), below: below.collect() });
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::walks::graph;

    fn shown(rows: &[Row<'_>]) -> String {
        let row = |row: &Row<'_>| {
            let below = row.below.iter().map(|below| {
                let far = if below.is_parent { "" } else { "~" };
                format!("{far}{}", below.revision.id)
            });
            format!("{}>{}", row.revision.id, below.collect::<Vec<_>>().join(","))
        };
        rows.iter().map(row).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_line_is_drawn_in_one_piece_though_another_was_written_meanwhile() {
        let forked = graph("root; a1<root; b1<root; a2<a1; b2<b1; join<a2,b2");
        let all: Vec<&Revision> = forked.revisions().collect();
        assert_eq!(shown(&forked.picture(&all)), "join>a2,b2 a2>a1 a1>root b2>b1 b1>root root>");
        let some: Vec<&Revision> = all.iter().copied().filter(|revision| revision.id.as_str() != "root").collect();
        assert_eq!(shown(&forked.picture(&some)), "join>a2,b2 a2>a1 a1> b2>b1 b1>");
    }

    #[test]
    fn heads_are_drawn_with_the_places_where_they_part_and_nothing_else() {
        let forked = graph("root; mid<root; a1<mid; b1<mid; a2<a1; left<a2; rite<a2; tail<left,rite; own");
        assert_eq!(shown(&forked.picture_of_heads()), "own> tail>~mid b1>mid mid>");
        assert_eq!(shown(&graph("a; b<a; c<b").picture_of_heads()), "c>");
    }
}
