//! The words of statements: what one names, which parts it has. Knows nothing of what they do.

use crate::schema::Name;
use crate::token::{Token, TokenKind};

pub(super) fn name(token: &Token<'_>) -> Name {
    Name::new(token.unquoted().into_owned())
}

/// The name of a table, `main.` before it or not, and where it ends.
pub(super) fn named(tokens: &[Token<'_>], at: usize) -> Option<(Name, usize)> {
    let first = tokens.get(at)?;
    if tokens.get(at + 1).is_some_and(|token| token.is_operator(".")) {
        let table = tokens.get(at + 2).filter(|_| first.is_word("main") || first.unquoted() == "main")?;
        return Some((name(table), at + 3));
    }
    Some((name(first), at + 1))
}

/// The tokens outside of all parentheses, with their places.
pub(super) fn top_level<'a, 't>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = (usize, &'a Token<'t>)> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter(move |(_, token)| {
        let here = depth;
        if token.is_operator("(") {
            depth += 1;
        } else if token.is_operator(")") {
            depth = depth.saturating_sub(1);
        }
        here == 0
    })
}

/// The parts between commas.
pub(super) fn split<'a, 't>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = &'a [Token<'t>]> {
    let commas: Vec<usize> = top_level(tokens).filter(|(_, token)| token.is_operator(",")).map(|(at, _)| at).collect();
    let starts = std::iter::once(0).chain(commas.clone().into_iter().map(|at| at + 1));
    let ends = commas.into_iter().chain([tokens.len()]);
    starts.zip(ends).map(|(start, end)| &tokens[start..end])
}

/// The names in an expression.
pub(super) fn mentioned(value: &[Token<'_>]) -> impl Iterator<Item = Name> {
    value.iter().filter(|token| is_name(token)).map(name)
}

/// The column that a value is as it is, with or without something in place of NULL.
pub(super) fn filled(value: &[Token<'_>]) -> Option<Name> {
    let column = match without_alias(value) {
        [column] => column,
        [_, dot, column] if dot.is_operator(".") => column,
        [open, inner @ .., close] if open.is_operator("(") && close.is_operator(")") => return filled(inner),
        [function, open, column, comma, ..] => {
            let fills = function.is_word("coalesce") || function.is_word("ifnull");
            Some(column).filter(|_| fills && open.is_operator("(") && comma.is_operator(","))?
        }
        _ => return None,
    };
    is_name(column).then(|| name(column))
}

/// A value without the name that a SELECT gives it.
pub(super) fn without_alias<'a, 't>(value: &'a [Token<'t>]) -> &'a [Token<'t>] {
    match value {
        [value @ .., word, _] if word.is_word("AS") => value,
        _ => value,
    }
}

fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
}
