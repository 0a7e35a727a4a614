//! What can be wrong with another tool's scripts and its table.

use std::path::PathBuf;

use super::Leftover;
use crate::database::Tool;
use crate::report::{Class, Diagnostic, Report};

/// Another tool's scripts or table that cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No table of any tool.
    #[error("found no version table of another tool")]
    NoTool,
    /// The database cannot be asked for its tables.
    #[error("the schema cannot be read: {message}")]
    Schema {
        /// SQLite's words.
        message: String,
    },
    /// The tables of several tools.
    #[error("the database has version tables of {}", list(tools))]
    SeveralTools {
        /// The tools.
        tools: Vec<Tool>,
    },
    /// A table that was named is not there.
    #[error("there is no table `{table}`")]
    NoTable {
        /// Its name.
        table: String,
    },
    /// A table that was named is not known for any tool's.
    #[error("`{table}` does not have the columns by which a tool is known")]
    UnknownTable {
        /// Its name.
        table: String,
    },
    /// A table under a name of somebody's own would count as one of the model's.
    #[error("{} keeps its versions in `{table}`, which the settings do not leave out of the model", tool.name())]
    NotIgnored {
        /// The tool.
        tool: Tool,
        /// The table.
        table: String,
    },
    /// Tables that a tool makes on the way and removes at the end.
    #[error("{} of a change that {} did not bring to its end", left_over(which), tool.name())]
    Leftover {
        /// The tool.
        tool: Tool,
        /// The tables.
        which: Vec<Leftover>,
    },
    /// No folder with scripts.
    #[error("found no scripts of {}: looked in {}", tool.name(), quoted(looked_in))]
    NoFolder {
        /// The tool.
        tool: Tool,
        /// Where it was looked for them.
        looked_in: Vec<PathBuf>,
    },
    /// A file or a folder that cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Unreadable {
        /// It.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A script that cannot become a revision.
    #[error("`{}` {what}", path.display())]
    Script {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What can be done.
        help: &'static str,
    },
    /// Two scripts with one version.
    #[error("`{}` and `{}` are both version {version}", first.display(), second.display())]
    Twice {
        /// The version.
        version: String,
        /// The one.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The tool's table cannot be read.
    #[error("the table of {} cannot be read: {message}", tool.name())]
    Table {
        /// The tool.
        tool: Tool,
        /// SQLite's words.
        message: String,
    },
    /// The tool is at work, or died at it.
    #[error("{} holds its lock: {lock}", tool.name())]
    Locked {
        /// The tool.
        tool: Tool,
        /// What says so.
        lock: &'static str,
    },
    /// Scripts that began and did not come to their end.
    #[error("{} has not come to the end of {}", tool.name(), versions(which))]
    Failed {
        /// The tool.
        tool: Tool,
        /// Their versions.
        which: Vec<String>,
        /// How somebody gets out of it.
        help: &'static str,
    },
    /// Scripts that are applied and have no file.
    #[error("{} applied {}, but no file of {} is in `{}`", tool.name(), versions(which), those(which), folder.display())]
    Missing {
        /// The tool.
        tool: Tool,
        /// Their versions.
        which: Vec<String>,
        /// Where it was looked for them.
        folder: PathBuf,
    },
    /// Scripts that were edited after they ran.
    #[error("{}: not what {} ran, by the checksum in its table", quoted(which), tool.name())]
    Edited {
        /// The tool.
        tool: Tool,
        /// Their files.
        which: Vec<PathBuf>,
    },
}

fn quoted(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}

fn list(tools: &[Tool]) -> String {
    tools.iter().map(|tool| tool.name()).collect::<Vec<_>>().join(" and ")
}

fn versions(which: &[String]) -> String {
    which.iter().map(|version| format!("`{version}`")).collect::<Vec<_>>().join(", ")
}

fn those(which: &[String]) -> &'static str {
    if which.len() == 1 { "it" } else { "them" }
}

fn left_over(which: &[Leftover]) -> String {
    let names: Vec<String> = which.iter().map(|leftover| format!("`{}`", leftover.name)).collect();
    format!("{} {} left over", names.join(", "), if which.len() == 1 { "is" } else { "are" })
}

impl Report for Error {
    fn class(&self) -> Class {
        match self {
            Error::Failed { .. }
            | Error::Leftover { .. }
            | Error::Locked { .. }
            | Error::Table { .. }
            | Error::Schema { .. } => Class::Database,
            _ => Class::Input,
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let of = |code, help: &str| Diagnostic::new(code, self.to_string()).help(help);
        vec![match self {
            Error::NoTool => of(
                "no_tool",
                "name the tool with `--from`, and its table with `--table` where it is not called as usual; for a database that no tool has made: `schemactl init --from-database PATH`",
            ),
            Error::Schema { .. } => {
                of("unreadable_schema", "`PRAGMA integrity_check` says what is wrong with the file")
            }
            Error::SeveralTools { tools } => {
                let choices: Vec<String> = tools.iter().map(|tool| format!("`--from {}`", tool.name())).collect();
                of("several_tools", &format!("say which one: {}", choices.join(" or ")))
            }
            Error::NoTable { .. } => of("no_table", "`schemactl adopt` without `--table` looks for it"),
            Error::UnknownTable { .. } => of("unknown_table", "name the tool, too: `--from TOOL`"),
            Error::NotIgnored { table, .. } => of(
                "not_ignored",
                &format!("add it to the settings, `ignore = [\"{table}\"]` under `[schemactl]`, and adopt again"),
            ),
            Error::Leftover { which, .. } => {
                let mut diagnostic =
                    of("leftover", "do that and adopt again; if they are tables of yours: `--accept leftovers`");
                diagnostic.notes = which.iter().map(Leftover::advice).collect();
                diagnostic
            }
            Error::NoFolder { .. } => of(
                "no_scripts",
                "name their folder with `--scripts`, or take the database as it is, without them: `--baseline`",
            ),
            Error::Unreadable { .. } => of("unreadable_file", "check its permissions"),
            Error::Script { help, .. } => of("foreign_script", help),
            Error::Twice { .. } => {
                of("version_twice", "give one of them another version, as the tool would ask for, too")
            }
            Error::Table { .. } => of("foreign_table", "name the tool with `--from` if it is another one's"),
            Error::Locked { .. } => {
                of("foreign_lock", "wait until it is done; if it died, free the lock with the tool's own command")
            }
            Error::Failed { help, .. } => of("foreign_failure", help),
            Error::Missing { which, .. } => of(
                "foreign_script_missing",
                &format!(
                    "bring {} back, or let one revision stand for all that is applied: `--baseline`",
                    if which.len() == 1 { "the file" } else { "the files" }
                ),
            ),
            Error::Edited { .. } => of(
                "foreign_script_edited",
                "undo the edit, or accept it with `--accept edits`: what the scripts make is compared with the database in any case",
            ),
        }]
    }
}
