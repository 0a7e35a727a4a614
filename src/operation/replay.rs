//! The schema at a revision, without a database: the scripts replayed in a scratch database.

use crate::database::Scratch;
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Applied, Graph, Mention, RevisionId, Section, Target};
use crate::schema::Schema;

use super::{Project, State, opening};

/// The schema that the revisions up to a target make.
///
/// # Errors
/// When the target names nothing, or a script fails, with its place.
pub fn schema_at(project: &Project, graph: &Graph, target: &Target) -> Result<Schema, Failure> {
    Replay::default().schema_at(project, graph, target)
}

/// The schema at a place that is counted from where a database stands: `current`, `-1`.
///
/// # Errors
/// When the target names nothing, a script is gone, or fails, with its place.
pub fn schema_from_current(project: &Project, state: &State, target: &Target) -> Result<Schema, Failure> {
    let State { graph, applied, .. } = state;
    let applied = match target.steps {
        0 if target.branch.is_some() => {
            let revisions = graph.resolve(target, Some(applied))?;
            graph.applied_at(revisions.into_iter().map(|revision| &revision.id))
        }
        0 => applied.clone(),
        1.. => graph.upgrade(applied, target)?.applied_after(applied),
        _ => graph.downgrade(applied, target)?.applied_after(applied),
    };
    if let [gone, ..] = graph.without_script(&applied)[..] {
        let words = format!("what {} makes cannot be told: its file is not here", Mention::from(gone));
        let help =
            "`schemactl switch` brings the database to this checkout's head; `database` names its schema as it is";
        return Err(Failure::new(Class::Input, Diagnostic::new("no_file", words).help(help)));
    }
    schema_of(project, graph, &applied)
}

/// The schema that these revisions make together.
///
/// # Errors
/// When a script fails, with its place.
pub fn schema_of(project: &Project, graph: &Graph, applied: &Applied) -> Result<Schema, Failure> {
    Replay::default().schema_of(project, graph, applied)
}

/// A replay that goes on: what begins with the revisions that have run last is made from there. For scripts that stay as
/// they are.
#[derive(Debug, Default)]
pub struct Replay {
    place: Option<(Scratch, Vec<RevisionId>)>,
}

impl Replay {
    /// The schema that the revisions up to a target make.
    ///
    /// # Errors
    /// As [`schema_at`].
    pub fn schema_at(&mut self, project: &Project, graph: &Graph, target: &Target) -> Result<Schema, Failure> {
        let route = graph.upgrade(&Applied::default(), target)?;
        self.made(project, graph, &route.steps.iter().map(|step| &step.revision).collect::<Vec<_>>())
    }

    /// The schema that these revisions make together.
    ///
    /// # Errors
    /// As [`schema_of`].
    pub fn schema_of(&mut self, project: &Project, graph: &Graph, applied: &Applied) -> Result<Schema, Failure> {
        let (graph, applied) = graph.for_database(applied);
        let ids = graph.revisions().map(|revision| &revision.id).filter(|id| applied.contains(id));
        self.made(project, &graph, &ids.collect::<Vec<_>>())
    }

    /// The schema that revisions make, one after the other.
    fn made(&mut self, project: &Project, graph: &Graph, revisions: &[&RevisionId]) -> Result<Schema, Failure> {
        let begins_so =
            |ran: &[RevisionId]| ran.len() <= revisions.len() && ran.iter().eq(revisions[..ran.len()].iter().copied());
        let (mut scratch, done) = match self.place.take() {
            Some((scratch, ran)) if begins_so(&ran) => (scratch, ran.len()),
            _ => match opening::build(graph, revisions) {
                Some(opened) => opened,
                None => (Scratch::empty()?, 0),
            },
        };
        revisions[done..].iter().try_for_each(|revision| run(&mut scratch, graph, revision))?;
        let schema = scratch.schema(&project.filter()?)?;
        self.place = Some((scratch, revisions.iter().copied().cloned().collect()));
        Ok(schema)
    }
}

/// A scratch database on which these revisions have run.
///
/// # Errors
/// When a script fails, with its place.
pub fn scratch_of(graph: &Graph, applied: &Applied) -> Result<Scratch, Failure> {
    let (graph, applied) = graph.for_database(applied);
    let mut scratch = Scratch::empty()?;
    for revision in graph.revisions().filter(|revision| applied.contains(&revision.id)) {
        run(&mut scratch, &graph, &revision.id)?;
    }
    Ok(scratch)
}

/// Runs the scripts up to a target on a scratch database that stands at `applied`.
///
/// # Errors
/// As [`schema_at`].
pub fn replay(scratch: &mut Scratch, graph: &Graph, applied: &Applied, target: &Target) -> Result<(), Failure> {
    let route = graph.upgrade(applied, target)?;
    for step in &route.steps {
        run(scratch, graph, &step.revision)?;
    }
    Ok(())
}

/// Runs the script of one revision on a scratch database.
///
/// # Errors
/// When it fails, with its place.
pub fn run(scratch: &mut Scratch, graph: &Graph, revision: &RevisionId) -> Result<(), Failure> {
    match graph.script(revision) {
        Some(script) => run_section(scratch, revision, &script.up),
        None => Ok(()),
    }
}

/// Runs one section of a script on a scratch database.
///
/// # Errors
/// When it fails, with its place.
pub fn run_section(scratch: &mut Scratch, revision: &RevisionId, section: &Section) -> Result<(), Failure> {
    scratch.run_revision(section.sql()).map_err(|failure| {
        let words = format!("the revision `{revision}` fails in a scratch database: {}", failure.message);
        let diagnostic = Diagnostic::new("replay", words).at(section.place(failure.span.clone()));
        Failure::new(Class::Input, diagnostic.label(failure.message.clone()))
    })
}
