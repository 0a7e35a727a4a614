//! The language of Graphviz (<https://graphviz.org/doc/info/lang.html>).

use std::fmt::Write as _;

use super::layout::type_text;
use super::text::xml;
use super::{Card, End, Kind, Picture, Reference};

/// The picture as a graph, for `dot -Tsvg`.
#[must_use]
pub fn write(picture: &Picture) -> String {
    let mut out = String::from(
        "digraph schema {\n  rankdir=RL\n  nodesep=0.4\n  ranksep=1\n  node [shape=plain fontname=\"Helvetica\" fontsize=11]\n  \
         edge [dir=both color=\"#64748b\"]\n",
    );
    for (number, card) in picture.cards.iter().enumerate() {
        push(&mut out, format_args!("  t{number} [label=<{}>]\n", label(card)));
    }
    for Reference { child, parent, is_many, is_optional, text } in &picture.references {
        let tail = if *is_many { "crow" } else { "tee" };
        let head = if *is_optional { "teeodot" } else { "teetee" };
        let (child, parent) = (port(*child), port(*parent));
        let tip = text.replace(char::is_control, " ").replace('\\', "\\\\").replace('"', "\\\"");
        push(&mut out, format_args!("  {child} -> {parent} [arrowtail={tail} arrowhead={head} tooltip=\"{tip}\"]\n"));
    }
    out.push_str("}\n");
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all that is written");
}

fn port(end: End) -> String {
    let entry = end.entry.map_or_else(|| "t".to_owned(), |entry| format!("c{entry}"));
    format!("t{}:{entry}", end.card)
}

/// A table of HTML, a row for each column.
fn label(card: &Card) -> String {
    let dashed = if card.kind == Kind::Elsewhere { " STYLE=\"DASHED\"" } else { "" };
    let mut out = format!(
        "<TABLE BORDER=\"0\" CELLBORDER=\"1\" CELLSPACING=\"0\" CELLPADDING=\"4\" COLOR=\"#94a3b8\"{dashed}><TR><TD PORT=\"t\" \
         BGCOLOR=\"#e2e8f0\"><B>{}</B></TD></TR>",
        xml(&card.name)
    );
    for (number, entry) in card.entries.iter().enumerate() {
        let name = if entry.is_primary { format!("<U>{}</U>", xml(&entry.name)) } else { xml(&entry.name) };
        push(
            &mut out,
            format_args!(
                "<TR><TD PORT=\"c{number}\" ALIGN=\"LEFT\">{name}  <FONT COLOR=\"#64748b\">{}</FONT></TD></TR>",
                xml(&type_text(entry))
            ),
        );
    }
    if card.hidden > 0 {
        push(&mut out, format_args!("<TR><TD ALIGN=\"LEFT\">and {} more</TD></TR>", card.hidden));
    }
    out.push_str("</TABLE>");
    out
}
