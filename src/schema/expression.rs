//! SQL inside a schema: expressions, bodies of views and triggers, arguments of modules.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::token::{Token, TokenKind, enclosing_parentheses, is_reserved, meanings, quote_string, significant_tokens};

/// A piece of SQL, kept as it was written and compared by its tokens: white space, comments, keyword case and
/// quoting style never count, literals always do.
#[derive(Clone)]
pub struct Expression(String);

impl Expression {
    /// An expression from its text, surrounding white space removed.
    pub fn new(text: impl Into<String>) -> Expression {
        let text: String = text.into();
        Expression(if text.trim().len() == text.len() { text } else { text.trim().to_owned() })
    }

    /// An expression from its text without the parentheses that enclose the whole of it.
    #[must_use]
    pub fn without_parentheses(text: &str) -> Expression {
        if !text.contains('(') {
            return Expression::new(text);
        }
        let tokens: Vec<Token<'_>> = significant_tokens(text).collect();
        match enclosing_parentheses(&tokens) {
            0 => Expression::new(text),
            count => Expression::new(&text[tokens[count - 1].span().end..tokens[tokens.len() - count].start]),
        }
    }

    /// A default value in its one form: no outer parentheses, and a bare or quoted word, which SQLite takes as a
    /// string there, as a string literal (<https://www.sqlite.org/lang_createtable.html#the_default_clause>).
    #[must_use]
    pub fn default_value(text: &str) -> Expression {
        let expression = Expression::without_parentheses(text);
        let word = {
            let mut tokens = significant_tokens(&expression.0);
            match (tokens.next(), tokens.next()) {
                (Some(token), None)
                    if token.kind == TokenKind::QuotedName
                        || token.kind == TokenKind::Word && !is_reserved(token.text) =>
                {
                    Some(quote_string(&token.unquoted()))
                }
                _ => None,
            }
        };
        word.map_or(expression, Expression)
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One text for all spellings that are equal.
    #[must_use]
    pub fn normal(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        for meaning in meanings(&self.0) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&meaning.to_string());
        }
        text
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.0 == other.0 || meanings(&self.0).eq(meanings(&other.0))
    }
}

impl Eq for Expression {}

impl Hash for Expression {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for meaning in meanings(&self.0) {
            meaning.hash(state);
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.0)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_parentheses_and_spelling_do_not_count() {
        assert_eq!(Expression::without_parentheses("((a) + (b))"), Expression::new("(A)+( \"b\" )"));
        assert_eq!(Expression::without_parentheses("(a) + (b)").as_str(), "(a) + (b)");
        assert_ne!(Expression::new("'x'"), Expression::new("'X'"));
    }

    #[test]
    fn a_bare_word_as_default_is_a_string() {
        assert_eq!(Expression::default_value("(abc)").as_str(), "'abc'");
        assert_eq!(Expression::default_value("\"it's\"").as_str(), "'it''s'");
        assert_eq!(Expression::default_value("CURRENT_TIMESTAMP").as_str(), "CURRENT_TIMESTAMP");
        assert_eq!(Expression::default_value("((1 + 2))").as_str(), "1 + 2");
    }
}
