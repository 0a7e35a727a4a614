//! A command line that cannot be run: wrong usage, and the calls for help and version.

use std::error::Error as _;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, ValueEnum};

use super::output::Output;
use super::{Cli, Context, Options, error, variables};
use crate::report::{Class, Diagnostic, Failure, nearest};

/// Shows the help or the version that was called for, or tells what is wrong with the line.
#[must_use]
pub fn end(refusal: &clap::Error, line: &[OsString]) -> ExitCode {
    let output = Output::new(asked(line, "format"), asked(line, "color"), false, false);
    let shown = refusal.render().ansi().to_string();
    if !refusal.use_stderr() {
        output.answer(shown.trim_end());
        return error::end(Ok(()), &output);
    }
    if !output.is_json() && refusal.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        output.say(shown.trim_end());
        return ExitCode::from(Class::Input.exit_code());
    }
    let choices = if refusal.kind() == ErrorKind::MissingRequiredArgument { choices(refusal, line) } else { None };
    let mut told = choices.unwrap_or_else(|| told(refusal));
    if !line.iter().any(|word| word.to_string_lossy().starts_with("--tool")) {
        // A format that is no form of the answer was taken for the tool of an export.
        told.message = told.message.replace("--tool <TOOL>", "--format <TOOL>");
    }
    error::end(Err(Failure::new(Class::Input, told)), &output)
}

/// What can stand where a revision is missing; nothing where something else is, or the project cannot be read.
fn choices(refusal: &clap::Error, line: &[OsString]) -> Option<Diagnostic> {
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(line).ok()?;
    let (_, innermost) = matches.subcommand()?;
    let options = Options::from_arg_matches(innermost).ok()?;
    super::choices::instead_of(&missing(refusal)?, &command(refusal), &Context::new(options))
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

/// What is wrong with the line and what to type instead.
fn told(refusal: &clap::Error) -> Diagnostic {
    let command = command(refusal);
    let has_options = format!("`{command} --help` lists the options");
    let meant = |kind| text(refusal, kind).map(|word| format!("did you mean `{word}`?"));
    let wrong = text(refusal, ContextKind::InvalidArg).unwrap_or_default();
    match refusal.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = text(refusal, ContextKind::InvalidSubcommand).unwrap_or_default();
            let program = Cli::command();
            let names = program.get_subcommands().map(clap::Command::get_name);
            let help = nearest(&word, names).map(|meant| format!("did you mean `{meant}`?"));
            Diagnostic::new("unknown_command", format!("there is no command `{word}`"))
                .help(help.unwrap_or_else(|| "`schemactl --help` lists the commands".to_owned()))
        }
        ErrorKind::UnknownArgument => {
            let help = meant(ContextKind::SuggestedArg).unwrap_or(has_options);
            let what = if wrong.starts_with('-') { "no option" } else { "nothing more, found" };
            Diagnostic::new("unknown_argument", format!("`{command}` takes {what} `{wrong}`")).help(help)
        }
        ErrorKind::MissingRequiredArgument => {
            let lacking = missing(refusal).unwrap_or_default();
            let help = values_of(&command, &lacking)
                .map_or(has_options, |values| format!("`{lacking}` is one of {}", values.join(", ")));
            Diagnostic::new("missing_argument", format!("`{command}` needs `{lacking}`")).help(help)
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Diagnostic::new("missing_command", "expected a command").help("`schemactl --help` lists the commands")
        }
        ErrorKind::ArgumentConflict => {
            let prior = text(refusal, ContextKind::PriorArg).unwrap_or_default();
            let found = if prior == wrong {
                format!("`{wrong}` is given more than once")
            } else {
                format!("`{wrong}` and `{prior}` do not go together")
            };
            Diagnostic::new("conflicting_arguments", found).help("leave one of them out")
        }
        ErrorKind::InvalidValue => {
            let word = text(refusal, ContextKind::InvalidValue).unwrap_or_default();
            let found = if word.is_empty() {
                format!("`{wrong}` needs a value")
            } else {
                format!("`{word}` is no value of `{wrong}`")
            };
            let known = texts(refusal, ContextKind::ValidValue);
            let near = nearest(&word, known.iter().map(String::as_str)).map(|meant| format!("did you mean `{meant}`?"));
            let listed = (!known.is_empty()).then(|| format!("it takes {}", quoted(&known)));
            Diagnostic::new("bad_value", found).help(near.or(listed).unwrap_or(has_options))
        }
        ErrorKind::ValueValidation => {
            let word = text(refusal, ContextKind::InvalidValue).unwrap_or_default();
            let why = refusal.source().map(|why| format!(": {why}")).unwrap_or_default();
            Diagnostic::new("bad_value", format!("`{word}` is no value of `{wrong}`{why}")).help(has_options)
        }
        kind => {
            let shown = refusal.render().to_string();
            let words = shown.strip_prefix("error: ").unwrap_or(&shown).replace('\'', "`");
            let message = words.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>();
            let code = if kind == ErrorKind::InvalidUtf8 { "bad_value" } else { "usage" };
            Diagnostic::new(code, message.join(" ")).help(has_options)
        }
    }
}

