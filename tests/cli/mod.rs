//! The binary from end to end: few tests, each of something that only the whole can show.

mod bad_input;
mod completions;
mod model;
mod support;
mod usage;
