//! Waiting for locks: what another connection stands in the way of is tried again until the time is up
//! (<https://www.sqlite.org/lang_transaction.html>).

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Why what waits for a lock did not come through.
#[derive(Debug)]
pub(super) enum Stopped<E> {
    /// The time is up.
    TimeUp(Duration),
    /// The user wants to stop.
    Interrupted,
    /// It fails for another reason.
    Failed(E),
}

/// How long, and when to say so.
pub(super) struct Patience<'a> {
    pub limit: Duration,
    pub interrupt: &'a AtomicBool,
}

const BEFORE_TELLING: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

impl Patience<'_> {
    /// Tries until no other connection is in the way; tells once after a second.
    pub(super) fn until<T, E>(
        &self,
        mut attempt: impl FnMut() -> Result<T, E>,
        is_busy: impl Fn(&E) -> bool,
        tell: &mut dyn FnMut(Duration),
    ) -> Result<T, Stopped<E>> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        let mut told = false;
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(error) if is_busy(&error) => {}
                Err(error) => return Err(Stopped::Failed(error)),
            }
            let waited = start.elapsed();
            if self.interrupt.load(Ordering::Relaxed) {
                return Err(Stopped::Interrupted);
            }
            if waited >= self.limit {
                return Err(Stopped::TimeUp(waited));
            }
            if !told && waited >= BEFORE_TELLING {
                told = true;
                tell(waited);
            }
            thread::sleep(pause.min(self.limit.saturating_sub(waited)));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
