//! SQL for the sqlite3 shell: a file for each direction that begins and ends its own transaction, and that the shell stops
//! at the first error, however it is started: what is left would run without the transaction.

use super::{File, Piece};

pub(super) fn files(piece: &Piece<'_>) -> Vec<File> {
    [("up", &piece.up), ("down", &piece.way_down())]
        .into_iter()
        .map(|(direction, half)| File {
            path: format!("{}.{direction}.sql", piece.name()),
            text: format!("{}.bail on\n\n{}", piece.head(), half.standing_alone()),
        })
        .collect()
}
