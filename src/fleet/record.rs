//! What came to pass with one database: a line of the report, and what the next run reads of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::cause::Cause;
use super::error::FleetError;
use super::list::Member;
use super::look::Look;
use crate::database::runner::ByHand;
use crate::report::{Class, Diagnostic, Failure, Place, Source};
use crate::revision::RevisionId;

/// What came to pass with one database.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
    /// The wave in which its turn came, counted from 1.
    pub wave: usize,
    /// Where it stood; nothing where that was not read.
    pub from: Option<Vec<RevisionId>>,
    /// Where it stands now; nothing where that was not read.
    pub to: Option<Vec<RevisionId>>,
    /// How many revisions were run.
    pub steps: usize,
    /// How long the last attempt took.
    pub duration: Duration,
    /// How often it was tried.
    pub attempts: u32,
    /// What it came to.
    pub outcome: Outcome,
    /// What stands in the way.
    pub trouble: Option<Trouble>,
    /// The copy that was made of it.
    pub backup: Option<PathBuf>,
    /// What was found where it was only looked at.
    pub look: Option<Arc<Look>>,
    /// The commands that ran beside its revisions.
    pub commands: Vec<RanCommand>,
    /// What no revision makes, and scripts have taken away with what it stands on.
    pub by_hand: Vec<ByHand>,
}

/// A command that ran beside revisions.
#[derive(Debug, Clone)]
pub struct RanCommand {
    /// Its line.
    pub line: String,
    /// What it printed.
    pub printed: String,
    /// Whether it ended well.
    pub is_well: bool,
}

/// What it came to for one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was done.
    Done,
    /// There was nothing to do.
    Nothing,
    /// It was looked at, and something is to be done.
    Differs,
    /// It failed; the database is as it was, or at a revision on the way.
    Failed,
    /// It was interrupted; what was not committed is rolled back.
    Interrupted,
    /// Its turn did not come.
    Skipped,
}

impl Outcome {
    const ALL: [(Outcome, &'static str); 6] = [
        (Outcome::Done, "done"),
        (Outcome::Nothing, "nothing"),
        (Outcome::Differs, "differs"),
        (Outcome::Failed, "failed"),
        (Outcome::Interrupted, "interrupted"),
        (Outcome::Skipped, "skipped"),
    ];

    /// Its word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Outcome::ALL.iter().find(|(outcome, _)| *outcome == self).map_or("failed", |(_, word)| word)
    }
}

/// What stands in the way of one database.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Its class.
    pub cause: Cause,
    /// What is wrong, and what to do.
    pub diagnostic: Diagnostic,
}

impl Record {
    /// A record of a database that nothing has been done to yet.
    #[must_use]
    pub fn new(member: &Member) -> Record {
        Record {
            id: member.id.clone(),
            path: member.path.clone(),
            wave: 1,
            from: None,
            to: None,
            steps: 0,
            duration: Duration::ZERO,
            attempts: 1,
            outcome: Outcome::Skipped,
            trouble: None,
            backup: None,
            look: None,
            commands: Vec::new(),
            by_hand: Vec::new(),
        }
    }

    /// The same, after a failure.
    #[must_use]
    pub fn failed(mut self, failure: &Failure) -> Record {
        let unknown = || Diagnostic::new("failed", "it failed");
        let diagnostic = failure.diagnostics().first().cloned().unwrap_or_else(unknown);
        let cause = Cause::of(&diagnostic);
        self.outcome = if failure.class() == Class::Interrupted { Outcome::Interrupted } else { Outcome::Failed };
        self.trouble = Some(Trouble { cause, diagnostic });
        self
    }

