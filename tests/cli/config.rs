//! `schemactl config`: each value and where it comes from.

use serde_json::Value;

use crate::support::command::{Ended, Project};

const TOML: &str = "\
[schemactl]
database = \"${DATABASE:-app.db}\"
backup = \"always\"

[environments.production]
database = \"libsql://${HOST}?authToken=${TOKEN}\"
";

fn project() -> Project {
    let project = Project::new();
    project.write("migrations.toml", TOML);
    project.write(".env", "# secrets\nTOKEN=hush\n");
    project
}

fn row(document: &Value, part: &str, name: &str) -> (Value, String) {
    let rows = document[part].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {document}"));
    (row["value"].clone(), row["from"].as_str().unwrap().to_owned())
}

#[test]
fn defaults_files_variables_and_options_are_told_apart() {
    let project = project();
    let plain = project.run(&["--format", "json", "config"]).ends_with(0).json();
    let from = |document: &Value, name| row(document, "settings", name);
    assert_eq!(
        from(&plain, "database"),
        ("app.db".into(), "migrations.toml:2 [schemactl], DATABASE is not set".to_owned())
    );
    assert_eq!(from(&plain, "backup"), ("always".into(), "migrations.toml:3 [schemactl]".to_owned()));
    assert_eq!(from(&plain, "drift"), ("warn".into(), "default".to_owned()));
    assert_eq!(row(&plain, "options", "format"), ("json".into(), "--format".to_owned()));
    assert_eq!(row(&plain, "options", "quiet"), (false.into(), "default".to_owned()));

    let mut command = project.command(&["config"]);
    command.env("SCHEMACTL_ENV", "production").env("HOST", "db.example.com").env("SCHEMACTL_FORMAT", "json");
    let there = Ended::of(&mut command).ends_with(0).json();
    let place = "migrations.toml:6 [environments.production], HOST from the environment, TOKEN from .env:2";
    assert_eq!(from(&there, "database"), ("libsql://db.example.com?authToken=***".into(), place.to_owned()));
    assert_eq!(from(&there, "backup").1, "migrations.toml:3 [schemactl]");
    assert_eq!(row(&there, "options", "env"), ("production".into(), "SCHEMACTL_ENV".to_owned()));

    let other = project.run(&["--database", "other.db", "config", "--format", "json"]).json();
    assert_eq!(from(&other, "database"), ("other.db".into(), "--database".to_owned()));
    let told = project.run(&["config"]).ends_with(0);
    assert!(told.stdout.contains("backup         always"), "{told}");
    assert!(!told.stdout.contains("hush"), "{told}");
}

#[test]
fn an_environment_that_is_not_there_is_told_with_those_that_are() {
    let told = project().run(&["config", "--env", "prodution"]).ends_with(2);
    assert!(told.stderr.contains("production"), "{told}");
}
