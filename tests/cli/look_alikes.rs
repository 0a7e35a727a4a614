//! A drop and an add that look alike: a person at a terminal is asked, nobody else.

use crate::support::command::Project;
use crate::support::terminal::at_a_terminal;

fn model(project: &Project, table: &str, columns: &str) {
    project.write(
        "migrations.toml",
        &format!(
            "[schemactl]\ndatabase = \"app.db\"\n\n[tables.{table}.columns]\nid = \"INTEGER PRIMARY KEY\"\n{columns}\n"
        ),
    );
}

#[test]
fn a_person_is_asked_and_nobody_else() {
    let project = Project::new();
    std::fs::create_dir(project.path("versions")).unwrap();
    model(&project, "user", "mail = \"TEXT\"\nname = \"TEXT COLLATE NOCASE\"\nborn = \"TEXT\"");
    project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    model(&project, "user", "email = \"TEXT\"\nname = \"TEXT COLLATE NOCASE\"\nborn = \"TEXT\"");

    let args = ["revision", "--autogenerate", "--sql"];
    let refused = project.run(&args).ends_with(2).says("the same column of `user` under a new name, or another?");
    assert!(refused.stderr.contains("add `renamed_from = \"mail\"` to `email` in the model"), "{refused}");
    assert!(refused.stderr.contains("--rename user.mail=email"), "{refused}");

    let rename = "ALTER TABLE \"user\" RENAME COLUMN \"mail\" TO \"email\";";
    let Some(yes) = at_a_terminal(&project, "ENTER perhaps YES", &args) else { return };
    let yes = yes.ends_with(0).answers(rename);
    let question = "column `user.mail` goes and `email` comes: is it the same under a new name? [y/n]";
    assert_eq!(yes.stdout.matches(question).count(), 3, "{yes}");
    let no = at_a_terminal(&project, "n", &args).unwrap().ends_with(0).answers("DROP COLUMN \"mail\"");
    assert!(!no.stdout.contains(rename), "{no}");
    // Whoever walks away has not said that values may go.
    at_a_terminal(&project, "EOF", &args).unwrap().ends_with(2).answers("add `renamed_from = \"mail\"`");

    // The columns of a table under a new name are asked about next.
    model(&project, "person", "email = \"TEXT\"\nname = \"TEXT COLLATE NOCASE\"\nborn = \"TEXT\"");
    let both = at_a_terminal(&project, "y y", &args).unwrap().ends_with(0).answers("RENAME TO \"person\"");
    assert!(both.stdout.contains("RENAME COLUMN \"mail\" TO \"email\""), "{both}");
    assert_eq!(project.run(&["history"]).ends_with(0).stdout.lines().count(), 1);
}
