//! "ALTER TABLE can do this": the one predicate, as the statements that do it.
//!
//! The rules here are those that SQLite checks against the rows, which a scratch database may not have
//! (<https://www.sqlite.org/lang_altertable.html>); all else is left to the trial on the scratch database, after which
//! the table is read again and compared.

use crate::diff::{AlterTable, TableChange};
use crate::schema::{Column, Expression, ForeignKey, Name, SqliteVersion, Table};
use crate::sql;
use crate::token::{TokenKind, significant_tokens};

use super::rows::RowWork;
use super::statement::Statement;

const RENAME_COLUMN: SqliteVersion = SqliteVersion::new(3, 25);
const GENERATED: SqliteVersion = SqliteVersion::new(3, 31);
// SQLite 3.40 finds a NULL in each row of a generated column that must have none; 3.44 and 3.54 do not.
const GENERATED_WITHOUT_ROWID: SqliteVersion = SqliteVersion::new(3, 44);
const DROP_COLUMN: SqliteVersion = SqliteVersion::new(3, 35);
const ALTER_CONSTRAINT: SqliteVersion = SqliteVersion::new(3, 53);

/// The ALTER TABLE statements that make all changes of a table but those of its indexes, or `None` where there is no
/// such way on the target.
///
/// `updates_are_silent` says that no trigger fires on an UPDATE of the table, so that existing rows may be filled in
/// place.
#[must_use]
pub fn statements(
    alter: &AlterTable,
    rows: &RowWork,
    target: SqliteVersion,
    updates_are_silent: bool,
) -> Option<Vec<Statement>> {
    let table = &alter.after;
    let mut statements = Vec::new();
    for change in &alter.changes {
        let planned = match change {
            TableChange::AddColumn(column) => add_column(table, column, rows, target, updates_are_silent)?,
            TableChange::DropColumn(column) => vec![drop_column(table, column)],
            TableChange::AlterColumn { before, after } => {
                alter_column(table, before, after, rows, target, updates_are_silent)?
            }
            TableChange::AddCheck(check) if !is_of_new_column(alter, check.inline.as_ref()) => {
                let name = check.name.as_ref().map_or(String::new(), |name| format!("CONSTRAINT {} ", name.quoted()));
                let sql = format!("ALTER TABLE {} ADD {name}CHECK ({})", table.name.quoted(), one_line(&check.expression)?);
                vec![Statement::new(sql).requires(ALTER_CONSTRAINT)]
            }
            TableChange::DropCheck(check) if !is_of_dropped_column(alter, check.inline.as_ref()) => {
                drop_constraint(table, check.name.as_ref()?)
            }
            TableChange::DropForeignKey(key) if !is_inline_of_dropped_column(alter, key.inline, &key.columns) => {
                if is_not_deferrable(key) {
                    // SQLite 3.54 leaves `NOT DEFERRABLE` standing, which then modifies the key before it.
                    return None;
                }
                drop_constraint(table, key.name.as_ref()?)
            }
            TableChange::AddForeignKey(key) if !is_inline_of_new_column(alter, key.inline, &key.columns) => return None,
            // Written or dropped together with their column.
            TableChange::AddCheck(_)
            | TableChange::DropCheck(_)
            | TableChange::AddForeignKey(_)
            | TableChange::DropForeignKey(_)
            // Indexes have statements of their own.
            | TableChange::CreateIndex(_)
            | TableChange::DropIndex(_)
            | TableChange::AlterIndex { .. } => Vec::new(),
            TableChange::Rename
            | TableChange::RenameColumn { .. }
            | TableChange::ReorderColumns
            | TableChange::AlterPrimaryKey { .. }
            | TableChange::AddUnique(_)
            | TableChange::DropUnique(_)
            | TableChange::SetStrict(_)
            | TableChange::SetWithoutRowid(_) => return None,
        };
        statements.extend(planned);
    }
    statements.iter().all(|statement| statement.requires <= target).then_some(statements)
}

