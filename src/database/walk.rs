//! Which steps lead from where a database stands to a target: the route through the graph, with its scripts.
//!
//! Decides, and runs nothing: [`super::runner`] takes the steps.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::gate;
use super::runner;
use super::version_table::{self, Kind};
use crate::report::{Class, Diagnostic, Report};
use crate::revision::{
    Applied, Graph, Op, Remark, Revision, RevisionId, Route, RouteError, Script, Scripts, Section, Standing, Target,
};
use crate::schema::Schema;
use crate::sql;

/// Where a database stands among the revisions.
#[derive(Debug, Clone)]
pub struct State {
    /// The revisions of the folders, and those that only the database knows.
    pub graph: Graph,
    /// The rows of the version table in the order of their application.
    pub rows: Vec<version_table::Applied>,
    /// The revisions that the rows name.
    pub applied: Applied,
    scripts: Scripts,
}

impl State {
    /// The state that scripts and rows make together.
    #[must_use]
    pub fn new(scripts: Scripts, rows: Vec<version_table::Applied>) -> State {
        let known: BTreeSet<&RevisionId> = scripts.scripts.iter().map(|script| &script.revision.id).collect();
        let recorded = rows.iter().filter(|row| !known.contains(&row.revision)).map(|row| Revision {
            message: row.message.clone(),
            depends_on: row.depends_on.clone(),
            schema: row.schema.clone(),
            ..Revision::new(row.revision.clone(), row.parents.clone())
        });
        let graph = Graph::with_recorded(scripts.clone(), recorded.collect());
        let applied = rows.iter().map(|row| row.revision.clone()).collect();
        State { graph, rows, applied, scripts }
    }

    /// The state of a database that is not at hand.
    #[must_use]
    pub fn offline(scripts: Scripts, applied: Applied) -> State {
        State { graph: Graph::new(scripts.clone()), rows: Vec::new(), applied, scripts }
    }

    /// The same scripts with other rows.
    #[must_use]
    pub fn with_rows(&self, rows: &[version_table::Applied]) -> Cow<'_, State> {
        if self.rows == rows {
            Cow::Borrowed(self)
        } else {
            Cow::Owned(State::new(self.scripts.clone(), rows.to_vec()))
        }
    }
}

/// Where to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Up to the target.
    Up,
    /// Down to the target.
    Down,
    /// Down by what has no script here, then up to the target.
    Across,
}

impl Direction {
    /// The route from where a database stands.
    ///
    /// # Errors
    /// When the target names nothing, or the graph does not hang together.
    pub fn route(self, state: &State, target: &Target) -> Result<Route, RouteError> {
        match self {
            Direction::Up => state.graph.upgrade(&state.applied, target),
            Direction::Down => state.graph.downgrade(&state.applied, target),
            Direction::Across => state.graph.switch(&state.applied, target),
        }
    }
}

/// A walk to a target, which says what is still to do whenever it is asked.
pub struct Walk<'a> {
    start: &'a State,
    direction: Direction,
    target: &'a Target,
    agree: Agree<'a>,
    /// Pinned by the first answer: a target that counts from where the database stands must not move with it.
    pinned: Option<Route>,
}

impl<'a> Walk<'a> {
    /// A walk that has not begun; `start` is what is known now of where the database stands.
    #[must_use]
    pub fn new(start: &'a State, direction: Direction, target: &'a Target, agree: Agree<'a>) -> Walk<'a> {
        Walk { start, direction, target, agree, pinned: None }
    }

    /// The steps that are still to do where these are the rows of the version table.
    ///
    /// # Errors
    /// When the target names nothing, the graph does not hang together, a script is missing, or nobody agrees to what is
    /// hardly meant.
    pub fn steps(&mut self, rows: &[version_table::Applied]) -> Result<Vec<runner::Step>, Box<dyn Report>> {
        let state = self.start.with_rows(rows);
        let route = if let Some(route) = &self.pinned {
            still_to_do(route, &state.applied)
        } else {
            let route = self.direction.route(&state, self.target).map_err(boxed)?;
            settle(&route, self.agree).map_err(boxed)?;
            self.pinned.insert(route).clone()
        };
        steps(&state, &route).map_err(boxed)
    }

    /// What the user should know about the route.
    #[must_use]
    pub fn remarks(self) -> Vec<Remark> {
        self.pinned.map(|route| route.remarks).unwrap_or_default()
    }
}

fn boxed(error: impl Report) -> Box<dyn Report> {
    Box::new(error)
}

/// Answers whether to go on in spite of the remarks: yes, no, or nobody is there to answer.
pub type Agree<'a> = &'a dyn Fn(&[Remark]) -> Option<bool>;

/// A route that does what is hardly meant, and to which nobody has agreed.
#[derive(Debug, thiserror::Error)]
#[error("{}", doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Doubt {
    /// The remarks that stand against it; never empty.
    pub doubts: Vec<Remark>,
    /// Whether somebody was asked.
    pub was_asked: bool,
}

