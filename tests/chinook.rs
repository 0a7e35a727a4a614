//! A real database from its first model to six revisions and back, by edits of the model and the binary alone.

use rusqlite::Connection;

use crate::support::command::Project;
use crate::support::shared;

/// Edits of the model: what stands there, and what comes in its place.
const EDITS: [(&str, &str, &str); 6] = [
    (
        "Added rank",
        "[tables.Genre.columns]\nGenreId = \"INTEGER NOT NULL\"\nName = \"NVARCHAR(120)\"\n",
        "[tables.Genre.columns]\nGenreId = \"INTEGER NOT NULL\"\nName = \"NVARCHAR(120)\"\nRank = \"INTEGER NOT NULL DEFAULT 7\"\n",
    ),
    (
        "Require company",
        "Company = \"NVARCHAR(80)\"\n",
        "Company = { type = \"NVARCHAR(80)\", not_null = true, backfill = \"'none'\" }\n",
    ),
    (
        "Artist refers to itself",
        "primary_key = { columns = [\"ArtistId\"], name = \"PK_Artist\" }\n",
        "primary_key = { columns = [\"ArtistId\"], name = \"PK_Artist\" }\nforeign_keys = [{ columns = [\"ArtistId\"], references = \"Artist(ArtistId)\", on_delete = \"CASCADE\" }]\n",
    ),
    (
        "Longer prices",
        "UnitPrice = \"NUMERIC(10,2) NOT NULL\"\nQuantity",
        "UnitPrice = \"DECIMAL(12,4) NOT NULL\"\nQuantity",
    ),
    (
        "Dropped fax",
        "Fax = \"NVARCHAR(24)\"\nEmail = \"NVARCHAR(60) NOT NULL\"\nSupportRepId",
        "Email = \"NVARCHAR(60) NOT NULL\"\nSupportRepId",
    ),
    (
        "Name is label",
        "[tables.MediaType.columns]\nMediaTypeId = \"INTEGER NOT NULL\"\nName = \"NVARCHAR(120)\"\n",
        "[tables.MediaType.columns]\nMediaTypeId = \"INTEGER NOT NULL\"\nLabel = { type = \"NVARCHAR(120)\", renamed_from = \"Name\" }\n",
    ),
];

#[test]
fn chinook_goes_through_six_revisions_and_back() {
    let Some(schema) = shared::folder("corpus/schemas/chinook.sql") else { return };
    let project = Project::new();
    let open = |file: &str| Connection::open(project.path(file)).unwrap();
    open("app.db").execute_batch(&std::fs::read_to_string(schema).unwrap()).unwrap();
    project.run(&["init", "--from-database", "app.db"]).ends_with(0);
    let Some(filled) = project.python("fill.py", &["app.db", "--rows", "40", "--ignore", "schemactl*"]) else { return };
    filled.ends_with(0);
    std::fs::copy(project.path("app.db"), project.path("start.db")).unwrap();
    project.run(&["check"]).ends_with(0);

    for (message, old, new) in EDITS {
        let model = project.read("migrations.toml");
        assert_eq!(model.matches(old).count(), 1, "{old}");
        project.write("migrations.toml", &model.replace(old, new));
        project.run(&["revision", "--autogenerate", "-m", message]).ends_with(0).says("made-up rows");
        project.run(&["upgrade", "head", "--yes"]).ends_with(0);
        project.run(&["check"]).ends_with(0);
    }
    let number = |sql: &str| open("app.db").query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT count(*) FROM Genre WHERE Rank = 7"), number("SELECT count(*) FROM Genre"));
    assert_eq!(number("SELECT count(*) FROM Customer WHERE Company IS NULL"), 0);
    assert!(number("SELECT count(Label) FROM MediaType") > 0);

    project.run(&["downgrade", "-6", "--yes"]).ends_with(0);
    let judge = |tool: &str, args: &[&str]| project.python(tool, args).unwrap().ends_with(0);
    judge("schema_equal.py", &["start.db", "app.db", "--ignore", "schemactl*"]);
    // What the changes themselves discarded or filled is left out; all else is as it was, rowids and counters too.
    for file in ["start.db", "app.db"] {
        open(file)
            .execute_batch("ALTER TABLE Customer DROP COLUMN Fax; ALTER TABLE Customer DROP COLUMN Company")
            .unwrap();
    }
    let args =
        ["start.db", "app.db", "--ignore", "schemactl*", "--rowid", "--sequence", "--need-tables", "--need-columns"];
    judge("data_equal.py", &args);
}
