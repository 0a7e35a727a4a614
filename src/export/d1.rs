//! Cloudflare's D1: `migrations/20261122193712_added_user_table.sql`. It knows no way down, and no script outside a
//! transaction.

use super::{File, Piece};

pub(super) fn files(piece: &Piece<'_>) -> Vec<File> {
    vec![File { path: format!("{}.sql", piece.name()), text: format!("{}\n{}", piece.head(), piece.up.text()) }]
}
