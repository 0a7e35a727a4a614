//! The progress of a copy of a database, from its first pages on: a copy that takes no time shows nothing.

use std::cell::RefCell;

use super::output::Output;
use super::progress::{Progress, Total};
use crate::database::backup;

/// A copy that may be made.
pub struct Copying<'a> {
    output: &'a Output,
    shown: RefCell<Option<Progress>>,
}

impl Copying<'_> {
    /// Nothing is copied yet.
    #[must_use]
    pub fn new(output: &Output) -> Copying<'_> {
        Copying { output, shown: RefCell::new(None) }
    }

    /// Shows how far it has come; what shows it goes with the last page.
    pub fn tell(&self, pages: backup::Progress) {
        let mut shown = self.shown.borrow_mut();
        let total = Total { number: pages.total, unit: "pages" };
        shown.get_or_insert_with(|| self.output.counting("copying the database", total)).set(pages.done);
        if pages.done >= pages.total {
            *shown = None;
        }
    }
}
