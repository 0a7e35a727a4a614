//! What tests stand on.

pub mod command;
pub mod generate;
pub mod mutate;
pub mod readers;
pub mod shared;
