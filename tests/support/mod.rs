//! What tests stand on.

pub mod case;
pub mod command;
pub mod generate;
pub mod laws;
pub mod mutate;
pub mod rows;
pub mod shared;
