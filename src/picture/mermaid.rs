//! Mermaid, which GitHub and many editors draw in Markdown (<https://mermaid.js.org/syntax/entityRelationshipDiagram.html>).

use std::fmt::Write as _;

use super::{Entry, Picture, Reference};

/// The picture as an entity relationship diagram.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let mut out = String::from("erDiagram\n");
    for card in &picture.cards {
        let name = quoted(&card.name);
        if card.entries.is_empty() {
            push(&mut out, format_args!("  {name}\n"));
            continue;
        }
        push(&mut out, format_args!("  {name} {{\n"));
        for entry in &card.entries {
            push(&mut out, format_args!("    {}\n", attribute(entry)));
        }
        out.push_str("  }\n");
    }
    for Reference { child, parent, is_many, is_optional, .. } in &picture.references {
        let one = if *is_optional { "|o" } else { "||" };
        let many = if *is_many { "o{" } else { "o|" };
        let (from, to) = (&picture.cards[child.card], &picture.cards[parent.card]);
        let label = child.entry.map_or("refers to", |entry| &from.entries[entry].name);
        let (to, from, label) = (quoted(&to.name), quoted(&from.name), quoted(label));
        push(&mut out, format_args!("  {to} {one}--{many} {from} : {label}\n"));
    }
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all that is written");
}

/// `TEXT email UK "may be NULL"`: a type and a name are words there, so that one which is none stands in the comment.
fn attribute(entry: &Entry) -> String {
    let type_name = word(&entry.type_name, "any");
    let name = word(&entry.name, "column");
    let keys: Vec<&str> =
        [(entry.is_primary, "PK"), (entry.is_foreign, "FK"), (entry.is_unique && !entry.is_primary, "UK")]
            .into_iter()
            .filter_map(|(is_it, key)| is_it.then_some(key))
            .collect();
    let mut notes = Vec::new();
    if name != entry.name {
        notes.push(entry.name.clone());
    }
    if type_name != entry.type_name && !entry.type_name.is_empty() {
        notes.push(entry.type_name.clone());
    }
    if entry.is_nullable {
        notes.push("may be NULL".to_owned());
    }
    let mut text = format!("{type_name} {name}");
    if !keys.is_empty() {
        push(&mut text, format_args!(" {}", keys.join(", ")));
    }
    if !notes.is_empty() {
        push(&mut text, format_args!(" {}", quoted(&notes.join(", "))));
    }
    text
}

/// A text as a word of Mermaid: letters, digits, `_`, and `(`, `)` within.
fn word(text: &str, empty: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '(' | ')');
    let word: String = text.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    match word.chars().next() {
        None => empty.to_owned(),
        Some(first) if first.is_ascii_alphabetic() || first == '_' => word,
        Some(_) => format!("_{word}"),
    }
}

/// A text in quotes, without what Mermaid does not take between them.
fn quoted(text: &str) -> String {
    let is_refused = |character: char| character.is_control() || matches!(character, '"' | '%' | '\\');
    let text: String = text.chars().map(|character| if is_refused(character) { '_' } else { character }).collect();
    format!("\"{}\"", if text.is_empty() { "_" } else { &text })
}
