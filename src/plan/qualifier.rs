//! Expressions of a table that call the table by its own name: `CHECK (t.b > 0)`.

use crate::schema::{Expression, Name, Table};
use crate::token::{TokenKind, significant_tokens};

/// The expression with the name of the table, where it qualifies a column, exchanged.
#[must_use]
pub fn requalified(expression: &Expression, table: &Name, by: &Name) -> Expression {
    let text = expression.as_str();
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    for span in qualifiers(text, table) {
        result.push_str(&text[copied..span.start]);
        result.push_str(&by.quoted());
        copied = span.end;
    }
    result.push_str(&text[copied..]);
    Expression::new(result)
}

/// Whether a CHECK or a generated column of a table calls the table by its own name.
#[must_use]
pub fn is_self_qualified(table: &Table) -> bool {
    let checks = table.checks.iter().map(|check| &check.expression);
    let generated = table.columns.iter().filter_map(|column| column.generated.as_ref()).map(|g| &g.expression);
    checks.chain(generated).any(|expression| !qualifiers(expression.as_str(), &table.name).is_empty())
}

fn qualifiers(text: &str, table: &Name) -> Vec<std::ops::Range<usize>> {
    let tokens: Vec<_> = significant_tokens(text).collect();
    tokens
        .windows(2)
        .enumerate()
        .filter(|(at, pair)| {
            let is_name = matches!(pair[0].kind, TokenKind::Word | TokenKind::QuotedName);
            let starts = *at == 0 || !tokens[at - 1].is_operator(".");
            is_name && starts && pair[1].is_operator(".") && *table == *pair[0].unquoted()
        })
        .map(|(_, pair)| pair[0].span())
        .collect()
}
