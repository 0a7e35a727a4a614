//! Where a model says what SQLite blames: SQLite reads statements that were made from the model, and gives an offset
//! in one of them, or only a name in its message.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::Model;
use super::toml_reader::place_of;
use crate::report::{Place, nearest};
use crate::schema::{Name, ObjectKind, ObjectRef, Schema};
use crate::token::{Token, TokenKind, significant_tokens};

/// The texts in which each object is described, as they are meant, with their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Passages(IndexMap<ObjectRef, Vec<(String, Place)>>);

impl Passages {
    pub(super) fn add<'a>(&mut self, object: ObjectRef, texts: impl Iterator<Item = (&'a str, Place)>) {
        self.0.entry(object).or_default().extend(texts.map(|(text, place)| (text.to_owned(), place)));
    }

    fn of(&self, object: &ObjectRef) -> &[(String, Place)] {
        self.0.get(object).map_or(&[], Vec::as_slice)
    }
}

/// Keys whose strings are no part of any CREATE statement.
pub(super) const NO_SQL: [&str; 4] = ["comment", "renamed_from", "backfill", "allow"];

/// What a column of a STRICT table can be (<https://www.sqlite.org/stricttables.html>).
const STRICT_TYPES: [&str; 6] = ["INTEGER", "INT", "REAL", "TEXT", "BLOB", "ANY"];

/// What is said against an object.
#[derive(Debug, Clone, Copy)]
pub struct Blame<'a> {
    /// The object.
    pub object: &'a ObjectRef,
    /// SQLite's words.
    pub message: &'a str,
    /// The statement that SQLite read, and where in it the blamed token begins, in bytes.
    pub token: Option<(&'a str, usize)>,
}

impl Model {
    /// Where the model says what is blamed: the word itself if it can be told, else the column, else the object.
    #[must_use]
    pub fn place_of_blame(&self, blame: Blame<'_>) -> Option<Place> {
        let Blame { object, message, token } = blame;
        let names = names_in(message);
        let by_token = || token.and_then(|(sql, offset)| self.place_of_token(object, sql, offset));
        let by_name = || names.iter().find_map(|name| self.place_of_name(object, name));
        let by_column = || {
            let mut columns = names.iter().map(|name| Name::new(last_part(name)));
            columns.find_map(|column| self.places.get(&(object.clone(), Some(column))).cloned())
        };
        by_token().or_else(by_name).or_else(by_column).or_else(|| self.place(object, None).cloned())
    }

    /// The name that was probably meant by one that SQLite does not find.
    #[must_use]
    pub fn nearest_to_blame(&self, blame: Blame<'_>) -> Option<&str> {
        let Blame { object, message, .. } = blame;
        let schema = &self.schema;
        if let Some((_, table)) = message.split_once("no such table: ") {
            let known = schema.tables.keys().chain(schema.views.keys()).chain(schema.virtual_tables.keys());
            return nearest(last_part(table), known.map(Name::as_str));
        }
        if let Some((_, typed)) = message.split_once("unknown datatype for ") {
            let typed = typed.rsplit_once(": ").map_or(typed, |(_, typed)| typed.trim_matches('"'));
            return nearest(typed, STRICT_TYPES);
        }
        let column = ["no such column: ", "has no column named "].iter().find_map(|words| message.split_once(words))?.1;
        let tables = self.tables_named(object);
        nearest(last_part(column), tables.iter().flat_map(|table| columns_of(schema, table)).map(Name::as_str))
    }

    /// Where the token of a statement stands in the texts of an object: where most of what surrounds it is the same.
    fn place_of_token(&self, object: &ObjectRef, sql: &str, offset: usize) -> Option<Place> {
        let made: Vec<Token<'_>> = significant_tokens(sql).collect();
        let blamed = made.iter().position(|token| token.span().contains(&offset))?;
        // A mark stands everywhere; a word by itself says something.
        let least = if matches!(made[blamed].kind, TokenKind::Operator | TokenKind::Number) { 2 } else { 1 };
        let mut best: Option<(usize, Place)> = None;
        for (text, place) in self.passages.of(object) {
            let said: Vec<Token<'_>> = significant_tokens(text).collect();
            for (at, token) in said.iter().enumerate().filter(|(_, token)| is_same(token, &made[blamed])) {
                let after = said[at..].iter().zip(&made[blamed..]).take_while(|(a, b)| is_same(a, b)).count();
                let before = said[..at].iter().rev().zip(made[..blamed].iter().rev());
                let alike = after + before.take_while(|(a, b)| is_same(a, b)).count();
                if alike >= least && best.as_ref().is_none_or(|(most, _)| alike > *most) {
                    best = Some((alike, place_of(place, text, &token.span())));
                }
            }
        }
        best.map(|(_, place)| place)
    }

    /// Where the texts of an object name something, with or without its table.
    fn place_of_name(&self, object: &ObjectRef, name: &str) -> Option<Place> {
        let name = last_part(name);
        self.passages.of(object).iter().find_map(|(text, place)| {
            let token = significant_tokens(text).find(|token| {
                matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
                    && token.unquoted().eq_ignore_ascii_case(name)
            })?;
            Some(place_of(place, text, &token.span()))
        })
    }

    /// The object itself, and the tables and views that its texts name.
    fn tables_named(&self, object: &ObjectRef) -> BTreeSet<Name> {
        let texts = self.passages.of(object).iter();
        let words = texts.flat_map(|(text, _)| significant_tokens(text)).map(|token| Name::new(token.unquoted()));
        let schema = &self.schema;
        let is_table = |name: &Name| schema.tables.contains_key(name) || schema.views.contains_key(name);
        let on = schema
            .tables
            .values()
            .filter(|table| object.kind == ObjectKind::Index && table.indexes.contains_key(&object.name));
        let on = on.map(|table| table.name.clone());
        words.filter(is_table).chain(on).chain([object.name.clone()]).collect()
    }
}

/// The columns of a table or view, as far as they are written down.
fn columns_of<'a>(schema: &'a Schema, name: &Name) -> Vec<&'a Name> {
    let of_table = schema.tables.get(name).into_iter().flat_map(|table| &table.columns).map(|column| &column.name);
    of_table.chain(schema.views.get(name).into_iter().flat_map(|view| &view.columns)).collect()
}

/// Whether two tokens say the same, whatever their quotes.
fn is_same(one: &Token<'_>, other: &Token<'_>) -> bool {
    one.unquoted().eq_ignore_ascii_case(&other.unquoted())
}

/// The name without what it belongs to: `name` of `main.user.name`.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// What SQLite names in a message: what stands after its last colon, in quotes or brackets, or at its end.
fn names_in(message: &str) -> Vec<&str> {
    let after_colon = message.rsplit_once(": ").map(|(_, name)| name);
    let quoted = significant_tokens(message).filter(|token| token.kind == TokenKind::QuotedName);
    let quoted = quoted.map(|token| &token.text[1..token.text.len() - 1]);
    let last = message.rsplit(' ').next();
    after_colon.into_iter().chain(quoted).chain(last).filter(|name| !name.is_empty()).collect()
}
