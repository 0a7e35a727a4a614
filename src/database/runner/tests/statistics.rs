//! What ANALYZE has found, across rebuilds and renames.

use super::*;

const ANALYZED: &str = "CREATE TABLE t (a INTEGER PRIMARY KEY, b, c UNIQUE, d); CREATE INDEX ix_b ON t (b); \
     CREATE INDEX ix_d ON t (d); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) \
     INSERT INTO t SELECT i, i % 4, i, i FROM n; ANALYZE;";

const REBUILD_OF_ANALYZED: &str = "CREATE TABLE schemactl_new_t (a INTEGER PRIMARY KEY, b NOT NULL, c UNIQUE, d);\n\
     INSERT INTO schemactl_new_t SELECT * FROM t;\nDROP TABLE t;\nALTER TABLE schemactl_new_t RENAME TO t;\n\
     CREATE INDEX ix_b ON t (b);\n";

fn statistics(file: &File, table: &str) -> String {
    file.one(&format!("SELECT group_concat(DISTINCT idx) FROM (SELECT idx FROM {table} WHERE tbl = 't' ORDER BY idx)"))
}

#[test]
fn what_analyze_found_survives_a_rebuild() {
    let file = File::new(ANALYZED);
    let before = file.one("SELECT group_concat(stat, ';') FROM (SELECT stat FROM sqlite_stat1 ORDER BY idx)");
    let samples = file.one("SELECT count(*) FROM sqlite_stat4");
    file.run(&[up("a", &format!("{REBUILD_OF_ANALYZED}CREATE INDEX ix_d ON t (d);"))]).unwrap();
    assert_eq!(file.one("SELECT group_concat(stat, ';') FROM (SELECT stat FROM sqlite_stat1 ORDER BY idx)"), before);
    assert_eq!(file.one("SELECT count(*) FROM sqlite_stat4"), samples);
    assert_eq!(statistics(&file, "sqlite_stat1"), "ix_b,ix_d,sqlite_autoindex_t_1");
}

#[test]
fn what_analyze_found_survives_a_new_name_of_a_column_and_a_rebuild_in_one_script() {
    let file = File::new(ANALYZED);
    let samples = file.one("SELECT count(*) FROM sqlite_stat4");
    let rebuild = format!("{REBUILD_OF_ANALYZED}CREATE INDEX ix_d ON t (e);").replace(", d)", ", e)");
    file.run(&[up("a", &format!("ALTER TABLE t RENAME COLUMN d TO e;\n{rebuild}"))]).unwrap();
    assert_eq!(statistics(&file, "sqlite_stat1"), "ix_b,ix_d,sqlite_autoindex_t_1");
    assert_eq!(file.one("SELECT count(*) FROM sqlite_stat4"), samples);
}

#[test]
fn statistics_of_an_index_that_became_another_do_not_come_back() {
    let file = File::new(ANALYZED);
    file.run(&[up("a", &format!("{REBUILD_OF_ANALYZED}CREATE INDEX ix_d ON t (d, b);"))]).unwrap();
    assert_eq!(statistics(&file, "sqlite_stat1"), "ix_b,sqlite_autoindex_t_1");
    assert_eq!(statistics(&file, "sqlite_stat4"), "ix_b,sqlite_autoindex_t_1");
}

#[test]
fn statistics_that_a_script_takes_itself_are_those_that_count() {
    let file = File::new(ANALYZED);
    file.run(&[up(
        "a",
        &format!("{REBUILD_OF_ANALYZED}CREATE INDEX ix_d ON t (d);\nDELETE FROM t WHERE a > 10;\nANALYZE;"),
    )])
    .unwrap();
    assert_eq!(file.one("SELECT stat FROM sqlite_stat1 WHERE idx = 'ix_b'"), "10 3");
    assert_eq!(file.one("SELECT count(*) FROM sqlite_stat1"), "3");
}

/// The tables and indexes that something is known of, in each of SQLite's tables for it.
fn known(file: &File) -> [String; 2] {
    ["sqlite_stat1", "sqlite_stat4"].map(|table| {
        file.one(&format!(
            "SELECT group_concat(tbl || '.' || idx, ' ') FROM (SELECT DISTINCT tbl, idx FROM {table} ORDER BY tbl, idx)"
        ))
    })
}

#[track_caller]
fn becomes(before: &str, script: &str, wanted: &str) {
    let file = File::new(before);
    let samples = file.one("SELECT count(*) FROM sqlite_stat4");
    let facts = "SELECT group_concat(stat, ';') FROM (SELECT stat FROM sqlite_stat1 ORDER BY stat)";
    let at_first = file.one(facts);
    file.run(&[up("a", script)]).unwrap();
    assert_eq!(known(&file), [wanted, wanted]);
    assert_eq!((file.one("SELECT count(*) FROM sqlite_stat4"), file.one(facts)), (samples, at_first));
}

