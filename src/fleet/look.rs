//! Looks at databases and changes nothing: where each stands, what its schema is, and what there is to do about it.
//!
//! Databases that stand at the same place with the same schema are worked out once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::list::Member;
use super::record::{Outcome, Record};
use crate::database::{self, Access, Shape, Shapes, version_table};
use crate::diff::{Line, Renames};
use crate::libsql::Server;
use crate::operation::planner::place;
use crate::operation::{self, Database, Project, autogenerate, status};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{RevisionId, Scripts};

/// What is asked of each database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Where it stands, and whether its schema is what its revisions made.
    Status,
    /// Where it stands.
    Current,
    /// Whether its schema is what the model says.
    Check,
    /// Whether its file is whole, its references lead somewhere, and its schema is what its revisions made.
    Soundness,
}

/// What a group of databases has in common.
#[derive(Debug)]
pub struct Look {
    key: String,
    /// What there is to say first.
    pub state: State,
    /// Where they stand.
    pub heads: Vec<RevisionId>,
    /// How many revisions are to be run.
    pub behind: usize,
    /// The fingerprint of their schema.
    pub schema: String,
    /// What is different from what should be; the reason why that is not known, where it is not.
    pub changes: Result<Vec<Line>, Diagnostic>,
}

/// What there is to say first about a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// All revisions are run, and the schema is what it should be.
    AtHead,
    /// Revisions are to be run.
    Behind,
    /// Scripts were edited after they ran, or an earlier revision was left out.
    Edited,
    /// The schema is not what it should be.
    Drifted,
    /// There is no script of some of its revisions.
    Newer,
}

impl State {
    /// Its word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            State::AtHead => "at_head",
            State::Behind => "behind",
            State::Edited => "edited",
            State::Drifted => "drifted",
            State::Newer => "newer",
        }
    }
}

impl Look {
    /// What tells groups apart.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The first digits of the fingerprint, enough for people to tell schemas apart.
    #[must_use]
    pub fn shape(&self) -> &str {
        let digits = self.schema.strip_prefix("sha256:").unwrap_or(&self.schema);
        digits.get(..8).unwrap_or(digits)
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut value = json!({
            "state": self.state.as_str(),
            "heads": self.heads.iter().map(RevisionId::as_str).collect::<Vec<_>>(),
            "behind": self.behind,
            "schema": self.schema,
        });
        match &self.changes {
            Ok(lines) => value["changes"] = json!(lines),
            Err(reason) => value["unknown"] = reason.message.as_str().into(),
        }
        value
    }
}

/// The scripts of a project, and what was found out on the way.
pub struct Viewer<'a> {
    project: &'a Project,
    view: View,
    scripts: Scripts,
    shapes: Shapes,
    looks: Mutex<BTreeMap<String, Arc<Look>>>,
}