/// Whether one rebuild costs less than a DROP COLUMN each. DROP COLUMN rewrites every row; a rebuild costs about one
/// and a half times as much, and as much again for each index that it builds (measured on 500,000 rows). A fast one
/// builds none.
#[must_use]
pub fn is_one_rebuild_cheaper(alter: &AlterTable, keeps_indexes: bool) -> bool {
    let is_virtual = |column: &Column| column.generated.as_ref().is_some_and(|generated| !generated.stored);
    let rewrites = |change: &&TableChange| matches!(change, TableChange::DropColumn(column) if !is_virtual(column));
    let drops = alter.changes.iter().filter(rewrites).count();
    let table = &alter.after;
    let key = usize::from(table.primary_key.is_some() && !table.without_rowid && table.rowid_alias().is_none());
    let built = if keeps_indexes { 0 } else { table.indexes.len() + table.uniques.len() + key };
    drops >= 2 + built
}

/// `ALTER TABLE … RENAME COLUMN`, where the target has it.
#[must_use]
pub fn rename_column(table: &Name, before: &Name, after: &Name, target: SqliteVersion) -> Option<Statement> {
    let sql = format!("ALTER TABLE {} RENAME COLUMN {} TO {}", table.quoted(), before.quoted(), after.quoted());
    (target >= RENAME_COLUMN).then(|| Statement::new(sql).requires(RENAME_COLUMN))
}

fn drop_column(table: &Table, column: &Column) -> Statement {
    let sql = format!("ALTER TABLE {} DROP COLUMN {}", table.name.quoted(), column.name.quoted());
    let drop = Statement::new(sql).requires(DROP_COLUMN);
    if column.is_copied() { drop.comment(super::rebuild::discard(&table.name, &column.name)) } else { drop }
}

fn add_column(
    table: &Table,
    column: &Column,
    rows: &RowWork,
    target: SqliteVersion,
    updates_are_silent: bool,
) -> Option<Vec<Statement>> {
    let is_stored = column.generated.as_ref().is_some_and(|generated| generated.stored);
    let is_key = table.is_in_primary_key(&column.name)
        || table.uniques.iter().any(|unique| unique.columns.iter().any(|key| key.name == column.name));
    if is_stored || is_key || column.default.as_ref().is_some_and(|default| !is_constant(default)) {
        return None;
    }
    let is_written_with_column = |inline: bool, columns: &[Name]| inline || !columns.contains(&column.name);
    if !table.foreign_keys.iter().all(|key| is_written_with_column(key.inline, &key.columns)) {
        return None;
    }
    let backfill = rows.backfill(&table.name, &column.name);
    let add = |column: &Column| {
        let definition = sql::write_column(table, column);
        let version = match &column.generated {
            Some(_) if table.without_rowid && column.not_null.is_some() => GENERATED_WITHOUT_ROWID,
            Some(_) => GENERATED,
            None => super::statement::OLDEST,
        };
        Statement::new(format!("ALTER TABLE {} ADD COLUMN {definition}", table.name.quoted())).requires(version)
    };
    let Some(backfill) = backfill else {
        let default_is_null = column.default.as_ref().is_none_or(|default| default.normal() == "NULL");
        let is_refused = column.not_null.is_some() && default_is_null && column.generated.is_none();
        return (!is_refused).then(|| vec![add(column)]);
    };
    if !updates_are_silent {
        return None;
    }
    let fill = Statement::new(format!("UPDATE {} SET {} = ({backfill})", table.name.quoted(), column.name.quoted()))
        .comment(format!("Fills the new column of all rows of {}.", table.name));
    let default_is_null = column.default.as_ref().is_none_or(|default| default.normal() == "NULL");
    match &column.not_null {
        Some(not_null) if default_is_null => {
            if not_null.name.is_some() || target < ALTER_CONSTRAINT {
                return None;
            }
            let nullable = Column { not_null: None, ..column.clone() };
            Some(vec![add(&nullable), fill, set_not_null(table, column)])
        }
        _ => Some(vec![add(column), fill]),
    }
}

