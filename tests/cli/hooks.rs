//! Hooks of the settings: when they run, what they are told, and what their failing does.

use schemactl::database::version_table;
use schemactl::schema::Name;

use crate::support::command::{Ended, Project};

/// Writes a line to `log` with what every hook is told.
fn note(word: &str) -> String {
    format!("echo {word} $SCHEMACTL_HOOK $SCHEMACTL_DIRECTION ${{SCHEMACTL_REVISIONS:-}}$SCHEMACTL_REVISION >> log; echo noise")
        .replace("${SCHEMACTL_REVISIONS:-}", "$SCHEMACTL_REVISIONS ")
}

fn with_hooks(settings: &str) -> Project {
    let project = Project::with_settings(settings);
    project.chain(2);
    project
}

fn all(extra: &str) -> Project {
    let keys = ["before_run", "after_run", "before_revision", "after_revision"];
    let keys: Vec<String> = keys.iter().map(|key| format!("{key} = '{}'", note("+"))).collect();
    with_hooks(&format!("{}\n{extra}", keys.join("\n")))
}

fn log(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(project.path("log")).unwrap_or_default();
    text.lines().map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")).collect()
}

fn applied(project: &Project) -> usize {
    let connection = rusqlite::Connection::open(project.path("app.db")).unwrap();
    version_table::read(&connection, &Name::from(version_table::DEFAULT_NAME)).unwrap().len()
}

fn code(ended: &Ended) -> String {
    ended.json()["error"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn hooks_run_around_the_run_and_around_each_revision() {
    let project = all("");
    project.run(&["upgrade", "--format", "json"]).ends_with(0).says("noise").json();
    let up = [
        "before_run upgrade r0001 r0002",
        "before_revision upgrade r0001",
        "after_revision upgrade r0001",
        "before_revision upgrade r0002",
        "after_revision upgrade r0002",
        "after_run upgrade r0001 r0002",
    ];
    assert_eq!(log(&project), up);
    // Nothing to do, nothing to run.
    project.run(&["upgrade"]).ends_with(0).answers("nothing to do");
    project.run(&["upgrade", "--no-hooks"]).ends_with(0);
    assert_eq!(log(&project).len(), 6);
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(log(&project)[6..8], ["before_run downgrade r0002", "before_revision downgrade r0002"]);
    project.run(&["upgrade", "--no-hooks"]).ends_with(0);
    project.run(&["downgrade", "base", "--dry-run"]).ends_with(0).says("a dry run runs no hooks");
    project.run(&["upgrade", "--sql"]).ends_with(0);
    project.run(&["rehearse"]).ends_with(0);
    assert_eq!(log(&project).len(), 10);
}

#[test]
fn statements_run_on_the_connection_of_the_run_outside_of_its_transactions() {
    let project = with_hooks(
        "before_run = { sql = 'PRAGMA cache_size = -50; CREATE TABLE IF NOT EXISTS schemactl_note (a)' }\n\
         after_revision = { file = 'hooks/after.sql' }\nafter_run = { sql = 'VACUUM' }",
    );
    project.write("hooks/after.sql", "INSERT INTO schemactl_note SELECT count(*) FROM schemactl_version;\n");
    project.run(&["upgrade"]).ends_with(0);
    let connection = rusqlite::Connection::open(project.path("app.db")).unwrap();
    let notes: String =
        connection.query_row("SELECT group_concat(a) FROM schemactl_note", [], |row| row.get(0)).unwrap();
    assert_eq!(notes, "1,2");
}

#[test]
fn a_hook_before_that_fails_stops_the_run_with_nothing_changed() {
    for (key, hook) in [
        ("before_run", "'exit 3'"),
        ("before_revision", "'false'"),
        ("before_run", "{ sql = 'SELECT no_such' }"),
        ("before_run", "{ sql = 'BEGIN; CREATE TABLE half (a)' }"),
        ("before_run", "{ file = 'absent.sql' }"),
        ("before_run", "'echo ${NOT_SET_AT_ALL}'"),
    ] {
        let project = with_hooks(&format!("{key} = {hook}"));
        let ended = project.run(&["upgrade", "--format", "json"]);
        assert_ne!(ended.code, Some(0), "{ended}");
        let expected = if hook.contains("NOT_SET") { "variable_not_set" } else { "before_hook_failed" };
        assert_eq!(code(&ended), expected, "{ended}");
        assert_eq!(applied(&project), 0, "{key} = {hook}");
        let connection = rusqlite::Connection::open(project.path("app.db")).unwrap();
        assert_eq!(connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)), Ok(0), "{hook}");
    }
    let project = with_hooks("before_run = 'exit 3'");
    let ended = project.run(&["upgrade"]).ends_with(1);
    ended
        .says("the hook `before_run` failed: the command ended with exit code 3")
        .says("migrations.toml:3")
        .says("--no-hooks");
    project.run(&["upgrade", "--no-hooks"]).ends_with(0);
}

