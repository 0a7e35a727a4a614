//! The two halves of a script: where the markers stand, and the SQL between them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::report::{Place, Source};
use crate::token::{self, TokenKind};

/// The SQL of one direction, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes of the file's text that are the SQL.
    pub span: Range<usize>,
    /// Whether it runs inside a transaction; `transaction:false` after the marker says no.
    pub transaction: bool,
}

impl Section {
    /// A section that is not in a file, such as a down script out of the version table.
    #[must_use]
    pub fn stored(name: impl Into<String>, sql: impl Into<String>, transaction: bool) -> Section {
        let source = Source { path: name.into(), text: sql.into() };
        Section { span: 0..source.text.len(), source: Arc::new(source), transaction }
    }

    /// The SQL as it is written.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.source.text[self.span.clone()]
    }

    /// The line of the file on which the SQL begins, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.place(0..0).line_and_column().0
    }

    /// The place in the file of a stretch of the SQL; bytes are counted from the beginning of the SQL.
    #[must_use]
    pub fn place(&self, span: Range<usize>) -> Place {
        let into_file = |at: usize| (self.span.start + at).min(self.span.end);
        Place::new(&self.source, into_file(span.start)..into_file(span.end))
    }

    /// The place of the section as a whole: its marker, or in what is no file its first line.
    #[must_use]
    pub fn whole(&self) -> Place {
        let text = &self.source.text;
        let before = text[..self.span.start].trim_end();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        if before.is_empty() {
            let end = self.sql().find('\n').unwrap_or(self.sql().len());
            return self.place(0..end);
        }
        Place::new(&self.source, start..before.len())
    }

    /// Whether it holds nothing but white space and comments.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        token::significant_tokens(self.sql()).next().is_none()
    }

    /// The checksum of the SQL, `sha256:` and 64 hexadecimal digits. Line ends, a byte order mark and blank lines at
    /// the end do not count.
    #[must_use]
    pub fn checksum(&self) -> String {
        checksum(self.sql())
    }
}

/// The checksum of SQL; see [`Section::checksum`].
#[must_use]
pub fn checksum(sql: &str) -> String {
    let sql = sql.strip_prefix('\u{feff}').unwrap_or(sql);
    let unix =
        if sql.contains('\r') { sql.replace("\r\n", "\n").replace('\r', "\n").into() } else { Cow::Borrowed(sql) };
    let mut text = unix.as_ref();
    while let Some((rest, _)) = text.rsplit_once('\n').filter(|(_, line)| line.trim().is_empty()) {
        text = rest;
    }
    if text.trim().is_empty() {
        text = "";
    }
    let mut checksum = String::with_capacity("sha256:".len() + 64);
    checksum.push_str("sha256:");
    for byte in Sha256::digest(text.as_bytes()) {
        checksum.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
    }
    checksum
}

/// What the first word of a marker begins with.
const WORD: &str = "migrate:";

/// A line `-- migrate:…` that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    /// The whole line without its end.
    pub line: Range<usize>,
    /// The word after `migrate:`.
    pub word: Range<usize>,
    /// What stands after the word.
    pub options: Vec<Range<usize>>,
    /// Where the SQL begins: after the end of the line.
    pub end: usize,
}

/// The markers of a text. A line counts when its first byte begins a comment, so that text inside strings, names,
/// other comments and trigger bodies does not.
pub(super) fn markers(text: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    let mut statement = Statement::Start;
    // What comes after the last of them need not be read.
    let Some(last) = text.rfind(WORD) else { return found };
    for token in token::tokens(text).take_while(|token| token.start < last) {
        if token.is_significant() {
            statement = statement.after(&token);
        } else if token.kind == TokenKind::Comment
            && token.text.starts_with("--")
            && (token.start == 0 || text.as_bytes()[token.start - 1] == b'\n')
            && !statement.is_trigger()
            && let Some(marker) = marker(text, token.span())
        {
            found.push(marker);
        }
    }
    found
}

/// How far a statement has been read, as far as it takes to know where the body of a trigger ends
/// (<https://www.sqlite.org/src/file/src/complete.c>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statement {
    Start,
    Create,
    Trigger,
    /// After a semicolon in a trigger, where `END` ends it.
    TriggerSemicolon,
    Other,
}

