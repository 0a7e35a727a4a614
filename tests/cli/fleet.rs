//! Many databases: chosen, worked on, reported on.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::command::Project;
use crate::support::fleet::lines;

/// The ids of the lines of an outcome or a class.
fn ids<'a>(lines: &'a [Value], key: &str, value: &str) -> Vec<&'a str> {
    lines.iter().filter(|line| line[key] == value).map(|line| line["id"].as_str().unwrap()).collect()
}

/// Whether the operating system refuses this user to write what is read-only; it does not refuse root.
fn make_read_only(project: &Project, tenant: usize) -> bool {
    let path = project.path(format!("data/t{tenant:03}/main.db"));
    let mut permissions = path.metadata().unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let counts = std::fs::OpenOptions::new().write(true).open(&path).is_err();
    if !counts {
        println!("skipped: this user may write everything");
    }
    counts
}

#[test]
fn each_obstacle_is_told_and_a_later_run_finishes_what_is_left() {
    const TENANTS: usize = 1000;
    let project = Project::fleet(TENANTS);
    let line = |tenant| json!({ "id": format!("t{tenant:03}"), "database": format!("data/t{tenant:03}/main.db") });
    let list: Vec<String> = (0..TENANTS).map(|tenant| line(tenant).to_string()).collect();
    project.write("tenants.ndjson", &list.join("\n"));
    let whole = std::fs::read(project.path("empty.db")).unwrap();
    let path = |tenant: usize| project.path(format!("data/t{tenant:03}/main.db"));

    let held: Vec<usize> = (10..TENANTS).step_by(100).collect();
    let locked: Vec<_> = held.iter().map(|tenant| project.tenant(*tenant)).collect();
    for connection in &locked {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    }
    project.tenant(30).execute_batch("ALTER TABLE user ADD COLUMN odd").unwrap();
    project.tenant(40).execute_batch("ALTER TABLE user ADD COLUMN other").unwrap();
    std::fs::write(path(50), &whole[..4096]).unwrap();
    std::fs::write(path(60), "id,name\n".repeat(1000)).unwrap();
    std::fs::remove_file(path(70)).unwrap();
    project.tenant(80).execute_batch("INSERT INTO user (name) VALUES ('Ada'), ('Ada')").unwrap();
    let newer = "CREATE TEMP TABLE row AS SELECT * FROM schemactl_version;
                 UPDATE row SET parents = revision, revision = 'abc', sequence = 2;
                 INSERT INTO schemactl_version SELECT * FROM row";
    project.tenant(90).execute_batch(newer).unwrap();
    let is_read_only = make_read_only(&project, 95);

    let line = ["--databases-file", "tenants.ndjson", "--report", "run.ndjson", "--jobs", "4"];
    let upgrade = [&["upgrade", "--lock-timeout", "0.3"], &line[..]].concat();
    let ended = project.run(&upgrade).ends_with(7);
    let (report, summary) = lines(&project.read("run.ndjson"));
    assert_eq!(report.len(), TENANTS);
    let failed = held.len() + 7 + usize::from(is_read_only);
    let held: Vec<String> = held.iter().map(|tenant| format!("t{tenant:03}")).collect();
    assert_eq!(summary["outcomes"], json!({ "done": TENANTS - failed, "failed": failed }), "{ended}");
    for (class, tenants) in [
        ("busy", &held.iter().map(String::as_str).collect::<Vec<_>>()[..]),
        ("drift", &["t030", "t040"]),
        ("corrupt", &["t050"]),
        ("not_a_database", &["t060"]),
        ("missing", &["t070"]),
        ("constraint", &["t080"]),
        ("newer", &["t090"]),
        ("readonly", if is_read_only { &["t095"] } else { &[] }),
    ] {
        assert_eq!(ids(&report, "class", class), tenants, "{ended}");
        assert_eq!(summary["failures"][class].as_u64().unwrap_or(0), tenants.len() as u64);
    }
    assert!(report[10]["attempts"].as_u64().unwrap() >= 2, "{}", report[10]);
    assert_eq!(report[0]["from"].as_array().unwrap().len(), 1);
    assert_ne!(report[0]["from"], report[0]["to"]);
    assert_eq!((&report[80]["from"], &report[80]["steps"]), (&report[0]["from"], &json!(0)));
    ended.answers("2  drift: data/t030/main.db, data/t040/main.db").says("--only failed --from run.ndjson");
    assert_eq!(project.tenant_stands_at(0), 2);
    assert_eq!(project.tenant_stands_at(10), 1);

    let status = [&["status"], &line[..2]].concat();
    let ended = project.run(&status).ends_with(7);
    ended
        .answers(&format!("{} at head, ", TENANTS - failed))
        .answers("2 drifted (2 shapes), 1 newer, ")
        .answers("1 missing")
        .answers("next: take it out of the list; or make it, at head: `schemactl template data/t070/main.db`");

    for connection in &locked {
        connection.execute_batch("ROLLBACK").unwrap();
    }
    project.tenant(30).execute_batch("ALTER TABLE user DROP COLUMN odd").unwrap();
    project.tenant(40).execute_batch("ALTER TABLE user DROP COLUMN other").unwrap();
    for tenant in [50, 60, 70] {
        project.new_tenant(tenant);
    }
    project.tenant(80).execute_batch("DELETE FROM user WHERE id = 2").unwrap();
    project.tenant(90).execute_batch("DELETE FROM schemactl_version WHERE revision = 'abc'").unwrap();
    let mut permissions = path(95).metadata().unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a file of this test alone")]
    permissions.set_readonly(false);
    std::fs::set_permissions(path(95), permissions).unwrap();

    let again = [&upgrade[..], &["--only", "failed", "--from", "run.ndjson"]].concat();
    let ended = project.run(&again).ends_with(0);
    ended.answers(&format!("{failed} databases: {failed} upgraded"));
    project.run(&upgrade).ends_with(0).answers("1,000 databases: 1,000 had nothing to do");
    project.run(&status).ends_with(0).answers("1,000 databases: 1,000 at head");
    assert!((0..TENANTS).all(|tenant| project.tenant_stands_at(tenant) == 2));
}

