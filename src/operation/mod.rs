//! What a person asks for, done with the stages below: one file an operation.
//!
//! Takes a [`Project`] and values, gives back values; prints nothing and reads no clock and no environment.

pub mod autogenerate;
mod project;

pub use project::{Project, State};
