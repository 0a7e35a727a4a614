//! When two pieces of SQL say the same, given the names that are in scope.
//!
//! SQLite takes a `"double quoted"` token that names nothing as a string ([`double_quoted`]), and a string where a name
//! must stand as a name; [`Expression`] alone cannot know which is which.

use std::collections::BTreeSet;

use crate::schema::{Expression, Name, Schema, Table};
use crate::sql::double_quoted::{self, JOIN_WORDS, is_alias_of, is_one_of, stands_as_name};
use crate::token::{Meaning, Token, TokenKind, is_reserved, significant_tokens};

/// The names that a double-quoted token may stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope<'a> {
    names: BTreeSet<String>,
    /// Tables whose columns and rowids can be named.
    tables: Vec<&'a Table>,
    outer: Option<&'a Scope<'a>>,
}

/// The names of the rowid.
const ROWID_NAMES: [&str; 3] = ["rowid", "oid", "_rowid_"];

impl<'a> Scope<'a> {
    /// What the expressions of a table can name: the columns of both its forms, and the rowid.
    pub(super) fn of_table(before: &'a Table, after: &'a Table) -> Scope<'a> {
        Scope { tables: vec![before, after], ..Scope::default() }
    }

    /// What views and triggers can name: all tables, views and columns of both schemas.
    pub(super) fn of_schemas(before: &Schema, after: &Schema) -> Scope<'static> {
        let mut scope: Scope<'static> = Scope::default();
        scope.names.extend(["new", "old", "excluded"].into_iter().chain(ROWID_NAMES).map(str::to_owned));
        for schema in [before, after] {
            for table in schema.tables.values() {
                scope.add(&table.name);
                table.columns.iter().for_each(|column| scope.add(&column.name));
            }
            for table in schema.virtual_tables.values() {
                scope.add(&table.name);
                table.arguments.iter().for_each(|argument| scope.add_names_in(argument.as_str()));
            }
            for view in schema.views.values() {
                scope.add(&view.name);
                view.columns.iter().for_each(|column| scope.add(column));
                scope.add_aliases_in(view.select.as_str());
            }
        }
        scope
    }

    /// The same names and those that two texts surely use as names.
    pub(super) fn with_names_in(outer: &'a Scope<'a>, before: &str, after: &str) -> Scope<'a> {
        let mut scope = Scope { outer: Some(outer), ..Scope::default() };
        scope.add_names_in(before);
        scope.add_names_in(after);
        scope
    }

    /// Whether two expressions say the same.
    pub(super) fn same(&self, before: &Expression, after: &Expression) -> bool {
        before.as_str() == after.as_str() || self.meanings(before.as_str()) == self.meanings(after.as_str())
    }

    /// Whether both are there and say the same, or both are not there.
    pub(super) fn same_option(&self, before: Option<&Expression>, after: Option<&Expression>) -> bool {
        match (before, after) {
            (Some(before), Some(after)) => self.same(before, after),
            (None, None) => true,
            _ => false,
        }
    }

    /// The tokens of a text as they are compared.
    pub(super) fn meanings<'t>(&self, text: &'t str) -> Vec<Meaning<'t>> {
        let tokens: Vec<Token<'t>> = significant_tokens(text).collect();
        (0..tokens.len())
            .map(|at| self.meaning(&tokens[at], at.checked_sub(1).map(|at| &tokens[at]), tokens.get(at + 1)))
            .collect()
    }

    fn meaning<'t>(&self, token: &Token<'t>, previous: Option<&Token>, next: Option<&Token>) -> Meaning<'t> {
        let name = || Meaning::Name(token.unquoted().to_ascii_lowercase());
        let follows = |words: &[&str]| previous.is_some_and(|previous| words.iter().any(|word| previous.is_word(word)));
        let is_qualified = previous.is_some_and(|previous| previous.is_operator("."));
        match token.kind {
            TokenKind::QuotedName if token.text.starts_with('"') => {
                let is_name = double_quoted::is_name(token, previous, next, |name| self.holds(name));
                if is_name { name() } else { Meaning::String(token.unquoted()) }
            }
            TokenKind::String if stands_as_name(previous) && !follows(&["NULL"]) => name(),
            TokenKind::Word if is_one_of(token, &JOIN_WORDS) => {
                let joins = next.is_some_and(|next| next.is_word("JOIN") || is_one_of(next, &JOIN_WORDS));
                if joins { Meaning::Keyword(token.text.to_ascii_uppercase()) } else { name() }
            }
            TokenKind::Word if is_one_of(token, &["TRUE", "FALSE"]) && (is_qualified || self.holds(token.text)) => {
                name()
            }
            _ => Meaning::of(token),
        }
    }

    fn holds(&self, name: &str) -> bool {
        let is_rowid = || ROWID_NAMES.iter().any(|rowid| name.eq_ignore_ascii_case(rowid));
        let is_column = |table: &Table| table.columns.iter().any(|column| column.name == *name);
        !self.tables.is_empty() && is_rowid()
            || self.tables.iter().any(|table| is_column(table))
            || self.names.contains(&name.to_ascii_lowercase())
            || self.outer.is_some_and(|outer| outer.holds(name))
    }

    fn add(&mut self, name: &Name) {
        self.names.insert(name.folded());
    }

    /// Adds the tokens of a text that are names wherever they stand.
    fn add_names_in(&mut self, text: &str) {
        let mut tokens = significant_tokens(text).peekable();
        let mut after_as = false;
        while let Some(token) = tokens.next() {
            let is_name = match token.kind {
                TokenKind::Word => !is_reserved(token.text),
                TokenKind::QuotedName => {
                    after_as
                        || !token.text.starts_with('"')
                        || tokens.peek().is_some_and(|next| next.is_operator(".") || next.is_operator("("))
                }
                TokenKind::String => after_as,
                _ => false,
            };
            if is_name {
                self.names.insert(token.unquoted().to_ascii_lowercase());
            }
            after_as = token.is_word("AS");
        }
    }

    /// Adds what a text gives a name to.
    fn add_aliases_in(&mut self, text: &str) {
        let mut previous: Option<Token> = None;
        for token in significant_tokens(text) {
            let is_alias = is_alias_of(previous.as_ref(), &token);
            if is_alias {
                self.names.insert(token.unquoted().to_ascii_lowercase());
            }
            previous = Some(token);
        }
    }
}
