//! The rows of the version table for what another tool has applied, with its times.

use chrono::SecondsFormat;

use crate::database::version_table::{self, Kind};
use crate::revision::{Applied, Graph, RevisionId};
use crate::schema::Schema;
use crate::sql;

use super::Options;
use super::chain::Chain;

/// The rows for what the database has and its version table does not say yet, in the order of the chain.
pub(super) fn rows(
    graph: &Graph,
    chain: &Chain,
    recorded: &[version_table::Applied],
    options: &Options<'_>,
) -> Vec<version_table::Applied> {
    let is_recorded = |id: &RevisionId| recorded.iter().any(|row| row.revision == *id);
    let mut standing: Applied = recorded.iter().map(|row| row.revision.clone()).collect();
    let mut rows = Vec::new();
    for revision in graph.revisions() {
        let Some(ran) = chain.ran().get(&revision.id).filter(|_| !is_recorded(&revision.id)) else { continue };
        let Some(script) = graph.script(&revision.id) else { continue };
        // The schema before it is known where it is that of the one revision that it follows.
        let schema_before = match &revision.parents[..] {
            [] if standing.is_empty() && chain.is_import(&revision.id) => Some(sql::fingerprint(&Schema::default())),
            [parent] if standing.contains(parent) => graph.get(parent).and_then(|parent| parent.schema.clone()),
            _ => None,
        };
        standing.insert(revision.id.clone());
        let is_whole = graph.applied_at([&revision.id]).iter().all(|id| standing.contains(id));
        rows.push(version_table::Applied {
            revision: revision.id.clone(),
            parents: revision.parents.clone(),
            depends_on: revision.depends_on.clone(),
            kind: Kind::Adopt,
            message: revision.message.clone(),
            checksum: script.up.checksum(),
            schema: revision.schema.clone().filter(|_| is_whole),
            schema_before: schema_before.filter(|_| is_whole),
            down_sql: script
                .down
                .as_ref()
                .filter(|_| revision.irreversible.is_none())
                .map(|down| down.sql().to_owned()),
            down_transaction: script.down.as_ref().is_none_or(|down| down.transaction),
            applied_at: ran.at.unwrap_or(options.now).to_rfc3339_opts(SecondsFormat::Secs, true),
            duration: ran.duration,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        });
    }
    rows
}
