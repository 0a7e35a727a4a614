//! One page of HTML around the picture: to be opened anywhere, with nothing beside it and no network.

use super::text::xml;
use super::{Picture, svg};
use crate::report::count;

const PAGE: &str = include_str!("page.html");

/// The picture as a page with this title.
#[must_use]
pub fn write(picture: &Picture, title: &str) -> String {
    let counts = format!("{}, {}", count(picture.cards.len(), "table"), count(picture.references.len(), "foreign key"));
    let fill = |place| match place {
        "title" => xml(title),
        "counts" => counts.clone(),
        _ => svg::element(picture),
    };
    // Every second piece is the name of a place to fill; what is filled in is not looked at again.
    let pieces = PAGE.split('§').enumerate();
    pieces.map(|(number, piece)| if number % 2 == 0 { piece.to_owned() } else { fill(piece) }).collect()
}
