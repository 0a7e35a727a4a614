//! The options that every command takes, and the variables that stand in for them.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{FalseyValueParser, NonEmptyStringValueParser};
use clap::parser::ValueSource;

const HEADING: &str = "Global options, also as variables like SCHEMACTL_DATABASE";
/// Keeps the words about a value out of the help, which would else spread over several lines for each option.
pub(super) const NONE: Option<&str> = None;

// A doc comment would become the description of the program (clap keeps the last one).
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = HEADING)]
#[expect(missing_docs, reason = "see above")]
pub struct Options {
    /// The file with settings and model; without it `migrations.toml` here or in the nearest folder above
    #[arg(short, long, global = true, value_name = "PATH", env = "SCHEMACTL_CONFIG", hide_env = true)]
    pub config: Option<PathBuf>,

    /// The database to work on, a path or a URL, instead of the one in the settings
    #[arg(long, global = true, value_name = "DATABASE", env = "SCHEMACTL_DATABASE", hide_env = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub database: Option<String>,

    /// The settings of `[environments.NAME]` go before those of `[schemactl]`
    #[arg(long = "env", global = true, value_name = "NAME", env = "SCHEMACTL_ENV", hide_env = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub environment: Option<String>,

    /// The answer as text for people, or as JSON for programs
    #[arg(long, global = true, value_enum, default_value_t, env = "SCHEMACTL_FORMAT", hide_env = true)]
    pub format: Format,

    /// Say nothing but the answer, warnings and errors
    #[arg(short, long, global = true, env = "SCHEMACTL_QUIET", hide_env = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub quiet: bool,

    /// Give longer answers, and say more on the way
    #[arg(short, long, global = true, env = "SCHEMACTL_VERBOSE", hide_env = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub verbose: bool,

    /// Colours; `auto` means on terminals, unless `NO_COLOR` is set
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    #[arg(env = "SCHEMACTL_COLOR", hide_env = true)]
    pub color: Color,

    /// Answer yes to every yes-or-no question, and ask nothing else
    #[arg(short, long, global = true, env = "SCHEMACTL_YES", hide_env = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub yes: bool,

    #[arg(skip)]
    sources: Vec<(&'static str, ValueSource)>,
}

impl Options {
    /// The names of all, as they are known to the parser.
    const NAMES: [&'static str; 8] =
        ["config", "database", "environment", "format", "quiet", "verbose", "color", "yes"];

    /// Notes where each option comes from.
    pub(super) fn note_sources(&mut self, matches: &clap::ArgMatches) {
        let source = |name| matches.value_source(name).map(|source| (name, source));
        self.sources = Options::NAMES.into_iter().filter_map(source).collect();
    }

    /// Where an option comes from; `None` where nobody has given it.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<ValueSource> {
        self.sources.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[value(help = NONE)]
    #[default]
    Text,
    /// For programs.
    #[value(help = NONE)]
    Json,
}

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On terminals, unless `NO_COLOR` is set.
    #[value(help = NONE)]
    #[default]
    Auto,
    /// Always.
    #[value(help = NONE)]
    Always,
    /// Never.
    #[value(help = NONE)]
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> anstream::ColorChoice {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}
