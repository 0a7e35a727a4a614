//! Text that others wrote, made safe to show: what would move the cursor, or turn the line around, is escaped.

use std::borrow::Cow;

/// The text with control characters and marks of writing direction escaped, line ends included.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, is_unsafe)
}

/// The same, with line ends and tabs kept.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| is_unsafe(character) && !matches!(character, '\n' | '\t'))
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_escaped(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and the marks that reorder what stands beside them (<https://www.unicode.org/reports/tr9/>).
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_shown_as_it_is() {
        assert_eq!(visible("Größe 表 it's \"quoted\""), "Größe 表 it's \"quoted\"");
    }

    #[test]
    fn control_characters_and_marks_of_direction_are_escaped() {
        assert_eq!(visible("a\u{1b}[31mb\r\n\u{9b}\u{202e}c"), "a\\u{1b}[31mb\\r\\n\\u{9b}\\u{202e}c");
    }

    #[test]
    fn lines_stay_lines_where_they_may() {
        assert_eq!(visible_lines("a\n\tb\u{7}"), "a\n\tb\\u{7}");
    }
}
