//! Many databases: where they are listed, the same thing done to each, and what it came to.
//!
//! Each database is by itself: what is wrong with one stops no other, and the truth about it stands in its own version
//! table, so that a run that was cut short is taken up by running it again. Prints nothing.

mod cause;
mod error;
mod list;
mod look;
mod pattern;
mod pool;
mod record;
mod run;
mod sample;
mod tally;
mod template;
mod walk;
mod waves;

pub use cause::Cause;
pub use error::FleetError;
pub use list::{Member, find};
pub use look::{Look, State, View, Viewer};
pub use record::{Outcome, RanCommand, Record, Trouble, by_hand, finished};
pub use run::{Between, Course, End, Limit, run};
pub use sample::sample;
pub use tally::{Group, Tally};
pub use template::{Template, template};
pub use walk::{Job, Walker};
pub use waves::{Mark, Waves};
