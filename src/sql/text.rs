//! Pieces of SQL that several objects write.

use crate::schema::{ConflictClause, Name};
use crate::token::{TokenKind, is_reserved, tokens};

/// A piece of SQL without its comments.
///
/// A `--` comment would swallow what is written after it on the line. The text of a table is edited by SQLite itself
/// in `ALTER TABLE`, which puts new columns behind such comments too: written tables hold none.
pub(super) fn without_comments(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    for token in tokens(sql) {
        if token.kind != TokenKind::Comment {
            text.push_str(token.text);
        } else if !text.ends_with([' ', '\n', '\t']) {
            text.push(' ');
        }
    }
    text.trim().to_owned()
}

/// A piece of SQL after which more can be written: a comment at its end is closed.
pub(super) fn closed(sql: &str) -> String {
    let comment = tokens(sql).last().filter(|token| token.kind == TokenKind::Comment).map_or("", |token| token.text);
    let is_open = comment.starts_with("/*") && (comment.len() < 4 || !comment.ends_with("*/"));
    let end = if comment.starts_with("--") {
        "\n"
    } else if is_open {
        " */"
    } else {
        ""
    };
    format!("{sql}{end}")
}

/// A name as a bare word where it can be one: collations, modules, MATCH, which hardly ever need quotes.
pub(super) fn bare(name: &Name) -> String {
    /// They can be names and cannot be collations.
    const JOINS: [&str; 7] = ["CROSS", "FULL", "INNER", "LEFT", "NATURAL", "OUTER", "RIGHT"];
    let text = name.as_str();
    let mut all = tokens(text);
    let is_word = all.next().is_some_and(|token| token.kind == TokenKind::Word) && all.next().is_none();
    if is_word && !is_reserved(text) && !JOINS.iter().any(|join| join.eq_ignore_ascii_case(text)) {
        text.to_owned()
    } else {
        name.quoted()
    }
}

/// `"a", "b"`.
pub(super) fn quoted_list<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    names.into_iter().map(Name::quoted).collect::<Vec<_>>().join(", ")
}

/// ` ON CONFLICT …` where one is written.
pub(super) fn on_conflict(clause: Option<ConflictClause>) -> String {
    clause.map_or_else(String::new, |clause| format!(" ON CONFLICT {}", clause.keyword()))
}

/// ` COLLATE …` where one is written.
pub(super) fn collate(name: Option<&Name>) -> String {
    name.map_or_else(String::new, |name| format!(" COLLATE {}", bare(name)))
}

/// `CONSTRAINT "name" ` where there is a name.
pub(super) fn constraint(name: Option<&Name>) -> String {
    name.map_or_else(String::new, |name| format!("CONSTRAINT {} ", name.quoted()))
}
