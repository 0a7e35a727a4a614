//! Virtual tables: created, and replaced with what they hold where that can be read back.

use rusqlite::Connection;

use crate::database::Scratch;
use crate::schema::{Name, VirtualTable};
use crate::sql;
use crate::token::{TokenKind, significant_tokens, unquote};

use super::Error;
use super::planner::run;
use super::statement::Statement;

/// The statement that fills a full-text index over the rows of another table or a view.
#[must_use]
pub fn index_content(table: &VirtualTable) -> Statement {
    let name = table.name.quoted();
    Statement::new(format!("INSERT INTO {name} ({name}) VALUES ('rebuild')"))
        .comment("Indexes the rows that are there already.")
}

/// Puts a virtual table in the place of another of the same name, with the rows of the columns that both have.
///
/// # Errors
/// When the columns of the new table cannot be read from the scratch database.
pub fn replace(scratch: &mut Scratch, before: &VirtualTable, after: &VirtualTable) -> Result<Vec<Statement>, Error> {
    let drop = Statement::new(format!("DROP TABLE {}", before.name.quoted()));
    if content_table(before).is_some() || content_table(after).is_some() {
        // The rows are another table's: nothing is lost, and the index is filled from there.
        return Ok(vec![drop.comment(format!("{} is made again from its content table.", before.name))]);
    }
    if is_contentless(before) {
        return Ok(vec![drop.comment(format!("Discards everything that is in {}: it keeps no text.", before.name))]);
    }
    let stage = VirtualTable { name: Name::new(format!("schemactl_new_{}", after.name)), ..after.clone() };
    let old = virtual_columns(scratch.connection(), &before.name)?;
    run(scratch, "SAVEPOINT schemactl_columns")?;
    let new = run(scratch, &sql::write_virtual_table(&stage))
        .and_then(|()| Ok(virtual_columns(scratch.connection(), &stage.name)?));
    run(scratch, "ROLLBACK TO schemactl_columns; RELEASE schemactl_columns")?;
    let new = new?;
    let shared: Vec<String> = new.iter().filter(|column| old.contains(column)).map(Name::quoted).collect();
    if shared.is_empty() {
        return Ok(vec![drop.comment(format!("Discards everything that is in {}.", before.name))]);
    }
    let rowid = if is_full_text(after) && is_full_text(before) { "rowid, " } else { "" };
    let columns = format!("{rowid}{}", shared.join(", "));
    let (stage_name, old_name) = (stage.name.quoted(), before.name.quoted());
    Ok(vec![
        Statement::new(sql::write_virtual_table(&stage))
            .comment(format!("Makes {} again with other arguments and copies what it holds.", after.name)),
        Statement::new(format!("INSERT INTO {stage_name} ({columns})\n  SELECT {columns}\n  FROM {old_name}")),
        drop,
        Statement::new(format!("ALTER TABLE {stage_name} RENAME TO {}", after.name.quoted())),
    ])
}

/// The names of the columns that a person sees.
pub(super) fn virtual_columns(connection: &Connection, table: &Name) -> rusqlite::Result<Vec<Name>> {
    let sql = "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY cid";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([table.as_str()], |row| row.get::<_, String>(0))?;
    names.map(|name| name.map(Name::new)).collect()
}

/// Whether rows are put into a virtual table and read from it, and not from another one.
#[must_use]
pub fn holds_rows(table: &VirtualTable) -> bool {
    content(table).is_none()
}

/// Whether the module is one of SQLite's full-text modules (<https://www.sqlite.org/fts5.html>).
pub(super) fn is_full_text(table: &VirtualTable) -> bool {
    ["fts3", "fts4", "fts5"].iter().any(|module| table.module == **module)
}

/// The table or view that an external-content full-text index reads its text from: `content='t'`.
#[must_use]
pub fn content_table(table: &VirtualTable) -> Option<Name> {
    content(table).filter(|name| !name.as_str().is_empty())
}

/// Whether a full-text index keeps no text: `content=''`.
fn is_contentless(table: &VirtualTable) -> bool {
    content(table).is_some_and(|name| name.as_str().is_empty())
}

fn content(table: &VirtualTable) -> Option<Name> {
    if !is_full_text(table) {
        return None;
    }
    table.arguments.iter().find_map(|argument| {
        let tokens: Vec<_> = significant_tokens(argument.as_str()).collect();
        let [key, equals, value] = tokens.as_slice() else { return None };
        let is_text = matches!(value.kind, TokenKind::String | TokenKind::QuotedName | TokenKind::Word);
        (key.is_word("content") && equals.is_operator("=") && is_text)
            .then(|| Name::new(unquote(value.text).into_owned()))
    })
}