impl Statement {
    fn after(self, token: &token::Token<'_>) -> Statement {
        let semicolon = token.is_operator(";");
        match self {
            Statement::TriggerSemicolon if token.is_word("end") => Statement::Other,
            Statement::Trigger | Statement::TriggerSemicolon => {
                if semicolon {
                    Statement::TriggerSemicolon
                } else {
                    Statement::Trigger
                }
            }
            _ if semicolon => Statement::Start,
            Statement::Start if token.is_word("create") => Statement::Create,
            Statement::Start if token.is_word("explain") => Statement::Start,
            Statement::Create if token.is_word("temp") || token.is_word("temporary") => Statement::Create,
            Statement::Create if token.is_word("trigger") => Statement::Trigger,
            _ => Statement::Other,
        }
    }

    fn is_trigger(self) -> bool {
        matches!(self, Statement::Trigger | Statement::TriggerSemicolon)
    }
}

/// The marker that a comment is, if it is one.
fn marker(text: &str, comment: Range<usize>) -> Option<Marker> {
    if !text[comment.start + 2..comment.end].trim_start().starts_with(WORD) {
        return None;
    }
    let line = comment.start..comment.start + text[comment.clone()].trim_end().len();
    let mut words = words(text, line.start + 2..line.end);
    let first = words.remove(0);
    let word = first.start + WORD.len()..first.end;
    let end = text[comment.end..].find('\n').map_or(text.len(), |newline| comment.end + newline + 1);
    Some(Marker { line, word, options: words, end })
}

/// The stretches of a text between white space.
fn words(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut at = within.start;
    for word in text[within].split(char::is_whitespace) {
        if !word.is_empty() {
            words.push(at..at + word.len());
        }
        at += word.len() + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker_lines(text: &str) -> Vec<&str> {
        markers(text).into_iter().map(|marker| &text[marker.line]).collect()
    }

    #[test]
    fn only_comments_at_the_beginning_of_a_line_are_markers() {
        assert_eq!(
            marker_lines("-- migrate:up\nx;\n--migrate:down transaction:false\r\ny"),
            ["-- migrate:up", "--migrate:down transaction:false"]
        );
        for text in [
            "SELECT '\n-- migrate:down\n';",
            "SELECT \"\n-- migrate:down\n\", [\n-- migrate:down\n], `\n-- migrate:down\n`;",
            "/*\n-- migrate:down\n*/",
            "  -- migrate:down",
            "SELECT 1; -- migrate:down",
            "-- see migrate:down",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n-- migrate:down\nSELECT CASE 1 WHEN 1 THEN 2 END;\n-- migrate:down\nEND;",
            "create temp trigger t insert on a\n-- migrate:down\nBEGIN SELECT 1; END",
        ] {
            assert_eq!(marker_lines(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn a_marker_counts_after_a_trigger_and_after_a_statement_without_its_semicolon() {
        for before in [
            "CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END;",
            "CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END",
            "CREATE TABLE \"trigger\"(a)",
            "EXPLAIN CREATE TRIGGER t INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; END;",
        ] {
            assert_eq!(marker_lines(&format!("{before}\n-- migrate:down\n")), ["-- migrate:down"], "{before}");
        }
    }

    #[test]
    fn a_checksum_looks_at_the_sql_and_not_at_line_ends() {
        let plain = checksum("CREATE TABLE a(b);\nSELECT 1;\n");
        assert!(plain.starts_with("sha256:") && plain.len() == 71, "{plain}");
        for same in [
            "CREATE TABLE a(b);\r\nSELECT 1;\r\n",
            "\u{feff}CREATE TABLE a(b);\nSELECT 1;",
            "CREATE TABLE a(b);\nSELECT 1;\n\n \t\n\r\n",
            "CREATE TABLE a(b);\nSELECT 1;\n\n  ",
        ] {
            assert_eq!(checksum(same), plain, "{same:?}");
        }
        for other in ["CREATE TABLE a(b);\n\nSELECT 1;\n", "CREATE TABLE a(b); SELECT 1;", ""] {
            assert_ne!(checksum(other), plain, "{other:?}");
        }
        assert_eq!(checksum("\n\n"), checksum(""));
    }

    #[test]
    fn a_section_knows_its_place_in_the_file() {
        let source = Arc::new(Source { path: "a.sql".to_owned(), text: "one\ntwo\nthree\n".to_owned() });
        let section = Section { source, span: 4..14, transaction: true };
        assert_eq!((section.sql(), section.line()), ("two\nthree\n", 2));
        assert_eq!(section.place(6..8).line_and_column(), (3, 3));
        assert_eq!(section.place(0..99).span, 4..14);
        assert!(Section::stored("stored", " -- nothing\n", true).is_empty());
    }
}
