//! Which tables say nothing that SQLite has not been asked about in another table.
//!
//! SQLite's grammar tells names apart by their kind alone, so that what it makes of `title TEXT NOT NULL` it makes of
//! `name TEXT NOT NULL`: each form of a column or of an index need be held against its pragmas once. Knows the forms in
//! which nothing but a name differs, each a piece of its own; all others are unfamiliar, however often they come.

use std::collections::BTreeSet;

use super::cross_check::Read;
use crate::schema::{Name, Table};
use crate::token::{Token, TokenKind, is_reserved, tokens};

/// The forms that have been met.
#[derive(Debug, Default)]
pub(super) struct Forms(BTreeSet<String>);

impl Forms {
    /// Whether all forms of a table and of its indexes have been met before; from now on they have.
    pub(super) fn meet(&mut self, read: &Read<'_>) -> bool {
        let mut fresh = Vec::new();
        let is_known = each_form(read, &mut |form| {
            if !self.0.contains(form) {
                fresh.push(form.to_owned());
            }
        });
        let is_familiar = is_known.is_some() && fresh.is_empty();
        if is_known.is_some() {
            self.0.extend(fresh);
        }
        is_familiar
    }
}

/// Tells the forms of a table and of its indexes; `None` where one is not known to be of one piece.
fn each_form(read: &Read<'_>, tell: &mut dyn FnMut(&str)) -> Option<()> {
    let table = significant(read.sql)?;
    let [create, word, name, open, items @ .., close] = table.as_slice() else { return None };
    let is_plain = create.is_word("CREATE") && word.is_word("TABLE") && is_name(name);
    if !is_plain || !open.is_operator("(") || !close.is_operator(")") {
        return None;
    }
    let mut form = String::new();
    for item in split(items) {
        form.clear();
        column_form(item, &mut form)?;
        tell(&form);
    }
    for index in &read.indexes {
        form.clear();
        index_form(&significant(index)?, read.table, &mut form)?;
        tell(&form);
    }
    Some(())
}

/// The tokens of a statement without comments, which SQLite keeps inside types.
fn significant(sql: &str) -> Option<Vec<Token<'_>>> {
    let mut kept = Vec::with_capacity(sql.len() / 4);
    for token in tokens(sql) {
        match token.kind {
            TokenKind::Space => {}
            TokenKind::Comment => return None,
            _ => kept.push(token),
        }
    }
    Some(kept)
}

/// The parts between the commas outside of parentheses.
fn split<'a, 't>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = &'a [Token<'t>]> {
    let mut depth = 0_usize;
    tokens.split(move |token| {
        if token.is_operator("(") {
            depth += 1;
        } else if token.is_operator(")") {
            depth = depth.saturating_sub(1);
        }
        depth == 0 && token.is_operator(",")
    })
}

