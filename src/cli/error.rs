//! The one place that turns errors into text and exit codes.

use std::io;
use std::process::ExitCode;

use super::diagnostic;
use super::output::Output;
use crate::report::Diagnostic;

pub use crate::report::Failure;

/// Says how a command ended: nothing more when it went well; otherwise what is wrong, to people or to programs.
pub fn end(ended: Result<(), Failure>, output: &Output) -> ExitCode {
    let ended = match (output.trouble(), ended) {
        (Some(trouble), Ok(())) if trouble.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(trouble).context("cannot write the answer").into())
        }
        (_, ended) => ended,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure, output);
            ExitCode::from(failure.class().exit_code())
        }
    }
}

fn tell(failure: &Failure, output: &Output) {
    if failure.diagnostics().is_empty() {
        return;
    }
    if output.is_json() && !output.has_answered() {
        output.json(&diagnostic::json(failure.diagnostics()));
        return;
    }
    for (number, diagnostic) in failure.diagnostics().iter().enumerate() {
        if number > 0 {
            output.say("");
        }
        output.error(diagnostic);
    }
}

/// Makes a panic say that it is a mistake in the program, and what a report of it needs, and end the program with the
/// exit code of a panic. What was running is rolled back like after any other sudden end.
pub fn explain_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let words = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let words = words.unwrap_or("no message");
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        anstream::eprintln!("{}", mistake(words, &place));
        std::process::exit(101);
    }));
}

fn mistake(words: &str, place: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let diagnostic = Diagnostic::new("bug", format!("schemactl has made a mistake: {words}"))
        .note(format!("at {place}, version {version} on {} {}", std::env::consts::OS, std::env::consts::ARCH))
        .note("a revision that was running is rolled back when the database is opened next")
        .help("report this with the command, its revision files and the lines above");
    diagnostic::text(diagnostic::Severity::Error, &diagnostic, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Class, Report};

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open `app.db`")]
    struct CannotOpen(#[source] io::Error);

    impl Report for CannotOpen {
        fn class(&self) -> Class {
            Class::Database
        }

        fn diagnostics(&self) -> Vec<Diagnostic> {
            vec![Diagnostic::new("cannot_open", self.to_string())]
        }
    }

    #[test]
    fn an_error_of_the_library_keeps_its_class_and_tells_its_causes() {
        let failure = Failure::from(CannotOpen(io::Error::other("disk on fire")));
        assert_eq!(failure.class(), Class::Database);
        assert_eq!(failure.diagnostics()[0].code, "cannot_open");
        assert_eq!(failure.diagnostics()[0].notes, ["caused by: disk on fire"]);
    }

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow::Error::new(io::Error::other("disk on fire")).context("cannot write: disk on fire");
        assert!(Failure::from(error).diagnostics()[0].notes.is_empty());
    }

    #[test]
    fn a_panic_says_what_to_report() {
        let said = anstream::adapter::strip_str(&mistake("index out of bounds", "src/x.rs:1:2")).to_string();
        assert!(said.starts_with("error: schemactl has made a mistake: index out of bounds"), "{said}");
        assert!(said.contains("src/x.rs:1:2") && said.contains(env!("CARGO_PKG_VERSION")), "{said}");
    }
}