#[test]
fn the_databases_of_the_settings_are_looked_at_in_groups_and_nothing_is_created() {
    let project = Project::fleet(20);
    project.tenant(3).execute_batch("ALTER TABLE user ADD COLUMN odd").unwrap();
    let files = || {
        let mut found: Vec<_> = (0..20)
            .map(|tenant| project.path(format!("data/t{tenant:03}")))
            .flat_map(|folder| {
                std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
            })
            .map(|path| (std::fs::read(&path).unwrap(), path))
            .collect();
        found.sort();
        found
    };
    let before = files();
    let ended = project.run(&["status"]).ends_with(1).answers("20 databases: 19 behind, 1 drifted\n");
    ended
        .answers("1 revision behind")
        .answers("added column `user.odd`")
        .answers("next: schemactl status --database data/t003/main.db");
    project.run(&["current"]).ends_with(0).answers("19  at ").answers("1  at ");
    project.run(&["current", "--check-heads"]).ends_with(1);
    project.run(&["check"]).ends_with(1).answers("20 databases: 20 behind");
    project.run(&["verify"]).ends_with(1).answers("2 revisions verified").answers("19 behind, 1 drifted");
    let (lines, summary) = project.run(&["status", "--format", "json"]).ends_with(1).lines();
    assert_eq!((lines.len(), ids(&lines, "outcome", "differs").len()), (20, 20));
    assert_eq!((&lines[3]["status"]["state"], &lines[3]["status"]["behind"]), (&json!("drifted"), &json!(1)));
    assert_eq!(summary["groups"].as_array().unwrap().len(), 2);
    project
        .run(&["upgrade", "--dry-run"])
        .ends_with(7)
        .answers("19 would be upgraded, 1 failed")
        .answers("nothing was changed");
    assert!(files() == before);

    // One database is still one.
    project.run(&["current", "--database", "data/t000/main.db"]).ends_with(0).answers("One");
    project.tenant(3).execute_batch("ALTER TABLE user DROP COLUMN odd").unwrap();
    project.run(&["upgrade"]).ends_with(0).answers("20 databases: 20 upgraded");
    project.run(&["check"]).ends_with(0).answers("20 databases: 20 as the model says");
    project.run(&["verify"]).ends_with(0);
    project.tenant(5).execute_batch("UPDATE user SET name = 1; DROP TABLE user").unwrap();
    project.run(&["check"]).ends_with(1).answers("19 as the model says, 1 with changes that no revision makes yet");
}

