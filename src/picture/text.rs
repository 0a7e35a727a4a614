//! The words of a picture, and what they need to stand in the languages that pictures are written in.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

use crate::schema::{Action, ForeignKey, Name};

/// A foreign key in one line: `task.team_id → team.id, ON DELETE CASCADE`.
pub(super) fn reference(table: &Name, key: &ForeignKey, parent_columns: &[Name]) -> String {
    let mut text = format!("{} → {}", columns_of(table, &key.columns), columns_of(&key.parent, parent_columns));
    for (when, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if action != Action::NoAction {
            write!(text, ", ON {when} {}", action.keywords()).expect("a String takes all that is written");
        }
    }
    text
}

fn columns_of(table: &Name, columns: &[Name]) -> String {
    match columns {
        [] => table.to_string(),
        [one] => format!("{table}.{one}"),
        several => format!("{table}({})", several.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")),
    }
}

/// The text for XML: what is markup there is escaped, control characters are shown as `·`.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(' '),
            // XML 1.0 has no way to say these, not even escaped (https://www.w3.org/TR/xml/#charsets).
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => escaped.push('·'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The text cut to a number of columns, with `…` in place of what is cut off.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    let width = |character: char| character.width().unwrap_or(1);
    if text.chars().map(width).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut room = columns.saturating_sub(1);
    let fits = |character: &char| room.checked_sub(width(*character)).map(|left| room = left).is_some();
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_what_xml_cannot_say_is_replaced() {
        assert_eq!(xml("a<b>&\"c\"\u{1}\n"), "a&lt;b&gt;&amp;&quot;c&quot;· ");
    }

    #[test]
    fn long_text_is_cut_by_what_is_seen() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("表表表", 4), "表…");
    }
}
