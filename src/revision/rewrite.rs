//! Another text for a script that is there: single values and sections are put in their places, the rest stays.

use std::ops::Range;

use super::header::{HeaderKey, write_parents};
use super::id::RevisionId;
use super::script::Script;
use super::script_error::ScriptError;
use crate::schema::SqliteVersion;

/// What is to be other in a script; what is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Rewrite<'a> {
    /// What it follows.
    pub parents: Option<&'a [RevisionId]>,
    /// The fingerprint of the schema after it.
    pub schema: Option<&'a str>,
    /// The SQL of both sections, and the oldest SQLite that can run it.
    pub sections: Option<(&'a str, &'a str, Option<SqliteVersion>)>,
}

impl Script {
    /// The script with another text, read again; nothing is written.
    ///
    /// # Errors
    /// When the new text is no script.
    pub fn rewritten(&self, rewrite: &Rewrite<'_>) -> Result<Script, ScriptError> {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        if let Some(parents) = rewrite.parents {
            edits.push((self.place_of(HeaderKey::Parents).span, write_parents(parents)));
        }
        if let Some(schema) = rewrite.schema {
            edits.push(self.value(HeaderKey::Schema, schema));
        }
        if let Some((up, down, requires)) = rewrite.sections {
            match (requires, self.revision.requires) {
                (Some(version), _) => edits.push(self.value(HeaderKey::Requires, &format!("sqlite {version}"))),
                (None, Some(_)) => edits.push((self.line_of(HeaderKey::Requires), String::new())),
                (None, None) => {}
            }
            for (section, sql) in [(Some(&self.up), up), (self.down.as_ref(), down)] {
                let Some(section) = section else { continue };
                edits.push(self.section(&section.span, sql.trim()));
            }
        }
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut text = self.source.text.clone();
        for (span, new) in edits {
            text.replace_range(span, &new);
        }
        let mark = if self.has_mark { "\u{feff}" } else { "" };
        Script::read(self.path(), &format!("{mark}{text}"))
    }

    /// The edit that gives a key a value, on a line of its own below the parents where there was none.
    fn value(&self, key: HeaderKey, value: &str) -> (Range<usize>, String) {
        if let Some(span) = self.values.get(&key) {
            return (span.clone(), value.to_owned());
        }
        let end = self.line_of(HeaderKey::Parents).end;
        let new_line = if self.source.text.contains("\r\n") { "\r\n" } else { "\n" };
        (end..end, format!("-- {}: {value}{new_line}", key.as_str()))
    }

    /// The edit that puts SQL in the place of that of a section; blank lines around it stay.
    fn section(&self, span: &Range<usize>, sql: &str) -> (Range<usize>, String) {
        let old = &self.source.text[span.clone()];
        let start = span.start + (old.len() - old.trim_start().len());
        if start < span.end {
            return (start..span.start + old.trim_end().len(), sql.to_owned());
        }
        let before = if self.source.text[..span.start].ends_with('\n') { "" } else { "\n" };
        (span.start..span.start, format!("{before}{sql}\n"))
    }

    /// The whole line of a key of the head, with its end.
    fn line_of(&self, key: HeaderKey) -> Range<usize> {
        let span = self.place_of(key).span;
        let text = &self.source.text;
        let start = text[..span.start].rfind('\n').map_or(0, |before| before + 1);
        let end = text[span.end..].find('\n').map_or(text.len(), |after| span.end + after + 1);
        start..end
    }

    /// The bytes of its file.
    #[must_use]
    pub fn file_text(&self) -> String {
        format!("{}{}", if self.has_mark { "\u{feff}" } else { "" }, self.source.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-- revision: a\n-- parents: b, c\n-- message: x\n-- schema: sha256:OLD\n-- requires: sqlite 3.35\n\
                        -- a word of prose\n\n-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 2;\n";

    fn script(text: &str) -> Script {
        Script::read("a.sql", &text.replace("OLD", &"0".repeat(64))).unwrap()
    }

    #[test]
    fn what_is_not_named_stays_to_the_byte() {
        let id = |word: &str| RevisionId::new(word).unwrap();
        for text in [TEXT.to_owned(), format!("\u{feff}{}", TEXT.replace('\n', "\r\n"))] {
            let script = script(&text);
            let text = text.replace("OLD", &"0".repeat(64));
            let other = |rewrite: Rewrite<'_>| script.rewritten(&rewrite).unwrap().file_text();
            assert_eq!(other(Rewrite::default()), text);
            assert_eq!(other(Rewrite { parents: Some(&[]), ..Rewrite::default() }), text.replace("b, c", "none"));
            let parents = [id("d")];
            let new = format!("sha256:{}", "1".repeat(64));
            let rewrite = Rewrite { parents: Some(&parents), schema: Some(&new), ..Rewrite::default() };
            assert_eq!(other(rewrite), text.replace("b, c", "d").replace(&"0".repeat(64), &"1".repeat(64)));
            let sections = Rewrite { sections: Some(("SELECT 3;\n", "\nSELECT 4;", None)), ..Rewrite::default() };
            let new_line = if text.contains('\r') { "\r\n" } else { "\n" };
            let expected = text.replace(&format!("-- requires: sqlite 3.35{new_line}"), "");
            assert_eq!(other(sections), expected.replace("SELECT 1", "SELECT 3").replace("SELECT 2", "SELECT 4"));
        }
    }

    #[test]
    fn a_value_that_was_not_there_gets_a_line_and_an_empty_section_is_filled() {
        let script = script("-- revision: a\n-- parents: none\n\n-- migrate:up\n\n-- migrate:down\n");
        let new = format!("sha256:{}", "1".repeat(64));
        let version = "3.35".parse().unwrap();
        let rewrite = Rewrite {
            schema: Some(&new),
            sections: Some(("SELECT 1;", "SELECT 2;", Some(version))),
            ..Rewrite::default()
        };
        let other = script.rewritten(&rewrite).unwrap();
        assert_eq!(other.revision.schema.as_deref(), Some(new.as_str()));
        assert_eq!(other.revision.requires, Some(version));
        assert_eq!((other.up.sql().trim(), other.down.unwrap().sql().trim()), ("SELECT 1;", "SELECT 2;"));
    }
}