impl Report for Doubt {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let note = "nothing was changed";
        let shown = |remark: &Remark| {
            let diagnostic = remark.diagnostic().note(note);
            if self.was_asked { diagnostic } else { diagnostic.note("if it is meant: pass `--yes`") }
        };
        self.doubts.iter().map(shown).collect()
    }
}

/// Refuses a route that does what is hardly meant, unless somebody agrees to it.
///
/// # Errors
/// When nobody does.
pub fn settle(route: &Route, agree: Agree<'_>) -> Result<(), Doubt> {
    let doubts: Vec<Remark> = route.doubts().cloned().collect();
    if doubts.is_empty() || route.steps.is_empty() {
        return Ok(());
    }
    match agree(&doubts) {
        Some(true) => Ok(()),
        answer => Err(Doubt { doubts, was_asked: answer.is_some() }),
    }
}

/// The part of a route that others have not gone meanwhile.
#[must_use]
pub fn still_to_do(route: &Route, applied: &Applied) -> Route {
    let is_open = |op: Op, id: &RevisionId| match op {
        Op::Upgrade | Op::Stamp => !applied.contains(id),
        Op::Downgrade | Op::Unstamp => applied.contains(id),
    };
    let steps = route.steps.iter().filter(|step| is_open(step.op, &step.revision)).cloned().collect();
    Route { steps, remarks: Vec::new() }
}

/// A revision that cannot be walked.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// There is no file for a revision that is to be run.
    #[error("there is no script for the revision `{revision}`")]
    NoScript {
        /// The revision.
        revision: RevisionId,
    },
    /// There is no way back.
    #[error("the revision `{revision}` cannot be taken back: {why}")]
    Irreversible {
        /// The revision.
        revision: RevisionId,
        /// Why not.
        why: String,
        /// The file whose head says so, where it does.
        said_in: Option<String>,
        /// Whether that file has a way back all the same.
        has_way: bool,
    },
}

impl Report for StepError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        vec![match self {
            StepError::NoScript { .. } => Diagnostic::new("no_script", self.to_string())
                .help("bring its file back into the folder of revisions, or check out the branch that has it"),
            StepError::Irreversible { revision, said_in, has_way, .. } => {
                Diagnostic::new("irreversible", self.to_string()).help(match (said_in, has_way) {
                    (Some(file), true) => {
                        format!("if that is meant, take the line `-- irreversible: ...` out of `{file}`: its way down is there")
                    }
                    (Some(file), false) => format!(
                        "write a `-- migrate:down` section in `{file}` in the place of its line `-- irreversible: ...`, or restore a backup"
                    ),
                    _ => format!(
                        "write a `-- migrate:down` section for it, or restore a backup; `schemactl show {revision}` shows the script"
                    ),
                })
            }
        }]
    }
}

