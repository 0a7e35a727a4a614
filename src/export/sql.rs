//! Plain SQL: a file for each direction that begins and ends its own transaction, for the sqlite3 shell with `-bail` and
//! whatever else runs a file of SQL on one connection.

use super::{File, Piece};

pub(super) fn files(piece: &Piece<'_>) -> Vec<File> {
    [("up", &piece.up), ("down", &piece.way_down())]
        .into_iter()
        .map(|(direction, half)| File {
            path: format!("{}.{direction}.sql", piece.name()),
            text: format!("{}\n{}", piece.head(), half.standing_alone()),
        })
        .collect()
}
