//! Blocks of a script that rebuild a table: where they stand, and what is in them.
//!
//! Reads text alone, and takes nothing for a rebuild but the statements that a rebuild is written as: whatever a person
//! has put between them makes it no block, and it runs as it stands.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::schema::{Index, Name, Table};
use crate::sql::{self, Statement};
use crate::token::{Token, TokenKind, is_reserved, meanings, quote_string, significant_tokens, tokens};

/// What stands before the name of the table, and before `end`, in the comments around a block.
const MARK: &str = "-- rebuild: ";

/// A stretch of a script that is marked as the rebuild of a table.
#[derive(Debug)]
pub(super) struct Block {
    /// The table.
    pub table: Name,
    /// The bytes of the script between the marks.
    pub span: Range<usize>,
    /// What is in it, or why it is no rebuild.
    pub rebuild: Result<Rebuild, String>,
}

/// The statements of a rebuild; all places are bytes of the script.
#[derive(Debug)]
pub(super) struct Rebuild {
    /// The new table under its temporary name.
    pub staged: Table,
    /// The statement that creates it.
    pub create: Range<usize>,
    /// The text that SQLite keeps of the table once it has its final name.
    pub definition: String,
    /// The statement that copies the rows.
    pub copy: Range<usize>,
    /// The columns that get a value, and the column that each is copied from as it is, if it is.
    pub copied: BTreeMap<Name, Option<Name>>,
    /// The indexes that are created on the new table.
    pub indexes: Vec<NewIndex>,
}

/// An index that a block creates.
#[derive(Debug)]
pub(super) struct NewIndex {
    /// The statement.
    pub create: Range<usize>,
    /// What it says.
    pub index: Index,
    /// The text that SQLite keeps of it.
    pub definition: String,
}

/// The blocks of a script.
pub(super) fn blocks(script: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(Name, usize)> = None;
    for token in tokens(script).filter(|token| token.kind == TokenKind::Comment) {
        let Some(word) = token.text.strip_prefix(MARK).map(str::trim_end) else { continue };
        match open.take() {
            Some((table, start)) if word == "end" => {
                let span = start..token.start;
                let rebuild = read(script, &span, &table);
                found.push(Block { table, span, rebuild });
            }
            _ => open = Some((Name::new(word), token.span().end)),
        }
    }
    found
}

/// The stretches of a script that are marked as the rebuild of a table, without the marks.
#[must_use]
pub fn marked(script: &str) -> Vec<(Name, Range<usize>)> {
    blocks(script).into_iter().map(|block| (block.table, block.span)).collect()
}

/// The marks around the rebuild of a table, without their dashes; none where its name cannot stand on a line.
#[must_use]
pub fn marks(table: &Name) -> Option<(String, String)> {
    let mark = MARK.trim_start_matches("-- ");
    let fits = !table.as_str().contains(['\n', '\r']) && table.as_str().trim() == table.as_str();
    fits.then(|| (format!("{mark}{table}"), format!("{mark}end")))
}

/// The stretches of a text that are statements, none of which holds others: from the first token to the semicolon.
fn statements(script: &str, span: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    for token in significant_tokens(&script[span.clone()]) {
        if !token.is_operator(";") {
            start.get_or_insert(span.start + token.start);
        } else if let Some(start) = start.take() {
            found.push(start..span.start + token.start);
        }
    }
    found.extend(start.map(|start| start..span.end));
    found
}

