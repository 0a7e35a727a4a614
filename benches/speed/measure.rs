//! Two commands in turn, and what the operating system says of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// One of two commands.
pub struct Side<'a> {
    /// How it is called in the table.
    pub name: &'a str,
    /// Done before each run, and not measured.
    pub prepare: &'a dyn Fn(),
    /// The command.
    pub command: &'a dyn Fn() -> Command,
}

/// One run of a command.
#[derive(Clone, Copy)]
struct Run {
    wall: Duration,
    cpu: Duration,
    /// Memory of its own at most, in bytes; pages of files are not counted.
    memory: u64,
}

/// The head of the table.
pub fn head() {
    println!(
        "| what | against | runs | wall, ms (min / median) | its wall, ms | wall ratio | processor, ms | its processor, ms | processor ratio | memory, MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
}

/// What a variable asks for.
#[expect(clippy::disallowed_methods, reason = "benches take their size from the environment")]
pub fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// How many runs of each, where the variable does not say.
fn runs(few: usize) -> usize {
    asked("SCHEMACTL_BENCH_RUNS").and_then(|runs| runs.parse().ok()).unwrap_or(few)
}

/// Measures both in turn, after one run of each that does not count, and prints a row.
pub fn compare(what: &str, few: usize, ours: &Side<'_>, theirs: &Side<'_>) {
    let runs = runs(few);
    let (mut mine, mut others, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..=runs {
        let pair = [ours, theirs].map(|side| {
            (side.prepare)();
            run(&mut (side.command)(), side.name, few < 5)
        });
        if number > 0 {
            ratios.push((pair[0].wall.as_secs_f64() / pair[1].wall.as_secs_f64(), ratio(pair[0].cpu, pair[1].cpu)));
            mine.push(pair[0]);
            others.push(pair[1]);
        }
    }
    let wall = |runs: &[Run]| figures(runs.iter().map(|run| run.wall.as_secs_f64() * 1e3).collect());
    let cpu = |runs: &[Run]| figures(runs.iter().map(|run| run.cpu.as_secs_f64() * 1e3).collect());
    let memory = mine.iter().map(|run| run.memory).max().unwrap_or_default();
    println!(
        "| {what} | {} | {runs} | {} | {} | {} | {} | {} | {} | {} |",
        theirs.name,
        wall(&mine),
        wall(&others),
        figures(ratios.iter().map(|pair| pair.0).collect()),
        cpu(&mine),
        cpu(&others),
        figures(ratios.iter().map(|pair| pair.1).collect()),
        memory >> 20,
    );
}

/// Prints a row that says why something was not measured.
pub fn skipped(what: &str, why: &str) {
    println!("| {what} | {why} | 0 | | | | | | | |");
}

fn ratio(mine: Duration, other: Duration) -> f64 {
    mine.as_secs_f64() / other.as_secs_f64().max(1e-6)
}

/// The least and the median, as short as makes sense.
fn figures(mut all: Vec<f64>) -> String {
    all.sort_by(f64::total_cmp);
    let short = |number: f64| if number < 100.0 { format!("{number:.2}") } else { format!("{number:.0}") };
    match all.as_slice() {
        [] => String::new(),
        [least, ..] => format!("{} / {}", short(*least), short(all[all.len() / 2])),
    }
}

fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system knows its children");
    [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| {
            let micros = u64::try_from(time.tv_usec()).unwrap_or_default();
            Duration::from_secs(u64::try_from(time.tv_sec()).unwrap_or_default()) + Duration::from_micros(micros)
        })
        .sum()
}

fn run(command: &mut Command, name: &str, is_long: bool) -> Run {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (before, start) = (processor_time(), Instant::now());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    let mut memory = 0;
    // Short runs are not looked at: looking would slow them down.
    let ended = if is_long {
        loop {
            memory = memory.max(own_memory(child.id()));
            std::thread::sleep(Duration::from_millis(20));
            if let Some(ended) = child.try_wait().expect("it is our child") {
                break ended;
            }
        }
    } else {
        child.wait().expect("it is our child")
    };
    let run = Run { wall: start.elapsed(), cpu: processor_time().saturating_sub(before), memory };
    assert!(ended.success(), "{name} ended with {ended}");
    run
}

/// The memory of a process that no file holds, where Linux tells.
fn own_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kibibytes.unwrap_or_default() << 10
}

/// The program, a copy as `cargo install` makes one: what the linker has written lies in the page cache page by page, and
/// each start would take a quarter longer until it is read from the disk again.
pub fn schemactl(folder: &Path, args: &[&str]) -> Command {
    static INSTALLED: LazyLock<PathBuf> = LazyLock::new(|| {
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
        std::fs::copy(env!("CARGO_BIN_EXE_schemactl"), &copy).expect("room for a copy");
        copy
    });
    let mut command = Command::new(INSTALLED.as_path());
    command.current_dir(folder).args(args);
    command
}

/// The same, run to its end.
pub fn done(mut command: Command) {
    let ended = command.output().expect("it starts");
    assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
}
