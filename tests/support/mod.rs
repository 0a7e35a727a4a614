//! What tests stand on.

pub mod case;
pub mod chain;
pub mod command;
pub mod fleet;
pub mod generate;
pub mod laws;
pub mod mutate;
pub mod readers;
pub mod rows;
pub mod shared;
pub mod ways;