    /// Whether it failed because others held the lock.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.outcome == Outcome::Failed && self.trouble.as_ref().is_some_and(|trouble| trouble.cause == Cause::Busy)
    }

    /// The line of the report.
    #[must_use]
    pub fn json(&self) -> Value {
        let trouble = self.trouble.as_ref();
        let error = trouble.map(|Trouble { diagnostic, .. }| {
            json!({ "code": diagnostic.code, "message": diagnostic.message, "help": diagnostic.help, "notes": diagnostic.notes })
        });
        let mut line = json!({
            "version": 1,
            "id": self.id,
            "database": self.path.to_string_lossy(),
            "wave": self.wave,
            "outcome": self.outcome.as_str(),
            "from": words(self.from.as_ref()),
            "to": words(self.to.as_ref()),
            "steps": self.steps,
            "ms": (self.duration.as_secs_f64() * 10_000.0).round() / 10.0,
            "attempts": self.attempts,
            "class": trouble.map(|trouble| trouble.cause.as_str()),
            "error": error,
        });
        if let Some(backup) = &self.backup {
            line["backup"] = backup.to_string_lossy().into();
        }
        if !self.by_hand.is_empty() {
            line["by_hand"] = self.by_hand.iter().map(by_hand).collect();
        }
        if let Some(look) = &self.look {
            line["status"] = look.json();
        }
        line
    }
}

/// What became of what no revision makes, for programs.
#[must_use]
pub fn by_hand(by_hand: &ByHand) -> Value {
    let ByHand { object, table, sql, lost } = by_hand;
    json!({
        "kind": object.kind.to_string(), "name": object.name.as_str(), "table": table.as_str(), "sql": sql,
        "put_back": lost.is_none(), "text": by_hand.words(),
    })
}

fn words(ids: Option<&Vec<RevisionId>>) -> Option<Vec<&str>> {
    ids.map(|ids| ids.iter().map(RevisionId::as_str).collect())
}

/// A line of a report, as far as the next run needs it.
#[derive(Deserialize)]
struct Line {
    id: Option<String>,
    outcome: Option<String>,
}

/// The ids of the databases that a report names as done, by the last line about each. A line that was cut off when
/// its run was killed says nothing.
///
/// # Errors
/// When the file cannot be read or is no report.
pub fn finished(path: &std::path::Path) -> Result<BTreeSet<String>, FleetError> {
    let unreadable = |source| FleetError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let source = Arc::new(Source { path: path.display().to_string(), text });
    let mut finished = BTreeSet::new();
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let span = start..start + line.trim_end().len();
        start += line.len();
        let read: Line = match serde_json::from_str(line) {
            Ok(read) => read,
            Err(_) if !line.ends_with('\n') => break,
            Err(error) => {
                let message = format!("not a line of a report: {error}");
                return Err(FleetError::BadReport { message, place: Place::new(&source, span) });
            }
        };
        // The last line is about all of them.
        let (Some(id), Some(outcome)) = (read.id, read.outcome) else { continue };
        if [Outcome::Done, Outcome::Nothing].iter().any(|done| done.as_str() == outcome) {
            finished.insert(id);
        } else {
            finished.remove(&id);
        }
    }
    Ok(finished)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    #[test]
    fn a_report_says_what_is_left_even_when_it_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ndjson");
        let line = |id: &str, outcome: Outcome| {
            let member = Member { id: id.to_owned(), path: PathBuf::from(id), wave: None };
            Record { outcome, ..Record::new(&member) }.json().to_string() + "\n"
        };
        let mut text = line("a", Outcome::Done) + &line("b", Outcome::Failed) + &line("c", Outcome::Nothing);
        text += &(line("c", Outcome::Interrupted) + &line("b", Outcome::Done) + "{\"version\":1,\"summary\":{}}\n");
        text += "{\"version\":1,\"id\":\"d\",\"outc";
        std::fs::write(&path, &text).unwrap();
        assert_eq!(finished(&path).unwrap().into_iter().collect::<Vec<_>>(), ["a", "b"]);

        std::fs::write(&path, "data/a.db\n").unwrap();
        assert_eq!(finished(&path).unwrap_err().diagnostics()[0].code, "bad_report");
        assert_eq!(finished(&folder.path().join("absent")).unwrap_err().diagnostics()[0].code, "unreadable_file");
    }
}
