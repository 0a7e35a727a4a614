//! What tests stand on.

pub mod command;
pub mod shared;
