//! What tests stand on.

pub mod command;
