//! The binary from end to end: few tests, each of something that only the whole can show.

mod branches;
mod completions;
mod support;
mod usage;
