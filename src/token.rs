//! SQL text as tokens: what a token is, where it stands, and when two texts say the same.
//!
//! A port of SQLite's own tokenizer (<https://www.sqlite.org/src/file/src/tokenize.c>). Every byte of the text
//! belongs to exactly one token, so that the tokens glued together give the text back. Knows words and quotes,
//! not grammar.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// What kind of thing a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// White space.
    Space,
    /// `-- to the end of the line` or `/* between */`.
    Comment,
    /// A bare word: a keyword or an unquoted name.
    Word,
    /// A `"name"`, a `[name]` or a `` `name` ``. A `"double quoted"` token that names nothing is a string to SQLite.
    QuotedName,
    /// A `'string'`.
    String,
    /// A blob literal, `x'00ff'`.
    Blob,
    /// A number, with or without fraction and exponent, or hexadecimal.
    Number,
    /// `?1`, `:name`, `@name`, `$name`.
    Variable,
    /// An operator or a mark: `(`, `,`, `<>`, `->>`.
    Operator,
    /// What SQLite does not accept: an unclosed quote, a stray character.
    Illegal,
}

/// One token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, quotes included.
    pub text: &'a str,
    /// Its first byte in the text that was read.
    pub start: usize,
}

impl<'a> Token<'a> {
    /// The bytes that it covers in the text that was read.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// Whether it is neither white space nor a comment.
    #[must_use]
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }

    /// Whether it is this bare word, in any case.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this operator or mark.
    #[must_use]
    pub fn is_operator(&self, operator: &str) -> bool {
        self.kind == TokenKind::Operator && self.text == operator
    }

    /// The text without its quotes: a name or a string as it is meant.
    #[must_use]
    pub fn unquoted(&self) -> Cow<'a, str> {
        match self.kind {
            TokenKind::QuotedName | TokenKind::String => unquote(self.text),
            _ => Cow::Borrowed(self.text),
        }
    }
}

/// Splits a text into all of its tokens, white space and comments included.
#[must_use]
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, at: 0 }
}

/// The tokens of a text that are neither white space nor comments.
pub fn significant_tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    tokens(text).filter(Token::is_significant)
}

/// How many parentheses enclose all of these tokens, none of which is white space or a comment.
#[must_use]
pub fn enclosing_parentheses(tokens: &[Token<'_>]) -> usize {
    let opening = tokens.iter().take_while(|token| token.is_operator("(")).count();
    let mut open = Vec::new();
    // Where each of the parentheses that open at the very beginning closes.
    let mut closing = vec![None; opening];
    for (place, token) in tokens.iter().enumerate() {
        if token.is_operator("(") {
            open.push(place);
        } else if token.is_operator(")")
            && let Some(start) = open.pop()
            && start < opening
        {
            closing[start] = Some(place);
        }
    }
    closing.iter().enumerate().take_while(|(start, end)| **end == Some(tokens.len() - 1 - start)).count()
}

/// An iterator over the tokens of a text.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let (kind, length) = first_token(rest);
        let start = self.at;
        self.at += length;
        Some(Token { kind, text: &rest[..length], start })
    }
}

/// The kind and the length in bytes of the token that a text, not empty, begins with.
fn first_token(text: &str) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let second = bytes.get(1).copied();
    match bytes[0] {
        b' ' | b'\t' | b'\n' | b'\x0c' | b'\r' => {
            (TokenKind::Space, length_while(bytes, |b| matches!(b, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')))
        }
        // A byte order mark is white space to SQLite, wherever a token can begin.
        b'\xef' if text.starts_with('\u{feff}') => (TokenKind::Space, '\u{feff}'.len_utf8()),
        b'-' if second == Some(b'-') => (TokenKind::Comment, length_while(bytes, |b| b != b'\n')),
        b'/' if second == Some(b'*') => (TokenKind::Comment, text[2..].find("*/").map_or(text.len(), |end| end + 4)),
        b'\'' => quoted(bytes, b'\'', TokenKind::String),
        b'"' => quoted(bytes, b'"', TokenKind::QuotedName),
        b'`' => quoted(bytes, b'`', TokenKind::QuotedName),
        b'[' => match text.find(']') {
            Some(end) => (TokenKind::QuotedName, end + 1),
            None => (TokenKind::Illegal, text.len()),
        },
        b'x' | b'X' if second == Some(b'\'') => blob(bytes),
        b'0'..=b'9' => number(bytes),
        b'.' if second.is_some_and(|b| b.is_ascii_digit()) => number(bytes),
        b'?' => (TokenKind::Variable, 1 + length_while(&bytes[1..], |b| b.is_ascii_digit())),
        b'$' | b'@' | b':' | b'#' => match length_while(&bytes[1..], is_name_byte) {
            0 => (TokenKind::Illegal, 1),
            length => (TokenKind::Variable, 1 + length),
        },
        b if is_name_byte(b) => (TokenKind::Word, length_while(bytes, is_name_byte)),
        _ => operator(text),
    }
}

#[inline]
fn length_while(bytes: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&b| !holds(b)).unwrap_or(bytes.len())
}

/// Whether a byte can stand inside a bare name: letters, digits, `_`, `$` and all of non-ASCII.
#[inline]
fn is_name_byte(b: u8) -> bool {
    // Most of what is read is names: to look it up takes half the time of asking.
    const IS_NAME: [bool; 256] = {
        let mut table = [false; 256];
        let mut at = 0;
        while at < table.len() {
            let b = at.to_le_bytes()[0];
            table[at] = b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80;
            at += 1;
        }
        table
    };
    IS_NAME[usize::from(b)]
}

/// A token in quotes that are doubled to stand for themselves.
fn quoted(bytes: &[u8], quote: u8, kind: TokenKind) -> (TokenKind, usize) {
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return (kind, at + 1);
            }
            at += 1;
        }
        at += 1;
    }
    (TokenKind::Illegal, bytes.len())
}

