//! Where everything of a picture stands: cards in columns, parents left of their children, lines in the gaps between.
//!
//! The steps are those of Sugiyama's layered drawing, a file each: [`layers`] gives each card its column, [`order`] its
//! place in the column so that few lines cross, [`place`] its height so that lines run straight, [`lanes`] keeps the
//! lines of a gap apart, and [`pack`] sets tables side by side that nothing connects. All lines to the same key of a
//! table run together, so that a table that everything refers to has one trunk and not fifty lines.

mod lanes;
mod layers;
mod nets;
mod order;
mod pack;
mod part;
mod place;

use unicode_width::UnicodeWidthStr;

use super::text::cut;
use super::{Card, End, Entry, Kind, Picture};

/// The width of a character of a column's name or type, in pixels; the fonts of the picture all have about this one.
pub const CHARACTER: f64 = 7.25;
/// The width of a character of a title.
pub const TITLE_CHARACTER: f64 = 7.9;
/// The height of a title.
pub const TITLE: f64 = 28.0;
/// The height of a column.
pub const ENTRY: f64 = 20.0;
/// What is left free beside and below text.
pub const PADDING: f64 = 10.0;
/// The room for `PK FK`.
pub const MARKS: f64 = 34.0;
/// The longest name or type that is shown whole, in characters.
pub const LONGEST: usize = 42;

/// A place, in pixels from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// The place of a card.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Its upper left corner.
    pub corner: Point,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// Where all parts of a picture stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The width of the whole.
    pub width: f64,
    /// The height of the whole.
    pub height: f64,
    /// The cards, in the order of the picture.
    pub cards: Vec<Area>,
    /// The lines from child to parent, in the order of the picture's references; each piece runs across or down.
    pub lines: Vec<Vec<Point>>,
}

impl Layout {
    /// The layout of a picture.
    #[must_use]
    pub fn of(picture: &Picture) -> Layout {
        let sizes: Vec<(f64, f64)> = picture.cards.iter().map(size).collect();
        let (parts, alone) = part::parts(picture, &sizes);
        let mut blocks: Vec<pack::Block> = parts.iter().map(part::Part::draw).collect();
        let width = pack::width(&blocks, &alone, &sizes);
        blocks.extend(pack::grid(&alone, &sizes, width));
        pack::pack(&blocks, width, picture)
    }
}

/// The middle of the line that an end points at, from the top of its card.
fn offset(end: End) -> f64 {
    end.entry.map_or(TITLE / 2.0, |entry| TITLE + ENTRY * (number(entry) + 0.5))
}

/// A count as a length.
pub(super) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The width and the height of a card.
fn size(card: &Card) -> (f64, f64) {
    let title = number(cut(&card.name, LONGEST).width()) * TITLE_CHARACTER + number(note(card).width()) * CHARACTER;
    let widest = card.entries.iter().map(entry_width).fold(title + PADDING * 2.0, f64::max);
    let lines = card.entries.len() + usize::from(card.hidden > 0);
    let below = if lines == 0 { 0.0 } else { PADDING / 2.0 };
    (widest.max(90.0).round(), TITLE + ENTRY * number(lines) + below)
}

/// What stands beside the title.
#[must_use]
pub fn note(card: &Card) -> String {
    match &card.kind {
        Kind::Virtual(module) => format!("  {}", cut(module, LONGEST)),
        Kind::Table | Kind::Elsewhere => String::new(),
    }
}

/// What stands at the right of a column: its type, and `?` if it may be NULL.
#[must_use]
pub fn type_text(entry: &Entry) -> String {
    let mark = if entry.is_nullable { "?" } else { "" };
    format!("{}{mark}", cut(&entry.type_name, LONGEST))
}

fn entry_width(entry: &Entry) -> f64 {
    let characters = cut(&entry.name, LONGEST).width() + type_text(entry).width() + 2;
    PADDING * 2.0 + MARKS + number(characters) * CHARACTER
}

#[cfg(test)]
mod tests;
