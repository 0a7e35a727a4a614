//! The schema that a run expects, where the one that is there is another: what the scripts make, or the model asks for.

use std::sync::{Arc, OnceLock};

use crate::database::runner::Recalled;
use crate::database::{Filter, Recollection};
use crate::diff::Renames;
use crate::revision::{Graph, RevisionId};
use crate::schema::Schema;
use crate::sql;

use super::{Project, autogenerate, opening};

/// What one run or many have asked for; shared by threads.
#[derive(Debug)]
pub struct Recall {
    graph: OnceLock<Option<Graph>>,
    made: Recollection,
    /// What the model asks for, and its fingerprint.
    wanted: OnceLock<Option<(Arc<Schema>, String)>>,
}

impl Recall {
    /// Nothing asked for so far; schemas are to be read through a filter.
    #[must_use]
    pub fn new(filter: &Filter) -> Recall {
        let made = Recollection::new(filter.clone(), opening::build);
        Recall { graph: OnceLock::new(), made, wanted: OnceLock::new() }
    }

    /// The schema of a fingerprint: that which the scripts of these revisions make, or the model's; else what the scripts
    /// make all the same.
    #[must_use]
    pub fn schema(&self, project: &Project, revisions: &[RevisionId], fingerprint: &str) -> Option<Recalled> {
        let graph = self.graph.get_or_init(|| project.graph().ok()).as_ref()?;
        let made = self.made.recall(graph, revisions, fingerprint);
        // An edited script makes another schema now; the model may still say what it made before.
        let wanted = || {
            let (schema, _) = self.wanted(project).filter(|(_, own)| own == fingerprint)?;
            Some(Recalled { schema: Arc::clone(schema), is_expected: true })
        };
        made.clone().filter(|made| made.is_expected).or_else(wanted).or(made)
    }

    fn wanted(&self, project: &Project) -> Option<&(Arc<Schema>, String)> {
        let wanted = || {
            let comparison = autogenerate::compare(project, Schema::default(), &Renames::default()).ok()?;
            let fingerprint = sql::fingerprint(&comparison.wanted);
            Some((Arc::new(comparison.wanted), fingerprint))
        };
        self.wanted.get_or_init(wanted).as_ref()
    }
}
