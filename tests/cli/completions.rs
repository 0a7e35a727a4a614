//! `schemactl completions`.

use std::process::Stdio;

use crate::support::command::Project;

#[test]
fn every_shell_gets_a_script_that_asks_the_program() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        project.run(&["completions", shell]).ends_with(0).answers("SCHEMACTL_COMPLETE");
    }
}

/// What can stand at the end of a line, as fish asks for it.
fn offered(project: &Project, words: &[&str]) -> String {
    let mut command = project.command(&[&["--", "schemactl"], words].concat());
    let output = command.env("SCHEMACTL_COMPLETE", "fish").output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn revisions_tables_and_environments_are_offered() {
    let project = Project::new();
    project.write(
        "migrations.toml",
        "[schemactl]\ndatabase = \"app.db\"\n[environments.production]\n[tables.invoice.columns]\nid = \"INTEGER\"\n",
    );
    project.write("versions/.keep", "");
    let id = project.run(&["--format", "json", "revision", "-m", "First of all"]).json()["revision"].clone();
    let id = id.as_str().unwrap();
    assert!(offered(&project, &["upg"]).starts_with("upgrade\t"));
    assert!(offered(&project, &["upgrade", "--no-"]).contains("--no-backup"));
    assert!(offered(&project, &["upgrade", ""]).contains(&format!("{id}\tFirst of all\n")));
    assert!(offered(&project, &["diff", "--from", "m"]).contains("model\t"));
    assert!(offered(&project, &["--env", ""]).contains("production\n"));
    assert!(offered(&project, &["graph", "--tables", ""]).contains("invoice\n"));
    assert!(offered(&project, &["revision", "--head", ""]).contains(id));
    assert!(offered(&project, &["explain", "SC10"]).contains("SC101\tforeign-key-without-index\n"));

    project.write("migrations.toml", "[[[");
    assert!(offered(&project, &["upgrade", "he"]).contains("heads\t"), "a mistake in the model is no trouble here");
}

#[test]
fn a_reader_that_has_gone_is_no_trouble() {
    let project = Project::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = project.command(&["completions", "bash"]).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let project = Project::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = project.command(&["completions", "bash"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: cannot write the answer\n"), "{said}");
}