#[test]
fn a_hook_after_that_fails_is_told_and_what_was_done_stays() {
    for (key, kept) in [("after_revision", 1), ("after_run", 2)] {
        let project = with_hooks(&format!("{key} = 'exit 1'"));
        let ended = project.run(&["upgrade", "--format", "json"]).ends_with(1);
        assert_eq!(code(&ended), "after_hook_failed");
        assert_eq!(applied(&project), kept, "{key}");
    }
}

#[test]
fn a_revision_that_is_rolled_back_has_no_hook_after_it() {
    let project = all("");
    project.revision("r0002", "r0001", "CREATE TABLE a (b); SELEC 1;", "DROP TABLE a;");
    project.run(&["upgrade"]).ends_with(3);
    let last = log(&project);
    assert_eq!(last[last.len() - 1], "before_revision upgrade r0002");
    assert_eq!(applied(&project), 1);
}

#[test]
fn an_environment_has_its_own_hooks_and_all_in_one_allows_none_in_between() {
    let project = all("[environments.test]\nbefore_run = []\nafter_run = []\nbefore_revision = []");
    let ended = project.run(&["upgrade", "--env", "test", "--transaction", "all"]).ends_with(2);
    ended.says("hooks around each revision").says("--transaction each");
    project.run(&["upgrade", "--env", "test"]).ends_with(0);
    assert_eq!(log(&project), ["after_revision upgrade r0001", "after_revision upgrade r0002"]);
}

#[test]
fn a_hook_may_use_the_database_and_schemactl_itself() {
    let binary = env!("CARGO_BIN_EXE_schemactl");
    let project = with_hooks(&format!("before_revision = '{binary} upgrade && {binary} current >> log'"));
    // The hook runs them all, without hooks of its own: nothing is left for the run.
    project.run(&["upgrade"]).ends_with(0).answers("r0002");
    assert!(project.read("log").contains("r0002"));
    assert_eq!(applied(&project), 2);
}

#[test]
fn new_scripts_pass_through_the_formatter() {
    let project = Project::with_settings("post_write = ['cat {file} > copy', 'sh fmt.sh {file}']");
    project.write("fmt.sh", "sed 's/  */ /g; s/CREATE/create/' \"$1\" > tmp && cat tmp > \"$1\"; rm tmp\n");
    let toml = project.read("migrations.toml") + "[tables.t.columns]\na = 'INTEGER'\nb = 'TEXT'\n";
    project.write("migrations.toml", &toml);
    let ended = project.run(&["revision", "--autogenerate", "-m", "it's new", "--format", "json"]).ends_with(0);
    let path = ended.json()["path"].as_str().unwrap().to_owned();
    assert!(!ended.stderr.contains("warning"), "{ended}");
    assert!(project.read("copy").contains("\n  \"a\"") && project.read(&path).contains("create TABLE"), "{ended}");
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);

    let toml = toml.replace("b = 'TEXT'", "b = 'TEXT'\nc = 'TEXT'");
    project.write("migrations.toml", &toml);
    project.run(&["revision", "--autogenerate", "-m", "more"]).ends_with(0);
    let ended = project.run(&["squash", "base:head", "-m", "all", "--format", "json"]).ends_with(0);
    assert!(project.read(ended.json()["path"].as_str().unwrap()).contains("create TABLE"), "{ended}");

    project.write("fmt.sh", "echo 'SELECT 1;' >> \"$1\"\n");
    project.run(&["revision", "-m", "two"]).ends_with(0).says("changed more than the layout");
    project.write("fmt.sh", "exit 7\n");
    project.run(&["revision", "-m", "three"]).ends_with(1).says("exit code 7").says("the script was written");
    project.write("fmt.sh", "echo gone > \"$1\"\n");
    project.run(&["revision", "-m", "four"]).ends_with(2).says("left no script");
}
