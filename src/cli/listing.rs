//! Revisions as `current`, `heads`, `history`, `branches` and `show` give them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::context::Context;
use super::picture::{self, Characters};
use super::style::Meaning;
use crate::revision::{Applied, Graph, Revision, RevisionId, Row};

/// What is said of each revision.
pub struct Listing<'a> {
    graph: &'a Graph,
    heads: BTreeSet<&'a RevisionId>,
    current: BTreeSet<RevisionId>,
    applied: Option<&'a Applied>,
}

impl<'a> Listing<'a> {
    /// A listing over a graph, and over what is applied where that is known.
    #[must_use]
    pub fn new(graph: &'a Graph, applied: Option<&'a Applied>) -> Listing<'a> {
        let current = applied.map(|applied| graph.current(applied)).unwrap_or_default();
        let current = current.into_iter().map(|revision| revision.id.clone()).collect();
        let heads = graph.heads().into_iter().map(|head| &head.id).collect();
        Listing { graph, heads, current, applied }
    }

    /// Gives the revisions as the answer of a command.
    pub fn give(&self, context: &Context, revisions: &[&Revision]) {
        if context.output.is_json() {
            let revisions: Vec<Value> = revisions.iter().map(|revision| self.json(revision)).collect();
            context.output.json(&json!({ "version": 1, "revisions": revisions }));
            return;
        }
        let is_verbose = context.output.is_verbose();
        let shown =
            revisions.iter().map(|revision| if is_verbose { self.block(revision) } else { self.line(revision) });
        // Given at once: a line at a time is slow where there are thousands.
        let shown = shown.collect::<Vec<_>>().join(if is_verbose { "\n\n" } else { "\n" });
        if !shown.is_empty() {
            context.output.answer(shown);
        }
    }

    /// The same, drawn as a graph for people where there is more to see than one line.
    pub fn draw(&self, context: &Context, revisions: &[&Revision], rows: &[Row<'_>]) {
        if context.output.is_json() || !picture::is_worth_drawing(rows) {
            return self.give(context, revisions);
        }
        let is_verbose = context.output.is_verbose();
        context.output.answer(picture::draw(rows, Characters::of_process(), |row| {
            if is_verbose { self.block(row.revision) + "\n" } else { self.line(row.revision) }
        }));
    }

    /// One revision for programs.
    #[must_use]
    pub fn json(&self, revision: &Revision) -> Value {
        let words = |ids: &[RevisionId]| ids.iter().map(RevisionId::to_string).collect::<Vec<_>>();
        json!({
            "revision": revision.id.as_str(),
            "parents": words(&revision.parents),
            "message": revision.message,
            "created": revision.created.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
            "head": self.heads.contains(&revision.id),
            "current": self.current.contains(&revision.id),
            "applied": self.applied.map(|applied| applied.contains(&revision.id)),
            "labels": revision.labels,
            "depends_on": revision.depends_on,
            "replaces": words(&revision.replaces),
            "path": self.graph.script(&revision.id).map(|script| script.path().to_owned()),
        })
    }

    /// `base -> ec7d02f185ab (head), Added user table`
    fn line(&self, revision: &Revision) -> String {
        let parents = if revision.parents.is_empty() { "base".to_owned() } else { list(&revision.parents) };
        let mut line = format!("{parents} -> {}", Meaning::Revision.paint(&revision.id));
        for mark in self.marks(revision) {
            let _ = write!(line, " ({mark})");
        }
        if !revision.message.is_empty() {
            let _ = write!(line, ", {}", super::visible::visible(&revision.message));
        }
        line
    }

    fn marks(&self, revision: &Revision) -> Vec<String> {
        let mut marks: Vec<String> = revision.labels.clone();
        let children = self.graph.children(&revision.id).len();
        marks.extend(self.heads.contains(&revision.id).then(|| "head".to_owned()));
        marks.extend(self.current.contains(&revision.id).then(|| "current".to_owned()));
        marks.extend((children > 1).then(|| "branchpoint".to_owned()));
        marks.extend((revision.parents.len() > 1).then(|| "mergepoint".to_owned()));
        marks.extend((!revision.depends_on.is_empty()).then(|| format!("needs {}", revision.depends_on.join(", "))));
        let is_gone = self.graph.script(&revision.id).is_none();
        marks.extend(is_gone.then(|| "its script is gone".to_owned()));
        marks
    }

    /// All that the head of a script says, a line each.
    #[must_use]
    pub fn block(&self, revision: &Revision) -> String {
        let mut text = format!("{} {}", Meaning::Heading.paint("revision"), Meaning::Revision.paint(&revision.id));
        for mark in self.marks(revision) {
            let _ = write!(text, " ({mark})");
        }
        let mut add = |key: &str, value: &str| {
            let _ = write!(text, "\n{key:<10}{}", super::visible::visible(value));
        };
        if revision.parents.is_empty() {
            add("parents", "none");
        } else {
            add(if revision.parents.len() > 1 { "merges" } else { "parents" }, &list(&revision.parents));
        }
        let children: Vec<RevisionId> =
            self.graph.children(&revision.id).into_iter().map(|child| child.id.clone()).collect();
        if !children.is_empty() {
            add("children", &list(&children));
        }
        if !revision.replaces.is_empty() {
            add("replaces", &list(&revision.replaces));
        }
        if let Some(created) = revision.created {
            add("created", &created.format("%Y-%m-%d %H:%M:%S UTC").to_string());
        }
        if let Some(script) = self.graph.script(&revision.id) {
            add("path", script.path());
        }
        if !revision.message.is_empty() {
            add("message", &revision.message);
        }
        text
    }
}

/// Identifiers, separated by commas.
#[must_use]
pub fn list(ids: &[RevisionId]) -> String {
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}
