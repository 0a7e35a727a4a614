//! TOML text: strings and keys that need no escapes where that is possible, lists, inline tables; and the way back,
//! where in a string's TOML a part of what it says stands.

use std::fmt::Write;
use std::ops::Range;

/// A text as a TOML string, over several lines if it has several.
pub(super) fn write(text: &str) -> String {
    let plain = |line: &str| !line.chars().any(is_control);
    let basic = plain(text) && !text.contains(['"', '\\']);
    let literal = plain(text) && !text.contains('\'');
    if basic {
        return format!("\"{text}\"");
    }
    if literal {
        return format!("'{text}'");
    }
    let lines = text.split('\n').all(plain);
    let newline = if text.contains('\n') { "\n" } else { "" };
    if lines && !text.contains('\\') && !text.contains("\"\"\"") && !text.ends_with('"') {
        return format!("\"\"\"{newline}{text}\"\"\"");
    }
    if lines && !text.contains("'''") && !text.ends_with('\'') {
        return format!("'''{newline}{text}'''");
    }
    let quotes = if newline.is_empty() { "\"" } else { "\"\"\"" };
    format!("{quotes}{newline}{}{quotes}", escaped(text, newline == "\n"))
}

/// A text as a TOML key: bare where TOML allows.
pub(super) fn write_key(text: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !text.is_empty() && text.bytes().all(bare) {
        text.to_owned()
    } else if !text.contains(['"', '\\']) && !text.chars().any(is_control) {
        format!("\"{text}\"")
    } else if !text.contains('\'') && !text.chars().any(is_control) {
        format!("'{text}'")
    } else {
        format!("\"{}\"", escaped(text, false))
    }
}

/// Keys and values, already written, as an inline table.
pub(super) fn inline(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", fields.join(", "))
}

/// Values, already written, as a list on one line.
pub(super) fn array(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

/// Values, already written, as a list: an item a line where one line would be long.
pub(super) fn array_by_lines(items: &[String]) -> String {
    const LONG: usize = 90;
    let line = array(items);
    if items.len() < 2 || line.len() <= LONG && !line.contains('\n') {
        return line;
    }
    format!("[\n    {},\n]", items.join(",\n    "))
}

/// Whether a character cannot stand in a TOML string as itself; a tab can.
fn is_control(c: char) -> bool {
    c != '\t' && c.is_ascii_control()
}

/// The inside of a basic string; line ends stay where it has several lines.
fn escaped(text: &str, keep_lines: bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' if keep_lines => out.push('\n'),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if is_control(c) => write!(out, "\\u{:04X}", u32::from(c)).expect("a String takes all that is written"),
            c => out.push(c),
        }
    }
    out
}

/// Where a part of a string's text stands in its TOML, as bytes from the opening quote; `None` if that cannot be told.
pub(super) fn locate(raw: &str, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    // A whole file is its own text; comparing it for each of its parts would take long.
    if std::ptr::eq(raw, text) || raw == text {
        return Some(part.clone());
    }
    let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let many = raw.starts_with(&quote.to_string().repeat(3)) && raw.len() >= 6;
    let mut start = if many { 3 } else { 1 };
    let end = raw.len() - start;
    if many {
        start += ["\r\n", "\n"].iter().find(|line| raw[start..end].starts_with(**line)).map_or(0, |line| line.len());
    }
    let inner = raw.get(start..end)?;
    if inner == text {
        return Some(start + part.start..start + part.end);
    }
    if quote == '\'' {
        return None;
    }
    let places = unescaped_places(inner, text)?;
    Some(start + places.get(part.start)?..start + places.get(part.end)?)
}

/// For each byte of a basic string's text, and for its end, the byte of the raw string that says it.
fn unescaped_places(raw: &str, text: &str) -> Option<Vec<usize>> {
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut said = text.chars();
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        let mut length = rest.chars().next()?.len_utf8();
        if let Some(escape) = rest.strip_prefix('\\') {
            length = match escape.chars().next()? {
                'u' => 6,
                'U' => 10,
                'x' => 4,
                c if c.is_ascii_whitespace() => {
                    at += 1 + (escape.len() - escape.trim_start().len());
                    continue;
                }
                _ => 2,
            };
        } else if rest.starts_with("\r\n") && !said.as_str().starts_with('\r') {
            length = 2;
        }
        places.extend(std::iter::repeat_n(at, said.next()?.len_utf8()));
        at += length;
    }
    places.push(raw.len());
    said.as_str().is_empty().then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::de::{DeTable, DeValue};

    const TEXTS: [&str; 16] = [
        "",
        "plain",
        "it's",
        "say \"hi\"",
        "it's \"both\"",
        "back\\slash 'q'",
        "two\nlines",
        "two\nlines 'and' \"quotes\" \\ end'",
        "ends with \"\nquote\"",
        "\nbegins with a line end",
        "cr\r\nlf",
        "bell \u{7} tab\t",
        "'''\n\"\"\"\\",
        "'",
        "\"'",
        "é 表 𝄞 \u{7f}",
    ];

    #[test]
    fn what_is_written_is_read_back() {
        for text in TEXTS {
            let toml = format!("{} = {}\n", write_key(text), write(text));
            let (table, errors) = DeTable::parse_recoverable(&toml);
            assert!(errors.is_empty(), "{toml}\n{errors:?}");
            let (key, value) = table.get_ref().iter().next().expect("one key");
            assert_eq!((key.get_ref().as_ref(), value.get_ref().as_str()), (text, Some(text)), "{toml}");
        }
    }

    #[test]
    fn each_character_is_found_in_the_toml_that_says_it() {
        let locate_in = |toml: &str, what: &str| {
            let (table, _) = DeTable::parse_recoverable(toml);
            let value = &table.get_ref()["k"];
            let DeValue::String(text) = value.get_ref() else { panic!("a string") };
            let start = text.find(what).expect("what is looked for");
            let raw = &toml[value.span()];
            locate(raw, text, &(start..start + what.len())).map(|found| raw[found].to_owned())
        };
        for (toml, what, said_as) in [
            ("k = \"SELECT oops\"", "oops", "oops"),
            ("k = 'SELECT oops'", "oops", "oops"),
            ("k = '''\nSELECT\r\n oops'''", "oops", "oops"),
            ("k = \"\"\"\nSELECT \\\n   é\\u0041 \\\"oops\\\" x\"\"\"", "oops", "oops"),
            ("k = \"a \\\"b\\\" c\"", "\"b\"", "\\\"b\\\""),
            ("k = \"\\x41b\\U00000043\"", "C", "\\U00000043"),
        ] {
            assert_eq!(locate_in(toml, what).as_deref(), Some(said_as), "{toml}");
        }
    }
}
