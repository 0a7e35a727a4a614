//! What stops a run, and where the database stands then.

use std::time::Duration;

use crate::database::error::Error;
use crate::report::{Class, Diagnostic, Place, Report, count};
use crate::revision::RevisionId;

use super::by_hand::NotKept;
use super::deviation::Deviation;
use super::evidence::Damage;
use super::{Done, Op};
use crate::database::gate::Offending;

/// A run that came to no good end.
#[derive(Debug, thiserror::Error)]
#[error("{}{problem}", .at.as_ref().map(|at| format!("cannot {} {}: ", at.op.verb(), at.name())).unwrap_or_default())]
pub struct RunError {
    /// What went wrong.
    pub problem: Problem,
    /// The step that it went wrong at.
    pub at: Option<At>,
    /// The steps of this run that stay done.
    pub done: Vec<Done>,
    /// The revisions that the database stands at now, none of them a parent of another; `None` where it was never read.
    pub heads: Option<Vec<RevisionId>>,
}

/// A step by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Up or down.
    pub op: Op,
    /// The revision.
    pub revision: RevisionId,
    /// Its message.
    pub message: String,
}

impl At {
    fn name(&self) -> String {
        match self.message.as_str() {
            "" => format!("`{}`", self.revision.as_str()),
            message => format!("`{}` ({message})", self.revision.as_str()),
        }
    }
}

/// What can go wrong in a run.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The steps cannot be told, or what is to be done beside them fails.
    #[error("{0}")]
    Plan(Box<dyn Report>),
    /// The database cannot be read or written.
    #[error("{0}")]
    Database(Error),
    /// Another program held the lock until the time was up.
    #[error("the database is locked by another program (waited {}{})", crate::database::error::words_of(*.waited), if *.at_commit { " to commit" } else { "" })]
    Locked {
        /// How long it was waited for.
        waited: Duration,
        /// Whether all work was done and only readers stood in the way of COMMIT.
        at_commit: bool,
    },
    /// A statement of the script fails.
    #[error("{message}")]
    Statement {
        /// SQLite's words.
        message: String,
        /// Where in the file.
        place: Place,
    },
    /// The script does what a script may not do.
    #[error("a script may not do this: {what}")]
    Refused {
        /// What.
        what: String,
        /// Where in the file.
        place: Place,
        /// What to do instead.
        help: &'static str,
    },
    /// Rows that are there do not fit what the script makes of the schema.
    #[error("{violation} ({})", crate::report::count(found.number, "row"))]
    RowsRefuse {
        /// What is wrong with them.
        violation: String,
        /// How many there are, and some of them.
        found: Offending,
        /// What to do.
        help: String,
        /// The script.
        place: Place,
    },
    /// A question to the rows cannot be asked.
    #[error("cannot look for {violation}: {message}")]
    Unanswered {
        /// What it looks for.
        violation: String,
        /// SQLite's words.
        message: String,
        /// What to do.
        help: String,
        /// The question in the script.
        place: Place,
    },
    /// The script did harm to rows or objects.
    #[error("{}", describe(.damage))]
    Damage {
        /// What harm.
        damage: Damage,
        /// The script.
        place: Place,
    },
    /// What somebody has made by hand cannot stay.
    #[error("{}", .what.words())]
    NotKept {
        /// What, and why.
        what: NotKept,
        /// The script.
        place: Place,
    },
    /// Values were compared by a collation that only the application has.
    #[error("the script sorts or compares by the collation {names}, which exists only in the application")]
    StandInUsed {
        /// The collations, in backticks.
        names: String,
        /// The script.
        place: Place,
    },
    /// The schema after the script is not the one that its header promises.
    #[error("the schema after the script is not the one {}", match op {
        Op::Upgrade => "that its header promises",
        Op::Downgrade => "that was there before the revision",
    })]
    Schema {
        /// Up or down.
        op: Op,
        /// How they differ.
        deviation: Deviation,
        /// What the script does to the schema, a sentence each.
        made: Vec<String>,
        /// The script.
        place: Place,
    },
    /// The schema before the script is not the one that the last revision left.
    #[error("the schema of the database is not the one that its revisions made")]
    Drift {
        /// How they differ.
        deviation: Deviation,
        /// Whether the script edits the schema by its text, which is safe on the very schema that it was made for alone.
        edits_text: bool,
    },
    /// A step that runs outside a transaction among steps that are to be one transaction.
    #[error("its script runs outside a transaction, so that the run cannot be one transaction")]
    OutsideTransaction {
        /// The script.
        place: Place,
    },
    /// A script outside a transaction began one and did not end it.
    #[error("the script begins a transaction and does not end it")]
    LeftOpen {
        /// The script.
        place: Place,
    },
    /// The connection was inside a transaction already.
    #[error("the connection is inside a transaction")]
    InTransaction,
    /// SQLite does not switch foreign keys off.
    #[error("SQLite does not switch foreign keys off")]
    ForeignKeysStayOn,
    /// A server does not do it.
    #[error("{error}")]
    Server {
        /// Why.
        error: Box<dyn Report>,
        /// The statement, where it is about one.
        place: Option<Place>,
    },
    /// The user wants to stop.
    #[error("interrupted")]
    Interrupted,
}

fn describe(damage: &Damage) -> String {
    match damage {
        Damage::RowsLost { table, before, after } => {
            format!("the table `{table}` would lose rows that no statement deletes: {before} before, {after} after")
        }
        Damage::Dangling { child, rows, parents } => {
            let parents = parents.iter().map(|parent| format!("`{parent}`")).collect::<Vec<_>>().join(", ");
            let refer = if *rows == 1 { "refers" } else { "refer" };
            format!("{} of `{child}` {refer} to rows of {parents} that are not there", count(*rows, "row"))
        }
        Damage::Mismatch { message } => message.clone(),
        Damage::Broken { object, message } => format!("{object} does not work any more: {message}"),
    }
}

