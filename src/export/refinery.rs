//! refinery: `migrations/V1__added_user_table.sql`, counted, since its numbers have 32 bits. It knows no way down, and no
//! script outside a transaction.

use super::{File, Piece};

pub(super) fn files(piece: &Piece<'_>) -> Vec<File> {
    let path = format!("V{}__{}.sql", piece.position, piece.slug());
    vec![File { path, text: format!("{}\n{}", piece.head(), piece.up.text()) }]
}
