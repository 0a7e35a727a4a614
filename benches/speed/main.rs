//! How long the program takes, beside what else does the same on the same machine.
//!
//! Whole processes, two in turn, since that is what a deploy or a save waits for; `benches/README.md` says how to run
//! this and what came out.

#[cfg(unix)]
mod big;
#[cfg(unix)]
mod chain;
#[cfg(unix)]
mod fleet;
#[cfg(unix)]
mod measure;
#[cfg(unix)]
mod schemas;
#[cfg(unix)]
mod sqlite;
#[cfg(unix)]
mod start;

#[cfg(unix)]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if sqlite::is_asked(&args) {
        return sqlite::run(&args);
    }
    // `cargo bench` says so; `cargo test --all-targets` must not wait for this.
    let Some(at) = args.iter().position(|arg| arg == "--bench") else { return };
    let wanted: Vec<&String> = args.iter().take(at).filter(|arg| !arg.starts_with('-')).collect();
    let all: [(&str, fn()); 8] = [
        ("start", start::run),
        ("chain", chain::run),
        ("history", chain::history),
        ("autogenerate", schemas::run),
        ("rebuild", big::rebuilds),
        ("progress", big::progress),
        ("changes", big::changes),
        ("fleet", fleet::run),
    ];
    measure::head();
    for (name, run) in all {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            run();
        }
    }
}

#[cfg(not(unix))]
fn main() {
    println!("processor time is measured on Unix only");
}
