//! Many databases on the command line: how they are chosen, how the work on them goes, and what is said of it.

mod gate;
mod report;
mod summary;
mod work;

use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

pub use work::{back_up, look, stamp, walk};

use super::context::Context;
use super::options::NONE;
use crate::fleet::{self, Mark, Member, Waves};
use crate::model::Origin;
use crate::operation::Project;
use crate::report::{Class, Diagnostic, Failure, count};

// A doc comment would become the description of the command (clap keeps the last one).
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Many databases")]
#[expect(missing_docs, reason = "see above")]
pub struct Choice {
    /// Work on every database whose path matches, such as `data/{tenant}/main.db`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub databases: Vec<String>,

    /// Work on the databases of a list, `-` for standard input: a path a line, or JSON with id, database and wave
    #[arg(long, value_name = "LIST")]
    pub databases_file: Vec<String>,

    /// Work on the databases that a query to a database answers with: id, path and, if you like, wave
    #[arg(long, num_args = 2, value_names = ["DATABASE", "SQL"])]
    pub databases_sql: Vec<String>,

    /// Work on the databases that a command lists
    #[arg(long, value_name = "COMMAND")]
    pub databases_command: Vec<String>,

    /// How many databases are worked on at the same time; without it four for each processor
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZero<usize>>,

    /// Write what came to pass with each database to a file, a line of JSON each
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Work only on those databases that an earlier report does not name as done
    #[arg(long, value_enum, requires = "from")]
    pub only: Option<Only>,

    /// The report of the earlier run
    #[arg(long, value_name = "REPORT", requires = "only")]
    pub from: Option<PathBuf>,
}

/// Which databases of an earlier run are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Those that failed, were interrupted, or had not had their turn.
    #[value(help = NONE)]
    Failed,
}

// A doc comment would become the description of the command (clap keeps the last one).
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Many databases")]
#[expect(missing_docs, reason = "see above")]
pub struct Course {
    /// How far each wave goes, in databases or percent of them, such as `1,1%,100%`
    #[arg(long, value_name = "MARKS")]
    pub waves: Option<Waves>,

    /// Run a command between two waves; unless it ends with 0 the run ends
    #[arg(long, value_name = "COMMAND")]
    pub gate: Option<String>,

    /// End the run when more databases than these have failed: a number, or percent of all
    #[arg(long, value_name = "NUMBER")]
    pub max_failures: Option<Mark>,

    /// Before the run, try it on copies of so many databases: the largest, the oldest, and some by lot
    #[arg(long, value_name = "NUMBER")]
    pub rehearse: Option<usize>,
}

impl Choice {
    /// What the command line itself names.
    fn origins(&self) -> Vec<Origin> {
        let patterns = self.databases.iter().cloned().map(Origin::Pattern);
        let files = self.databases_file.iter().cloned().map(Origin::File);
        let queries = self.databases_sql.chunks_exact(2);
        let queries = queries.map(|pair| Origin::Query { database: pair[0].clone(), sql: pair[1].clone() });
        let commands = self.databases_command.iter().cloned().map(Origin::Command);
        patterns.chain(files).chain(queries).chain(commands).collect()
    }

    /// An option that is given and needs many databases.
    fn stray(&self) -> Option<&'static str> {
        let given =
            [("--jobs", self.jobs.is_some()), ("--report", self.report.is_some()), ("--only", self.only.is_some())];
        given.iter().find(|(_, is_given)| *is_given).map(|(option, _)| *option)
    }

    fn jobs(&self) -> NonZero<usize> {
        // Most of the work is to wait until the disk has written.
        const FOR_EACH_PROCESSOR: NonZero<usize> = NonZero::new(4).expect("four is not zero");
        let processors = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        self.jobs.unwrap_or(processors.saturating_mul(FOR_EACH_PROCESSOR))
    }
}

impl Course {
    fn stray(&self) -> Option<&'static str> {
        let given = [
            ("--waves", self.waves.is_some()),
            ("--gate", self.gate.is_some()),
            ("--max-failures", self.max_failures.is_some()),
            ("--rehearse", self.rehearse.is_some()),
        ];
        given.iter().find(|(_, is_given)| *is_given).map(|(option, _)| *option)
    }
}

impl Context {
    /// The databases of the fleet: those that the command line names, or else the settings; nothing where the command
    /// is about one database.
    ///
    /// # Errors
    /// When they cannot be listed, there are none, or one database and many are named.
    pub fn fleet(
        &self,
        choice: &Choice,
        course: Option<&Course>,
        project: &Project,
    ) -> Result<Option<Vec<Member>>, Failure> {
        let named = choice.origins();
        let stdin = &mut io::stdin();
        let members = match (&named[..], &self.options.database) {
            ([], Some(_)) => None,
            ([], None) => match project.settings.databases()? {
                None => None,
                Some(origins) => Some(fleet::find(origins, &project.settings.path(""), stdin)?),
            },
            (_, Some(database)) => {
                let found = format!("one database, `{database}`, and many are named");
                let help = "leave out `--database`, or the variable SCHEMACTL_DATABASE that stands in for it";
                return Err(Failure::new(Class::Input, Diagnostic::new("one_or_many", found).help(help)));
            }
            (origins, None) => Some(fleet::find(origins, Path::new(""), stdin)?),
        };
        let Some(members) = members else {
            let stray = choice.stray().or_else(|| course.and_then(Course::stray));
            return match stray {
                None => Ok(None),
                Some(option) => {
                    let found = format!("`{option}` is for many databases, and one is worked on");
                    let help = "name them, such as `--databases 'data/{tenant}/main.db'`";
                    Err(Failure::new(Class::Input, Diagnostic::new("one_or_many", found).help(help)))
                }
            };
        };
        let members = match &choice.from {
            None => members,
            Some(report) => {
                let finished = fleet::finished(report)?;
                let all = members.len();
                let left: Vec<Member> = members.into_iter().filter(|member| !finished.contains(&member.id)).collect();
                let shown = self.shown(report)?;
                self.output.talk(format!(
                    "{} of {} that `{shown}` does not name as done",
                    left.len(),
                    count(all, "database")
                ));
                left
            }
        };
        Ok(Some(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn databases_are_named_in_four_ways_and_together() {
        let line = ["--databases", "a/*", "--databases=b/*", "--databases-file", "-", "--databases-sql", "c.db"];
        let choice: Choice = parse(&[&line[..], &["SELECT 1, 2", "--databases-command", "./list"]].concat()).unwrap();
        assert_eq!(choice.origins().len(), 5);
        assert!(parse::<Choice>(&["--databases-sql", "c.db"]).is_err());
        assert!(parse::<Choice>(&["--only", "failed"]).is_err());
        assert!(parse::<Choice>(&["--jobs", "0"]).is_err());
    }

    #[test]
    fn a_course_is_read_with_its_marks() {
        let course: Course = parse(&["--waves", "1,1%,100%", "--max-failures", "0.5%", "--rehearse", "20"]).unwrap();
        assert_eq!((course.max_failures, course.rehearse), (Some(Mark::Percent(0.5)), Some(20)));
        assert_eq!(course.stray(), Some("--waves"));
        assert!(parse::<Course>(&["--waves", "1,x"]).is_err());
    }
}