fn blob(bytes: &[u8]) -> (TokenKind, usize) {
    let digits = length_while(&bytes[2..], |b| b.is_ascii_hexdigit());
    if bytes.get(2 + digits) == Some(&b'\'') && digits % 2 == 0 {
        return (TokenKind::Blob, digits + 3);
    }
    let garbage = length_while(&bytes[2..], |b| b != b'\'');
    (TokenKind::Illegal, (2 + garbage + 1).min(bytes.len()))
}

fn number(bytes: &[u8]) -> (TokenKind, usize) {
    let is_digit = |b: u8| b.is_ascii_digit() || b == b'_';
    let mut length;
    if bytes[0] == b'0' && matches!(bytes.get(1), Some(b'x' | b'X')) && bytes.get(2).is_some_and(u8::is_ascii_hexdigit)
    {
        length = 2 + length_while(&bytes[2..], |b| b.is_ascii_hexdigit() || b == b'_');
    } else {
        length = length_while(bytes, is_digit);
        if bytes.get(length) == Some(&b'.') {
            length += 1 + length_while(&bytes[length + 1..], is_digit);
        }
        if matches!(bytes.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            if bytes.get(length + 1 + sign).is_some_and(u8::is_ascii_digit) {
                length += 1 + sign;
                length += length_while(&bytes[length..], is_digit);
            }
        }
    }
    let tail = length_while(&bytes[length..], is_name_byte);
    if tail > 0 { (TokenKind::Illegal, length + tail) } else { (TokenKind::Number, length) }
}

fn operator(text: &str) -> (TokenKind, usize) {
    let length = match text.as_bytes() {
        [b'-', b'>', b'>', ..] => 3,
        [b'-', b'>', ..]
        | [b'<', b'<' | b'=' | b'>', ..]
        | [b'>', b'>' | b'=', ..]
        | [b'=' | b'!', b'=', ..]
        | [b'|', b'|', ..] => 2,
        [
            b'(' | b')' | b',' | b';' | b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'=' | b'<' | b'>' | b'|' | b'&'
            | b'~',
            ..,
        ] => 1,
        _ => return (TokenKind::Illegal, text.chars().next().map_or(1, char::len_utf8)),
    };
    (TokenKind::Operator, length)
}

/// A quoted name or string without its quotes; any other text as it is.
#[must_use]
pub fn unquote(text: &str) -> Cow<'_, str> {
    let (quote, doubled) = match text.as_bytes().first() {
        _ if text.len() < 2 => return Cow::Borrowed(text),
        Some(b'\'') => ("'", "''"),
        Some(b'"') => ("\"", "\"\""),
        Some(b'`') => ("`", "``"),
        Some(b'[') => return Cow::Borrowed(&text[1..text.len() - 1]),
        _ => return Cow::Borrowed(text),
    };
    let inner = &text[1..text.len() - 1];
    if inner.contains(quote) { Cow::Owned(inner.replace(doubled, quote)) } else { Cow::Borrowed(inner) }
}

