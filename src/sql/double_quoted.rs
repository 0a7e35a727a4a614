//! Which double-quoted tokens are names, and which are strings.
//!
//! SQLite takes a `"double quoted"` token that names nothing as a string (<https://www.sqlite.org/quirks.html#dblquote>).
//! Where it stands tells that it is a name, or else what is in scope.

use crate::token::{Token, TokenKind, is_reserved};

/// Whether a double-quoted token is a name; `is_in_scope` says whether it names something.
pub fn is_name(
    token: &Token,
    previous: Option<&Token>,
    next: Option<&Token>,
    is_in_scope: impl FnOnce(&str) -> bool,
) -> bool {
    previous.is_some_and(|previous| previous.is_operator("."))
        || next.is_some_and(|next| next.is_operator(".") || next.is_operator("("))
        || stands_as_name(previous)
        || is_in_scope(&token.unquoted())
}

/// Whether only a name can stand behind a token.
#[must_use]
pub fn stands_as_name(previous: Option<&Token>) -> bool {
    previous.is_some_and(|previous| is_one_of(previous, &["AS", "COLLATE"]) || ends_operand(previous))
}

/// Whether a token gives a name to what the token before it ends.
#[must_use]
pub fn is_alias_of(previous: Option<&Token>, token: &Token) -> bool {
    let can_name = match token.kind {
        TokenKind::Word => !is_keyword(token),
        TokenKind::QuotedName | TokenKind::String => true,
        _ => false,
    };
    can_name && previous.is_some_and(|previous| previous.is_word("AS") || ends_operand(previous))
}

/// Whether a token can end an operand, so that a name after it is an alias.
fn ends_operand(token: &Token) -> bool {
    match token.kind {
        TokenKind::QuotedName | TokenKind::String | TokenKind::Number | TokenKind::Blob | TokenKind::Variable => true,
        TokenKind::Operator => token.text == ")",
        TokenKind::Word => {
            const OPERANDS: [&str; 7] =
                ["END", "NULL", "TRUE", "FALSE", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"];
            is_one_of(token, &OPERANDS) || !is_keyword(token)
        }
        TokenKind::Space | TokenKind::Comment | TokenKind::Illegal => false,
    }
}

/// Whether a token is a keyword, be it one that SQLite also takes as a name.
fn is_keyword(token: &Token) -> bool {
    token.kind == TokenKind::Word
        && (is_reserved(token.text) || is_one_of(token, &JOIN_WORDS) || is_one_of(token, &FALLBACK_WORDS))
}

/// Whether a token is one of these words.
#[must_use]
pub fn is_one_of(token: &Token, words: &[&str]) -> bool {
    words.iter().any(|word| token.is_word(word))
}

/// Words that are keywords before JOIN and names elsewhere.
pub const JOIN_WORDS: [&str; 7] = ["CROSS", "FULL", "INNER", "LEFT", "NATURAL", "OUTER", "RIGHT"];

/// Keywords that SQLite's parser takes as a name where no keyword fits (`%fallback` in
/// <https://www.sqlite.org/src/file/src/parse.y>).
#[rustfmt::skip]
const FALLBACK_WORDS: [&str; 79] = [
    "ABORT", "ACTION", "AFTER", "ALWAYS", "ANALYZE", "ASC", "ATTACH", "BEFORE", "BEGIN", "BY", "CASCADE", "CAST",
    "COLUMN", "CONFLICT", "CURRENT", "DATABASE", "DEFERRED", "DESC", "DETACH", "DO", "EACH", "END", "EXCLUDE",
    "EXCLUSIVE", "EXPLAIN", "FAIL", "FILTER", "FIRST", "FOLLOWING", "FOR", "GENERATED", "GLOB", "GROUPS", "IF",
    "IGNORE", "IMMEDIATE", "INDEXED", "INITIALLY", "INSTEAD", "KEY", "LAST", "LIKE", "MATCH", "MATERIALIZED", "NO",
    "NULLS", "OF", "OFFSET", "OTHERS", "OVER", "PARTITION", "PLAN", "PRAGMA", "PRECEDING", "QUERY", "RAISE", "RANGE",
    "RECURSIVE", "REGEXP", "REINDEX", "RELEASE", "RENAME", "REPLACE", "RESTRICT", "ROLLBACK", "ROW", "ROWS",
    "SAVEPOINT", "TEMP", "TEMPORARY", "TIES", "TRIGGER", "UNBOUNDED", "VACUUM", "VIEW", "VIRTUAL", "WINDOW", "WITH",
    "WITHOUT",
];
