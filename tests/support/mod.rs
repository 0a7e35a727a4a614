//! What tests stand on.

pub mod case;
pub mod chain;
pub mod command;
pub mod fleet;
pub mod forms;
pub mod generate;
pub mod judges;
pub mod laws;
pub mod links;
pub mod mutate;
pub mod peers;
pub mod readers;
pub mod rows;
pub mod shared;
pub mod statistics;
pub mod terminal;
pub mod ways;
