//! `rehearse`, and what a dry run says.

use crate::support::command::Project;

fn filled() -> Project {
    let project = Project::with_settings("");
    project.chain(2);
    project.run(&["upgrade", "r0001"]).ends_with(0);
    let grow =
        "CREATE TABLE t2 (x);\nINSERT INTO t2 SELECT randomblob(20000) FROM t1;\nINSERT INTO t2 SELECT x FROM t2;";
    project.revision("r0002", "r0001", grow, "DROP TABLE t2;");
    project
}

#[test]
fn a_rehearsal_runs_on_a_copy_and_reports_time_rows_and_growth() {
    let project = filled();
    let before = std::fs::read(project.path("app.db")).unwrap();
    let document = project.run(&["rehearse", "--format", "json"]).ends_with(0).json();
    assert_eq!((&document["steps"][0]["rows"], &document["heads"][0]), (&2.into(), &"r0002".into()), "{document}");
    let (small, large) = (document["bytes_before"].as_u64().unwrap(), document["bytes_after"].as_u64().unwrap());
    assert!(small == before.len() as u64 && large > small + 40_000, "{document}");
    project.run(&["rehearse"]).ends_with(0).answers("2 rows written").answers("nothing was changed");
    project.run(&["rehearse", "base", "--down"]).ends_with(0).answers("would leave app.db at base");
    assert!(std::fs::read(project.path("app.db")).unwrap() == before);
    assert!(!project.path("app.db.rehearsal").exists() && !project.path("backups").exists());
}

#[test]
fn a_rehearsal_that_fails_says_where_and_leaves_nothing() {
    let project = filled();
    project.revision("r0003", "r0002", "INSERT INTO absent VALUES (1);", "SELECT 1;");
    project.run(&["rehearse"]).ends_with(3).says("versions/r0003.sql:5:").says("no such table: absent");
    assert!(!project.path("app.db.rehearsal").exists());
    project.run(&["current"]).ends_with(0).answers("r0001");
    let fresh = Project::with_settings("");
    fresh.chain(1);
    fresh.run(&["rehearse"]).ends_with(0).answers("would leave app.db at r0001");
    assert!(!fresh.path("app.db").exists() && !fresh.path("app.db.rehearsal").exists());
}

#[test]
fn a_dry_run_without_a_database_shows_what_would_run_on_a_new_one() {
    let project = Project::with_settings("");
    project.chain(2);
    project
        .run(&["upgrade", "--dry-run"])
        .ends_with(0)
        .says("there is no database `app.db` yet")
        .answers("upgrade   r0002")
        .answers("dry run: 2 revisions would leave app.db at r0002");
    assert!(!project.path("app.db").exists());
    project.run(&["downgrade", "base", "--dry-run"]).ends_with(3).says("there is no database `app.db`");
}

#[test]
fn a_dry_run_tells_the_rows_and_changes_nothing() {
    let project = filled();
    let before = std::fs::read(project.path("app.db")).unwrap();
    project.run(&["upgrade", "--dry-run"]).ends_with(0).answers("2 rows written").answers("nothing was changed");
    assert!(std::fs::read(project.path("app.db")).unwrap() == before);
}
