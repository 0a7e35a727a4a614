//! What can stand where a revision is missing on a line: the revisions there are, and the command to type.
//!
//! It only looks. Where the project cannot be read there is nothing to choose from.

use super::context::Context;
use crate::database::Access;
use crate::operation::{Project, State};
use crate::report::{Diagnostic, count};
use crate::revision::{Graph, Mention, Revision};

/// The most revisions that are offered.
const OFFERED: usize = 5;

/// What to say of a command that lacks a revision; nothing where it lacks something else or there is nothing to choose.
#[must_use]
pub fn instead_of(missing: &str, command: &str, context: &Context) -> Option<Diagnostic> {
    let project = context.project().ok()?;
    match (command, missing) {
        ("schemactl downgrade", _) => downgrade(context, &project),
        ("schemactl merge", _) => merge(&project.graph().ok()?),
        (_, "TARGET" | "REV" | "FROM:TO") => revision(command, &project.graph().ok()?),
        _ => None,
    }
}

fn downgrade(context: &Context, project: &Project) -> Option<Diagnostic> {
    let connection = project.connect(Access::Read, super::open::LOCK_TIMEOUT).ok()?;
    let State { graph, applied, .. } = project.state(connection.as_ref()).ok()?;
    let name = context.database_name(project).ok()?;
    let told = Diagnostic::new("missing_argument", "`schemactl downgrade` does not say how far to go back");
    let (graph, applied) = graph.for_database(&applied);
    let current = graph.current(&applied);
    let number = graph.revisions().filter(|revision| applied.contains(&revision.id)).count();
    let all = format!("`base` takes back all: {}", count(number, "revision"));
    match current[..] {
        [] => Some(told.help(format!("nothing is applied to {name}: there is nothing to take back"))),
        [last] => {
            let earlier = graph.revisions().rev().filter(|one| one.id != last.id && applied.contains(&one.id));
            let places = earlier.take(OFFERED).map(|one| format!("back to {}", Mention::from(one)));
            let mut told = told.note(format!("`-1` takes back {}", Mention::from(last)));
            told.notes.extend(places);
            Some(told.note(all).help("`schemactl downgrade -1` takes back the last one; see it first with `--dry-run`"))
        }
        ref several => {
            let branches = several.iter().map(|one| format!("`{}@-1` takes back {}", one.id, Mention::from(*one)));
            let mut told = told;
            told.notes = branches.collect();
            Some(told.note(all).help(format!("`schemactl downgrade {}@-1` takes back one", several[0].id)))
        }
    }
}

fn merge(graph: &Graph) -> Option<Diagnostic> {
    let heads = graph.heads();
    let mut told = Diagnostic::new("missing_argument", "`schemactl merge` does not say which revisions to join");
    told.notes = mentions(&heads);
    match heads.len() {
        0 => None,
        1 => Some(told.help("there is one head only: nothing has to be joined")),
        _ => Some(told.help("`schemactl merge heads -m \"…\"` joins all of them")),
    }
}

fn revision(command: &str, graph: &Graph) -> Option<Diagnostic> {
    let newest: Vec<&Revision> = graph.revisions().rev().collect();
    let last = newest.first()?;
    let mut told = Diagnostic::new("missing_argument", format!("`{command}` does not say which revision"));
    told.notes = mentions(&newest);
    let place = if command == "schemactl squash" { format!(":{}", last.id) } else { "head".to_owned() };
    Some(told.help(format!("such as `{command} {place}`")))
}

/// The first few, and how many more there are.
fn mentions(revisions: &[&Revision]) -> Vec<String> {
    let shown = revisions.iter().take(OFFERED).map(|revision| Mention::from(*revision).to_string());
    let more = revisions.len().saturating_sub(OFFERED);
    shown.chain((more > 0).then(|| format!("and {more} more: `schemactl history`"))).collect()
}
