//! Where the statements of a script end. Knows nothing of what they do.

use crate::token::{Token, significant_tokens};

/// The statements of a script, as their tokens without the semicolon; a trigger is one of them.
#[must_use]
pub fn statements(script: &str) -> Vec<Vec<Token<'_>>> {
    let mut statements = Vec::new();
    let mut statement: Vec<Token<'_>> = Vec::new();
    // Within a trigger: how many CASE are open, from its BEGIN to its END.
    let mut body: Option<usize> = None;
    for token in significant_tokens(script) {
        match body {
            None if token.is_operator(";") => {
                statements.push(std::mem::take(&mut statement));
                continue;
            }
            None if token.is_word("BEGIN") && is_trigger(&statement) => body = Some(0),
            Some(0) if token.is_word("END") => body = None,
            Some(open) if token.is_word("END") => body = Some(open - 1),
            Some(open) if token.is_word("CASE") => body = Some(open + 1),
            _ => {}
        }
        statement.push(token);
    }
    statements.push(statement);
    statements.retain(|statement| !statement.is_empty());
    statements
}

fn is_trigger(statement: &[Token<'_>]) -> bool {
    statement.first().is_some_and(|token| token.is_word("CREATE"))
        && (1..=2).any(|at| statement.get(at).is_some_and(|token| token.is_word("TRIGGER")))
}
