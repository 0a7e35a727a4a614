//! Schema x schema -> changes.

mod change;

pub use change::{AlterTable, Change, TableChange};
