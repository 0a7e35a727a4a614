//! The binary from end to end: few tests, each of something that only the whole can show.

mod backup;
mod completions;
mod gates;
mod keep;
mod rehearse;
mod support;
mod usage;
mod verify;
