//! Revisions as a drawn graph: a line of text each, lines between them on the left.

use renderdag::{Ancestor, GraphRowRenderer, Renderer};

use super::variables;
use crate::revision::{RevisionId, Row};

/// The characters that lines are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Characters {
    /// Those for drawing boxes.
    Boxes,
    /// Those of ASCII, for what shows no others.
    Ascii,
}

impl Characters {
    /// Those that the locale of the process can show, by `LC_ALL`, `LC_CTYPE` or `LANG`, the first that is set.
    #[must_use]
    pub fn of_process() -> Characters {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variables::process);
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { Characters::Boxes } else { Characters::Ascii }
    }
}

/// Whether there is more to see than one line without a fork.
#[must_use]
pub fn is_worth_drawing(rows: &[Row<'_>]) -> bool {
    rows.windows(2).any(|pair| match (&pair[0].below[..], &pair[1]) {
        ([one], next) => one.revision.id != next.revision.id,
        ([], _) => false,
        _ => true,
    })
}

/// The picture; `text` says what stands beside a revision, on one line or on several.
#[must_use]
pub fn draw(rows: &[Row<'_>], characters: Characters, text: impl Fn(&Row<'_>) -> String) -> String {
    let rows_of = GraphRowRenderer::<&RevisionId>::new().output().with_min_row_height(1);
    let mut drawing: Box<dyn Renderer<&RevisionId, Output = String>> = match characters {
        Characters::Boxes => Box::new(rows_of.build_box_drawing()),
        Characters::Ascii => Box::new(rows_of.build_ascii()),
    };
    let glyph = if characters == Characters::Boxes { "○" } else { "o" };
    let mut picture = String::new();
    for row in rows {
        let below = row.below.iter().map(|below| {
            let id = &below.revision.id;
            if below.is_parent { Ancestor::Parent(id) } else { Ancestor::Ancestor(id) }
        });
        let drawn = drawing.next_row(&row.revision.id, below.collect(), glyph.to_owned(), text(row));
        for line in drawn.lines() {
            picture.push_str(line.trim_end());
            picture.push('\n');
        }
    }
    picture.truncate(picture.trim_end().len());
    picture
}
