//! The text that `init` begins a project with.

use std::fmt::Write;

use super::json_schema::SCHEMA_FILE;
use super::toml_writer;

/// The settings, with those that are left out as comments.
#[must_use]
pub fn settings_text(database: &str, ignore: &[String]) -> String {
    let ignored = if ignore.is_empty() {
        r#"# ignore = ["cache_*"]"#.to_owned()
    } else {
        let names: Vec<String> = ignore.iter().map(|name| toml_writer::write(name)).collect();
        format!("ignore = [{}]", names.join(", "))
    };
    let lines = [
        (
            format!("database = {}", toml_writer::write(&database.replace("${", "$${"))),
            "a path, from here; ${NAME} and ${NAME:-default} take variables",
        ),
        (r#"versions = "versions""#.to_owned(), "the folder with the revisions"),
        (r#"# model = ["models/*.toml"]"#.to_owned(), "where the tables are described; left out: in this file"),
        (r#"# version_table = "schemactl_version""#.to_owned(), "the table that keeps account of the revisions"),
        (ignored, "tables and views of other programs"),
        (
            r#"# target_sqlite = "3.45""#.to_owned(),
            "the oldest SQLite that must run the scripts; left out: the one built in",
        ),
        (r#"# column_order = "strict""#.to_owned(), "the order of columns counts; left out: a new one is appended"),
        (r#"# drift = "refuse""#.to_owned(), "when the database is not what its revisions made; left out: \"warn\""),
        (r#"# backup = "always""#.to_owned(), "or \"never\"; left out: before a run that discards rows"),
        ("# backups_kept = 3".to_owned(), "how many of those copies are kept"),
        (r#"# backups_size = "10 GB""#.to_owned(), "how much room they may take together; left out: any"),
        ("# keep_dropped = true".to_owned(), "put dropped rows aside, so that downgrade can bring them back"),
    ];
    let mut text = format!(
        "#:schema ./{SCHEMA_FILE}
# The schema of a SQLite database, and where its revisions are kept. The line above gives completion and checks in
# editors; after an update of schemactl: schemactl schema > {SCHEMA_FILE}

[schemactl]
"
    );
    // A long path has its comment after it; it does not push all the others aside.
    let width = lines[1..].iter().map(|(setting, _)| setting.len()).max().unwrap_or_default();
    for (setting, comment) in lines {
        writeln!(text, "{setting:width$}  # {comment}").expect("a String takes all that is written");
    }
    text
}

/// A whole configuration to begin with, for a database at this path.
#[must_use]
pub fn template(database: &str) -> String {
    settings_text(database, &[])
        + r#"
# A table. The short form of a column is SQLite's own; the long form says more. Take the comment signs away to begin.

# [tables.user.columns]
# id         = "INTEGER PRIMARY KEY"
# email      = { type = "TEXT", not_null = true, unique = true, collate = "NOCASE" }
# name       = "TEXT NOT NULL"
# team_id    = { type = "INTEGER", references = "team(id)", on_delete = "SET NULL" }
# created_at = { type = "TEXT", not_null = true, default = { sql = "CURRENT_TIMESTAMP" } }

# [tables.user.indexes]
# user_team = ["team_id", "created_at DESC"]

# [tables.team.columns]
# id   = "INTEGER PRIMARY KEY"
# name = "TEXT NOT NULL UNIQUE"

# [views.team_size]
# sql = "SELECT team.name, count(user.id) AS people FROM team LEFT JOIN user ON user.team_id = team.id GROUP BY team.id"
"#
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Model, Settings};
    use super::*;
    use crate::report::Source;

    /// The text with the comment signs of its settings and of its example taken away.
    fn without_signs(text: &str) -> String {
        let is_setting = |line: &str| line.starts_with("# [") || line.contains(" = ");
        let lines = text.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if is_setting(line) => rest.to_owned(),
            _ => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_database_name_is_kept() {
        for database in [
            "app.db",
            "it's \"here\".db",
            "${odd}.db",
            r"C:\data\app.db",
            "a very long name, as long as paths can be.db",
        ] {
            let source = Arc::new(Source { path: "migrations.toml".to_owned(), text: template(database) });
            let settings = Settings::read(&source, None, &|_| None).unwrap();
            assert_eq!(settings.database().unwrap(), database);
            assert!(Model::read(&[source], &settings).unwrap().schema.is_empty());
        }
    }

    #[test]
    fn the_example_is_one() {
        let text = without_signs(&template("app.db"));
        let text = text.replace("model = [\"models/*.toml\"]", "");
        let source = Arc::new(Source { path: "migrations.toml".to_owned(), text });
        let settings = Settings::read(&source, None, &|_| None).unwrap();
        let schema = Model::read(&[source], &settings).unwrap().schema;
        assert_eq!((schema.tables.len(), schema.views.len()), (2, 1));
        assert!(settings.keep_dropped);
    }

    #[test]
    fn comments_line_up() {
        let text = settings_text("app.db", &[]);
        let settings = text.lines().skip_while(|line| *line != "[schemactl]").skip(1);
        let at: Vec<Option<usize>> = settings.map(|line| line.rfind("  # ")).collect();
        assert!(at[0].is_some() && at.iter().all(|place| *place == at[0]), "{text}");
    }
}
