//! What is to be run on a database that stands somewhere: scripts are read once, and worked out once for each place
//! where databases stand, however many stand there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::database::runner::Step;
use crate::database::version_table;
use crate::database::{Filter, Shapes};
use crate::report::{Failure, Report};
use crate::revision::{Purge, RevisionId, Route, RouteError, Scripts, Target};

use super::walk::{self, Direction};
use super::{Project, Recall, State};

/// A route and its steps.
#[derive(Debug)]
pub struct Planned {
    /// The way through the graph.
    pub route: Route,
    /// What the runner does on it.
    pub steps: Vec<Step>,
    /// Where it begins.
    pub heads: Vec<RevisionId>,
}

type Choose = dyn Fn(&State) -> Result<Route, RouteError> + Send + Sync;

/// The scripts of a project, and what they mean for databases.
pub struct Planner {
    scripts: Scripts,
    filter: Filter,
    shapes: Shapes,
    recall: Recall,
    choose: Box<Choose>,
    needs_scripts: bool,
    known: Mutex<BTreeMap<String, Arc<Planned>>>,
    heads: Mutex<BTreeMap<String, Vec<RevisionId>>>,
}

impl Planner {
    /// Plans for walks to a target.
    ///
    /// # Errors
    /// When the folders of revisions cannot be read.
    pub fn walk(project: &Project, direction: Direction, target: &Target) -> Result<Planner, Failure> {
        let target = target.clone();
        Planner::new(project, move |state| walk::choose(state, direction, &target))
    }

    /// Plans for stamps.
    ///
    /// # Errors
    /// When the folders of revisions cannot be read.
    pub fn stamp(project: &Project, targets: &[Target], purge: Purge) -> Result<Planner, Failure> {
        let targets = targets.to_vec();
        Planner::new(project, move |state| state.graph.stamp(&state.applied, &targets, purge))
    }

    fn new(
        project: &Project,
        choose: impl Fn(&State) -> Result<Route, RouteError> + Send + Sync + 'static,
    ) -> Result<Planner, Failure> {
        let (scripts, filter) = (project.scripts()?, project.filter()?);
        Ok(Planner {
            shapes: Shapes::new(filter.clone()),
            recall: Recall::new(&filter),
            scripts,
            filter,
            choose: Box::new(choose),
            needs_scripts: false,
            known: Mutex::default(),
            heads: Mutex::default(),
        })
    }

    /// The same, for databases of whose revisions there are all scripts; others are refused.
    #[must_use]
    pub fn of_known_revisions(self) -> Planner {
        Planner { needs_scripts: true, ..self }
    }

    /// What is none of the revisions' business.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The schemas that databases have, each read once.
    #[must_use]
    pub fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// What revisions make, asked for once by however many databases.
    #[must_use]
    pub fn recall(&self) -> &Recall {
        &self.recall
    }

    /// Where a database with these rows in its version table stands.
    #[must_use]
    pub fn state(&self, rows: &[version_table::Applied]) -> State {
        State::new(self.scripts.clone(), rows.to_vec())
    }

    /// What is to be run on a database with these rows in its version table.
    ///
    /// # Errors
    /// When there is no route, or a script for one of its steps is missing.
    pub fn plan(&self, rows: &[version_table::Applied]) -> Result<Arc<Planned>, Box<dyn Report>> {
        let place = place(rows);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(planned) = known().get(&place) {
            return Ok(Arc::clone(planned));
        }
        let state = self.state(rows);
        let gone = if self.needs_scripts { state.graph.without_script(&state.applied) } else { Vec::new() };
        if !gone.is_empty() {
            let revisions = gone.into_iter().map(|revision| revision.id.clone()).collect();
            return Err(boxed(RouteError::UnknownApplied { revisions }));
        }
        let route = (self.choose)(&state).map_err(boxed)?;
        let steps = walk::steps(&state, &route).map_err(boxed)?;
        let planned = Arc::new(Planned { route, steps, heads: heads(&state) });
        known().insert(place, Arc::clone(&planned));
        Ok(planned)
    }

    /// Where a database with these rows in its version table stands, in short.
    #[must_use]
    pub fn heads(&self, rows: &[version_table::Applied]) -> Vec<RevisionId> {
        let mut known = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(place(rows)).or_insert_with(|| heads(&self.state(rows))).clone()
    }

    /// The plan for one database; `pinned` becomes what it was first, since a target that counts from where the
    /// database stands must not move with it when others go a part of the way meanwhile.
    pub fn plan_once<'a>(
        &'a self,
        pinned: &'a mut Option<Arc<Planned>>,
        agree: walk::Agree<'a>,
    ) -> impl FnMut(&[version_table::Applied]) -> Result<Vec<Step>, Box<dyn Report>> + 'a {
        move |rows| {
            if let Some(planned) = pinned.as_ref() {
                let state = self.state(rows);
                return walk::steps(&state, &walk::still_to_do(&planned.route, &state.applied)).map_err(boxed);
            }
            let planned = self.plan(rows)?;
            walk::settle(&planned.route, agree).map_err(boxed)?;
            let steps = planned.steps.clone();
            *pinned = Some(planned);
            Ok(steps)
        }
    }
}

fn heads(state: &State) -> Vec<RevisionId> {
    state.graph.current(&state.applied).into_iter().map(|revision| revision.id.clone()).collect()
}

fn boxed(error: impl Report) -> Box<dyn Report> {
    Box::new(error)
}

/// All of the rows that plans depend on, as a word: when they were written is not part of it.
#[must_use]
pub fn place(rows: &[version_table::Applied]) -> String {
    let mut place = String::new();
    let mut add = |part: &str| {
        place.push_str(part);
        place.push('\0');
    };
    for row in rows {
        let version_table::Applied {
            revision,
            parents,
            depends_on,
            kind,
            message,
            checksum,
            schema,
            schema_before,
            down_sql,
            down_transaction,
            applied_at: _,
            duration: _,
            tool_version: _,
        } = row;
        add(revision.as_str());
        for parent in parents {
            add(parent.as_str());
        }
        add("");
        for needed in depends_on {
            add(needed);
        }
        add("");
        add(kind.as_str());
        add(message);
        add(checksum);
        for optional in [schema, schema_before, down_sql] {
            add(if optional.is_some() { "some" } else { "none" });
            add(optional.as_deref().unwrap_or_default());
        }
        add(if *down_transaction { "inside" } else { "outside" });
    }
    place
}
