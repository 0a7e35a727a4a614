//! A comment that swallows constraints.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Kind;
use crate::lint::step::Step;
use crate::token::{TokenKind, tokens};

rule! {
    /// A comment at the end of ALTER TABLE … ADD COLUMN.
    ///
    /// # Why
    ///
    /// SQLite puts the text of the new column, comment and all, into the stored CREATE TABLE. Where constraints follow on
    /// the same line, the comment swallows them: a CHECK or a foreign key is gone, and nothing says so.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, price INTEGER, CHECK (price > 0)
    /// );
    /// -- migrate:up
    /// ALTER TABLE product ADD COLUMN colour TEXT -- as in the catalogue
    /// ;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, price INTEGER, CHECK (price > 0)
    /// );
    /// -- migrate:up
    /// ALTER TABLE product ADD COLUMN colour TEXT; -- as in the catalogue
    /// ```
    ///
    /// # Fix
    ///
    /// Put the comment behind the semicolon or on a line of its own.
    "SC309", "comment-in-add-column", Error, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let sql = step.section.sql();
    let added = step.statements.iter().filter(|statement| matches!(statement.kind, Kind::AddColumn { .. }));
    added
        .filter_map(|statement| {
            // To the semicolon: the comment stands behind the last word of the statement.
            let rest = &sql[statement.span.start..];
            let comment = tokens(rest)
                .take_while(|token| !token.is_operator(";"))
                .find(|token| token.kind == TokenKind::Comment && token.text.starts_with("--"))?;
            let start = statement.span.start + comment.start;
            let message = "a comment inside of ADD COLUMN becomes a part of the table and can swallow what follows";
            let found = Found::sql(start..start + comment.text.trim_end().len(), message);
            Some(found.help("put it behind the semicolon, or on a line of its own"))
        })
        .collect()
}