impl Report for RunError {
    fn class(&self) -> Class {
        match &self.problem {
            Problem::Plan(error) | Problem::Server { error, .. } => error.class(),
            Problem::Database(error) => error.class(),
            Problem::Locked { .. } => Class::Locked,
            Problem::Interrupted => Class::Interrupted,
            Problem::Refused { .. }
            | Problem::Unanswered { .. }
            | Problem::OutsideTransaction { .. }
            | Problem::LeftOpen { .. } => Class::Input,
            Problem::Drift { .. } | Problem::NotKept { .. } | Problem::RowsRefuse { .. } => Class::No,
            _ => Class::Database,
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        if let Problem::Plan(error) = &self.problem {
            return error.diagnostics();
        }
        let (code, place, help) = self.problem.parts();
        let mut diagnostic = Diagnostic::new(code, self.to_string());
        diagnostic.place = place;
        diagnostic.help = help;
        diagnostic.notes = self.problem.notes();
        if let Some(heads) = &self.heads {
            diagnostic.notes.push(standing(heads));
        }
        vec![diagnostic]
    }
}

fn standing(heads: &[RevisionId]) -> String {
    match heads {
        [] => "the database has no revision".to_owned(),
        heads => {
            let heads = heads.iter().map(|head| format!("`{}`", head.as_str())).collect::<Vec<_>>().join(", ");
            format!("the database stands at {heads}")
        }
    }
}

impl Problem {
    /// Whether the user has stopped the run.
    pub(super) fn is_interrupt(&self) -> bool {
        matches!(self, Problem::Interrupted | Problem::Database(Error::Interrupted))
    }

    fn notes(&self) -> Vec<String> {
        match self {
            Problem::RowsRefuse { found, .. } => vec![format!("such as {}", found.examples.join("; "))],
            Problem::Drift { deviation, .. } => deviation.notes(),
            Problem::NotKept { what, .. } => what.note().into_iter().collect(),
            Problem::Server { error, .. } => error.diagnostics().remove(0).notes,
            Problem::Schema { deviation, made, .. } => {
                let made = made.iter().filter(|_| deviation.differences.is_empty());
                deviation.notes().into_iter().chain(made.map(|line| format!("what the script does: {line}"))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn parts(&self) -> (&'static str, Option<Place>, Option<String>) {
        let (code, place, help) = match self {
            Problem::Plan(_) => return ("plan", None, None),
            Problem::Database(error) => {
                let diagnostic = error.diagnostics().remove(0);
                return (diagnostic.code, diagnostic.place, diagnostic.help);
            }
            Problem::Server { error, place } => {
                let diagnostic = error.diagnostics().remove(0);
                return (diagnostic.code, place.clone(), diagnostic.help);
            }
            Problem::Locked { .. } => {
                ("locked", None, "wait until the other program is done, or wait longer with `--lock-timeout`")
            }
            Problem::Statement { place, .. } => {
                return ("statement_failed", Some(place.clone()), None);
            }
            Problem::Refused { place, help, .. } => ("not_allowed", Some(place.clone()), *help),
            Problem::Unanswered { place, help, .. } => return ("gate", Some(place.clone()), Some(help.clone())),
            Problem::RowsRefuse { place, help, .. } => return ("rows_refuse", Some(place.clone()), Some(help.clone())),
            Problem::Damage { damage, place } => {
                let (code, help) = match damage {
                    Damage::RowsLost { .. } => {
                        ("rows_lost", "delete the rows by a DELETE of its own if they are meant to go")
                    }
                    Damage::Dangling { .. } => {
                        ("foreign_key", "delete the rows, or let them refer to others, before the script ends")
                    }
                    Damage::Mismatch { .. } => {
                        ("foreign_key", "keep a unique index on the columns that are referred to")
                    }
                    Damage::Broken { .. } => (
                        "broken_object",
                        "drop it in the script and create it again as it should be; by hand where no revision makes it",
                    ),
                };
                (code, Some(place.clone()), help)
            }
            Problem::NotKept { what, place } => return ("by_hand", Some(place.clone()), Some(what.help())),
            Problem::StandInUsed { place, .. } => (
                "application_collation",
                Some(place.clone()),
                "run this script from the application, then `schemactl stamp` the revision",
            ),
            Problem::Schema { place, op, .. } => (
                "schema_mismatch",
                Some(place.clone()),
                match op {
                    Op::Upgrade => "if the script was edited by hand, remove the line `-- schema:` from its header",
                    Op::Downgrade => "bring the section `-- migrate:down` to undo all that `-- migrate:up` does",
                },
            ),
            Problem::Drift { edits_text: true, .. } => (
                "drift",
                None,
                "`schemactl status` says how to go on; the script edits the text of the schema, which is safe on the one that \
                 it was made for alone: made anew without `catalog_edits` in the settings, it runs on others, too",
            ),
            Problem::Drift { edits_text: false, .. } => (
                "drift",
                None,
                "`schemactl status` says how to go on; `drift = \"warn\"` in the settings runs in spite of it",
            ),
            Problem::OutsideTransaction { place } => {
                ("outside_transaction", Some(place.clone()), "run the revisions each in its own transaction")
            }
            Problem::LeftOpen { place } => ("left_open", Some(place.clone()), "end the script with COMMIT"),
            Problem::InTransaction | Problem::ForeignKeysStayOn => return ("connection", None, None),
            Problem::Interrupted => return ("interrupted", None, None),
        };
        (code, place, Some(help.to_owned()))
    }
}