/// A column with no name in it but its own and those after REFERENCES.
fn column_form(tokens: &[Token<'_>], form: &mut String) -> Option<()> {
    let (name, rest) = tokens.split_first().filter(|(name, _)| is_name(name))?;
    *form += kind(name);
    let mut rest = rest.iter().peekable();
    while let Some(token) = rest.next() {
        *form += " ";
        let start = form.len();
        *form += token.text;
        match token.kind {
            TokenKind::Word => form[start..].make_ascii_uppercase(),
            TokenKind::Number | TokenKind::String | TokenKind::Operator => continue,
            _ => return None,
        }
        match &form[start..] {
            "AS" | "CHECK" | "COLLATE" | "CONSTRAINT" => return None,
            "REFERENCES" => {
                *form += kind(rest.next().filter(|parent| is_name(parent))?);
                if rest.next_if(|token| token.is_operator("(")).is_some() {
                    *form += kind(rest.next().filter(|column| is_name(column))?);
                    rest.next().filter(|token| token.is_operator(")"))?;
                }
            }
            _ => {}
        }
    }
    Some(())
}

/// An index on columns alone.
fn index_form(tokens: &[Token<'_>], table: &Table, form: &mut String) -> Option<()> {
    let (create, tokens) = tokens.split_first()?;
    let (unique, tokens) = match tokens.split_first()? {
        (unique, rest) if unique.is_word("UNIQUE") => ("INDEX UNIQUE", rest),
        _ => ("INDEX", tokens),
    };
    let [index, name, on, of, open, terms @ .., close] = tokens else { return None };
    let is_plain = create.is_word("CREATE") && index.is_word("INDEX") && on.is_word("ON");
    let is_enclosed = open.is_operator("(") && close.is_operator(")");
    if !is_plain || !is_enclosed || !is_name(name) || !is_name(of) {
        return None;
    }
    *form += unique;
    for term in split(terms) {
        let (column, order) = term.split_first().filter(|(column, _)| is_name(column))?;
        table.column(&Name::new(column.unquoted()))?;
        *form += match order {
            [] => " up",
            [order] if order.is_word("ASC") => " ASC",
            [order] if order.is_word("DESC") => " DESC",
            _ => return None,
        };
        *form += kind(column);
    }
    Some(())
}

/// Whether a token is a name that SQLite can take for nothing else.
fn is_name(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::Word => !is_reserved(token.text),
        TokenKind::QuotedName => token.text.starts_with('"') && !token.unquoted().contains('"'),
        _ => false,
    }
}

/// How a name is written.
fn kind(name: &Token<'_>) -> &'static str {
    if name.kind == TokenKind::Word { " word" } else { " quoted" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{self, Statement};

    fn met(forms: &mut Forms, sql: &str, indexes: &[&str]) -> bool {
        let Ok(Statement::Table(table)) = sql::read(sql) else { panic!("{sql}") };
        forms.meet(&Read { table: &table, sql, indexes: indexes.to_vec() })
    }

    #[test]
    fn a_table_is_familiar_when_each_piece_of_it_has_been_met_whatever_its_names() {
        let mut forms = Forms::default();
        let first = "CREATE TABLE a (id INTEGER PRIMARY KEY, b VARCHAR(20) UNIQUE DEFAULT 'x', c INT REFERENCES a (id) ON DELETE CASCADE)";
        assert!(!met(&mut forms, first, &["CREATE INDEX i ON a (b, c DESC)"]));
        assert!(met(&mut forms, first, &[]));
        let second = "create table z(y int references x(w) on delete cascade,v varchar(20) unique default 'x')";
        assert!(met(&mut forms, second, &["CREATE INDEX j ON z (y, v desc)"]));
        for (other, indexes) in [
            ("CREATE TABLE z (y INT)", &[][..]),
            ("CREATE TABLE z (v VARCHAR(21) UNIQUE DEFAULT 'x')", &[]),
            ("CREATE TABLE z (v VARCHAR(20) UNIQUE DEFAULT 'X')", &[]),
            ("CREATE TABLE z (\"v\" VARCHAR(20) UNIQUE DEFAULT 'x')", &[]),
            (first, &["CREATE INDEX i ON a (b, c)"]),
            (first, &["CREATE UNIQUE INDEX i ON a (b, c DESC)"]),
        ] {
            assert!(!met(&mut forms, other, indexes), "{other}");
            assert!(met(&mut forms, other, indexes), "{other}");
        }
    }

    #[test]
    fn what_hangs_together_is_never_familiar() {
        let mut forms = Forms::default();
        for (table, indexes) in [
            ("CREATE TABLE t (a, b, PRIMARY KEY (a, b))", &[][..]),
            ("CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID", &[]),
            ("CREATE TABLE t (a INT) STRICT", &[]),
            ("CREATE TABLE t (a COLLATE NOCASE)", &[]),
            ("CREATE TABLE t (a, b AS (a))", &[]),
            ("CREATE TABLE t (a CHECK (a > 1))", &[]),
            ("CREATE TABLE t (a CONSTRAINT x UNIQUE)", &[]),
            ("CREATE TABLE t (a VARCHAR /* x */ (20))", &[]),
            ("CREATE TABLE t (a \"my type\")", &[]),
            ("CREATE TABLE t (\"a\"\"b\" INT)", &[]),
            ("CREATE TABLE t ('a' INT)", &[]),
            ("CREATE TABLE t (a)", &["CREATE INDEX i ON t (a) WHERE a"]),
            ("CREATE TABLE t (a)", &["CREATE INDEX i ON t (lower(a))"]),
            ("CREATE TABLE t (a)", &["CREATE INDEX i ON t (\"typo\")"]),
            ("CREATE TABLE t (a)", &["CREATE INDEX i ON t (a COLLATE NOCASE)"]),
        ] {
            assert!(!met(&mut forms, table, indexes) && !met(&mut forms, table, indexes), "{table} {indexes:?}");
        }
    }
}
