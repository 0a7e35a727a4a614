//! One page of HTML around the picture: to be opened anywhere, with nothing beside it and no network.

use super::text::xml;
use super::{Picture, svg};
use crate::report::count;

const PAGE: &str = include_str!("page.html");

/// The picture as a page with this title.
#[must_use]
pub fn write(picture: &Picture, title: &str) -> String {
    let counts = format!("{}, {}", count(picture.cards.len(), "table"), count(picture.references.len(), "foreign key"));
    // The picture goes in last: nothing that stands in it is taken for a place to fill.
    PAGE.replacen("{title}", &xml(title), 2).replacen("{counts}", &counts, 1).replacen(
        "{picture}",
        &svg::element(picture),
        1,
    )
}
