//! A command line that cannot be run: wrong usage, and the calls for help and version.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::ValueEnum;
use clap::error::ErrorKind;

use super::diagnostic;
use super::error;
use super::output::Output;
use super::variables;
use crate::report::{Class, Diagnostic};

/// Shows the help or the version that was called for, or tells what is wrong with the line.
#[must_use]
pub fn end(refusal: &clap::Error, line: &[OsString]) -> ExitCode {
    let output = Output::new(asked(line, "format"), asked(line, "color"), false, false);
    let shown = refusal.render().ansi().to_string();
    if refusal.use_stderr() {
        if output.is_json() {
            output.json(&diagnostic::json(&[told(refusal)]));
        } else {
            output.say(shown.trim_end());
        }
        return ExitCode::from(Class::Input.exit_code());
    }
    output.answer(shown.trim_end());
    error::end(Ok(()), &output)
}

/// The value of a global option on a line that could not be parsed, or of the variable in its stead.
fn asked<T: ValueEnum + Default>(line: &[OsString], name: &str) -> T {
    let option = format!("--{name}");
    let mut words = line.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    let mut written = None;
    while let Some(word) = words.next() {
        if let Some(rest) = word.strip_prefix(&option) {
            written = match rest.strip_prefix('=') {
                Some(value) => Some(value.to_owned()),
                None if rest.is_empty() => words.next().map(std::borrow::Cow::into_owned),
                None => written,
            };
        }
    }
    let value = written.or_else(|| variables::process(&format!("SCHEMACTL_{}", name.to_uppercase())));
    value.and_then(|value| T::from_str(&value, false).ok()).unwrap_or_default()
}

/// The refusal in the words that a program gets.
fn told(refusal: &clap::Error) -> Diagnostic {
    let code = match refusal.kind() {
        ErrorKind::InvalidSubcommand => "unknown_command",
        ErrorKind::UnknownArgument => "unknown_argument",
        ErrorKind::MissingRequiredArgument => "missing_argument",
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "missing_command",
        ErrorKind::ArgumentConflict => "conflicting_arguments",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8 => "bad_value",
        _ => "usage",
    };
    if code == "missing_command" {
        return Diagnostic::new(code, "expected a command").help("run `schemactl --help`");
    }
    let shown = refusal.render().to_string();
    let words = shown.strip_prefix("error: ").unwrap_or(&shown);
    let message = words.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
    let tip = shown.lines().find_map(|line| line.trim_start().strip_prefix("tip: "));
    Diagnostic::new(code, message).help(tip.unwrap_or("run `schemactl --help`"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;
    use super::super::options::{Color, Format};
    use super::*;

    fn refusal(line: &[&str]) -> Diagnostic {
        told(&Cli::try_parse_from(line).unwrap_err())
    }

    #[test]
    fn programs_get_the_message_and_the_near_miss() {
        let unknown = refusal(&["schemactl", "completion", "bash"]);
        assert_eq!(unknown.code, "unknown_command");
        assert_eq!(unknown.message, "unrecognized subcommand 'completion'");
        assert!(unknown.help.unwrap().contains("'completions'"));
    }

    #[test]
    fn a_missing_argument_is_named() {
        let missing = refusal(&["schemactl", "completions"]);
        assert_eq!(missing.code, "missing_argument");
        assert!(missing.message.ends_with("<SHELL>"), "{}", missing.message);
    }

    #[test]
    fn a_bad_value_tells_the_good_ones() {
        let bad = refusal(&["schemactl", "completions", "bash", "--format", "xml"]);
        assert_eq!(bad.code, "bad_value");
        assert!(bad.message.contains("'xml'") && bad.message.contains("json"), "{}", bad.message);
    }

    #[test]
    fn the_format_is_known_though_the_line_is_not() {
        let format = |line: &[&str]| asked::<Format>(&line.iter().map(OsString::from).collect::<Vec<_>>(), "format");
        assert_eq!(format(&["schemactl", "nonsense", "--format", "json"]), Format::Json);
        assert_eq!(format(&["schemactl", "--format=json", "nonsense"]), Format::Json);
        assert_eq!(format(&["schemactl", "nonsense", "--", "--format=json"]), Format::Text);
        assert_eq!(format(&["schemactl", "--formatted=json", "--format", "xml"]), Format::Text);
        assert_eq!(asked::<Color>(&[], "color"), Color::Auto);
    }
}
