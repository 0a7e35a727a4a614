//! Findings that somebody has agreed to, with a reason: `-- schemactl: allow SC202 nobody reads it any more`.
//!
//! In the head of a script it counts for all of the script; below a marker for the statement on whose line it stands,
//! or else for the next one. In the model it is a key, `allow = { SC101 = "..." }`,
//! or in a file of SQL such a comment.

use std::cell::Cell;
use std::ops::Range;

use super::statement::Statement;
use crate::report::Place;
use crate::revision::Script;
use crate::schema::ObjectRef;
use crate::sql::agreement;
use crate::token::{TokenKind, tokens};

/// An agreement to what a rule finds.
#[derive(Debug)]
pub(super) struct Allow {
    /// The code as it was written.
    pub code: String,
    pub reason: String,
    pub place: Place,
    pub scope: Scope,
    pub is_used: Cell<bool>,
}

/// What an agreement is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// An object of the model.
    Object(ObjectRef),
    /// All of a script.
    Script,
    /// Bytes of a file: a statement.
    Statement(Range<usize>),
}

/// The agreements of a script.
pub(super) fn of_script(script: &Script, statements: &[Statement]) -> Vec<Allow> {
    let text = &script.source.text;
    let body = script.up.place(0..0).span.start;
    let spans: Vec<Range<usize>> =
        statements.iter().map(|statement| script.up.place(statement.span.clone()).span).collect();
    let comments = tokens(text).filter(|token| token.kind == TokenKind::Comment);
    comments
        .filter_map(|token| {
            let (code, reason) = agreement(token.text)?;
            let line = text[..token.start].rfind('\n').map_or(0, |end| end + 1);
            let on_line = spans.iter().find(|span| span.end > line && span.end <= token.start);
            let around_or_next = || spans.iter().find(|span| span.end > token.start);
            let scope = match on_line.or_else(around_or_next) {
                _ if token.start < body => Scope::Script,
                Some(span) => Scope::Statement(span.clone()),
                None => Scope::Statement(token.span()),
            };
            let place = Place::new(&script.source, token.start..token.start + token.text.trim_end().len());
            Some(Allow { code: code.to_owned(), reason: reason.to_owned(), place, scope, is_used: Cell::new(false) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_for_the_script_the_statement_on_its_line_or_the_next_one() {
        let text = "-- revision: a\n-- parents: none\n-- schemactl: allow SC1 x\n-- migrate:up\nDROP TABLE a; \
                    -- schemactl: allow SC2 x\n-- schemactl: allow SC3 x\n\nDROP TABLE b;\n-- schemactl: allow SC4 x\n";
        let script = Script::read("a.sql", text).unwrap();
        let sql = script.up.sql();
        let statements: Vec<Statement> = ["DROP TABLE a", "DROP TABLE b"]
            .map(|text| sql.find(text).map(|at| Statement::new(at..at + text.len(), text)).unwrap())
            .into();
        let scopes: Vec<String> = of_script(&script, &statements)
            .iter()
            .map(|allow| match &allow.scope {
                Scope::Statement(span) => text[span.clone()].to_owned(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(scopes, ["Script", "DROP TABLE a", "DROP TABLE b", "-- schemactl: allow SC4 x"]);
    }
}
