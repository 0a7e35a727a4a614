//! goose: `migrations/20261122193712_added_user_table.sql` with both directions below annotations. It cuts a script into
//! statements by its lines and may run each on another connection, so that a direction is one statement to it.

use super::{Error, File, Half, Piece, Tool, Way};

pub(super) fn files(piece: &Piece<'_>) -> Result<Vec<File>, Error> {
    Error::refuse_marks(piece, Tool::Goose, is_annotation)?;
    let down = piece.way_down();
    // Said for both directions together.
    let is_outside = [&piece.up, &down].iter().any(|half| half.way != Way::Within);
    let section = |direction: &str, half: &Half| {
        let text = if is_outside { half.standing_alone() } else { half.text() };
        format!("\n-- +goose {direction}\n-- +goose StatementBegin\n{text}-- +goose StatementEnd\n")
    };
    let mark = if is_outside { "-- +goose NO TRANSACTION\n" } else { "" };
    let text = format!("{mark}{}{}{}", piece.head(), section("Up", &piece.up), section("Down", &down));
    Ok(vec![File { path: format!("{}.sql", piece.name()), text }])
}

/// A line that goose knows for an annotation wherever it stands, also inside of a text.
fn is_annotation(line: &str) -> bool {
    line.strip_prefix("--").is_some_and(|rest| rest.trim_start().to_ascii_lowercase().starts_with("+goose"))
}
