//! What a script may do: SQLite asks for each action while it compiles a statement
//! (<https://www.sqlite.org/c3ref/set_authorizer.html>). What a script does is noted down on the way.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization, TransactionOperation};

use crate::schema::Name;

/// What the script that runs may do.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Whether the runner holds a transaction around it.
    pub in_transaction: bool,
    /// Whether it may edit `sqlite_schema`.
    pub catalog_edits: bool,
    /// The table that no script may touch.
    pub version_table: Name,
}

/// Something that a script may not do, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub what: String,
    pub help: &'static str,
}

/// What the statements of a script did to tables.
#[derive(Debug, Clone, Default)]
pub(super) struct Actions {
    /// Tables that were dropped.
    pub dropped: BTreeSet<Name>,
    /// Indexes that were dropped by themselves.
    pub dropped_indexes: BTreeSet<Name>,
    /// Tables that ALTER TABLE was compiled for.
    pub altered: BTreeSet<Name>,
    /// Tables that were created.
    pub created: BTreeSet<Name>,
    /// Tables that a statement was compiled to delete rows of, dropping tables included.
    pub deleted_from: BTreeSet<Name>,
    /// Tables that a statement was compiled to insert into or to update.
    pub written: BTreeSet<Name>,
}

/// The watch over a connection while a script runs.
pub(super) struct Watch {
    notes: Arc<Mutex<Notes>>,
}

#[derive(Default)]
struct Notes {
    looks_aside: bool,
    refusal: Option<Refusal>,
    actions: Actions,
}

impl Watch {
    /// Sets the watch.
    pub(super) fn set(connection: &mut Connection, limits: Limits) -> rusqlite::Result<Watch> {
        let watch = Watch { notes: Arc::default() };
        let notes = Arc::clone(&watch.notes);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
            if notes.looks_aside {
                return Authorization::Allow;
            }
            note(&mut notes.actions, &context);
            match refusal(&limits, &context) {
                Some(refusal) => {
                    notes.refusal = Some(refusal);
                    Authorization::Deny
                }
                None => Authorization::Allow,
            }
        }))?;
        Ok(watch)
    }

    /// Does something that the runner itself does, and no statement of the script.
    pub(super) fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        let set = |aside| self.notes.lock().unwrap_or_else(PoisonError::into_inner).looks_aside = aside;
        set(true);
        let outcome = act();
        set(false);
        outcome
    }

    /// Takes the watch off.
    pub(super) fn lift(connection: &mut Connection) -> rusqlite::Result<()> {
        connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)
    }

    /// What was refused last.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).refusal.take()
    }

    /// What the statements since [`Watch::actions`] was asked were compiled to do, and may not have done yet.
    pub(super) fn actions_so_far(&self) -> Actions {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).actions.clone()
    }

    /// What the statements since this was asked last were compiled to do.
    pub(super) fn actions(&self) -> Actions {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner).actions)
    }
}

fn note(actions: &mut Actions, context: &AuthContext<'_>) {
    if let AuthAction::AlterTable { database_name: "main", table_name } = context.action {
        actions.altered.insert(Name::new(table_name));
    }
    if context.database_name != Some("main") {
        return;
    }
    match context.action {
        AuthAction::DropTable { table_name } => actions.dropped.insert(Name::new(table_name)),
        AuthAction::DropIndex { index_name, .. } => actions.dropped_indexes.insert(Name::new(index_name)),
        AuthAction::CreateTable { table_name } => actions.created.insert(Name::new(table_name)),
        AuthAction::Delete { table_name } => actions.deleted_from.insert(Name::new(table_name)),
        // Another text of a table, for the rows that it has: what that means is seen in the schema.
        AuthAction::Update { table_name: "sqlite_master", column_name: "sql" } => false,
        AuthAction::Insert { table_name } | AuthAction::Update { table_name, .. } => {
            actions.written.insert(Name::new(table_name))
        }
        _ => false,
    };
}

const OUTSIDE: &str = "write `transaction:false` after the marker of the section, or take the statement out";

fn refusal(limits: &Limits, context: &AuthContext<'_>) -> Option<Refusal> {
    let refuse = |what: String, help: &'static str| Some(Refusal { what, help });
    match context.action {
        AuthAction::Transaction { operation } if limits.in_transaction => {
            let word = match operation {
                TransactionOperation::Begin => "BEGIN",
                TransactionOperation::Rollback => "ROLLBACK",
                _ => "COMMIT",
            };
            refuse(
                format!("`{word}`: the script, its checks and its row in the version table are one transaction"),
                "take the statement out of the script",
            )
        }
        AuthAction::Savepoint { .. } if limits.in_transaction => {
            refuse("savepoints".to_owned(), "take the statement out of the script")
        }
        // VACUUM attaches a nameless database for itself.
        AuthAction::Attach { filename: "" } if !limits.in_transaction => None,
        AuthAction::Attach { filename } => {
            let what = format!("`ATTACH` of another database (`{filename}`)");
            refuse(what, "a script changes one database; take the statement out")
        }
        AuthAction::Detach { .. } if limits.in_transaction => {
            refuse("`DETACH`".to_owned(), "take the statement out of the script")
        }
        AuthAction::Pragma { pragma_name, pragma_value } => pragma(limits, pragma_name, pragma_value),
        // VACUUM fills the tables of its nameless database, too.
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::Update { table_name, .. }
            if context.database_name == Some("main") && limits.version_table == *table_name =>
        {
            refuse(touching(table_name), STAMP)
        }
        AuthAction::AlterTable { database_name: "main", table_name } if limits.version_table == *table_name => {
            refuse(touching(table_name), STAMP)
        }
        _ => None,
    }
}

const STAMP: &str = "take the statement out; `schemactl stamp` changes what the table says";

fn touching(version_table: &str) -> String {
    format!("to touch the version table `{version_table}`")
}

/// Pragmas that a script inside a transaction may give a value; the value is bound to the transaction or to the file,
/// or an argument of a question.
const SETTABLE: [&str; 18] = [
    "application_id",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    // No more than a word inside a transaction (https://www.sqlite.org/pragma.html#pragma_foreign_keys).
    "foreign_keys",
    "incremental_vacuum",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "legacy_alter_table",
    "optimize",
    "quick_check",
    "recursive_triggers",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// Pragmas that change the schema itself, which is a question of its own.
const EDITING: [&str; 2] = ["writable_schema", "schema_version"];

/// Pragmas that act even without a value and have no place inside a transaction.
const ACTING: [&str; 2] = ["wal_checkpoint", "shrink_memory"];

/// Whether a script may ask or set a pragma while the runner holds a transaction around it.
#[must_use]
pub fn may_set_in_transaction(name: &str, has_value: bool) -> bool {
    let is = |list: &[&str]| list.iter().any(|pragma| name.eq_ignore_ascii_case(pragma));
    is(&EDITING) || is(&SETTABLE) || !has_value && !is(&ACTING)
}

fn pragma(limits: &Limits, name: &str, value: Option<&str>) -> Option<Refusal> {
    if EDITING.iter().any(|pragma| name.eq_ignore_ascii_case(pragma)) {
        let edits = value.is_some() && !limits.catalog_edits;
        return edits.then(|| Refusal {
            what: format!("`PRAGMA {name}`, which edits the schema behind SQLite's back"),
            help: "set `catalog_edits = true` in the settings to allow it",
        });
    }
    let allowed = !limits.in_transaction || may_set_in_transaction(name, value.is_some());
    (!allowed).then(|| Refusal { what: format!("`PRAGMA {name}` inside a transaction"), help: OUTSIDE })
}
