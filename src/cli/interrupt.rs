//! Ctrl-C and the signals that end a program, as a flag: what runs looks at it and rolls back.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;

use super::error::Failure;

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The flag that is set when the run is to be called off.
///
/// Until the first call a signal ends the process at once, as nothing has been begun that needs rolling back. After
/// it the first signal says so and sets the flag, and further ones do nothing more.
///
/// # Errors
/// The system refuses the handler.
pub fn flag() -> Result<Arc<AtomicBool>, Failure> {
    if let Some(flag) = REQUESTED.get() {
        return Ok(Arc::clone(flag));
    }
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    let handler = move || {
        if !raised.swap(true, Ordering::SeqCst) {
            let _ = writeln!(std::io::stderr(), "interrupted: rolling back");
        }
    };
    ctrlc::set_handler(handler).context("cannot listen for interrupts")?;
    Ok(Arc::clone(REQUESTED.get_or_init(|| flag)))
}

/// Whether the run is to be called off.
#[must_use]
pub fn is_requested() -> bool {
    REQUESTED.get().is_some_and(|flag| flag.load(Ordering::SeqCst))
}