/// The command whose line it is: `schemactl upgrade`.
fn command(refusal: &clap::Error) -> String {
    let usage = text(refusal, ContextKind::Usage).unwrap_or_default();
    let words = usage.trim_start_matches("Usage: ").split_whitespace();
    let words: Vec<&str> = words.take_while(|word| !word.starts_with(['-', '<', '['])).collect();
    if words.is_empty() { "schemactl".to_owned() } else { words.join(" ") }
}

/// What the line lacks, as the usage calls it: `TARGET`.
fn missing(refusal: &clap::Error) -> Option<String> {
    let first = texts(refusal, ContextKind::InvalidArg).into_iter().next()?;
    Some(first.replace(['<', '>'], "").trim_end_matches('.').to_owned())
}

/// The values that an argument of a command can have, if they are few.
fn values_of(command: &str, argument: &str) -> Option<Vec<String>> {
    let all = Cli::command();
    let command = all.find_subcommand(command.rsplit(' ').next()?)?;
    let is_meant = |arg: &&clap::Arg| {
        arg.get_value_names().is_some_and(|names| names.iter().any(|name| name.as_str() == argument))
    };
    let values = command.get_arguments().find(is_meant)?.get_possible_values();
    let values: Vec<String> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
    (!values.is_empty()).then_some(values)
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The first of the texts of a kind that a refusal carries.
fn text(refusal: &clap::Error, kind: ContextKind) -> Option<String> {
    texts(refusal, kind).into_iter().next()
}

fn texts(refusal: &clap::Error, kind: ContextKind) -> Vec<String> {
    match refusal.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(many)) => many.clone(),
        Some(ContextValue::StyledStr(one)) => vec![one.to_string()],
        Some(ContextValue::StyledStrs(many)) => many.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
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
    fn what_is_not_known_is_told_with_the_near_miss() {
        for (line, message, help) in [
            (&["schemactl", "upgrad"][..], "there is no command `upgrad`", "did you mean `upgrade`?"),
            (&["schemactl", "xyzzy"], "there is no command `xyzzy`", "`schemactl --help` lists the commands"),
            (
                &["schemactl", "upgrade", "--dry"],
                "`schemactl upgrade` takes no option `--dry`",
                "did you mean `--dry-run`?",
            ),
            (
                &["schemactl", "upgrade", "a", "b"],
                "`schemactl upgrade` takes nothing more, found `b`",
                "`schemactl upgrade --help` lists the options",
            ),
            (&["schemactl", "completions", "zhs"], "`zhs` is no value of `<SHELL>`", "did you mean `zsh`?"),
        ] {
            let told = refusal(line);
            assert_eq!((told.message.as_str(), told.help.as_deref()), (message, Some(help)));
        }
    }

    #[test]
    fn what_is_missing_is_named_with_what_it_can_be() {
        let missing = refusal(&["schemactl", "completions"]);
        assert_eq!(missing.code, "missing_argument");
        assert_eq!(missing.message, "`schemactl completions` needs `SHELL`");
        assert!(missing.help.unwrap().starts_with("`SHELL` is one of `bash`, "));
        let missing = refusal(&["schemactl", "upgrade", "--env"]);
        assert_eq!(missing.message, "`--env <NAME>` needs a value");
    }

    #[test]
    fn a_bad_value_tells_why_or_the_good_ones() {
        let bad = refusal(&["schemactl", "completions", "bash", "--format", "xml"]);
        assert_eq!((bad.code, bad.message.as_str()), ("bad_value", "`xml` is no value of `--format <FORMAT>`"));
        assert_eq!(bad.help.as_deref(), Some("it takes `text`, `json`"));
        let bad = refusal(&["schemactl", "upgrade", "--lock-timeout", "soon"]);
        assert_eq!(
            bad.message,
            "`soon` is no value of `--lock-timeout <SECONDS>`: expected a number of seconds, such as `30` or `0.5`"
        );
        for odd in ["-1", "nan", "1e30"] {
            let bad = refusal(&["schemactl", "upgrade", &format!("--lock-timeout={odd}")]);
            assert!(bad.message.ends_with("expected a number of seconds, such as `30` or `0.5`"), "{bad:?}");
        }
        let both = refusal(&["schemactl", "upgrade", "--sql", "--dry-run"]);
        assert_eq!(both.message, "`--sql` and `--dry-run` do not go together");
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
