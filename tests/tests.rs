//! Everything that is tested from outside: the library through its public items, the binary through its output.
//!
//! What the command line says and how it ends is in `cli`; real projects' histories are in `histories`; walks over
//! revision graphs are in `traversal`; crashes, full disks and crowds are in `faults`; what the README and the first page
//! of the documentation say is in `readme` and `architecture`; what tests stand on is in `support`.

mod adopt;
mod architecture;
mod cases;
mod changes;
mod chinook;
mod cli;
mod fast_rebuild;
#[cfg(unix)]
mod faults;
mod histories;
mod library;
#[cfg(unix)]
mod libsql;
mod model;
mod properties;
mod readme;
mod support;
mod terminal;
mod traversal;
