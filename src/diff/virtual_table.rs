//! When has a virtual table changed?

use crate::schema::{Expression, VirtualTable};
use crate::token::{Token, TokenKind, significant_tokens};

/// Whether two virtual tables mean the same and are called the same.
pub(super) fn same(before: &VirtualTable, after: &VirtualTable) -> bool {
    before.name.is_spelled_like(&after.name) && same_content(before, after)
}

/// Whether two virtual tables mean the same, apart from their names. A module reads its arguments as text: their case
/// counts, white space between tokens and quotes do not.
pub(super) fn same_content(before: &VirtualTable, after: &VirtualTable) -> bool {
    let VirtualTable { name: _, module, arguments } = before;
    *module == after.module
        && arguments.len() == after.arguments.len()
        && arguments.iter().zip(&after.arguments).all(|(old, new)| same_argument(old, new))
}

fn same_argument(before: &Expression, after: &Expression) -> bool {
    let text = |token: Token| {
        let is_quoted = matches!(token.kind, TokenKind::QuotedName | TokenKind::String);
        (
            token.kind == TokenKind::Operator,
            if is_quoted { token.unquoted().into_owned() } else { token.text.to_owned() },
        )
    };
    significant_tokens(before.as_str()).map(text).eq(significant_tokens(after.as_str()).map(text))
}
