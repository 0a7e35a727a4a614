//! The page as one file of HTML, with the picture in it: nothing else is needed to read it.

use super::markdown::anchor;
use super::{Block, Span};
use crate::picture::{svg, xml};
use crate::schema::Name;

const HEAD: &str = include_str!("head.html");

/// Writes a page.
#[must_use]
pub fn write(page: &[Block]) -> String {
    let title = page.iter().find_map(|block| match block {
        Block::Heading { level: 1, text, .. } => Some(xml(text)),
        _ => None,
    });
    let title = element("title", &title.unwrap_or_default());
    let contents: String = page.iter().filter_map(entry).collect();
    let blocks: String = page.iter().map(block).collect();
    let body = element("nav", &contents) + &element("main", &blocks);
    format!("<!doctype html>\n<html lang=\"en\">\n{title}{HEAD}{body}</html>\n")
}

/// A heading in the list of contents.
fn entry(block: &Block) -> Option<String> {
    match block {
        Block::Heading { object: Some(name), .. } => Some(link(name) + "\n"),
        Block::Heading { level: 2, text, .. } => Some(element("b", &xml(text))),
        _ => None,
    }
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading { level, text, object } => {
            let id = object.as_ref().map_or_else(String::new, |name| format!(" id=\"{}\"", anchor(name)));
            format!("<h{level}{id}>{}</h{level}>\n", xml(text))
        }
        Block::Paragraph(spans) => element("p", &line(spans)),
        Block::List(items) => element("ul", &items.iter().map(|item| element("li", &line(item))).collect::<String>()),
        Block::Table { head, rows } => {
            let head: String = head.iter().map(|heading| element("th", heading)).collect();
            let row = |row: &Vec<Vec<Span>>| row.iter().map(|cell| element("td", &line(cell))).collect::<String>();
            let rows: String = rows.iter().map(|cells| element("tr", &row(cells))).collect();
            element("table", &(element("tr", &head) + &rows))
        }
        Block::Sql(statement) => {
            let lines: Vec<String> = statement.lines().map(xml).collect();
            format!("<pre><code>{}</code></pre>\n", lines.join("\n"))
        }
        Block::Picture(picture) => format!("<div class=\"picture\">\n{}</div>\n", svg::element(picture)),
    }
}

fn line(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text) => xml(text),
            Span::Code(text) => ["<code>", &xml(text), "</code>"].concat(),
            Span::Link(name) => link(name),
        })
        .collect()
}

fn link(name: &Name) -> String {
    format!("<a href=\"#{}\">{}</a>", anchor(name), xml(name.as_str()))
}

fn element(tag: &str, content: &str) -> String {
    format!("<{tag}>{content}</{tag}>\n")
}