/// The steps of a route as the runner takes them.
///
/// # Errors
/// When a script is missing or there is no way back.
pub fn steps(state: &State, route: &Route) -> Result<Vec<runner::Step>, StepError> {
    if route.steps.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Rows<'_> = state.rows.iter().map(|row| (&row.revision, row)).collect();
    let mut standing = state.graph.standing(&state.applied);
    let mut last_first = state.rows.iter().rev();
    let mut number = state.applied.iter().count();
    let mut steps = Vec::new();
    for step in &route.steps {
        let id = &step.revision;
        let row = rows.get(id).copied();
        let script = state.graph.script(id);
        let revision = state.graph.get(id).cloned().or_else(|| {
            row.map(|row| Revision { message: row.message.clone(), ..Revision::new(id.clone(), row.parents.clone()) })
        });
        let revision = revision.ok_or_else(|| StepError::NoScript { revision: id.clone() })?;
        let schema_before = expected_schema(&standing, &rows, number);
        let is_promised = number == 0 || standing.single().is_some_and(|head| head.schema.is_some());
        let replaces = match step.op {
            Op::Stamp => revision.replaces.clone(),
            _ => Vec::new(),
        };
        match step.op {
            Op::Upgrade | Op::Stamp => {
                standing.add(id);
                number += 1;
            }
            Op::Downgrade | Op::Unstamp => {
                standing.remove(id);
                number -= 1;
            }
        }
        let is_up = matches!(step.op, Op::Upgrade | Op::Stamp);
        // What a revision found is what its way back restores, as long as all that came after it is gone before it.
        let found = last_first.next().filter(|row| !is_up && row.revision == *id);
        if found.is_none() {
            last_first = [].iter().rev();
        }
        let found = found.and_then(|row| row.schema_before.clone());
        let schema_after = match found {
            // A database may have had objects of its own before its first revision.
            None if !is_up && number == 0 => None,
            None => expected_schema(&standing, &rows, number),
            found => found,
        };
        let runs: Option<Section> = match step.op {
            Op::Upgrade => Some(script.ok_or_else(|| StepError::NoScript { revision: id.clone() })?.up.clone()),
            Op::Downgrade => Some(way_back(&revision, row, script)?),
            Op::Stamp | Op::Unstamp => None,
        };
        steps.push(runner::Step {
            op: if is_up { runner::Op::Upgrade } else { runner::Op::Downgrade },
            revision: id.clone(),
            parents: revision.parents.clone(),
            depends_on: revision.depends_on.clone(),
            message: revision.message.clone(),
            kind: match step.op {
                Op::Stamp if !revision.replaces.is_empty() => Kind::Squash,
                Op::Stamp => Kind::Stamp,
                _ => Kind::Upgrade,
            },
            checksum: script.map(|script| script.up.checksum()).unwrap_or_default(),
            gates: runs.iter().flat_map(|section| gate::read(section.sql())).collect(),
            script: runs,
            down: script.filter(|script| script.revision.irreversible.is_none()).and_then(|script| script.down.clone()),
            schema_before,
            is_promised,
            schema_after,
            replaces,
        });
    }
    Ok(steps)
}

/// The script that takes a revision back: that of its file, or the one that the database keeps.
fn way_back(
    revision: &Revision,
    row: Option<&version_table::Applied>,
    script: Option<&Script>,
) -> Result<Section, StepError> {
    let down = script.and_then(|script| script.down.as_ref());
    if let Some(why) = &revision.irreversible {
        return Err(StepError::Irreversible {
            revision: revision.id.clone(),
            why: why.clone(),
            said_in: script.map(|script| script.path().to_owned()),
            has_way: down.is_some_and(|down| !down.is_empty()),
        });
    }
    let stored = || {
        let row = row?;
        let name = format!("the down script of {} in the database", revision.id);
        Some(Section::stored(name, row.down_sql.clone()?, row.down_transaction))
    };
    down.cloned().or_else(stored).ok_or_else(|| StepError::Irreversible {
        revision: revision.id.clone(),
        why: "it has no down script".to_owned(),
        said_in: None,
        has_way: false,
    })
}

/// The rows of the version table by their revisions.
type Rows<'a> = BTreeMap<&'a RevisionId, &'a version_table::Applied>;

/// The fingerprint that the schema has where a database stands so, if one revision stands for all the others.
fn expected_schema(standing: &Standing<'_>, rows: &Rows<'_>, applied: usize) -> Option<String> {
    if applied == 0 {
        return Some(sql::fingerprint(&Schema::default()));
    }
    let head = standing.single()?;
    head.schema.clone().or_else(|| rows.get(&head.id)?.schema.clone())
}
