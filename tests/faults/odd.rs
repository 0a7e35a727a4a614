//! Databases that are unlike most, and version tables that somebody has edited.

use rusqlite::Connection;

use super::{files, stands_at};
use crate::support::command::Project;

/// An `app.db` that these statements begin.
fn beginning(project: &Project, sql: &str) {
    Connection::open(project.path("app.db")).unwrap().execute_batch(sql).unwrap();
}

fn pragma(project: &Project, name: &str) -> String {
    let connection = Connection::open(project.path("app.db")).unwrap();
    let value: rusqlite::types::Value = connection.pragma_query_value(None, name, |row| row.get(0)).unwrap();
    format!("{value:?}")
}

#[test]
fn what_is_set_in_the_file_stays_through_rebuilds_and_back() {
    for (name, begin) in [
        ("auto_vacuum", "PRAGMA auto_vacuum = FULL; CREATE TABLE x (y); DROP TABLE x"),
        ("auto_vacuum", "PRAGMA auto_vacuum = INCREMENTAL; CREATE TABLE x (y); DROP TABLE x"),
        ("page_size", "PRAGMA page_size = 512; CREATE TABLE x (y); DROP TABLE x"),
        ("page_size", "PRAGMA page_size = 65536; CREATE TABLE x (y); DROP TABLE x"),
        ("application_id", "PRAGMA application_id = 252006673"),
        ("user_version", "PRAGMA user_version = 77"),
        ("encoding", "PRAGMA encoding = 'UTF-16le'; CREATE TABLE x (y); DROP TABLE x"),
        ("journal_mode", "PRAGMA journal_mode = WAL"),
        ("journal_mode", "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; CREATE TABLE x (y); DROP TABLE x"),
    ] {
        let project = Project::with_settings("");
        beginning(&project, begin);
        let before = pragma(&project, name);
        project.chain(3);
        let rebuild = "CREATE TABLE new (x INTEGER);\nINSERT INTO new SELECT x FROM t3;\nDROP TABLE t3;
ALTER TABLE new RENAME TO t3;\nINSERT INTO t3 SELECT hex(randomblob(20000)) FROM t3, t2, t1;\nCREATE TABLE t4 (x);\nINSERT INTO t4 VALUES ('é');";
        project.revision("r0004", "r0003", rebuild, "DROP TABLE t4;");
        project.run(&["upgrade"]).ends_with(0);
        assert_eq!(stands_at(&project), 4, "{begin}");
        assert_eq!(pragma(&project, name), before, "{begin}");
        project.run(&["downgrade", "base", "--yes"]).ends_with(0);
        assert_eq!(stands_at(&project), 0, "{begin}");
        assert_eq!(pragma(&project, name), before, "{begin}");
    }
}

#[test]
fn an_empty_file_is_an_empty_database_and_what_looks_encrypted_is_named() {
    let project = Project::with_settings("");
    project.chain(2);
    std::fs::write(project.path("app.db"), "").unwrap();
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&project), 2);
    let noise: Vec<u8> = (0..8192u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    std::fs::write(project.path("app.db"), &noise).unwrap();
    let before = files(&project);
    project.run(&["upgrade"]).ends_with(3).says("app.db").says("encrypt");
    assert!(files(&project) == before);
}

#[test]
fn a_huge_value_comes_through_a_rebuild() {
    let project = Project::with_settings("");
    project.chain(1);
    let rebuild =
        "INSERT INTO t1 VALUES (zeroblob(60000000));\nCREATE TABLE new (x, y);\nINSERT INTO new (x) SELECT x FROM t1;
DROP TABLE t1;\nALTER TABLE new RENAME TO t1;\nCREATE TABLE t2 (x);\nINSERT INTO t2 SELECT max(length(x)) FROM t1;";
    project.revision("r0002", "r0001", rebuild, "DROP TABLE t2;");
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(stands_at(&project), 2);
    let connection = Connection::open(project.path("app.db")).unwrap();
    assert_eq!(connection.query_row("SELECT x FROM t2", [], |row| row.get(0)), Ok(60_000_000));
}

#[test]
fn a_clock_that_goes_back_changes_no_order_and_no_backup_is_lost_by_it() {
    let project = Project::with_settings("backup = \"always\"");
    project.chain(5);
    for (number, year) in [2030, 2029, 2028, 2027, 2026].into_iter().enumerate() {
        let mut command = project.command(&["upgrade", "+1", "--format", "json"]);
        let ended = crate::support::command::Ended::of(command.env("SCHEMACTL_NOW", format!("{year}-01-01T00:00:00Z")));
        let document = ended.ends_with(0).json();
        assert_eq!(document["heads"][0], format!("r{:04}", number + 1));
        if let Some(backup) = document["backup"].as_str() {
            assert!(project.path(backup).exists(), "the copy of this very run is gone: {document}");
        }
    }
    project.run(&["downgrade", "-1"]).ends_with(0);
    assert_eq!(stands_at(&project), 4);
}

#[test]
fn a_version_table_that_was_edited_by_hand_is_told_or_gone_along_with_and_never_harmed() {
    for (edit, exit, says) in [
        ("UPDATE schemactl_version SET kind = 'magic' WHERE revision = 'r0002'", 3, "its kind is `magic`"),
        ("UPDATE schemactl_version SET revision = '' WHERE revision = 'r0002'", 3, "schemactl_version"),
        ("UPDATE schemactl_version SET parents = x'ff' WHERE revision = 'r0002'", 3, "schemactl_version"),
        ("ALTER TABLE schemactl_version DROP COLUMN checksum", 3, "schemactl_version"),
        ("DELETE FROM schemactl_version WHERE revision = 'r0002'", 3, "already exists"),
        ("DROP TABLE schemactl_version", 3, "already exists"),
        ("UPDATE schemactl_version SET sequence = 0, duration_ms = 'soon'", 3, "schemactl_version"),
        ("UPDATE schemactl_version SET sequence = -sequence, applied_at = 'never'", 0, ""),
    ] {
        let project = Project::with_settings("");
        project.chain(3);
        project.run(&["upgrade", "r0002"]).ends_with(0);
        beginning(&project, edit);
        let before = files(&project);
        let ended = project.run(&["upgrade"]);
        assert_eq!(ended.code, Some(exit), "{edit}: {ended}");
        assert!(ended.stderr.contains(says), "{edit}: {ended}");
        if exit != 0 {
            assert!(files(&project) == before, "{edit}: {ended}");
        }
    }
}
