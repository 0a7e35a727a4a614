//! How far long work has come: a bar on terminals, a line now and then elsewhere, nothing when it is quick.
//!
//! A thread of its own does the showing, since a single SQL statement may run for minutes. Finish it before talking, or
//! let it tell.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::duration::calm;
use super::visible::visible;
use crate::report::grouped;

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often a bar moves.
const FRAME: Duration = Duration::from_millis(100);
/// How often a line says that work goes on.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    Nothing,
    Bar,
    Lines,
}

/// How much there is to do, and what it is counted in: `rows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// How much.
    pub number: u64,
    /// Of what; empty where the label says so.
    pub unit: &'static str,
}

/// Tells how much is done; asked by another thread.
pub type Gauge = Box<dyn Fn() -> u64 + Send>;

/// Work under way; what shows it goes when this is dropped.
#[derive(Debug)]
pub struct Progress {
    done: Arc<AtomicU64>,
    beside: Arc<Mutex<String>>,
    shown_by: Option<(Sender<String>, JoinHandle<()>)>,
}

impl Progress {
    pub(super) fn start(show: Show, label: &str, total: Option<Total>) -> Progress {
        let done: Arc<AtomicU64> = Arc::default();
        let told = Arc::clone(&done);
        let mut progress = Progress::measured(show, label, total, Box::new(move || told.load(Ordering::Relaxed)));
        progress.done = done;
        progress
    }

    /// The same for work whose progress is asked for rather than told.
    pub(super) fn measured(show: Show, label: &str, total: Option<Total>, gauge: Gauge) -> Progress {
        let work = Work::new(label, total, gauge);
        match show {
            Show::Nothing => Progress { done: Arc::default(), beside: work.beside, shown_by: None },
            Show::Bar => work.shown_by(show_bar),
            Show::Lines => work.shown_by(|work, told| show_lines(work, told, HEARTBEAT, std::io::stderr())),
        }
    }

    /// Says how much is done, in the unit of the total.
    pub fn set(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// Says something else about how it goes: `3 failed`.
    pub fn say(&self, words: impl Into<String>) {
        *self.beside.lock().unwrap_or_else(PoisonError::into_inner) = words.into();
    }

    /// Says something that stays, without disturbing what shows the work.
    pub fn tell(&self, text: String) {
        match &self.shown_by {
            // The thread goes on until this is dropped, unless it has panicked and said so.
            Some((sender, _)) => drop(sender.send(text)),
            None => tell(&mut std::io::stderr(), &text),
        }
    }

    /// Takes the bar away, so that others can write.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((ended, thread)) = self.shown_by.take() {
            drop(ended);
            // A thread that panicked has said so, and has nothing left to take away.
            let _ = thread.join();
        }
    }
}

/// What the thread that shows it knows.
struct Work {
    label: String,
    total: Option<Total>,
    gauge: Gauge,
    beside: Arc<Mutex<String>>,
    since: Instant,
}

impl Work {
    fn new(label: &str, total: Option<Total>, gauge: Gauge) -> Work {
        Work { label: visible(label).into_owned(), total, gauge, beside: Arc::default(), since: Instant::now() }
    }

    fn shown_by(self, show: impl FnOnce(&Work, &Receiver<String>) + Send + 'static) -> Progress {
        let beside = Arc::clone(&self.beside);
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || show(&self, &receiver));
        Progress { done: Arc::default(), beside, shown_by: Some((sender, thread)) }
    }

    /// The label, and what is said beside it.
    fn label(&self) -> String {
        let beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        if beside.is_empty() { self.label.clone() } else { format!("{}, {beside}", self.label) }
    }

    fn line(&self) -> String {
        let part = match ((self.gauge)(), self.total) {
            (done, Some(Total { number, unit })) => {
                format!(", {} of {} {unit}", grouped(done.min(number)), grouped(number)).trim_end().to_owned()
            }
            (0, None) => String::new(),
            (done, None) => format!(", {}", grouped(done)),
        };
        format!("still {}{part}, {}", self.label(), calm(self.since.elapsed()))
    }
}

/// Nobody is left to tell when stderr is closed.
fn tell(stream: &mut impl Write, text: &str) {
    let _ = writeln!(stream, "{text}");
}

/// Waits that long, and tells what is to be told meanwhile; whether the work goes on.
fn goes_on(told: &Receiver<String>, wait: Duration, mut tell: impl FnMut(&str)) -> bool {
    let until = Instant::now() + wait;
    loop {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(text) => tell(&text),
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

fn show_bar(work: &Work, told: &Receiver<String>) {
    let mut stderr = std::io::stderr();
    if !goes_on(told, PATIENCE, |text| tell(&mut stderr, text)) {
        return;
    }
    let bar = match work.total {
        Some(Total { number, unit: "" }) => {
            ProgressBar::new(number).with_style(style("{msg} {bar:30} {percent:>3}%, {elapsed}, {eta} left"))
        }
        Some(Total { number, unit }) => {
            let template = format!(
                "{{msg}} {{bar:20}} {{percent:>3}}%  {{human_pos}} of {{human_len}} {unit}, {{per_sec:0}}, {{eta}} left"
            );
            ProgressBar::new(number).with_style(style(&template))
        }
        None => ProgressBar::no_length().with_style(style("{spinner} {msg}, {elapsed}")),
    };
    let bar = bar.with_message(work.label()).with_elapsed(work.since.elapsed());
    bar.set_draw_target(ProgressDrawTarget::stderr());
    while goes_on(told, FRAME, |text| bar.suspend(|| tell(&mut stderr, text))) {
        bar.set_message(work.label());
        bar.set_position((work.gauge)());
        bar.tick();
    }
    bar.finish_and_clear();
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the templates above are well formed")
        .progress_chars("=> ")
        .tick_chars("|/-\\ ")
}

fn show_lines(work: &Work, told: &Receiver<String>, heartbeat: Duration, mut stream: impl Write) {
    while goes_on(told, heartbeat, |text| tell(&mut stream, text)) {
        tell(&mut stream, &work.line());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_goes_on_and_how_far_it_has_come() {
        let total = Total { number: 20_000, unit: "rows" };
        let work = Work::new("copying `us\ner`", Some(total), Box::new(|| 1500));
        *work.beside.lock().unwrap() = "3 failed".to_owned();
        let wanted = "still copying `us\\ner`, 3 failed, 1,500 of 20,000 rows, ";
        assert!(work.line().starts_with(wanted), "{}", work.line());
        assert!(Work::new("verifying", None, Box::new(|| 0)).line().starts_with("still verifying, under 1 ms"));
    }

    #[test]
    fn lines_come_while_the_work_goes_on_and_end_with_it() {
        let (ended, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut said = Vec::new();
            show_lines(&Work::new("waiting", None, Box::new(|| 0)), &receiver, Duration::from_millis(10), &mut said);
            said
        });
        std::thread::sleep(Duration::from_millis(100));
        ended.send("told".to_owned()).unwrap();
        drop::<Sender<String>>(ended);
        let said = String::from_utf8(thread.join().unwrap()).unwrap();
        assert!(said.starts_with("still waiting, ") && said.ends_with("\ntold\n"), "{said}");
    }

    #[test]
    fn the_end_is_not_waited_for() {
        let since = Instant::now();
        for show in [Show::Nothing, Show::Bar, Show::Lines] {
            let progress = Progress::start(show, "counting", Some(Total { number: 3, unit: "things" }));
            progress.set(2);
            progress.finish();
        }
        assert!(since.elapsed() < PATIENCE);
    }
}
