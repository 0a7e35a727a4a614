//! Databases and checkouts that differ: `status`, `repair`, `switch`, and walks that are hardly meant.

use crate::support::command::Project;

/// A project with revisions `aaaa` <- `bbbb` and `aaaa` <- `cccc`, each of which makes a table of its name.
fn forked() -> Project {
    let project = Project::new();
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\nversions = \"versions\"\n");
    for (id, parent, day) in [("aaaa", "none", 1), ("bbbb", "aaaa", 2), ("cccc", "aaaa", 3)] {
        project.write(&file(id), &script(id, parent, day));
    }
    project
}

fn file(id: &str) -> String {
    format!("versions/{id}.sql")
}

fn script(id: &str, parent: &str, day: u32) -> String {
    format!(
        "-- revision: {id}\n-- parents: {parent}\n-- message: Added {id}\n-- created: 2026-11-0{day}T08:00:00Z\n\n\
         -- migrate:up\nCREATE TABLE {id} (id INTEGER PRIMARY KEY);\n\n-- migrate:down\nDROP TABLE {id};\n"
    )
}

const TABLES: &str =
    "\n[tables.aaaa.columns]\nid = \"INTEGER PRIMARY KEY\"\n\n[tables.cccc.columns]\nid = \"INTEGER PRIMARY KEY\"\n";

#[test]
fn a_slip_in_the_name_of_a_branch_never_takes_back_everything_unasked() {
    let project = forked();
    project.run(&["upgrade", "heads"]).ends_with(0);
    let ended = project.run(&["downgrade", "nosuch@base"]).ends_with(2).says("there is no branch `nosuch`");
    assert!(ended.stderr.contains("--yes") && ended.stderr.contains("nothing was changed"), "{ended}");
    project.run(&["current"]).ends_with(0).answers("bbbb").answers("cccc");
    project.run(&["downgrade", "nosuch@base", "--yes"]).ends_with(0).answers("app.db is at base");
}

#[test]
fn status_tells_what_is_pending_edited_missing_and_drifted_each_with_the_next_command() {
    let project = forked();
    std::fs::remove_file(project.path("versions/bbbb.sql")).unwrap();
    let ended =
        project.run(&["status"]).ends_with(1).answers("behind by 2 revisions").answers("schemactl upgrade head");
    assert!(ended.stdout.contains("2 changes that no revision makes yet"), "{ended}");
    assert!(!project.path("app.db").exists(), "reading makes no database");

    let config = project.read("migrations.toml") + TABLES;
    project.write("migrations.toml", &config);
    project.run(&["upgrade", "head"]).ends_with(0);
    let ended = project.run(&["status"]).ends_with(0);
    assert_eq!(ended.stdout.matches("in sync").count(), 3, "{ended}");
    assert_eq!(project.run(&["status", "--format", "json"]).ends_with(0).json()["in_sync"], true);

    let edited = project.read("versions/cccc.sql").replace("PRIMARY KEY", "PRIMARY KEY -- a comment\n");
    project.write("versions/cccc.sql", &edited);
    project.run(&["status"]).ends_with(1).answers("1 script edited after it ran").answers("schemactl repair");
    let repaired = project.run(&["repair", "--format", "json"]).ends_with(0).json();
    assert_eq!(repaired["repaired"][0]["revision"], "cccc");
    project.run(&["status"]).ends_with(0);
    project.run(&["repair"]).ends_with(0).answers("nothing to do");

    project.write("versions/dddd.sql", &script("dddd", "aaaa", 4));
    project.write("versions/cccc.sql", &edited.replace("parents: aaaa", "parents: aaaa, dddd"));
    project.run(&["status"]).ends_with(1).answers("1 revision out of order").answers("Added dddd");
    std::fs::remove_file(project.path("versions/dddd.sql")).unwrap();
    project.write("versions/cccc.sql", &edited);

    if project.sqlite3("CREATE TABLE stray (x)").is_some() {
        let ended = project.run(&["status"]).ends_with(1).answers("drift: app.db differs").answers("stray");
        assert!(ended.stdout.contains("schemactl diff --from cccc --to database"), "{ended}");
        let status = project.run(&["status", "--format", "json"]).ends_with(1).json();
        assert_eq!(status["schema"]["state"], "drift");
        assert_eq!(status["model"]["state"], "in_sync");
    }
}

