//! `merge`: whether branches can be run in either order.
//!
//! Scratch databases say what becomes of the schema; what becomes of rows, no replay without rows can say.

use crate::database::Scratch;
use crate::diff::{self, Change, Renames};
use crate::report::Failure;
use crate::revision::{Applied, Graph, Mention, RevisionId};
use crate::schema::Schema;
use crate::token;

use super::{Project, replay};

/// What replaying the branches in both orders has shown.
#[derive(Debug, Default)]
pub struct Proof {
    /// Where the orders differ, a sentence each; none if both give the same schema.
    pub clashes: Vec<String>,
    /// The revisions that change rows, so that a person must look at their order.
    pub rows: Vec<Mention>,
}

/// Replays the branches that end at these revisions on top of what they have in common, first to last and last to first.
///
/// # Errors
/// When what they have in common cannot be replayed.
pub fn prove(project: &Project, graph: &Graph, heads: &[RevisionId]) -> Result<Proof, Failure> {
    let lines: Vec<Applied> = heads.iter().map(|head| graph.applied_at([head])).collect();
    let is_common = |id: &RevisionId| lines.iter().all(|line| line.contains(id));
    let common: Vec<&RevisionId> = graph.revisions().map(|revision| &revision.id).filter(|id| is_common(id)).collect();
    let branches: Vec<Vec<&RevisionId>> = lines
        .iter()
        .map(|line| {
            let ids = graph.revisions().map(|revision| &revision.id);
            ids.filter(|id| line.contains(id) && !is_common(id)).collect()
        })
        .collect();
    let forward: Vec<&Vec<&RevisionId>> = branches.iter().collect();
    let backward: Vec<&Vec<&RevisionId>> = branches.iter().rev().collect();
    let mut proof = Proof::default();
    let mut schemas: Vec<Schema> = Vec::new();
    for order in [forward, backward] {
        let mut scratch = Scratch::empty()?;
        for id in &common {
            replay::run(&mut scratch, graph, id)?;
        }
        let mut run = Applied::default();
        for id in order.into_iter().flatten() {
            if run.contains(id) {
                continue;
            }
            run.insert((*id).clone());
            if let Err(failure) = replay::run(&mut scratch, graph, id) {
                let words = failure.diagnostics().iter().map(|diagnostic| diagnostic.message.clone());
                proof.clashes.extend(words);
                break;
            }
        }
        schemas.push(scratch.schema(&project.filter()?)?);
    }
    if let ([first, second], true) = (&schemas[..], proof.clashes.is_empty()) {
        let changes = diff::diff(first, second, &Renames::default(), project.settings.column_order);
        let lines = changes.iter().flat_map(Change::lines);
        proof.clashes.extend(lines.map(|line| format!("the other order gives another schema: {}", line.text)));
    }
    let changed = graph.revisions().filter(|revision| branches.iter().flatten().any(|id| **id == revision.id));
    proof.rows = changed
        .filter(|revision| {
            let is_generated = revision.schema.is_some();
            graph.script(&revision.id).is_some_and(|script| changes_rows(script.up.sql(), is_generated))
        })
        .map(Mention::from)
        .collect();
    Ok(proof)
}

/// Whether a script changes rows by statements of its own. Generated ones copy rows when they rebuild a table, which
/// changes none.
pub(super) fn changes_rows(sql: &str, is_generated: bool) -> bool {
    let mut is_start = true;
    let mut in_trigger = false;
    let mut is_create = false;
    let mut after_semicolon = false;
    for token in token::significant_tokens(sql) {
        if is_start {
            let copies = token.is_word("insert") || token.is_word("with");
            let changes = token.is_word("update") || token.is_word("delete") || token.is_word("replace");
            if changes || (copies && !is_generated) {
                return true;
            }
            is_create = token.is_word("create");
        }
        in_trigger |= is_create && token.is_word("trigger");
        if in_trigger && after_semicolon && token.is_word("end") {
            in_trigger = false;
            is_create = false;
        }
        after_semicolon = token.is_operator(";");
        is_start = after_semicolon && !in_trigger;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_statements_that_change_rows_count() {
        for (sql, is_generated, expected) in [
            ("CREATE TABLE t (x); -- update\nSELECT 'delete';", false, false),
            ("CREATE TABLE t (x); UPDATE t SET x = 1;", true, true),
            ("INSERT INTO t VALUES (1)", false, true),
            ("INSERT INTO t2 SELECT * FROM t", true, false),
            (
                "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; DELETE FROM t; END; CREATE TABLE u (x);",
                false,
                false,
            ),
            ("CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END; DELETE FROM t;", false, true),
        ] {
            assert_eq!(changes_rows(sql, is_generated), expected, "{sql}");
        }
    }
}
