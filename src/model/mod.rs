//! `migrations.toml` <-> schema.

mod intent;

pub use intent::{Intent, Renames};
