//! The text that `init` begins a project with.

/// The settings, with those that are left out as comments.
#[must_use]
pub fn settings_text(database: &str) -> String {
    format!(
        "# The schema of a SQLite database, and where its revisions are kept.
# Completion and checks in editors: `schemactl schema > migrations.schema.json`, then as the first line
#   #:schema ./migrations.schema.json

[schemactl]
database = {database}               # a path, from here; ${{NAME}} and ${{NAME:-default}} take variables
versions = \"versions\"             # the folder with the revisions
# model = [\"models/*.toml\"]       # where the tables are described; left out: in this file
# version_table = \"schemactl_version\"
# ignore = [\"cache_*\"]            # tables and views of other programs
# target_sqlite = \"3.45\"          # the oldest SQLite that must run the scripts; left out: the one built in
# column_order = \"strict\"         # the order of columns counts; left out: a new one is appended
# drift = \"refuse\"                # when the database is not what its revisions made; left out: \"warn\"
# backup = \"always\"               # or \"never\"; left out: before a run that discards rows
# keep_dropped = true             # put dropped rows aside, so that downgrade can bring them back
",
        database = toml_string(database)
    )
}

/// A whole configuration to begin with, for a database at this path.
#[must_use]
pub fn template(database: &str) -> String {
    settings_text(database)
        + "
# A table. The short form of a column is SQLite's own; the long form says more. Take the comment signs away to begin.

# [tables.user.columns]
# id         = \"INTEGER PRIMARY KEY\"
# email      = { type = \"TEXT\", not_null = true, unique = true, collate = \"NOCASE\" }
# name       = \"TEXT NOT NULL\"
# team_id    = { type = \"INTEGER\", references = \"team(id)\", on_delete = \"SET NULL\" }
# created_at = { type = \"TEXT\", not_null = true, default = { sql = \"CURRENT_TIMESTAMP\" } }

# [tables.user.indexes]
# user_team = [\"team_id\", \"created_at DESC\"]

# [tables.team.columns]
# id   = \"INTEGER PRIMARY KEY\"
# name = \"TEXT NOT NULL UNIQUE\"

# [views.team_size]
# sql = \"SELECT team.name, count(user.id) AS people FROM team LEFT JOIN user ON user.team_id = team.id GROUP BY team.id\"
"
}

/// A text as a TOML string.
fn toml_string(text: &str) -> String {
    toml::Value::from(text).to_string()
}
