//! Diagnostics as text with the place underlined, and as JSON.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};
use serde_json::{Value, json};

use super::style::Meaning;
use super::visible::visible_lines;
use crate::report::{Diagnostic, Place};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It did not happen.
    Error,
    /// It happened, and is worth a look.
    Warning,
}

/// The diagnostic as coloured lines without a line end after the last, for a terminal of that width.
#[must_use]
pub fn text(severity: Severity, diagnostic: &Diagnostic, width: Option<usize>) -> String {
    render(severity, diagnostic, None, width)
}

/// The same with its code, for codes that people look up: `warning[SC101]: …`.
#[must_use]
pub fn coded(severity: Severity, diagnostic: &Diagnostic, width: Option<usize>) -> String {
    render(severity, diagnostic, Some(diagnostic.code), width)
}

fn render(severity: Severity, diagnostic: &Diagnostic, code: Option<&str>, width: Option<usize>) -> String {
    match &diagnostic.place {
        Some(place) => underlined(severity, diagnostic, code, place, width),
        None => short(severity, diagnostic, code),
    }
}

/// The message with its facts below, a line each.
fn short(severity: Severity, diagnostic: &Diagnostic, code: Option<&str>) -> String {
    let code = code.map(|code| format!("[{code}]")).unwrap_or_default();
    let title = match severity {
        Severity::Error => Meaning::Error.paint(format!("error{code}")),
        Severity::Warning => Meaning::Warning.paint(format!("warning{code}")),
    };
    let bold = Meaning::Heading.style();
    let mut text = format!("{title}{bold}: {}{bold:#}", visible_lines(&diagnostic.message));
    for note in &diagnostic.notes {
        text += &fact(Meaning::Heading, "note", note);
    }
    if let Some(help) = &diagnostic.help {
        text += &fact(Meaning::Help, "help", help);
    }
    text
}

/// A line that is indented under the message, and so are the lines that follow it.
fn fact(meaning: Meaning, title: &str, words: &str) -> String {
    format!("\n  {}: {}", meaning.paint(title), visible_lines(words).replace('\n', "\n        "))
}

fn underlined(
    severity: Severity,
    diagnostic: &Diagnostic,
    code: Option<&str>,
    place: &Place,
    width: Option<usize>,
) -> String {
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(visible_lines(&diagnostic.message));
    let title = match code {
        Some(code) => title.id(code),
        None => title,
    };
    let notes = diagnostic.notes.iter().map(|note| Level::NOTE.message(visible_lines(note)));
    let help = diagnostic.help.iter().map(|help| Level::HELP.message(visible_lines(help)));
    let group = title.element(snippet(place, &diagnostic.label)).elements(notes).elements(help);
    renderer(width).render(&[group])
}

fn snippet<'a>(place: &'a Place, label: &'a str) -> Snippet<'a, Annotation<'a>> {
    let text = &place.source.text;
    let start = floor_char_boundary(text, place.span.start);
    let end = floor_char_boundary(text, place.span.end).max(start);
    let mut annotation = AnnotationKind::Primary.span(start..end);
    if !label.is_empty() {
        annotation = annotation.label(visible_lines(label));
    }
    Snippet::source(text.as_str()).path(visible_lines(&place.source.path)).annotation(annotation)
}

/// The last place at or before `index` where a character begins.
fn floor_char_boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|index| text.is_char_boundary(*index)).unwrap_or_default()
}

fn renderer(width: Option<usize>) -> Renderer {
    let renderer = Renderer::styled()
        .decor_style(DecorStyle::Ascii)
        .error(Meaning::Error.style())
        .warning(Meaning::Warning.style())
        .note(Meaning::Heading.style())
        .help(Meaning::Help.style())
        .line_num(Meaning::Dim.style())
        .emphasis(Meaning::Heading.style());
    match width {
        Some(width) => renderer.term_width(width),
        None => renderer,
    }
}