#[test]
fn databases_are_stamped_copied_and_taken_back() {
    let project = Project::fleet(5);
    project.run(&["upgrade"]).ends_with(0);
    project.tenant(1).execute_batch("INSERT INTO user (name, mail) VALUES ('Ada', 'ada@example.com')").unwrap();
    project.run(&["backup"]).ends_with(0).answers("5 databases: 5 copied");
    project.run(&["backup", "one.bak"]).ends_with(2).says("many databases do not go into one file");
    let (lines, _) = project.run(&["downgrade", "-1", "--format", "json"]).ends_with(0).lines();
    // The one that loses a value is copied first, as it would be by itself.
    let copied: Vec<&str> =
        lines.iter().filter(|line| line["backup"].is_string()).map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(copied, ["t001"]);
    assert!((0..5).all(|tenant| project.tenant_stands_at(tenant) == 1));
    project.run(&["stamp", "base"]).ends_with(0).answers("5 databases: 5 stamped").answers("5  at base");
    project.run(&["stamp", "base"]).ends_with(0).answers("5 had nothing to do");
}

#[test]
fn waves_stop_at_a_gate_and_at_too_many_failures() {
    let project = Project::fleet(20);
    let gate = "echo \"$SCHEMACTL_FLEET_WAVE/$SCHEMACTL_FLEET_WAVES $SCHEMACTL_FLEET_DONE $SCHEMACTL_FLEET_FAILED \
                $SCHEMACTL_FLEET_LEFT\" >> gate; test $SCHEMACTL_FLEET_WAVE -lt 2";
    let line = ["upgrade", "--waves", "1,20%,100%", "--gate", gate, "--report", "run.ndjson"];
    let ended = project.run(&line).ends_with(7);
    ended.answers("20 databases: 4 upgraded, 16 not begun").says("the gate said no").says("16 databases left");
    assert_eq!(project.read("gate"), "1/3 1 0 19\n2/3 4 0 16\n");
    let (report, _) = lines(&project.read("run.ndjson"));
    assert_eq!(ids(&report, "outcome", "done"), ["t000", "t001", "t002", "t003"]);
    assert_eq!((&report[0]["wave"], &report[3]["wave"]), (&json!(1), &json!(2)));

    for tenant in 4..20 {
        project.tenant(tenant).execute_batch("INSERT INTO user (name) VALUES ('Ada'), ('Ada')").unwrap();
    }
    let line = ["upgrade", "--max-failures", "10%", "--jobs", "1"];
    let ended = project.run(&line).ends_with(7);
    ended.answers("4 had nothing to do, 3 failed").answers("not begun").says("--max-failures");
    let line = ["upgrade", "--rehearse", "6"];
    let ended = project.run(&line).ends_with(7);
    ended.says("the rehearsal on a copy of").says("no database was changed");
    for tenant in 4..20 {
        project.tenant(tenant).execute_batch("DELETE FROM user WHERE id = 2").unwrap();
    }
    project.run(&line).ends_with(0).says("rehearsed on 6 copies").answers("16 upgraded");
    let leftover = std::fs::read_dir(project.path("data/t004")).unwrap().count();
    assert_eq!(leftover, 1, "no copy is left");
}