#[test]
fn what_analyze_found_goes_with_a_table_to_its_new_name() {
    becomes(ANALYZED, "ALTER TABLE t RENAME TO \"T's\"", "T's.ix_b T's.ix_d T's.sqlite_autoindex_T's_1");
    becomes(
        ANALYZED,
        "ALTER TABLE t RENAME TO aside; ALTER TABLE aside RENAME TO T",
        "T.ix_b T.ix_d T.sqlite_autoindex_T_1",
    );
    let keyed = "CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID; CREATE INDEX ix ON t (b);
                 INSERT INTO t VALUES (1, 1), (2, 1), (3, 1); ANALYZE;";
    becomes(keyed, "ALTER TABLE t RENAME TO u", "u.ix u.u");
}

#[test]
fn what_analyze_found_survives_a_new_name_of_a_table_and_a_rebuild_in_one_script() {
    let rebuild = format!("{REBUILD_OF_ANALYZED}CREATE INDEX ix_d ON t (d);");
    let wanted = "u.ix_b u.ix_d u.sqlite_autoindex_u_1";
    becomes(ANALYZED, &format!("{rebuild}\nALTER TABLE t RENAME TO u;"), wanted);
    let of_u = rebuild.replace("_t ", "_u ").replace(" t;", " u;").replace("TO t", "TO u").replace("ON t", "ON u");
    becomes(ANALYZED, &format!("ALTER TABLE t RENAME TO u;\n{of_u}"), wanted);
    let aside = "ALTER TABLE t RENAME TO old_t; DROP INDEX ix_b; DROP INDEX ix_d;
                 CREATE TABLE t (a INTEGER PRIMARY KEY, b NOT NULL, c UNIQUE, d); INSERT INTO t SELECT * FROM old_t;
                 DROP TABLE old_t; CREATE INDEX ix_b ON t (b); CREATE INDEX ix_d ON t (d);";
    becomes(ANALYZED, aside, "t.ix_b t.ix_d t.sqlite_autoindex_t_1");
}

#[test]
fn what_analyze_found_goes_with_an_index_to_its_new_name() {
    becomes(ANALYZED, "DROP INDEX ix_b; CREATE INDEX ix ON t (b)", "t.ix t.ix_d t.sqlite_autoindex_t_1");
    becomes(
        ANALYZED,
        "DROP INDEX ix_b; ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME COLUMN b TO x; ALTER TABLE u RENAME COLUMN x TO e;
         ALTER TABLE u RENAME COLUMN c TO b; CREATE INDEX ix ON u (e)",
        "u.ix u.ix_d u.sqlite_autoindex_u_1",
    );
    let file = File::new(ANALYZED);
    file.run(&[up("a", "DROP INDEX ix_b; CREATE INDEX ix ON t (b, d)")]).unwrap();
    assert_eq!(known(&file), ["t.ix_d t.sqlite_autoindex_t_1"; 2]);
}

#[test]
fn two_tables_that_exchange_their_names_take_their_statistics_along() {
    let two = "CREATE TABLE a (x UNIQUE); CREATE TABLE b (x UNIQUE, y); CREATE INDEX i ON b (y);
               INSERT INTO a VALUES (1), (2), (3); INSERT INTO b VALUES (1, 1), (2, 1), (3, 1); ANALYZE;";
    let file = File::new(two);
    let steps = [up("a", "ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b")];
    let outcome = file.run(&steps).unwrap();
    assert_eq!(known(&file), ["a.i a.sqlite_autoindex_a_1 b.sqlite_autoindex_b_1"; 2]);
    assert_eq!(file.one("SELECT stat FROM sqlite_stat1 WHERE idx = 'i'"), "3 3");
    assert_eq!(outcome.steps[0].rows, 0);
}

#[test]
fn what_a_table_left_under_a_name_long_ago_is_not_taken_for_that_of_another() {
    let file = File::new(&format!("{ANALYZED} INSERT INTO sqlite_stat1 VALUES ('u', 'gone', '9 9')"));
    file.run(&[up("a", "ALTER TABLE t RENAME TO u")]).unwrap();
    assert_eq!(file.one("SELECT count(*) FROM sqlite_stat1"), "3");
}

#[test]
fn a_table_that_is_made_anew_has_no_statistics() {
    let file = File::new(ANALYZED);
    let anew = "DROP TABLE t; CREATE TABLE t (a INTEGER PRIMARY KEY, b, c UNIQUE, d); CREATE INDEX ix_b ON t (b);";
    file.run(&[up("a", anew)]).unwrap();
    assert_eq!(file.one("SELECT count(*) FROM sqlite_stat1"), "0");
}