fn read(script: &str, span: &Range<usize>, table: &Name) -> Result<Rebuild, String> {
    let mut left = statements(script, span).into_iter().peekable();
    let create = left.next().ok_or("it is empty")?;
    let (staged, definition) = read_table(&script[create.clone()], table).ok_or_else(|| unexpected(script, &create))?;
    let stage = &staged.name;
    let copy = left.next().ok_or("it copies no rows")?;
    let copied = read_copy(&script[copy.clone()], table, stage).ok_or_else(|| unexpected(script, &copy))?;
    let (old, new) = (quote_string(table.as_str()), quote_string(stage.as_str()));
    let frame = [
        format!("DELETE FROM sqlite_sequence WHERE name = {new}"),
        format!("INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"),
        format!("DROP TABLE {}", table.quoted()),
        "PRAGMA legacy_alter_table = ON".to_owned(),
        format!("ALTER TABLE {} RENAME TO {}", stage.quoted(), table.quoted()),
        "PRAGMA legacy_alter_table = OFF".to_owned(),
    ];
    for (number, wanted) in frame.iter().enumerate() {
        let is_there = left.next_if(|at| meanings(&script[at.clone()]).eq(meanings(wanted))).is_some();
        let carries_the_counter = number < 2;
        if !is_there && !carries_the_counter {
            return Err(left.next().map_or(format!("`{wanted}` is missing"), |at| unexpected(script, &at)));
        }
    }
    let mut indexes = Vec::new();
    for create in left {
        let (index, definition) =
            read_index(&script[create.clone()], table).ok_or_else(|| unexpected(script, &create))?;
        indexes.push(NewIndex { create, index, definition });
    }
    Ok(Rebuild { staged, create, definition, copy, copied, indexes })
}

fn unexpected(script: &str, at: &Range<usize>) -> String {
    let line = script[at.clone()].lines().next().unwrap_or_default();
    format!("`{line}` is not a statement of a plain rebuild")
}

/// The table that a statement creates under a temporary name, and the text that SQLite keeps of it after the rename;
/// `None` where that text speaks of the temporary name.
fn read_table(sql: &str, table: &Name) -> Option<(Table, String)> {
    let Ok(Statement::Table(staged)) = sql::read(sql) else { return None };
    let tokens: Vec<Token<'_>> = significant_tokens(sql).collect();
    let [_create, _table, name, parenthesis, rest @ ..] = tokens.as_slice() else { return None };
    let is_stage = |token: &Token<'_>| staged.name == *token.unquoted();
    if !is_stage(name) || !parenthesis.is_operator("(") || staged.name == *table || rest.iter().any(is_stage) {
        return None;
    }
    let definition = format!("CREATE TABLE {}{}", table.quoted(), &sql[name.span().end..rest.last()?.span().end]);
    Some((staged, definition))
}

fn read_index(sql: &str, table: &Name) -> Option<(Index, String)> {
    let Ok(Statement::Index { table: on, index }) = sql::read(sql) else { return None };
    let tokens: Vec<Token<'_>> = significant_tokens(sql).take(4).collect();
    let words = if index.unique { "CREATE UNIQUE INDEX" } else { "CREATE INDEX" };
    let name = tokens.get(words.split(' ').count())?;
    let is_plain = on == *table && index.name == *name.unquoted();
    is_plain.then(|| (index, format!("{words} {}", &sql[name.start..])))
}

/// What `INSERT OR ABORT INTO stage (…) SELECT … FROM table` copies: no other form gives each row once.
fn read_copy(sql: &str, table: &Name, stage: &Name) -> Option<BTreeMap<Name, Option<Name>>> {
    let all: Vec<Token<'_>> = significant_tokens(sql).collect();
    let (head, tail) = all.split_at_checked(6)?;
    let words = ["INSERT", "OR", "ABORT", "INTO"];
    let begins = words.iter().zip(head).all(|(word, token)| token.is_word(word));
    if !begins || *stage != *head[4].unquoted() || !head[5].is_operator("(") {
        return None;
    }
    let close = tail.iter().position(|token| token.is_operator(")"))?;
    let (into, select) = (&tail[..close], &tail[close + 1..]);
    let [.., from, name] = select else { return None };
    let is_whole = select.first()?.is_word("SELECT") && from.is_word("FROM") && *table == *name.unquoted();
    let values = split(&select[1..select.len() - 2])?;
    let columns: Option<Vec<Name>> = split(into)?.into_iter().map(plain_name).collect();
    let columns = columns?;
    if !is_whole || columns.len() != values.len() {
        return None;
    }
    Some(columns.into_iter().zip(values.into_iter().map(plain_name)).collect())
}