#[test]
fn a_broken_model_or_file_does_not_stop_the_rest_of_status() {
    let project = forked();
    project.run(&["upgrade", "bbbb"]).ends_with(0);
    project.write("versions/eeee.sql", "-- revision: eeee\n-- parents: nowhere\n\n-- migrate:up\n");
    project.write("migrations.toml", &(project.read("migrations.toml") + "\n[tables.x]\nnonsense = 1\n"));
    let ended = project.run(&["status"]).ends_with(1).answers("nowhere").answers("nonsense");
    assert!(ended.stdout.contains("in sync: app.db is what its applied revisions make"), "{ended}");
}

#[test]
fn what_is_not_applied_cannot_be_repaired() {
    let project = forked();
    project.run(&["upgrade", "bbbb"]).ends_with(0);
    project.run(&["repair", "cccc"]).ends_with(2).says("`cccc` Added cccc").says("schemactl status");
}

#[test]
fn after_a_checkout_of_another_branch_switch_goes_down_by_the_stored_scripts_and_up() {
    let project = forked();
    project.run(&["upgrade", "bbbb"]).ends_with(0);
    std::fs::remove_file(project.path("versions/bbbb.sql")).unwrap();
    let ended = project.run(&["status"]).ends_with(1).answers("1 revision applied, with no file here");
    assert!(ended.stdout.contains("Added bbbb") && ended.stdout.contains("applied 2026-11-22 19:01"), "{ended}");
    project.run(&["current"]).ends_with(0).answers("its script is gone");
    let dry = project.run(&["switch", "--dry-run"]).ends_with(0).answers("downgrade bbbb").answers("upgrade   cccc");
    assert!(dry.stdout.contains("nothing was changed"), "{dry}");
    let steps = project.run(&["switch", "--format", "json"]).ends_with(0).json();
    assert_eq!(steps["steps"][0]["op"], "downgrade");
    assert_eq!(steps["steps"][1]["revision"], "cccc");
    assert_eq!(steps["heads"], serde_json::json!(["cccc"]));
    project.run(&["switch"]).ends_with(0).answers("nothing to do");
    if let Some(tables) = project.sqlite3("SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('bbbb', 'cccc')")
    {
        assert_eq!(tables, "cccc\n");
    }
}

#[test]
fn a_downgrade_to_a_common_ancestor_needs_no_file() {
    let project = forked();
    project.run(&["upgrade", "bbbb"]).ends_with(0);
    std::fs::remove_file(project.path("versions/bbbb.sql")).unwrap();
    project.run(&["downgrade", "aaaa"]).ends_with(0).answers("downgrade bbbb").answers("app.db is at aaaa");
    project.run(&["upgrade", "head"]).ends_with(0).answers("app.db is at cccc (head)");
}

#[test]
fn a_merge_is_proved_in_both_orders_and_a_clash_is_refused_with_its_reason() {
    let project = forked();
    project.run(&["merge", "heads", "-m", "both"]).ends_with(0).says("both orders give the same schema");

    let project = forked();
    let clashing = project.read("versions/cccc.sql").replace("CREATE TABLE cccc", "CREATE TABLE bbbb");
    project.write("versions/cccc.sql", &clashing);
    let ended = project.run(&["merge", "heads"]).ends_with(2).says("do not give the same schema in both orders");
    assert!(ended.stderr.contains("bbbb") && ended.stderr.contains("--force"), "{ended}");
    assert_eq!(std::fs::read_dir(project.path("versions")).unwrap().count(), 3, "nothing was written");
    project.run(&["merge", "heads", "--force"]).ends_with(0);
}

#[test]
fn a_merge_of_branches_that_change_rows_asks_for_a_look() {
    let project = forked();
    let updating =
        project.read("versions/cccc.sql").replace("CREATE TABLE cccc", "UPDATE aaaa SET id = 1;\nCREATE TABLE cccc");
    project.write("versions/cccc.sql", &updating);
    let ended = project.run(&["merge", "heads"]).ends_with(0).says("these revisions change rows");
    assert!(ended.stderr.contains("`cccc` Added cccc"), "{ended}");
}