/// A text as an SQL string literal.
#[must_use]
pub fn quote_string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text as a quoted SQL name.
#[must_use]
pub fn quote_name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Whether SQLite never takes this bare word as a name where an expression may stand
/// (<https://www.sqlite.org/lang_keywords.html>, less those that its parser falls back to a name for).
#[must_use]
pub fn is_reserved(word: &str) -> bool {
    const RESERVED: &[&str] = &[
        "ADD",
        "ALL",
        "ALTER",
        "AND",
        "AS",
        "AUTOINCREMENT",
        "BETWEEN",
        "CASE",
        "CHECK",
        "COLLATE",
        "COMMIT",
        "CONSTRAINT",
        "CREATE",
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "DEFAULT",
        "DEFERRABLE",
        "DELETE",
        "DISTINCT",
        "DROP",
        "ELSE",
        "ESCAPE",
        "EXCEPT",
        "EXISTS",
        "FALSE",
        "FOREIGN",
        "FROM",
        "GROUP",
        "HAVING",
        "IN",
        "INDEX",
        "INSERT",
        "INTERSECT",
        "INTO",
        "IS",
        "ISNULL",
        "JOIN",
        "LIMIT",
        "NOT",
        "NOTHING",
        "NOTNULL",
        "NULL",
        "ON",
        "OR",
        "ORDER",
        "PRIMARY",
        "REFERENCES",
        "RETURNING",
        "SELECT",
        "SET",
        "TABLE",
        "THEN",
        "TO",
        "TRANSACTION",
        "TRUE",
        "UNION",
        "UNIQUE",
        "UPDATE",
        "USING",
        "VALUES",
        "WHEN",
        "WHERE",
    ];
    let upper = || word.bytes().map(|b| b.to_ascii_uppercase());
    word.len() <= 17 && RESERVED.binary_search_by(|reserved| reserved.bytes().cmp(upper())).is_ok()
}

/// A token as it is compared: spelling that SQLite does not look at is gone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning<'a> {
    /// A keyword that cannot be a name, in upper case.
    Keyword(String),
    /// A name without its quotes, ASCII letters in lower case.
    Name(String),
    /// A string literal, exact.
    String(Cow<'a, str>),
    /// A number, a blob, an operator, a variable; letters in lower case.
    Other(Cow<'a, str>),
}

impl<'a> Meaning<'a> {
    /// What a token means.
    #[must_use]
    pub fn of(token: &Token<'a>) -> Meaning<'a> {
        match token.kind {
            TokenKind::Word if is_reserved(token.text) => Meaning::Keyword(token.text.to_ascii_uppercase()),
            TokenKind::Word => Meaning::Name(token.text.to_ascii_lowercase()),
            TokenKind::QuotedName => Meaning::Name(token.unquoted().to_ascii_lowercase()),
            TokenKind::String => Meaning::String(token.unquoted()),
            TokenKind::Blob | TokenKind::Number => Meaning::Other(Cow::Owned(token.text.to_ascii_lowercase())),
            _ => Meaning::Other(Cow::Borrowed(token.text)),
        }
    }
}

impl fmt::Display for Meaning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Meaning::Keyword(word) => f.write_str(word),
            Meaning::Name(name) => write_quoted(f, name, '"'),
            Meaning::String(text) => write_quoted(f, text, '\''),
            Meaning::Other(text) => f.write_str(text),
        }
    }
}

/// Writes a text between quotes, those in it doubled.
///
/// # Errors
///
/// Those of the writer.
pub fn write_quoted(f: &mut impl fmt::Write, text: &str, quote: char) -> fmt::Result {
    f.write_char(quote)?;
    for (place, part) in text.split(quote).enumerate() {
        if place > 0 {
            f.write_char(quote)?;
            f.write_char(quote)?;
        }
        f.write_str(part)?;
    }
    f.write_char(quote)
}

/// The tokens of a text as they are compared.
pub fn meanings(text: &str) -> impl Iterator<Item = Meaning<'_>> {
    significant_tokens(text).map(|token| Meaning::of(&token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_glued_together_give_the_text_back() {
        for text in
            ["", "a", "CREATE TABLE t(\"a\"\"b\" [c d], `e` x'00', 1.5e-3 -- hi\n, /* x */ 'it''s')", "'open", "é≠x {"]
        {
            assert_eq!(tokens(text).map(|t| t.text).collect::<String>(), text);
        }
    }

    #[test]
    fn parentheses_enclose_all_or_nothing() {
        let count = |text| enclosing_parentheses(&significant_tokens(text).collect::<Vec<_>>());
        assert_eq!(count("((a) + (b))"), 1);
        assert_eq!(count("(a) + (b)"), 0);
        assert_eq!(count("(( a /* ) */ ))"), 2);
        assert_eq!(count("((a)"), 0);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn a_byte_order_mark_is_white_space() {
        assert!(meanings("\u{feff}SELECT").eq(meanings("select")));
    }

    #[test]
    fn spelling_does_not_count_and_literals_do() {
        let same = |a: &str, b: &str| meanings(a).eq(meanings(b));
        assert!(same("select  [A]--x\n", "SELECT \"a\""));
        assert!(!same("'a'", "'A'"));
        assert!(!same("\"select\"", "select"));
        assert!(!same("1.0", "1"));
        assert!(same("1E3", "1e3"));
    }

    #[test]
    fn reserved_words_are_sorted_for_the_search() {
        for word in ["ADD", "WHERE", "CURRENT_TIMESTAMP", "select", "Null", "ISNULL", "IS"] {
            assert!(is_reserved(word), "{word}");
        }
        for word in ["user", "BEFORE", "key", "without"] {
            assert!(!is_reserved(word), "{word}");
        }
    }
}