/// The document that programs get in place of an answer: the first diagnostic, and all of them where there are more.
#[must_use]
pub fn json(diagnostics: &[Diagnostic]) -> Value {
    let mut all: Vec<Value> = diagnostics.iter().map(one).collect();
    let mut document = json!({ "version": 1, "error": all.first() });
    if all.len() > 1 {
        document["errors"] = Value::Array(std::mem::take(&mut all));
    }
    document
}

fn one(diagnostic: &Diagnostic) -> Value {
    let at = diagnostic.place.as_ref().map(|place| {
        let (line, column) = place.line_and_column();
        json!({ "file": place.source.path, "line": line, "column": column })
    });
    json!({
        "code": diagnostic.code,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "at": at,
        "notes": diagnostic.notes,
    })
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::Arc;

    use super::*;
    use crate::report::Source;

    fn place(text: &str, span: Range<usize>) -> Place {
        Place::new(&Arc::new(Source { path: "migrations.toml".to_owned(), text: text.to_owned() }), span)
    }

    fn plain(diagnostic: &Diagnostic) -> String {
        anstream::adapter::strip_str(&text(Severity::Error, diagnostic, None)).to_string()
    }

    #[test]
    fn a_place_is_underlined_and_followed_by_notes_and_help() {
        let diagnostic = Diagnostic::new("unknown_key", "unknown key `tabels`")
            .at(place("[schemactl]\n\n[tabels.user]\nx = 1\n", 14..20))
            .label("expected one of the keys of a model")
            .note("keys are lowercase")
            .help("did you mean `tables`?");
        assert_eq!(
            plain(&diagnostic),
            "\
error: unknown key `tabels`
 --> migrations.toml:3:2
  |
3 | [tabels.user]
  |  ^^^^^^ expected one of the keys of a model
  |
  = note: keys are lowercase
  = help: did you mean `tables`?"
        );
    }

    #[test]
    fn a_diagnostic_without_a_place_is_short() {
        let diagnostic =
            Diagnostic::new("locked", "the database is locked").note("for 30 s\nby another").help("try again");
        let expected = "error: the database is locked\n  note: for 30 s\n        by another\n  help: try again";
        assert_eq!(plain(&diagnostic), expected);
        let warning = text(Severity::Warning, &diagnostic, None);
        assert!(anstream::adapter::strip_str(&warning).to_string().starts_with("warning: the database is locked\n"));
    }

    #[test]
    fn any_span_can_be_shown() {
        for (text, span) in [("", 0..0), ("a = 1", 5..5), ("a = 'ü'\r\nb", 6..7), ("a\n", 2..9), ("表\n", 1..2)] {
            let shown = plain(&Diagnostic::new("x", "wrong").at(place(text, span.clone())));
            assert!(shown.contains("migrations.toml:"), "{text:?} {span:?}: {shown}");
        }
    }

    #[test]
    fn control_characters_are_not_passed_on() {
        let diagnostic = Diagnostic::new("x", "no table `a\u{1b}[2Jb`").help("rename `\u{7}`");
        let shown = text(Severity::Error, &diagnostic, None);
        assert!(!shown.contains("\u{1b}[2J") && !shown.contains('\u{7}'), "{shown:?}");
    }

    #[test]
    fn programs_get_the_first_diagnostic_and_all_of_them() {
        let first = Diagnostic::new("a", "one").at(place("x\ny = 1", 2..3)).help("do this");
        let one = json(std::slice::from_ref(&first));
        assert_eq!(
            one.to_string(),
            r#"{"version":1,"error":{"code":"a","message":"one","help":"do this","at":{"file":"migrations.toml","line":2,"column":1},"notes":[]}}"#
        );
        let two = json(&[first, Diagnostic::new("b", "two")]);
        assert_eq!(two["error"]["code"], "a");
        assert_eq!(two["errors"].as_array().unwrap().len(), 2);
        assert_eq!(two["errors"][1]["at"], Value::Null);
    }
}
