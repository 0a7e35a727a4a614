//! Settings in each environment, and every mistake in them with its place.

use std::sync::Arc;

use super::*;
use crate::diff::ColumnOrder;

fn file(path: &str, text: &str) -> Arc<Source> {
    Arc::new(Source { path: path.to_owned(), text: text.to_owned() })
}

/// The code and the underlined text of each mistake.
fn told(mistakes: &[Diagnostic]) -> Vec<(&str, &str)> {
    mistakes
        .iter()
        .map(|mistake| {
            let place = mistake.place.as_ref().expect("each mistake has a place");
            (mistake.code, &place.source.text[place.span.clone()])
        })
        .collect()
}

#[test]
fn settings_are_those_of_the_environment_and_else_the_common_ones() {
    let text = r#"
[schemactl]
database = "${NOT_SET}"
versions = ["a", "${ROOT}/b"]
model = "${NOT_SET:-m.toml}"
version_table = "v"
ignore = "x_*"
target_sqlite = "3.40"
column_order = "strict"
drift = "refuse"
mirror = "dbmate"
backup = "never"
keep_dropped = true
catalog_edits = true
fast_rebuild = true

[environments.test]
database = ":memory:"
backup = "always"
keep_dropped = false
"#;
    let file = file("db/migrations.toml", text);
    let lookup = |name: &str| (name == "ROOT").then(|| "/r".to_owned());
    let common = Settings::read(&file, None, &lookup).unwrap();
    assert_eq!(common.versions, ["a", "/r/b"]);
    assert_eq!(common.model.as_ref().unwrap().patterns, ["m.toml"]);
    assert_eq!(common.version_table, Name::from("v"));
    assert!(common.ignore.covers(&Name::from("X_1")));
    assert_eq!(common.target_sqlite.unwrap().to_string(), "3.40");
    assert_eq!((common.column_order, common.drift), (ColumnOrder::Strict, Drift::Refuse));
    assert_eq!((common.backup, common.mirror), (Backup::Never, Some(crate::mirror::Mirror::Dbmate)));
    assert!(common.keep_dropped && common.catalog_edits && common.fast_rebuild);
    assert_eq!(common.path("app.db"), std::path::Path::new("db/app.db"));
    assert_eq!(common.path("/app.db"), std::path::Path::new("/app.db"));
    // The variable is missed when the database is asked for, not before.
    let error = common.database().unwrap_err();
    assert_eq!(told(&error.diagnostics()), [("variable_not_set", "${NOT_SET}")]);

    let other = Settings::read(&file, Some("test"), &lookup).unwrap();
    assert_eq!((other.database().unwrap(), other.backup, other.keep_dropped), (":memory:", Backup::Always, false));
    assert_eq!(other.column_order, ColumnOrder::Strict);

    let unknown = Settings::read(&file, Some("tset"), &lookup).unwrap_err();
    assert_eq!(unknown.diagnostics()[0].help.as_deref(), Some("did you mean `test`?"));
    assert!(matches!(Settings::default().database(), Err(Error::NoDatabase)));
}

#[test]
fn every_mistake_in_settings_is_told_in_its_place() {
    for (toml, want) in [
        ("[schemactl]\ndatabse = 'a'", &[("unknown_key", "databse")][..]),
        ("[schemctl]\ndatabase = 'a'", &[("unknown_key", "schemctl")]),
        ("[environments.x]\ndrft = 'warn'", &[("unknown_key", "drft")]),
        ("[environments.x]\ndrift = 'war'", &[("bad_value", "'war'")]),
        ("[schemactl]\nversions = [1]", &[("wrong_type", "1")]),
        ("[schemactl]\ntarget_sqlite = 3.45", &[("wrong_type", "3.45")]),
        ("[schemactl]\ntarget_sqlite = 'new'", &[("bad_value", "'new'")]),
        ("[schemactl]\nignore = ['a[']", &[("bad_pattern", "'a['")]),
        ("[schemactl]\nversions = '${NOPE}/x'", &[("variable_not_set", "${NOPE}")]),
        ("[schemactl]\nversions = '${'", &[("bad_variable", "${")]),
        ("[schemactl]\nversions = []", &[("empty", "[]")]),
        ("[schemactl]\nversion_table = ''", &[("empty", "''")]),
        ("[schemactl]\nversion_table = 'sqlite_v'", &[("reserved_name", "'sqlite_v'")]),
        ("[schemactl]\ndatabases = 1", &[("wrong_type", "1")]),
        ("[schemactl]\ndatabases = { file = 'a', sql = 'b' }", &[("bad_value", "{ file = 'a', sql = 'b' }")]),
        ("[schemactl]\nkeep_dropped = 1", &[("wrong_type", "1")]),
        ("[schemactl]\nmodel = 'm.toml'\n[tables.t.columns]\na = ''", &[("model_elsewhere", "tables")]),
        (
            "[schemactl]\ndrift = 1\n[tables.t.columns]\na = { typ = '' }",
            &[("wrong_type", "1"), ("unknown_key", "typ")],
        ),
    ] {
        let file = file("migrations.toml", toml);
        let mistakes = Settings::read(&file, None, &|_| None).map(|_| panic!("{toml}")).unwrap_err().diagnostics();
        assert_eq!(told(&mistakes), want, "{toml}");
    }
    let file = file("migrations.toml", "[schemactl]\nmodel = ['./*.toml']\n[tables.t.columns]\na = ''");
    assert!(Settings::read(&file, None, &|_| None).is_ok());
}

#[test]
fn a_fleet_is_listed_in_many_ways_and_one_database_takes_its_place() {
    let text = "[schemactl]\ndatabases = ['data/{tenant}.db', { file = '${HERE}/list' }, { command = './list' }]\n\
                [environments.one]\ndatabase = 'app.db'\n\
                [environments.asked]\ndatabases = { database = 'control.db', sql = 'SELECT 1, 2' }\n\
                [environments.unset]\ndatabases = { file = '${NOPE}' }";
    let lookup = |name: &str| (name == "HERE").then(|| "/here".to_owned());
    let read = |environment| Settings::read(&file("migrations.toml", text), environment, &lookup).unwrap();
    let text = |text: &str| text.to_owned();
    let origins =
        [Origin::Pattern(text("data/{tenant}.db")), Origin::File(text("/here/list")), Origin::Command(text("./list"))];
    assert_eq!(read(None).databases().unwrap().unwrap(), origins);
    assert_eq!(read(Some("one")).databases().unwrap(), None);
    let asked = Origin::Query { database: text("control.db"), sql: text("SELECT 1, 2") };
    assert_eq!(read(Some("asked")).databases().unwrap().unwrap(), [asked]);
    assert!(read(Some("unset")).databases().is_err());
    assert!(matches!(read(None).database(), Err(Error::ManyDatabases)));
    assert!(!read(Some("one")).given.contains_key("databases"));

    let text = "[schemactl]\ndatabase = 'dev.db'\n[environments.production]\ndatabases = 'data/*.db'";
    let read = |environment| Settings::read(&file("migrations.toml", text), environment, &|_| None).unwrap();
    assert_eq!(read(None).database().unwrap(), "dev.db");
    let production = read(Some("production"));
    assert!(matches!(production.database(), Err(Error::ManyDatabases)), "what is asked there is not answered here");
    assert!(!production.given.contains_key("database"));
}
