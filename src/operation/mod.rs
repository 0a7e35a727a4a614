//! What a person asks for, done with the stages below: one file an operation.
//!
//! Takes a [`Project`] and values, gives back values; prints nothing and reads no clock and no environment.

pub mod adopt;
pub mod autogenerate;
pub mod backup;
pub mod baseline;
pub mod discard;
pub mod drift;
pub mod estimate;
pub mod export;
pub mod flow;
pub mod hooks;
pub mod merge;
pub mod mirror;
pub mod new_files;
pub mod new_revision;
pub mod oldest;
mod opening;
pub mod overwrite;
pub(crate) mod passing;
pub mod planner;
mod project;
pub mod purge;
pub mod rebase;
mod recall;
pub mod rehearse;
mod renames;
pub mod repair;
pub mod replay;
mod rows;
pub mod server_copy;
mod slips;
pub mod squash;
pub mod stake;
pub mod stamp;
pub mod status;
pub mod verify;
pub mod walk;

pub use project::{Database, Project, State};
pub use recall::Recall;
pub use rows::Rows;
