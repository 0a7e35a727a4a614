//! What the tests share.

pub mod shared;
