//! Everything that is tested from outside: the library through its public items, the binary through its output.
//!
//! What the command line says and how it ends is in `cli`; real projects' histories are in `histories`; walks over
//! revision graphs are in `traversal`; what tests stand on is in `support`.

mod cases;
mod changes;
mod chinook;
mod cli;
mod histories;
mod properties;
mod support;
mod traversal;
