//! Strings in double quotes, in statements.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;
use crate::token::significant_tokens;

rule! {
    /// A string in double quotes in an INSERT, UPDATE or DELETE.
    ///
    /// # Why
    ///
    /// Double quotes are for names. Where nothing has that name SQLite takes the word as a string, so a slip in the name of
    /// a column becomes a value; on the day a column gets that name, the script does something else.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, state TEXT);
    /// -- migrate:up
    /// UPDATE task SET state = "open" WHERE state IS NULL;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE task (id INTEGER PRIMARY KEY, state TEXT);
    /// -- migrate:up
    /// UPDATE task SET "state" = 'open' WHERE "state" IS NULL;
    /// ```
    ///
    /// # Fix
    ///
    /// Put strings in single quotes, and correct names. See <https://www.sqlite.org/quirks.html#dblquote>.
    "SC308", "double-quoted-value", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for statement in &step.statements {
        let Some(words) = &statement.string_in_double_quotes else { continue };
        // SQLite's words name the first one.
        let quoted = significant_tokens(&statement.text).find(|t| t.text.starts_with('"') && words.contains(t.text));
        let span = quoted.map_or(0..statement.text.len(), |token| token.span());
        let written = &statement.text[span.clone()];
        let place = statement.span.start + span.start..statement.span.start + span.end;
        let message = format!("{written} names nothing here, so that SQLite takes it as a string");
        found.push(Found::sql(place, message).help("write it in single quotes, or correct the name"));
    }
    found
}
