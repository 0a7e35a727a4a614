//! Everything that is tested from outside: the library through its public items, the binary through its output.

mod histories;
mod properties;
mod support;
