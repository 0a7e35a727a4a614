//! A place in the tokens of a text, moved forward by reading.
//!
//! Knows how to take words, names and balanced parentheses; what they mean is for the files of the objects. Nothing
//! here calls itself, so that no depth of nesting overflows the stack.

use crate::schema::Name;
use crate::token::{Token, TokenKind, is_reserved, significant_tokens};

use super::error::{Problem, ReadError};

/// A place in the tokens of a text.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    /// Where the text ends: what stands behind is the `;` of a statement.
    end: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    pub fn new(text: &'a str) -> Result<Cursor<'a>, ReadError> {
        let mut tokens: Vec<Token<'a>> = Vec::with_capacity(text.len() / 4);
        tokens.extend(significant_tokens(text));
        match tokens.iter().find(|token| token.kind == TokenKind::Illegal) {
            Some(token) => Err(ReadError { problem: Problem::Illegal(shown(token.text)), span: token.span() }),
            None => Ok(Cursor { text, tokens, at: 0, end: text.len() }),
        }
    }

    /// The beginning of one whole statement, the `;` at its end left out.
    pub fn of_statement(text: &'a str) -> Result<Cursor<'a>, ReadError> {
        let mut cursor = Cursor::new(text)?;
        while let Some(mark) = cursor.tokens.pop_if(|token| token.is_operator(";")) {
            cursor.end = mark.start;
        }
        Ok(cursor)
    }

    /// The whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The next token.
    pub fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    /// Takes the next token.
    pub fn take(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// All tokens that are not taken yet.
    pub fn rest(&self) -> &[Token<'a>] {
        &self.tokens[self.at..]
    }

    /// The text from a place up to the next token that is not taken or to the end, comments included.
    pub fn text_since(&self, start: usize) -> &'a str {
        &self.text[start..self.peek().map_or(self.end, |next| next.start)]
    }

    /// The place after the last token that was taken.
    pub fn taken_end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |last| self.tokens[last].span().end)
    }

    /// Moves to the end.
    pub fn skip_rest(&mut self) {
        self.at = self.tokens.len();
    }

    /// Whether these words come next.
    pub fn is(&self, words: &str) -> bool {
        // Most words are told apart by their first letter.
        let begins = |token: &Token<'_>| token.text.as_bytes()[0].eq_ignore_ascii_case(&words.as_bytes()[0]);
        self.tokens.get(self.at).is_some_and(begins)
            && words
                .split(' ')
                .enumerate()
                .all(|(place, word)| self.tokens.get(self.at + place).is_some_and(|token| token.is_word(word)))
    }

    /// Takes these words if all of them come next.
    pub fn accept(&mut self, words: &str) -> bool {
        let found = self.is(words);
        if found {
            self.at += words.split(' ').count();
        }
        found
    }

    /// Takes these words.
    pub fn expect(&mut self, words: &str) -> Result<(), ReadError> {
        if self.accept(words) { Ok(()) } else { Err(self.unexpected(format!("`{words}`"))) }
    }

    /// Whether this operator or mark comes next.
    pub fn is_operator(&self, operator: &str) -> bool {
        self.peek().is_some_and(|token| token.is_operator(operator))
    }

    /// Takes this operator or mark if it comes next.
    pub fn accept_operator(&mut self, operator: &str) -> bool {
        let found = self.is_operator(operator);
        self.at += usize::from(found);
        found
    }

    /// Takes this operator or mark.
    pub fn expect_operator(&mut self, operator: &str) -> Result<(), ReadError> {
        if self.accept_operator(operator) { Ok(()) } else { Err(self.unexpected(format!("`{operator}`"))) }
    }

    /// Takes a name; `what` says whose, for the error.
    pub fn name(&mut self, what: &str) -> Result<Name, ReadError> {
        match self.peek().filter(is_name) {
            Some(token) => {
                self.at += 1;
                Ok(Name::new(token.unquoted()))
            }
            None => Err(self.unexpected(what)),
        }
    }

    /// Takes `(a, b)`.
    pub fn names(&mut self, what: &str) -> Result<Vec<Name>, ReadError> {
        self.expect_operator("(")?;
        let mut names = vec![self.name(what)?];
        while self.accept_operator(",") {
            names.push(self.name(what)?);
        }
        if self.accept_operator(")") { Ok(names) } else { Err(self.unexpected("`,` or `)`")) }
    }

    /// Takes `( … )` and gives the text between, which says something.
    pub fn parentheses(&mut self) -> Result<&'a str, ReadError> {
        let open = self.peek();
        self.expect_operator("(")?;
        let start = self.at;
        self.skip_to(")");
        if start == self.at {
            return Err(self.unexpected("an expression"));
        }
        let inner = self.slice(&self.tokens[start..self.at]);
        match open {
            Some(open) if !self.accept_operator(")") => {
                Err(ReadError { problem: Problem::Unclosed, span: open.span() })
            }
            _ => Ok(inner),
        }
    }

    /// Takes the tokens up to the next `,` or `)` that belongs to no parentheses among them.
    pub fn list_item(&mut self) -> &[Token<'a>] {
        let start = self.at;
        self.skip_to(",)");
        &self.tokens[start..self.at]
    }

    /// Moves on to the first of these marks outside of parentheses that open on the way, or to the end.
    fn skip_to(&mut self, marks: &str) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            if depth == 0 && token.kind == TokenKind::Operator && marks.contains(token.text) {
                return;
            }
            if token.is_operator("(") {
                depth += 1;
            } else if token.is_operator(")") {
                depth = depth.saturating_sub(1);
            }
            self.at += 1;
        }
    }

    /// The text that these tokens cover.
    pub fn slice(&self, tokens: &[Token<'a>]) -> &'a str {
        slice(self.text, tokens)
    }

    /// Takes all but the last `kept` tokens, among which parentheses are balanced, and gives their text.
    pub fn take_expression(&mut self, kept: usize) -> Result<&'a str, ReadError> {
        let start = self.at;
        let end = self.tokens.len().saturating_sub(kept).max(start);
        let mut open = Vec::new();
        while self.at < end {
            let token = self.tokens[self.at];
            if token.is_operator("(") {
                open.push(token);
            } else if token.is_operator(")") && open.pop().is_none() {
                return Err(self.unexpected("no `)` without its `(`"));
            }
            self.at += 1;
        }
        match open.first() {
            Some(open) => Err(ReadError { problem: Problem::Unclosed, span: open.span() }),
            None => Ok(slice(self.text, &self.tokens[start..end])),
        }
    }

    /// Whether all is taken, and the error if not.
    pub fn end(&self, expected: &str) -> Result<(), ReadError> {
        if self.peek().is_none() { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The error that something else was expected here.
    pub fn unexpected(&self, expected: impl Into<String>) -> ReadError {
        let (found, span) = match self.peek() {
            Some(token) => (format!("`{}`", shown(token.text)), token.span()),
            None => ("the end of the text".to_owned(), self.end..self.end),
        };
        ReadError { problem: Problem::Unexpected { found, expected: expected.into() }, span }
    }

    /// The error about the next token.
    pub fn problem(&self, problem: Problem) -> ReadError {
        ReadError { problem, span: self.peek().map_or(self.end..self.end, |token| token.span()) }
    }
}

/// The text that these tokens of it cover.
pub(super) fn slice<'a>(text: &'a str, tokens: &[Token<'a>]) -> &'a str {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => &text[first.start..last.span().end],
        _ => "",
    }
}

/// Whether a token can stand where SQLite's grammar has `nm`: quoted in any way, or a word that is no keyword there
/// (<https://www.sqlite.org/lang_keywords.html>).
pub(super) fn is_name(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::QuotedName | TokenKind::String => true,
        TokenKind::Word => !is_reserved(token.text) || is_word_of_value(token.text),
        _ => false,
    }
}

/// Whether a word is a value in expressions and a name where only a name can stand.
fn is_word_of_value(word: &str) -> bool {
    ["TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"]
        .iter()
        .any(|value| value.eq_ignore_ascii_case(word))
}

/// As much of a token as an error message bears.
fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.len() < text.len() => format!("{line}…"),
        None => line.to_owned(),
    }
}
