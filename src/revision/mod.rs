//! Scripts in `versions/`, the graph that they form, the ways to name places in it, and the routes through it.
//!
//! Everything here is pure but for [`Folder`]: no database, no clock, no randomness. What is applied comes in as
//! [`Applied`], what is to be done goes out as [`Route`].

mod header;
mod id;
mod script;
mod section;

pub use header::{BadValue, HeaderKey, Revision};
pub use id::{IllegalWord, RevisionId, check_word};
pub use script::{Body, Fault, Flaw, Script, ScriptError};
pub use section::{Section, checksum};
