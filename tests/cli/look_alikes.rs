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

#[test]
fn a_rename_from_a_name_that_is_not_there_drops_nothing() {
    let project = Project::new();
    std::fs::create_dir(project.path("versions")).unwrap();
    // On an empty database nothing is renamed, and nothing is said.
    model(&project, "user", "mail = { type = \"TEXT\", renamed_from = \"post\" }\nborn = \"TEXT\"");
    let begun = project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    assert!(!begun.stderr.contains("renamed_from"), "{begun}");
    project.run(&["upgrade"]).ends_with(0);

    let revision = ["revision", "--autogenerate", "--no-renames", "-m", "Say users"];
    model(&project, "users", "mail = \"TEXT\"\n\n[tables.users]\nrenamed_from = \"usr\"");
    let refused = project.run(&revision).ends_with(2);
    let refused = refused.says("table `users` has `renamed_from = \"usr\"`, but there is no table `usr`");
    let refused = refused.says("did you mean `user`? it would be dropped");
    assert!(refused.stderr.contains("migrations.toml:"), "{refused}");
    // Where the changes are only looked at, they are told, and so is the doubt.
    for args in [&["check"][..], &["diff"]] {
        let code = i32::from(args == ["check"]);
        project.run(args).ends_with(code).says("did you mean `user`?").answers("dropped table `user`");
    }

    model(&project, "user", "email = { type = \"TEXT\", renamed_from = \"mial\" }\nborn = \"TEXT\"");
    let refused = project.run(&revision).ends_with(2);
    refused.says("column `user.email` has `renamed_from = \"mial\"`").says("did you mean `mail`? it would be dropped");
    project.run(&["revision", "--autogenerate", "--rename", "usr.mail=email"]).ends_with(2).says("no table `usr`");
    assert_eq!(project.run(&["history"]).ends_with(0).stdout.lines().count(), 1);

    // The command line says it right; from then on the model's words are quiet.
    project.run(&["revision", "--autogenerate", "--rename", "user.mail=email", "-m", "Say e-mail"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    let quiet = project.run(&["check"]).ends_with(0);
    assert!(!quiet.stderr.contains("renamed_from"), "{quiet}");
}
