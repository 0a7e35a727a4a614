//! `repair`: accepts that the scripts of applied revisions were edited on purpose.
//!
//! Writes to the version table alone; the schema and the rows stay as they are.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::database::version_table;
use crate::libsql::{self, Server};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Applied, Graph, Mention, Target, checksum};

use super::{Database, Project, State, mirror};

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

/// What a repair came to.
#[derive(Debug, Default)]
pub struct Repaired {
    /// The edits that were accepted.
    pub accepted: Vec<Edited>,
    /// How many rows the table of another tool lacked.
    pub mirrored: usize,
}

/// Accepts the edits of the targets, or all edits where there is no target, and adds what the table of another tool lacks.
///
/// # Errors
/// When a target names nothing or nothing that is applied, or the version table cannot be written.
pub fn repair(
    project: &Project,
    connection: &mut Connection,
    targets: &[Target],
    lock_timeout: Duration,
) -> Result<Repaired, Failure> {
    if let Database::Server(server) = project.place()? {
        return on_server(project, &server, targets, lock_timeout);
    }
    let table = &project.settings.version_table;
    let transaction = version_table::begin(connection)?;
    let rows = version_table::read(&transaction, table)?;
    let accepted = accept(project, &rows, targets)?;
    for (row, _) in &accepted {
        version_table::update(&transaction, table, row)?;
        mirror::repair(project, &transaction, &row.revision)?;
    }
    version_table::commit(transaction)?;
    let mirrored = mirror::complete(project, connection)?;
    Ok(Repaired { accepted: accepted.into_iter().map(|(_, edited)| edited).collect(), mirrored })
}

/// The same on a server: worked out on what is seen there, and written if that is still there.
fn on_server(
    project: &Project,
    server: &Server,
    targets: &[Target],
    lock_timeout: Duration,
) -> Result<Repaired, Failure> {
    let table = &project.settings.version_table;
    let start = Instant::now();
    loop {
        let image = server.image(table)?;
        let rows = version_table::read(image.scratch.connection(), table)?;
        let accepted = accept(project, &rows, targets)?;
        let mut statements = Vec::new();
        for (row, _) in &accepted {
            statements.push(version_table::update_sql(table, row));
            statements.extend(mirror::repair_sql(project, &row.revision)?);
        }
        let missing = mirror::missing(project, server, &rows)?;
        let mirrored = missing.len().saturating_sub(1);
        statements.extend(missing);
        if statements.is_empty() || server.amend(&image, table, &rows, &statements, lock_timeout)? {
            return Ok(Repaired { accepted: accepted.into_iter().map(|(_, edited)| edited).collect(), mirrored });
        }
        if start.elapsed() >= lock_timeout {
            return Err(libsql::Error::Overtaken.into());
        }
    }
}

/// The rows that say what the scripts say now.
fn accept(
    project: &Project,
    rows: &[version_table::Applied],
    targets: &[Target],
) -> Result<Vec<(version_table::Applied, Edited)>, Failure> {
    let State { graph, rows, applied, .. } = State::new(project.scripts()?, rows.to_vec());
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
    let asked_for = edited_rows(&graph, &rows).filter(|(row, _)| targets.is_empty() || asked.contains(&row.revision));
    let accepted = asked_for.filter_map(|(row, edited)| {
        let script = graph.script(&row.revision)?;
        let down = script.down.as_ref();
        let row = version_table::Applied {
            message: script.revision.message.clone(),
            checksum: script.up.checksum(),
            down_sql: down.map(|down| down.sql().to_owned()),
            down_transaction: down.is_none_or(|down| down.transaction),
            schema: if edited.schema { script.revision.schema.clone() } else { row.schema.clone() },
            ..row.clone()
        };
        Some((row, edited))
    });
    Ok(accepted.collect())
}
