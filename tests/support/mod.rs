//! What the tests share.

pub mod generate;
pub mod mutate;
pub mod shared;
