//! diesel: `migrations/2026-11-22-193712-0000_added_user_table/up.sql` and `down.sql`; `metadata.toml` beside them says
//! for both whether there is a transaction.

use super::{File, Half, Piece, Way};

pub(super) fn files(piece: &Piece<'_>) -> Vec<File> {
    let folder = format!("{}_{}", piece.number.dashed(), piece.slug());
    let down = piece.way_down();
    let is_outside = [&piece.up, &down].iter().any(|half| half.way != Way::Within);
    let script = |direction: &str, half: &Half| {
        let text = if is_outside { half.standing_alone() } else { half.text() };
        File { path: format!("{folder}/{direction}.sql"), text: format!("{}\n{text}", piece.head()) }
    };
    let mut files = vec![script("up", &piece.up), script("down", &down)];
    if is_outside {
        let text = "run_in_transaction = false\n".to_owned();
        files.push(File { path: format!("{folder}/metadata.toml"), text });
    }
    files
}