fn alter_column(
    table: &Table,
    before: &Column,
    after: &Column,
    rows: &RowWork,
    target: SqliteVersion,
    updates_are_silent: bool,
) -> Option<Vec<Statement>> {
    let nullability_aside = Column { not_null: before.not_null.clone(), ..after.clone() };
    let only_nullability = Column { idle_names: before.idle_names.clone(), ..nullability_aside } == *before;
    if !only_nullability || target < ALTER_CONSTRAINT {
        return None;
    }
    // SQLite 3.54 takes the NOT of `NOT DEFERRABLE` for that of `NOT NULL`; where it does depends on the very text of
    // the table, which the scratch database does not have.
    let mut inline_keys = table.foreign_keys.iter().filter(|key| key.inline && key.columns.contains(&after.name));
    if inline_keys.any(is_not_deferrable) {
        return None;
    }
    let alter = |action: &str| {
        let sql = format!("ALTER TABLE {} ALTER COLUMN {} {action}", table.name.quoted(), after.name.quoted());
        Statement::new(sql).requires(ALTER_CONSTRAINT)
    };
    match (&before.not_null, &after.not_null) {
        (_, None) => Some(vec![alter("DROP NOT NULL")]),
        (None, Some(not_null)) if not_null.name.is_none() => {
            let mut statements = Vec::new();
            if let Some(value) = rows.filling(table, after) {
                if !updates_are_silent {
                    return None;
                }
                let (name, column) = (table.name.quoted(), after.name.quoted());
                statements.push(
                    Statement::new(format!("UPDATE {name} SET {column} = ({value}) WHERE {column} IS NULL"))
                        .comment(format!("Fills {}.{} where it is NULL.", table.name, after.name)),
                );
            }
            statements.push(set_not_null(table, after));
            Some(statements)
        }
        _ => None,
    }
}

fn set_not_null(table: &Table, column: &Column) -> Statement {
    let conflict = column.not_null.as_ref().and_then(|not_null| not_null.on_conflict);
    let conflict = conflict.map_or(String::new(), |clause| format!(" ON CONFLICT {}", clause.keyword()));
    let sql =
        format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL{conflict}", table.name.quoted(), column.name.quoted());
    Statement::new(sql).requires(ALTER_CONSTRAINT)
}

fn drop_constraint(table: &Table, name: &Name) -> Vec<Statement> {
    let sql = format!("ALTER TABLE {} DROP CONSTRAINT {}", table.name.quoted(), name.quoted());
    vec![Statement::new(sql).requires(ALTER_CONSTRAINT)]
}

fn is_not_deferrable(key: &ForeignKey) -> bool {
    key.deferrable.is_some_and(|deferrable| deferrable.not)
}

fn is_of_new_column(alter: &AlterTable, column: Option<&Name>) -> bool {
    column.is_some_and(|name| alter.before.column(name).is_none())
}

fn is_of_dropped_column(alter: &AlterTable, column: Option<&Name>) -> bool {
    column.is_some_and(|name| alter.after.column(name).is_none())
}

fn is_inline_of_new_column(alter: &AlterTable, inline: bool, columns: &[Name]) -> bool {
    inline && columns.iter().all(|name| alter.before.column(name).is_none())
}

fn is_inline_of_dropped_column(alter: &AlterTable, inline: bool, columns: &[Name]) -> bool {
    inline && columns.iter().all(|name| alter.after.column(name).is_none())
}

/// An expression that holds no comment: SQLite's ALTER would let it swallow what follows.
fn one_line(expression: &Expression) -> Option<&str> {
    let has_comment = crate::token::tokens(expression.as_str()).any(|token| token.kind == TokenKind::Comment);
    (!has_comment).then(|| expression.as_str())
}

/// Whether SQLite takes the default for ADD COLUMN on a table with rows: a literal, not an expression and not a time.
#[must_use]
pub fn is_constant(default: &Expression) -> bool {
    let tokens: Vec<_> = significant_tokens(default.as_str()).collect();
    let literal = match tokens.as_slice() {
        [sign, number] if sign.is_operator("-") || sign.is_operator("+") => {
            return number.kind == TokenKind::Number;
        }
        [only] => only,
        _ => return false,
    };
    match literal.kind {
        TokenKind::String | TokenKind::Number | TokenKind::Blob => true,
        TokenKind::Word => ["NULL", "TRUE", "FALSE"].iter().any(|word| literal.is_word(word)),
        _ => false,
    }
}
