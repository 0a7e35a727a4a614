//! dbmate: `db/migrations/20261122193712_added_user_table.sql` with both directions below marks; the option
//! `transaction:false` of a mark leaves its section outside a transaction.

use super::{Error, File, Half, Piece, Tool, Way};

pub(super) fn files(piece: &Piece<'_>) -> Result<Vec<File>, Error> {
    Error::refuse_marks(piece, Tool::Dbmate, is_mark)?;
    let section = |direction: &str, half: &Half| {
        let option = if half.way == Way::Within { "" } else { " transaction:false" };
        format!("\n-- migrate:{direction}{option}\n{}", half.text())
    };
    let (up, down) = (section("up", &piece.up), section("down", &piece.way_down()));
    Ok(vec![File { path: format!("{}.sql", piece.name()), text: format!("{}{up}{down}", piece.head()) }])
}

/// A line that dbmate knows for a mark wherever it stands, also inside of a text.
fn is_mark(line: &str) -> bool {
    line.strip_prefix("--").is_some_and(|rest| rest.trim_start().starts_with("migrate:"))
}
