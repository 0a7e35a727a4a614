//! sqlx: `migrations/20261122193712_added_user_table.up.sql` and `.down.sql`, run whole; a file that begins with
//! `-- no-transaction` is run outside a transaction, from version 0.8 on.

use super::{File, Piece};

pub(super) fn files(piece: &Piece<'_>) -> Vec<File> {
    piece.pair("-- no-transaction\n")
}
