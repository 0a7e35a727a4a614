//! The commands as the first page shows them: in groups, by what a person is about to do.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::StyledStr;

use super::style::Meaning;

/// Which command stands where; one that is in no group comes last.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Begin", &["init", "introspect", "adopt", "stamp", "ensure-version"]),
    ("Every day", &["status", "revision", "upgrade", "downgrade", "check", "edit"]),
    ("Look", &["current", "history", "heads", "branches", "show", "diff", "graph", "docs", "config"]),
    ("Before it counts", &["verify", "lint", "explain", "rehearse"]),
    ("Branches", &["merge", "rebase", "squash", "switch", "repair"]),
    ("Copies", &["backup", "backups", "restore", "purge", "template", "export"]),
];

/// What stands between the list and the first hour.
const OPTIONS: &str = "Options, also as variables like SCHEMACTL_DATABASE:";

/// The same program, with its commands in groups on its first page.
#[must_use]
pub fn added_to(program: Command) -> Command {
    let heading = Meaning::Heading.style();
    let commands = StyledStr::from(grouped(&program));
    program.before_help(commands).help_template(format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{{before-help}}{heading}{OPTIONS}{heading:#}\n{{options}}{{after-help}}"
    ))
}

fn grouped(program: &Command) -> String {
    let commands: Vec<&Command> = program.get_subcommands().collect();
    let named = |name: &&str| commands.iter().find(|command| command.get_name() == *name).copied();
    let is_grouped = |command: &&&Command| GROUPS.iter().any(|(_, names)| names.contains(&command.get_name()));
    let others: Vec<&Command> = commands.iter().filter(|command| !is_grouped(command)).copied().collect();
    let groups = GROUPS.iter().map(|(title, names)| (*title, names.iter().filter_map(named).collect()));
    let width = commands.iter().map(|command| command.get_name().len()).max().unwrap_or_default();
    let mut text = String::new();
    for (title, commands) in groups.chain([("Editors and shells", others)]) {
        let _ = writeln!(text, "{}", Meaning::Heading.paint(format!("{title}:")));
        for command in commands {
            let name = Meaning::Path.paint(command.get_name());
            let space = " ".repeat(width - command.get_name().len());
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {name}{space}  {about}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Cli;
    use super::*;

    #[test]
    fn every_command_is_listed_once() {
        let program = Cli::command();
        let list = grouped(&program);
        let list = anstream::adapter::strip_str(&list).to_string();
        for command in program.get_subcommands() {
            let line = format!("\n  {} ", command.get_name());
            assert_eq!(list.matches(&line).count(), 1, "{list}");
        }
        let last = list.rsplit("Editors and shells:\n").next().unwrap().trim_end();
        assert_eq!(last.lines().count(), 3, "which group is it?\n{last}");
    }
}
