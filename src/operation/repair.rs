//! `repair`: accepts that the scripts of applied revisions were edited on purpose.
//!
//! Writes to the version table alone; the schema and the rows stay as they are.

use rusqlite::Connection;

use crate::database::version_table;
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Applied, Graph, Mention, Target, checksum};

use super::{Project, State, mirror};

/// An applied revision whose script is not the one that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The revision.
    pub revision: Mention,
    /// The file.
    pub path: String,
    /// Whether the SQL up differs from that which ran.
    pub up: bool,
    /// Whether the SQL down differs from that which the database keeps.
    pub down: bool,
    /// Whether its head names another schema than the one that was there when it had run.
    pub schema: bool,
}

impl Edited {
    /// What differs: `up`, `up and down`.
    #[must_use]
    pub fn what(&self) -> String {
        let parts = [(self.up, "up"), (self.down, "down"), (self.schema, "the fingerprint of the schema")];
        let parts: Vec<&str> = parts.into_iter().filter_map(|(differs, what)| differs.then_some(what)).collect();
        parts.join(" and ")
    }
}

/// The applied revisions whose scripts were edited since, in the order of their application.
#[must_use]
pub fn edited(graph: &Graph, rows: &[version_table::Applied]) -> Vec<Edited> {
    edited_rows(graph, rows).map(|(_, edited)| edited).collect()
}

fn edited_rows<'a>(
    graph: &'a Graph,
    rows: &'a [version_table::Applied],
) -> impl Iterator<Item = (&'a version_table::Applied, Edited)> {
    let mut standing = graph.standing(&Applied::default());
    rows.iter().filter_map(move |row| {
        standing.add(&row.revision);
        // A row holds the schema of the whole database, which is its script's only where nothing stood beside it.
        let was_alone = standing.single().is_some_and(|revision| revision.id == row.revision);
        edited_row(graph, row, was_alone).map(|edited| (row, edited))
    })
}

fn edited_row(graph: &Graph, row: &version_table::Applied, was_alone: bool) -> Option<Edited> {
    // What another tool ran has its checksums, not ours.
    if row.kind == version_table::Kind::Adopt {
        return None;
    }
    let script = graph.script(&row.revision)?;
    let up = !row.checksum.is_empty() && row.checksum != script.up.checksum();
    let down = match (&row.down_sql, &script.down) {
        (Some(stored), Some(down)) => !is_same_sql(stored, down.sql()) || row.down_transaction != down.transaction,
        (stored, down) => stored.is_some() != down.is_some(),
    };
    let (kept, promised) = (row.schema.as_ref(), script.revision.schema.as_ref());
    let schema = was_alone && kept.is_some() && promised.is_some() && kept != promised;
    let revision = Mention::from(&script.revision);
    (up || down || schema).then(|| Edited { revision, path: script.path().to_owned(), up, down, schema })
}

/// Whether two texts have the same checksum; nearly always they are the same to the byte.
fn is_same_sql(stored: &str, written: &str) -> bool {
    stored == written || checksum(stored) == checksum(written)
}

/// Accepts the edits of the targets, or all edits where there is no target; gives back what was accepted.
///
/// # Errors
/// When a target names nothing or nothing that is applied, or the version table cannot be written.
pub fn repair(project: &Project, connection: &mut Connection, targets: &[Target]) -> Result<Vec<Edited>, Failure> {
    let scripts = project.scripts()?;
    let table = &project.settings.version_table;
    let transaction = version_table::begin(connection)?;
    let State { graph, rows, applied, .. } = State::new(scripts, version_table::read(&transaction, table)?);
    let mut asked = Vec::new();
    for target in targets {
        for revision in graph.resolve(target, Some(&applied))? {
            if !applied.contains(&revision.id) {
                let words = format!("{} is not applied", Mention::from(revision));
                let help = "only what is applied can be repaired; `schemactl status` lists what was edited";
                return Err(Failure::new(Class::Input, Diagnostic::new("not_applied", words).help(help)));
            }
            asked.push(revision.id.clone());
        }
    }
    let mut accepted = Vec::new();
    for (row, edited) in edited_rows(&graph, &rows) {
        let is_asked = targets.is_empty() || asked.contains(&row.revision);
        let Some(script) = graph.script(&row.revision).filter(|_| is_asked) else { continue };
        let down = script.down.as_ref();
        let row = version_table::Applied {
            message: script.revision.message.clone(),
            checksum: script.up.checksum(),
            down_sql: down.map(|down| down.sql().to_owned()),
            down_transaction: down.is_none_or(|down| down.transaction),
            schema: if edited.schema { script.revision.schema.clone() } else { row.schema.clone() },
            ..row.clone()
        };
        version_table::update(&transaction, table, &row)?;
        mirror::repair(project, &transaction, &row.revision)?;
        accepted.push(edited);
    }
    version_table::commit(transaction)?;
    Ok(accepted)
}
