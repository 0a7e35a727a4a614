//! The command `schemactl`.

fn main() {}
