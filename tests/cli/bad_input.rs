//! Bad input gets a clear error with its place and the exit code of its kind, never a panic.

use std::fs;

use crate::support::command::{Ended, Project};

const MODEL: &str = "[schemactl]\ndatabase = \"app.db\"\n\n[tables.t]\ncolumns.a = \"TEXT\"\n";

fn project() -> Project {
    let project = Project::new();
    project.write("migrations.toml", MODEL);
    fs::create_dir(project.path("versions")).unwrap();
    project
}

/// An error with a code of its own and no panic.
#[track_caller]
fn is_refused(ended: Ended, code: i32) -> Ended {
    let ended = ended.ends_with(code).says("error: ");
    assert!(!ended.stderr.contains("panicked"), "{ended}");
    ended
}

/// All commands that read the database refuse it with these words and leave it as it is.
#[track_caller]
fn database_is_refused(project: &Project, words: &str) {
    let before = fs::read(project.path("app.db")).unwrap();
    for command in [
        &["introspect"][..],
        &["check"],
        &["current"],
        &["upgrade", "head"],
        &["init", "--config", "n.toml", "--from-database", "app.db"],
    ] {
        is_refused(project.run(command), 3).says(words);
    }
    assert_eq!(fs::read(project.path("app.db")).unwrap(), before);
}

fn database(project: &Project, sql: &str) -> Vec<u8> {
    let path = project.path("app.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    fs::read(path).unwrap()
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let project = project();
    project
        .write("app.db", "Dear diary, today I wrote no database at all. It was a fine day nevertheless, all in all.\n");
    database_is_refused(&project, "it is a text file");
    let noise: Vec<u8> = (0..4096_u32).map(|at| u8::try_from((at * 7919 + at * at) % 251).unwrap()).collect();
    fs::write(project.path("app.db"), noise).unwrap();
    database_is_refused(&project, "it is encrypted");
}

#[test]
fn a_damaged_database_is_refused() {
    let project = project();
    let table = |at| format!("CREATE TABLE a_table_with_a_long_name_{at} (a, b, c);");
    let tables = (0..60).map(table).collect::<Vec<_>>().concat();
    let whole = database(&project, &tables);
    fs::write(project.path("app.db"), &whole[..whole.len() / 2]).unwrap();
    database_is_refused(&project, "truncated");
    let mut scribbled = whole.clone();
    scribbled[100..1000].fill(0xa5);
    fs::write(project.path("app.db"), scribbled).unwrap();
    database_is_refused(&project, "damaged");
}

#[test]
fn a_corrupt_row_of_the_schema_is_refused() {
    let project = project();
    database(
        &project,
        "CREATE TABLE fine (a); CREATE TABLE bad (a); PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE TABEL bad (a)' WHERE name = 'bad';",
    );
    database_is_refused(&project, "bad");
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line() {
    let project = project();
    for (text, words) in [
        (format!("{MODEL}[tables.u\n").into_bytes(), "migrations.toml:6"),
        (format!("{MODEL}# \0\n").into_bytes(), "migrations.toml:6"),
        (format!("{MODEL}[views]\nv = \"SELECT '\\u0000'\"\n").into_bytes(), "NUL"),
        ([MODEL.as_bytes(), b"# \xff\n"].concat(), "found the byte 0xff, which is no UTF-8"),
        (format!("{MODEL}deep = {}", "[".repeat(100_000)).into_bytes(), "migrations.toml:6"),
        (format!("{MODEL}deep = {}", "{a=".repeat(100_000)).into_bytes(), "migrations.toml:6"),
        (format!("[{}]\n", "a.".repeat(50_000)).into_bytes(), "migrations.toml:1"),
        (
            format!("{MODEL}[tables.u.columns]\na = {{ check = \"{}1\" }}", "(".repeat(50_000)).into_bytes(),
            "migrations.toml:7",
        ),
        (
            format!("{MODEL}[tables.u.columns]\na = \"CHECK ({}1{})\"", "abs(".repeat(5_000), ")".repeat(5_000))
                .into_bytes(),
            "migrations.toml:6",
        ),
    ] {
        fs::write(project.path("migrations.toml"), &text).unwrap();
        let ended = is_refused(project.run(&["check"]), 2).says(words);
        assert!(ended.stderr.len() < 10_000, "{} bytes: {words}", ended.stderr.len());
    }
}

#[test]
fn a_model_of_fifty_megabytes_is_read_or_refused_in_good_time() {
    let project = project();
    let mut text = MODEL.to_owned();
    let line =
        "# what is written here counts for nothing, and there is very much of it in this file, line by line by line\n";
    text += &line.repeat(50_000_000 / line.len());
    project.write("migrations.toml", &text);
    project.run(&["check"]).ends_with(1);
    text += "[tables.t]\n";
    project.write("migrations.toml", &text);
    is_refused(project.run(&["check"]), 2).says("duplicate key");
    text += &line.repeat(20_000_000 / line.len());
    project.write("migrations.toml", &text);
    is_refused(project.run(&["check"]), 2).says("more than");
}

#[test]
fn a_script_that_is_no_text_is_refused() {
    let project = project();
    fs::write(
        project.path("versions/20260101000000_aaaaaaaaaaaa_x.sql"),
        b"-- revision: aaaaaaaaaaaa\n-- parents: none\n\n-- migrate:up\nSELECT '\xff';\n",
    )
    .unwrap();
    is_refused(project.run(&["upgrade", "head"]), 2).says("20260101000000_aaaaaaaaaaaa_x.sql");
}

#[test]
fn what_is_named_and_not_there_is_told() {
    let project = project();
    is_refused(project.run(&["check", "--env", "production"]), 2).says("there is no environment `production`");
    project.write("migrations.toml", &format!("{MODEL}[environments.production]\n"));
    is_refused(project.run(&["check", "--env", "prodution"]), 2).says("did you mean `production`?");
    is_refused(project.run(&["check", "--config", "absent.toml"]), 2).says("absent.toml");
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\nmodel = \"absent.toml\"\n");
    is_refused(project.run(&["check"]), 2).says("`absent.toml` matches no file").says("migrations.toml:3:9");
}
