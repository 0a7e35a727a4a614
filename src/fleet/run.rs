//! The same thing done to each database of a fleet: wave after wave, on a few threads, those that others hold tried
//! again at the end of each wave, until there is nothing left or too much has failed.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::list::Member;
use super::pool;
use super::record::{Outcome, Record};
use super::tally::Tally;
use super::waves::{Mark, Waves};
use crate::report::Failure;

/// How many failures end a run.
pub type Limit = Option<Mark>;

/// How a run goes.
pub struct Course<'a> {
    /// How many databases are worked on at the same time.
    pub jobs: NonZero<usize>,
    /// How far each wave goes.
    pub waves: Option<&'a Waves>,
    /// More failures than these end the run.
    pub max_failures: Limit,
    /// How long those that others hold are tried again and again, all of them together, after each wave.
    pub patience: Duration,
    /// Whether each is waited for so long in its own turn instead, since what runs beside it is not to run twice.
    pub once: bool,
    /// Set from outside when the user wants to stop.
    pub interrupt: &'a AtomicBool,
}

/// The moment between two waves.
#[derive(Debug)]
pub struct Between<'a> {
    /// The wave that is done, counted from 1.
    pub wave: usize,
    /// How many waves there are.
    pub waves: usize,
    /// What it came to so far.
    pub tally: &'a Tally,
    /// How many databases are left.
    pub left: usize,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All databases had their turn.
    Whole,
    /// Too much had failed.
    TooManyFailures,
    /// What was asked between two waves said no.
    Gate,
    /// The user wanted to stop.
    Interrupted,
}

/// How long the first attempt waits for others: they are tried again when all others are done.
pub(super) const AT_FIRST: Duration = Duration::from_millis(100);
/// The pause before databases that others hold are tried again, and what it grows to.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Does `act` to each database; it is given how long it may wait for others. `tell` is told of each record as it
/// comes, `gate` is asked between waves whether to go on.
///
/// # Errors
/// What `tell` or `gate` fail with; databases that are being worked on are finished first.
pub fn run(
    mut members: Vec<Member>,
    course: &Course<'_>,
    act: &(dyn Fn(&Member, Duration) -> Record + Sync),
    tell: &mut dyn FnMut(&Record, &Tally) -> Result<(), Failure>,
    gate: &mut dyn FnMut(&Between<'_>) -> Result<bool, Failure>,
) -> Result<(Tally, End), Failure> {
    let total = members.len();
    let waves = Waves::split(course.waves, &mut members);
    let stop = AtomicBool::new(false);
    let mut run = Run {
        course,
        act,
        tell,
        limit: course.max_failures.map(|limit| limit.of(total)),
        tally: Tally::default(),
        stop: &stop,
        trouble: None,
        wave: 0,
    };
    let mut end = End::Whole;
    for (number, range) in waves.iter().enumerate() {
        run.wave = number + 1;
        run.all_of(&members[range.clone()]);
        if let Some(trouble) = run.trouble.take() {
            return Err(trouble);
        }
        end = match () {
            () if course.interrupt.load(Ordering::Relaxed) => End::Interrupted,
            () if run.stop.load(Ordering::Relaxed) => End::TooManyFailures,
            () => End::Whole,
        };
        let left = total - range.end;
        if end == End::Whole && left > 0 {
            let between = Between { wave: run.wave, waves: waves.len(), tally: &run.tally, left };
            if !gate(&between)? {
                end = End::Gate;
            }
        }
        if end != End::Whole {
            run.skip(&members[range.end..]);
            break;
        }
    }
    match run.trouble {
        Some(trouble) => Err(trouble),
        None => Ok((run.tally, end)),
    }
}

struct Run<'r, 'a> {
    course: &'r Course<'a>,
    act: &'r (dyn Fn(&Member, Duration) -> Record + Sync),
    tell: &'r mut dyn FnMut(&Record, &Tally) -> Result<(), Failure>,
    limit: Option<usize>,
    tally: Tally,
    stop: &'r AtomicBool,
    trouble: Option<Failure>,
    wave: usize,
}

impl Run<'_, '_> {
    fn all_of(&mut self, members: &[Member]) {
        let mut busy = self.attempt(members, 1, !self.course.once);
        let since = Instant::now();
        let mut pause = PAUSE;
        let mut attempt = 2;
        while !busy.is_empty() && self.goes_on() {
            let is_last = since.elapsed() + pause >= self.course.patience;
            self.rest(pause);
            busy = self.attempt(&busy, attempt, !is_last);
            attempt += 1;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.skip(&busy);
    }

    /// Tries each database once, and gives those that others hold if they are to be tried again. Those whose turn
    /// does not come are told of as skipped.
    fn attempt(&mut self, members: &[Member], attempt: u32, again: bool) -> Vec<Member> {
        let (course, act, stop) = (self.course, self.act, self.stop);
        let goes_on = || !stop.load(Ordering::Relaxed) && !course.interrupt.load(Ordering::Relaxed);
        let wait = if course.once { course.patience } else { AT_FIRST.min(course.patience) };
        let numbered: Vec<(usize, &Member)> = members.iter().enumerate().collect();
        let mut begun = vec![false; members.len()];
        let mut busy = Vec::new();
        pool::each(&numbered, course.jobs, &goes_on, &|(_, member)| act(member, wait), &mut |(at, member), record| {
            begun[*at] = true;
            if again && record.is_busy() {
                busy.push((*member).clone());
            } else {
                self.settle(Record { attempts: attempt, ..record });
            }
        });
        let left: Vec<Member> =
            members.iter().zip(&begun).filter(|(_, begun)| !**begun).map(|(member, _)| member.clone()).collect();
        self.skip(&left);
        busy
    }

    fn settle(&mut self, record: Record) {
        let record = Record { wave: self.wave, ..record };
        self.tally.add(&record);
        if self.limit.is_some_and(|limit| self.tally.failed() > limit) {
            self.stop.store(true, Ordering::Relaxed);
        }
        if let Err(trouble) = (self.tell)(&record, &self.tally) {
            self.trouble.get_or_insert(trouble);
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn skip(&mut self, members: &[Member]) {
        for member in members {
            self.settle(Record { outcome: Outcome::Skipped, attempts: 0, ..Record::new(member) });
        }
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && !self.course.interrupt.load(Ordering::Relaxed)
    }

    /// Waits, but not for one who wants to stop.
    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while self.goes_on() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
    }
}
