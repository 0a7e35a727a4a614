//! golang-migrate: `migrations/20261122193712_added_user_table.up.sql` and `.down.sql`. Whether there are transactions is
//! said for all files together, where the tool is called, so that no file may ask for none.

use super::{File, Piece};

pub(super) fn files(piece: &Piece<'_>) -> Vec<File> {
    piece.pair("")
}
