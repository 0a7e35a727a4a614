//! The only module that speaks to SQLite: opening files, reading schemas, building them in memory, running scripts.
//!
//! Values come in and go out; nothing is printed and no clock is read here but the one that measures durations.
//! What SQLite says when something fails is always handed on in its own words.

#[cfg(feature = "cli")]
pub mod backup;
mod bulk;
pub mod check;
pub mod connect;
mod cross_check;
pub mod dependencies;
mod error;
mod familiar;
pub mod filter;
pub mod gate;
pub mod introspect;
mod math;
#[cfg(feature = "cli")]
pub mod needs;
mod overwritten;
mod recollection;
pub mod runner;
pub mod scratch;
pub mod shapes;
#[cfg(feature = "cli")]
mod shared_copy;
pub mod stand_ins;
pub mod statements;
pub mod switches;
pub mod tools;
pub mod version_table;
pub mod walk;

pub use connect::{Access, open};
pub use error::Error;
pub use filter::Filter;
pub use overwritten::Overwritten;
pub use recollection::Recollection;
pub use scratch::Scratch;
pub use shapes::{Shape, Shapes};
pub use stand_ins::StandIns;
pub use switches::Switches;
pub use tools::Tool;
