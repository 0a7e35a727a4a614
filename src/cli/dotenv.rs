//! `.env` files: `NAME=value` lines, with comments and quotes as shells know them. Nothing is expanded.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::report::{Class, Diagnostic, Place, Report, Source};

/// Lines that are none of `NAME=value`, `export NAME=value`, a comment and nothing.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read", crate::report::count(self.0.len(), "line"))]
pub struct BadLines(Vec<Diagnostic>);

impl Report for BadLines {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        self.0.clone()
    }
}

/// A variable of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its value.
    pub value: String,
    /// The line that sets it, the first being 1.
    pub line: usize,
}

/// Reads the variables of a file; of two with the same name the later counts.
///
/// # Errors
/// All lines that say nothing that is understood.
pub fn read(source: &Arc<Source>) -> Result<IndexMap<String, Variable>, BadLines> {
    let mut variables = IndexMap::new();
    let mut bad = Vec::new();
    let mut start = 0;
    for (line, number) in source.text.split_inclusive('\n').zip(1..) {
        let begun = line.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
        let said = begun.trim_end();
        if !said.is_empty() && !said.starts_with('#') {
            match variable(said) {
                Ok((name, value)) => drop(variables.insert(name, Variable { value, line: number })),
                Err(message) => {
                    let from = start + line.len() - begun.len();
                    let place = Place::new(source, from..from + said.len());
                    bad.push(Diagnostic::new("bad_variables_file", message).at(place).help("write `NAME=value`"));
                }
            }
        }
        start += line.len();
    }
    if bad.is_empty() { Ok(variables) } else { Err(BadLines(bad)) }
}

fn variable(line: &str) -> Result<(String, String), String> {
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=').ok_or("expected `=` after the name of a variable")?;
    let name = name.trim_end();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("`{name}` is no name of a variable"));
    }
    Ok((name.to_owned(), self::value(value.trim_start())?))
}

/// The value as it is meant: between quotes, or up to a comment.
fn value(text: &str) -> Result<String, String> {
    let (value, rest) = match text.chars().next() {
        Some('\'') => {
            let (value, rest) = text[1..].split_once('\'').ok_or("expected a closing `'`")?;
            (value.to_owned(), rest)
        }
        Some('"') => double_quoted(&text[1..])?,
        _ => {
            let end = text.find(" #").or_else(|| text.starts_with('#').then_some(0)).unwrap_or(text.len());
            (text[..end].trim_end().to_owned(), "")
        }
    };
    match rest.trim_start() {
        rest if rest.is_empty() || rest.starts_with('#') => Ok(value),
        rest => Err(format!("found `{rest}` after the closing quote")),
    }
}

/// The text up to the closing quote, its escapes resolved, and what follows the quote.
fn double_quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Ok((value, characters.as_str())),
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(escaped @ ('"' | '\\' | '$')) => value.push(escaped),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("expected a closing `\"`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source { path: ".env".to_owned(), text: text.to_owned() })
    }

    #[test]
    fn values_are_read_as_they_are_meant() {
        let text = "\u{feff}# comment\r\n\r\nPLAIN = a b # comment\r\nexport URL=http://x/#y\nSINGLE='a # \"b\" \\n' # c\n\
                    DOUBLE=\"a\\n\\\"b\\\" \\$x\"\nEMPTY=\nNOTHING= # comment\nPLAIN=later";
        let read = read(&source(text)).unwrap();
        let value = |name: &str| read[name].value.as_str();
        assert_eq!(value("PLAIN"), "later");
        assert_eq!(value("URL"), "http://x/#y");
        assert_eq!(value("SINGLE"), "a # \"b\" \\n");
        assert_eq!(value("DOUBLE"), "a\n\"b\" $x");
        assert_eq!(value("EMPTY"), "");
        assert_eq!(value("NOTHING"), "");
        assert_eq!((read["PLAIN"].line, read["URL"].line), (9, 4));
    }

    #[test]
    fn all_bad_lines_are_told_with_their_places() {
        let text = "OK=1\n  only a name\n1X=2\nQ='open\nR=\"a\" b\n=x\n";
        let diagnostics = read(&source(text)).unwrap_err().diagnostics();
        let told: Vec<_> = diagnostics
            .iter()
            .map(|told| (told.place.as_ref().unwrap().line_and_column(), told.message.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ((2, 3), "expected `=` after the name of a variable"),
                ((3, 1), "`1X` is no name of a variable"),
                ((4, 1), "expected a closing `'`"),
                ((5, 1), "found `b` after the closing quote"),
                ((6, 1), "`` is no name of a variable"),
            ]
        );
    }
}
