//! Which part of which schema a picture or a page shows, and where it goes.

use std::path::PathBuf;

use super::side::Side;
use crate::model::Ignore;
use crate::report::{Class, Diagnostic, Failure, first_few, nearest};
use crate::schema::{Name, Schema};

/// The most tables that one message lists.
const LISTED: usize = 8;

// A doc comment would become the description of the command (clap keeps the last one).
#[derive(Debug, Clone, clap::Args)]
#[expect(missing_docs, reason = "see above")]
pub struct Shown {
    /// The schema that is shown: `model`, `database`, or that after a revision
    #[arg(long, value_name = "SCHEMA", default_value = "model", allow_negative_numbers = true)]
    pub at: Side,

    /// The tables and views that are shown; others that they refer to are named
    #[arg(long, value_name = "PATTERN", num_args = 1.., value_delimiter = ',')]
    pub tables: Vec<String>,

    /// Write it to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl Shown {
    /// Which tables are meant; all, where none are named.
    ///
    /// # Errors
    /// When a pattern is none, or matches nothing.
    pub(super) fn chosen(&self, schema: &Schema) -> Result<impl Fn(&Name) -> bool + use<>, Failure> {
        let patterns = &self.tables;
        let wrong = |code: &'static str, words: String| Failure::new(Class::Input, Diagnostic::new(code, words));
        let names = || schema.tables.keys().chain(schema.virtual_tables.keys()).chain(schema.views.keys());
        for pattern in patterns {
            let one = Ignore::new(vec![pattern.clone()]).map_err(|error| wrong("bad_pattern", error.to_string()))?;
            if !names().any(|name| one.covers(name)) {
                let words = format!("no table is called like `{pattern}`");
                let meant = nearest(pattern, names().map(Name::as_str));
                let help = meant.map_or_else(|| there_are(names()), |meant| format!("did you mean `{meant}`?"));
                return Err(Failure::new(Class::Input, Diagnostic::new("unknown_table", words).help(help)));
            }
        }
        let all = patterns.is_empty();
        let set = Ignore::new(patterns.clone()).map_err(|error| wrong("bad_pattern", error.to_string()))?;
        Ok(move |name: &Name| all || set.covers(name))
    }
}

fn there_are<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    let shown = first_few(names.map(|name| format!("`{name}`")), LISTED);
    format!("there are {shown}; `*` stands for any letters")
}