impl Viewer<'_> {
    /// Looks from a project.
    ///
    /// # Errors
    /// When the folders of revisions cannot be read.
    pub fn new(project: &Project, view: View) -> Result<Viewer<'_>, Failure> {
        if view == View::Check {
            // A mistake in the model is told once, not of each database.
            project.model()?;
        }
        let (scripts, shapes) = (project.scripts()?, Shapes::new(project.filter()?));
        Ok(Viewer { project, view, scripts, shapes, looks: Mutex::default() })
    }

    /// Looks at one database; waits for others no longer than `wait`.
    #[must_use]
    pub fn act(&self, member: &Member, wait: Duration) -> Record {
        let start = Instant::now();
        let record = Record::new(member);
        let record = match self.look(member, wait) {
            Ok(look) => {
                let outcome = if look.state == State::AtHead || self.view == View::Current {
                    Outcome::Nothing
                } else {
                    Outcome::Differs
                };
                let heads = Some(look.heads.clone());
                Record { outcome, from: heads.clone(), to: heads, look: Some(look), ..record }
            }
            Err(failure) => record.failed(&failure),
        };
        Record { duration: start.elapsed(), ..record }
    }

    fn look(&self, member: &Member, wait: Duration) -> Result<Arc<Look>, Failure> {
        let private = self.project.on(&member.path);
        let connection = private.connect(Access::Read, wait)?.ok_or_else(|| member.missing())?;
        if self.view == View::Soundness {
            match private.place()? {
                Database::File(_) => require_sound(&connection, member)?,
                Database::Server(server) => require_sound_server(&server)?,
            }
        }
        let failed = |error: &rusqlite::Error| database::Error::from_sqlite(&member.path, error);
        // Rows and schema of one moment: a run that commits in between would look like drift.
        connection.execute_batch("BEGIN").map_err(|error| failed(&error))?;
        let rows = version_table::read(&connection, &self.project.settings.version_table)?;
        let shape = self.shapes.read(&connection)?;
        connection.execute_batch("ROLLBACK").map_err(|error| failed(&error))?;
        let key = place(&rows) + &shape.fingerprint;
        let known = || self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(look) = known().get(&key) {
            return Ok(Arc::clone(look));
        }
        let look = Arc::new(self.work_out(rows, &shape));
        known().insert(key, Arc::clone(&look));
        Ok(look)
    }

    fn work_out(&self, rows: Vec<version_table::Applied>, shape: &Shape) -> Look {
        let state = operation::State::new(self.scripts.clone(), rows);
        let revisions = status::revisions(&state);
        let changes = match self.view {
            View::Status | View::Soundness => status::drift(self.project, &state, &shape.schema, &shape.fingerprint),
            View::Current => Ok(Vec::new()),
            View::Check if !revisions.pending.is_empty() => Ok(Vec::new()),
            View::Check => autogenerate::compare(self.project, shape.schema.clone(), &Renames::default())
                .map(|comparison| comparison.lines()),
        };
        let changes = match changes {
            Err(failure) => {
                let unknown = || Diagnostic::new("not_told", "the schema cannot be compared");
                Err(failure.diagnostics().first().cloned().unwrap_or_else(unknown))
            }
            Ok(changes) => Ok(changes),
        };
        let kind = match () {
            () if !revisions.missing.is_empty() => State::Newer,
            () if changes.as_ref().map_or(true, |changes| !changes.is_empty()) => State::Drifted,
            () if !revisions.edited.is_empty() || !revisions.out_of_order.is_empty() => State::Edited,
            () if !revisions.pending.is_empty() => State::Behind,
            () => State::AtHead,
        };
        let heads: Vec<RevisionId> = revisions.current.into_iter().map(|mention| mention.id).collect();
        let words = heads.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(",");
        // The groups that are shown differ in what is seen: two ways of spelling one schema are one group.
        let key = format!("{}|{words}|{}", kind.as_str(), shape.fingerprint);
        let behind = revisions.pending.len();
        Look { key, state: kind, heads, behind, schema: shape.fingerprint.clone(), changes }
    }
}

/// The same of a database on a server.
fn require_sound_server(server: &Server) -> Result<(), Failure> {
    let verdict = server.ask("PRAGMA quick_check(1)")?;
    if verdict.text() != Some("ok") {
        let found = format!("the database `{server}` is damaged: {}", verdict.text().unwrap_or_default());
        return Err(Failure::new(Class::Database, Diagnostic::new("corrupt", found).help("restore a backup")));
    }
    let children = server.ask("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1")?;
    if let Some(child) = children.text() {
        let found = format!("rows of `{child}` in `{server}` refer to rows that are not there");
        let help = "`PRAGMA foreign_key_check` lists them";
        return Err(Failure::new(Class::Database, Diagnostic::new("foreign_key", found).help(help)));
    }
    Ok(())
}

/// Refuses a damaged file, and rows that refer to nothing.
fn require_sound(connection: &Connection, member: &Member) -> Result<(), Failure> {
    let failed = |error: rusqlite::Error| database::Error::from_sqlite(&member.path, &error);
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if verdict != "ok" {
        return Err(database::Error::Corrupt { path: member.path.clone(), message: verdict }.into());
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check").map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    if let Some(row) = rows.next().map_err(failed)? {
        let child: String = row.get(0).map_err(failed)?;
        let parent: String = row.get(2).map_err(failed)?;
        let found =
            format!("rows of `{child}` in `{}` refer to rows of `{parent}` that are not there", member.path.display());
        let help = format!("`sqlite3 {} 'PRAGMA foreign_key_check'` lists them", member.path.display());
        return Err(Failure::new(Class::Database, Diagnostic::new("foreign_key", found).help(help)));
    }
    Ok(())
}
