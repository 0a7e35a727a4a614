//! Slips of the pen in the row work of a model: names that no table has.
//!
//! A `backfill` of a column that is there already runs no more, so that SQLite never sees it. It may name columns that
//! have gone since; what is nearly the name of one that is there was probably never right. In work that is to be done
//! SQLite refuses a bare name, and takes one in double quotes for a string.

use crate::diff::{Change, TableChange};
use crate::model::{Intent, Model};
use crate::plan;
use crate::report::{Class, Diagnostic, Failure, nearest};
use crate::schema::{Expression, Name, ObjectKind, ObjectRef, Schema};
use crate::token::{Token, TokenKind, is_reserved, significant_tokens};

/// Names shorter than this are near to everything.
const SHORTEST: usize = 3;

/// An expression of a model, with the column that it stands with.
struct Work<'a> {
    key: &'static str,
    table: &'a Name,
    column: &'a Name,
    expression: &'a Expression,
}

fn work(intent: &Intent) -> impl Iterator<Item = Work<'_>> {
    let backfills = intent.backfills.iter().map(|one| ("backfill", one));
    let all = backfills.chain(intent.conversions.iter().map(|one| ("using", one)));
    all.map(|(key, ((table, column), expression))| Work { key, table, column, expression })
}

/// A warning for each such name, at the column that it stands with.
pub(super) fn of_row_work(model: &Model, actual: &Schema, wanted: &Schema, changes: &[Change]) -> Vec<Diagnostic> {
    let of_one = |work: Work<'_>| {
        if is_changed(changes, work.table, work.column) {
            work.string(model, [actual, wanted])
        } else {
            work.near_miss(model, wanted)
        }
    };
    let idle = work(&model.intent).filter_map(|work| work.idle(model, changes));
    work(&model.intent).filter_map(of_one).chain(idle).collect()
}

/// What a model has to do with a refusal of SQLite's, where the refused name stands in its row work.
pub(super) fn blamed(model: &Model, intent: &Intent, wanted: &Schema, error: &plan::Error) -> Option<Failure> {
    let plan::Error::Refused { message, .. } = error else { return None };
    let name = Name::new(message.strip_prefix("no such column: ")?);
    let work = work(intent).find(|work| names(work.expression).any(|(one, _)| one == name))?;
    let known = wanted.tables.get(work.table)?.columns.iter().map(|column| column.name.as_str());
    let diagnostic = work.diagnostic(model, "unknown_column", &name);
    let diagnostic = match nearest(name.as_str(), known) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic.help(format!("name columns that `{}` has before the change", work.table)),
    };
    Some(Failure::new(Class::Input, diagnostic))
}

impl Work<'_> {
    fn diagnostic(&self, model: &Model, code: &'static str, name: &Name) -> Diagnostic {
        let Work { key, table, column, .. } = self;
        let found = format!("`{key}` of `{table}.{column}` names `{name}`, which `{table}` does not have");
        let mut diagnostic = Diagnostic::new(code, found);
        diagnostic.place = model.place(&ObjectRef::new(ObjectKind::Table, table), Some(column)).cloned();
        diagnostic
    }

    /// An expression for the old values of a column that changes, and keeps them since its type does not.
    fn idle(&self, model: &Model, changes: &[Change]) -> Option<Diagnostic> {
        let Work { key: key @ "using", table, column, .. } = self else { return None };
        let altered = changes.iter().find_map(|change| match change {
            Change::AlterTable(alter) if alter.after.name == **table => Some(alter),
            _ => None,
        })?;
        let changes_type = |change: &TableChange| match change {
            TableChange::AlterColumn { before, after } if after.name == **column => {
                Some(before.type_name != after.type_name)
            }
            TableChange::RenameColumn { after, .. } if after == *column => Some(false),
            _ => None,
        };
        let told: Vec<bool> = altered.changes.iter().filter_map(changes_type).collect();
        if told.is_empty() || told.contains(&true) {
            return None;
        }
        let found = format!("`{key}` of `{table}.{column}` is not carried out: the declared type stays the same");
        let mut diagnostic = Diagnostic::new("idle_using", found);
        diagnostic.place = model.place(&ObjectRef::new(ObjectKind::Table, table), Some(column)).cloned();
        Some(diagnostic.help(
            "where the values are to change, write an UPDATE in a revision of your own; where the work is done, `using` \
             can be taken out",
        ))
    }

    /// A name in work that is done that is nearly one of the table's.
    fn near_miss(&self, model: &Model, wanted: &Schema) -> Option<Diagnostic> {
        let columns = &wanted.tables.get(self.table)?.columns;
        let is_known = |name: &Name| {
            let renames = &model.intent.renames;
            columns.iter().any(|column| column.name == *name)
                || wanted.tables.contains_key(name)
                || renames.columns.iter().any(|((of, _), old)| of == self.table && old == name)
        };
        let slip = |name: &Name| {
            let known = columns.iter().map(|column| column.name.as_str());
            nearest(name.as_str(), known).filter(|_| !is_known(name)).map(str::to_owned)
        };
        let mut long = names(self.expression).filter(|(name, _)| name.as_str().len() >= SHORTEST);
        let (name, meant) = long.find_map(|(name, _)| slip(&name).map(|meant| (name, meant)))?;
        let help = format!("did you mean `{meant}`? where the work is done, `{}` can be taken out", self.key);
        Some(self.diagnostic(model, "unknown_column", &name).help(help))
    }

    /// A name in double quotes that no table has, before the change or after it.
    fn string(&self, model: &Model, schemas: [&Schema; 2]) -> Option<Diagnostic> {
        let tables = || schemas.into_iter().flat_map(|schema| schema.tables.values());
        let is_known = |name: &Name| tables().any(|table| table.name == *name || table.column(name).is_some());
        let quoted = |token: &Token<'_>| token.text.starts_with('"');
        let (name, _) = names(self.expression).find(|(name, token)| quoted(token) && !is_known(name))?;
        let help =
            format!("SQLite takes it for a string: write it in single quotes, or name a column of `{}`", self.table);
        Some(self.diagnostic(model, "double_quoted_string", &name).help(help))
    }
}

/// The names in an expression that are names of columns, as far as words alone tell it.
fn names(expression: &Expression) -> impl Iterator<Item = (Name, Token<'_>)> {
    let tokens: Vec<Token<'_>> = significant_tokens(expression.as_str()).collect();
    let named = |at: usize| {
        let token = tokens[at];
        let is_name = match token.kind {
            TokenKind::Word => !is_reserved(token.text),
            kind => kind == TokenKind::QuotedName,
        };
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        let is_apart = before.is_none_or(|before| {
            !before.is_operator(".") && !["AS", "FROM", "JOIN", "COLLATE"].iter().any(|word| before.is_word(word))
        });
        let is_called = tokens.get(at + 1).is_some_and(|token| token.is_operator("(") || token.is_operator("."));
        (is_name && is_apart && !is_called).then(|| (Name::new(token.unquoted()), token))
    };
    (0..tokens.len()).filter_map(named).collect::<Vec<_>>().into_iter()
}

/// Whether the work is still to be done.
fn is_changed(changes: &[Change], table: &Name, column: &Name) -> bool {
    changes.iter().any(|change| match change {
        Change::CreateTable(new) => new.name == *table,
        Change::AlterTable(alter) => {
            alter.after.name == *table
                && alter.changes.iter().any(|change| match change {
                    TableChange::AddColumn(after) | TableChange::AlterColumn { after, .. } => after.name == *column,
                    _ => false,
                })
        }
        _ => false,
    })
}
