//! Scripts in `versions/`, the graph that they form, the ways to name places in it, and the routes through it.
//!
//! Everything here is pure but for [`Folder`]: no database, no clock, no randomness. What is applied comes in as
//! [`Applied`], what is to be done goes out as [`Route`].

mod applied;
mod edges;
mod file_name;
mod folder;
mod graph;
mod header;
mod history;
mod id;
mod mention;
mod naming;
mod naming_error;
mod node_set;
mod picture;
mod placement;
mod problem;
mod rebasing;
mod remark;
mod replacing;
mod rewrite;
mod route;
mod route_error;
mod script;
mod script_error;
mod section;
mod stamp;
mod standing;
mod target;

pub use applied::Applied;
pub use file_name::{file_name, slug};
pub use folder::{Folder, FolderError, Scripts, replace_files};
pub use graph::Graph;
pub use header::{BadValue, HeaderKey, Revision};
pub use id::{IllegalWord, RevisionId, check_word};
pub use mention::Mention;
pub use naming::Verb;
pub use naming_error::NamingError;
pub use picture::{Below, Row};
pub use placement::{Placement, PlacementError, Splice};
pub use problem::Problem;
pub use rebasing::{Rebase, RebaseError};
pub use remark::Remark;
pub use rewrite::Rewrite;
pub use route::{Op, Route, Step};
pub use route_error::RouteError;
pub use script::{Body, Script};
pub use script_error::{Fault, Flaw, ScriptError};
pub use section::{Section, checksum};
pub use stamp::Purge;
pub use standing::Standing;
pub use target::{Range, Target, Word, targets};

#[cfg(test)]
mod walks;