/// The parts of a list; `None` where a word stands outside of parentheses that ends the list.
fn split<'t, 's>(tokens: &'t [Token<'s>]) -> Option<Vec<&'t [Token<'s>]>> {
    const ENDS: [&str; 10] =
        ["DISTINCT", "ALL", "FROM", "WHERE", "GROUP", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"];
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.checked_sub(1)?,
            "," if depth == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ if depth == 0 && ENDS.iter().any(|word| token.is_word(word)) => return None,
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    Some(parts)
}

/// The name that these tokens are, if they are nothing but a name.
fn plain_name(tokens: &[Token<'_>]) -> Option<Name> {
    match tokens {
        [only] if only.kind == TokenKind::QuotedName || only.kind == TokenKind::Word && !is_reserved(only.text) => {
            Some(Name::new(only.unquoted()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REBUILD: &str = "CREATE TABLE \"schemactl_new_t\" (\n  \"a\" INT NOT NULL -- why\n);
INSERT OR ABORT INTO \"schemactl_new_t\" (rowid, \"a\")
  SELECT rowid, coalesce(\"a\", (0)) FROM \"t\";
DROP TABLE \"t\"; PRAGMA legacy_alter_table = ON;
ALTER TABLE \"schemactl_new_t\" RENAME TO \"t\"; PRAGMA legacy_alter_table = OFF;
CREATE UNIQUE INDEX \"i\" ON \"t\" (\"a\");";

    fn block(statements: &str) -> Block {
        let script = format!("SELECT 1;\n-- rebuild: t\n-- Rebuilds t.\n{statements}\n-- rebuild: end\nSELECT 2;");
        let mut found = blocks(&script);
        assert_eq!(found.len(), 1);
        assert!(script[found[0].span.clone()].contains(statements));
        found.remove(0)
    }

    #[test]
    fn a_rebuild_is_read_with_what_sqlite_will_keep_of_it() {
        let rebuild = block(REBUILD).rebuild.unwrap();
        assert_eq!(rebuild.definition, "CREATE TABLE \"t\" (\n  \"a\" INT NOT NULL -- why\n)");
        assert_eq!(rebuild.indexes[0].definition, "CREATE UNIQUE INDEX \"i\" ON \"t\" (\"a\")");
        let copied: Vec<(String, Option<String>)> =
            rebuild.copied.iter().map(|(to, from)| (to.to_string(), from.as_ref().map(ToString::to_string))).collect();
        assert_eq!(copied, [("a".to_owned(), None), ("rowid".to_owned(), Some("rowid".to_owned()))]);
    }

    #[test]
    fn what_a_person_has_changed_is_no_plain_rebuild() {
        for (from, to) in [
            ("FROM \"t\"", "FROM \"t\" WHERE a > 1"),
            ("SELECT rowid", "SELECT DISTINCT rowid"),
            ("FROM \"t\"", "FROM \"u\""),
            ("FROM \"t\"", "FROM \"u\" JOIN \"t\""),
            ("OR ABORT", "OR IGNORE"),
            ("(rowid, \"a\")", "(rowid)"),
            ("DROP TABLE \"t\";", "DROP TABLE \"t\"; DELETE FROM \"u\";"),
            ("PRAGMA legacy_alter_table = ON;", ""),
            ("RENAME TO \"t\"", "RENAME TO \"u\""),
            ("ON \"t\"", "ON \"u\""),
            ("NOT NULL", "CHECK (\"schemactl_new_t\".a > 1)"),
            (REBUILD, ""),
        ] {
            let changed = REBUILD.replacen(from, to, 1);
            assert!(block(&changed).rebuild.is_err(), "{changed}");
        }
    }

    #[test]
    fn marks_stand_around_any_table_that_fits_on_a_line() {
        assert_eq!(marks(&Name::from("a b")), Some(("rebuild: a b".to_owned(), "rebuild: end".to_owned())));
        assert_eq!(marks(&Name::from("a\nb")), None);
        let script = "-- rebuild: end\nSELECT 1;\n-- rebuild: end\n-- rebuild: t\n";
        let found = blocks(script);
        assert_eq!((found.len(), found[0].table.as_str()), (1, "end"));
    }
}
