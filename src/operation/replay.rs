//! The schema at a revision, without a database: the scripts replayed in a scratch database.

use crate::database::Scratch;
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Applied, Graph, Target};
use crate::schema::Schema;

use super::Project;

/// The schema that the revisions up to a target make.
///
/// # Errors
/// When the target names nothing, or a script fails, with its place.
pub fn schema_at(project: &Project, graph: &Graph, target: &Target) -> Result<Schema, Failure> {
    let mut scratch = Scratch::empty()?;
    replay(&mut scratch, graph, &Applied::default(), target)?;
    Ok(scratch.schema(&project.filter()?)?)
}

/// Runs the scripts up to a target on a scratch database that stands at `applied`.
///
/// # Errors
/// As [`schema_at`].
pub fn replay(scratch: &mut Scratch, graph: &Graph, applied: &Applied, target: &Target) -> Result<(), Failure> {
    let route = graph.upgrade(applied, target)?;
    for step in &route.steps {
        let Some(script) = graph.script(&step.revision) else { continue };
        scratch.run(script.up.sql()).map_err(|failure| {
            let diagnostic = Diagnostic::new(
                "replay",
                format!("the revision `{}` fails in a scratch database: {}", step.revision, failure.message),
            )
            .at(script.up.place(failure.span.clone()))
            .label(failure.message.clone());
            Failure::new(Class::Input, diagnostic)
        })?;
    }
    Ok(())
}
