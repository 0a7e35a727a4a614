//! The page as Markdown, as GitHub reads it (<https://github.github.com/gfm/>); the picture is a Mermaid block.

use std::fmt::Write as _;

use super::{Block, Span};
use crate::picture::mermaid;
use crate::schema::Name;

/// Writes a page.
#[must_use]
pub fn write(page: &[Block]) -> String {
    let blocks: Vec<String> = page.iter().map(block).collect();
    blocks.join("\n\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading { level, text, object } => {
            let sign = "#".repeat(usize::from(*level));
            let anchor =
                object.as_ref().map_or_else(String::new, |name| format!("<a id=\"{}\"></a>\n\n", anchor(name)));
            format!("{anchor}{sign} {}", escaped(text))
        }
        Block::Paragraph(spans) => line(spans, false),
        Block::List(items) => {
            let items: Vec<String> = items.iter().map(|item| format!("- {}", line(item, false))).collect();
            items.join("\n")
        }
        Block::Table { head, rows } => {
            let mut lines = vec![format!("| {} |", head.join(" | ")), format!("|{}", " --- |".repeat(head.len()))];
            lines.extend(rows.iter().map(|row| {
                let cells: Vec<String> = row.iter().map(|cell| line(cell, true)).collect();
                format!("| {} |", cells.join(" | "))
            }));
            lines.join("\n")
        }
        Block::Sql(statement) => fenced("sql", statement),
        Block::Picture(picture) => fenced("mermaid", mermaid::write(picture).trim_end()),
    }
}

/// A block between fences that are longer than any run of backticks within.
fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

fn line(spans: &[Span], in_table: bool) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text) => escaped(text),
            // GitHub splits the cells of a table before it reads code, and takes `\|` as a bar there.
            Span::Code(text) if in_table => code(text).replace('|', "\\|"),
            Span::Code(text) => code(text),
            Span::Link(name) => format!("[{}](#{})", escaped(name.as_str()), anchor(name)),
        })
        .collect()
}

fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    if text.is_empty() { String::new() } else { format!("{fence}{space}{text}{space}{fence}") }
}

/// Words whose signs mean nothing to Markdown.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' => escaped.extend(['\\', character]),
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// What links to an object lead to: letters and digits of its name, all else by number, so that no two are the same.
pub(super) fn anchor(name: &Name) -> String {
    let mut anchor = String::from("t-");
    for character in name.folded().chars() {
        if character.is_alphanumeric() {
            anchor.push(character);
        } else {
            write!(anchor, "-{:x}-", u32::from(character)).expect("a String takes all that is written");
        }
    }
    anchor
}
