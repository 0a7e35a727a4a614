//! The binary from end to end: few tests, each of something that only the whole can show.

mod agreement;
mod backup;
mod bad_input;
mod branches;
mod completions;
mod config;
mod drift;
mod existing;
mod export;
mod fleet;
mod fleet_hooks;
mod gates;
mod graph;
mod hooks;
mod keep;
mod lint;
mod look_alikes;
mod model;
mod rehearse;
mod support;
mod usage;
mod verify;
