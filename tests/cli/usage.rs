//! Wrong usage, help and version.

use crate::support::command::{Ended, Project};

#[test]
fn a_near_miss_is_told_and_the_exit_code_is_two() {
    let ended = Project::new().run(&["completion", "bash"]).ends_with(2).says("did you mean `completions`?");
    assert_eq!(ended.stdout, "");
}

#[test]
fn a_format_that_is_none_is_told_as_it_was_typed() {
    let project = Project::new();
    let ended = project
        .run(&["export", "--format", "nope"])
        .ends_with(2)
        .says("`nope` is no value of `--format")
        .says("`sqlx`");
    assert!(!ended.stderr.contains("--tool"), "{ended}");
    project.run(&["export", "--tool", "nope"]).ends_with(2).says("`nope` is no value of `--tool");
}

#[test]
fn no_command_shows_the_help_and_is_wrong_usage() {
    Project::new().run(&[]).ends_with(2).says("Usage: schemactl").says("The first hour:");
}

#[test]
fn programs_get_wrong_usage_as_json() {
    let project = Project::new();
    let ended = project.run(&["completion", "bash", "--format", "json"]).ends_with(2);
    assert_eq!(ended.stderr, "");
    let error = &ended.json()["error"];
    assert_eq!(error["code"], "unknown_command");
    assert_eq!(error["message"], "there is no command `completion`");
    assert!(error["help"].is_string() && error["at"].is_null(), "{ended}");

    let ended = project.run(&["--format=json"]).ends_with(2);
    assert_eq!(ended.json()["error"]["code"], "missing_command");
}

#[test]
fn a_variable_stands_in_for_an_option_and_the_option_goes_before_it() {
    let project = Project::new();
    let ended = Ended::of(project.command(&["nonsense"]).env("SCHEMACTL_FORMAT", "json")).ends_with(2);
    assert_eq!(ended.json()["error"]["code"], "unknown_command");
    let line = ["nonsense", "--format", "text"];
    Ended::of(project.command(&line).env("SCHEMACTL_FORMAT", "json")).ends_with(2).says("error: ");
    let ended = Ended::of(project.command(&["completions", "bash"]).env("SCHEMACTL_COLOR", "pink")).ends_with(2);
    assert!(ended.stderr.contains("`pink`"), "{ended}");
    Ended::of(project.command(&["completions", "bash"]).env("SCHEMACTL_YES", "0")).ends_with(0);
}

#[test]
fn the_help_does_not_tell_what_a_variable_holds() {
    let project = Project::new();
    let mut command = project.command(&["--help"]);
    let ended = Ended::of(command.env("SCHEMACTL_DATABASE", "libsql://secret@host")).ends_with(0);
    assert!(ended.stdout.contains("SCHEMACTL_DATABASE") && !ended.stdout.contains("secret"), "{ended}");
}

#[test]
fn help_and_version_are_answers() {
    let project = Project::new();
    project.run(&["--version"]).ends_with(0).answers(concat!("schemactl ", env!("CARGO_PKG_VERSION"), "\n"));
    project.run(&["completions", "--help"]).ends_with(0).answers("Examples:").answers("Global options, ");
}

#[test]
fn colours_come_when_they_are_asked_for_only() {
    let project = Project::new();
    assert!(!project.run(&["nonsense"]).stderr.contains('\u{1b}'));
    project.run(&["nonsense", "--color", "always"]).says("\u{1b}[1m");
    let mut command = project.command(&["nonsense", "--color=always"]);
    Ended::of(command.env("NO_COLOR", "1")).says("\u{1b}[1m");
}

#[test]
fn what_can_stand_where_a_revision_is_missing_is_told() {
    let project = Project::new();
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\n");
    project.write("versions/.keep", "");
    project.run(&["downgrade"]).ends_with(2).says("nothing is applied to app.db");
    let id = |ended: Ended| ended.ends_with(0).json()["revision"].as_str().unwrap().to_owned();
    let first = id(project.run(&["revision", "-m", "First", "--format=json"]));
    let second = id(project.run(&["revision", "-m", "Second", "--format=json"]));
    project.run(&["upgrade"]).ends_with(0);
    let ended =
        project.run(&["downgrade"]).ends_with(2).says(&format!("`-1` takes back `{second}` Second, 2026-11-22"));
    assert!(ended.stderr.contains(&format!("back to `{first}` First, 2026-11-22 19:02")), "{ended}");
    assert!(ended.stderr.contains("`base` takes back all: 2 revisions"), "{ended}");
    let error = project.run(&["downgrade", "--format", "json"]).ends_with(2).json()["error"].clone();
    assert_eq!(error["code"], "missing_argument");

    let third = id(project.run(&["revision", "-m", "Third", "--head", &first, "--splice", "--format=json"]));
    let ended = project.run(&["merge"]).ends_with(2).says("`schemactl merge heads -m \"…\"` joins all of them");
    assert!(ended.stderr.contains(&second) && ended.stderr.contains(&format!("`{third}` Third")), "{ended}");
    project.run(&["show"]).ends_with(2).says("such as `schemactl show head`").says("Third");
    // A name that is near to none.
    project.run(&["upgrade", "xyzzy"]).ends_with(2).says(&format!("note: `{third}` Third"));
    project.run(&["upgrade", "xyzzy@head"]).ends_with(2).says("there is no branch `xyzzy`");
}