#[test]
fn two_runs_at_once_apply_each_revision_once() {
    let project = Project::fleet(60);
    let spawn = || {
        let mut command = project.command(&["upgrade", "--format", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let runs = [spawn(), spawn()];
    let mut steps = 0;
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let (lines, _) = lines(&String::from_utf8(output.stdout).unwrap());
        steps += lines.iter().map(|line| line["steps"].as_u64().unwrap()).sum::<u64>();
    }
    assert_eq!(steps, 60);
    assert!((0..60).all(|tenant| project.tenant_stands_at(tenant) == 2));
}

#[test]
fn databases_are_chosen_in_many_ways_and_mistakes_are_told() {
    let project = Project::fleet(3);
    let control = rusqlite::Connection::open(project.path("control.db")).unwrap();
    control.execute_batch("CREATE TABLE t (id, path); INSERT INTO t VALUES ('a', 'data/t000/main.db')").unwrap();
    let current = |more: &[&str]| project.run(&[&["current"], more].concat());
    current(&["--databases", "data/t00[01]/main.db"]).ends_with(0).answers("2 databases: 2 behind");
    current(&["--databases-sql", "control.db", "SELECT id, path FROM t"]).ends_with(0).answers("1 database: 1 behind");
    current(&["--databases-command", "ls data/*/main.db"]).ends_with(0).answers("3 databases: 3 behind");
    let mut command = project.command(&["current", "--databases-file", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"data/t002/main.db\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 database: 1 behind"));

    current(&["--databases", "nowhere/*.db"]).ends_with(2).says("`nowhere/*.db`: no database is found");
    current(&["--databases", "*/*/main.db", "--databases", "data/{t}/main.db"])
        .ends_with(2)
        .says("are the same database");
    current(&["--databases", "a", "--database", "b"]).ends_with(2).says("one database, `b`, and many are named");
    current(&["--database", "b", "--jobs", "2"]).ends_with(2).says("`--jobs` is for many databases");
    current(&["--report", "migrations.toml"]).ends_with(2).says("is no report");
    assert!(project.read("migrations.toml").starts_with("[schemactl]"));
    current(&["--report", "none/run.ndjson"]).ends_with(2).says("none/run.ndjson").says("with `--report`");
    project.run(&["diff"]).ends_with(2).says("list `databases`, and this works on one").says("--database PATH");
    let error = current(&["--databases", "{", "--format", "json"]).ends_with(2).json();
    assert_eq!(error["error"]["code"], "bad_pattern");
}

#[test]
fn a_template_is_at_head_and_so_is_every_copy() {
    let project = Project::fleet(0);
    project.run(&["template", "empty.db"]).ends_with(2).says("`empty.db` is there already").says("--replace");
    let document = project.run(&["template", "empty.db", "--replace", "--format", "json"]).ends_with(0).json();
    assert_eq!(document["heads"].as_array().unwrap().len(), 1);
    assert_eq!(document["bytes"], std::fs::metadata(project.path("empty.db")).unwrap().len());
    std::fs::copy(project.path("empty.db"), project.path("app.db")).unwrap();
    let check = project.run(&["check", "--database", "app.db"]).ends_with(0);
    assert_eq!(
        (check.stdout.as_str(), check.stderr.as_str()),
        ("no changes: the database is what the model says\n", "")
    );
    project.run(&["current", "--check-heads", "--database", "app.db"]).ends_with(0).answers("(head)");
    if let Some(verdict) = project.sqlite3("PRAGMA integrity_check; PRAGMA freelist_count; PRAGMA journal_mode") {
        assert_eq!(verdict, "ok\n0\ndelete\n");
    }
    // A revision that fails leaves neither a template nor what it was to be made of.
    project.revision("bad", document["heads"][0].as_str().unwrap(), "SELECT absent;", "SELECT 1;");
    project.run(&["template", "new.db"]).ends_with(3).says("no such column: absent");
    let left: Vec<String> = std::fs::read_dir(project.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("new.db"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}
