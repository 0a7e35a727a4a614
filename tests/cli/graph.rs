//! Lines of revisions: drawn, moved, squashed, and what is said where files and database differ.

use crate::support::command::Project;

const SETTINGS: &str = "[schemactl]\ndatabase = \"app.db\"\n\n";

/// A project whose scripts are named `id` or `id<parents`, in the order of their creation.
fn project(revisions: &str) -> Project {
    let project = Project::new();
    project.write("migrations.toml", SETTINGS);
    for (number, revision) in revisions.split_whitespace().enumerate() {
        let (id, parents) = revision.split_once('<').unwrap_or((revision, "none"));
        project.write(&format!("versions/{number}_{id}.sql"), &script(id, &parents.replace(',', ", "), number));
    }
    project
}

fn script(id: &str, parents: &str, number: usize) -> String {
    format!(
        "-- revision: {id}\n-- parents: {parents}\n-- message: Added {id}\n-- created: 2026-11-01T08:{number:02}:00Z\n\n\
         -- migrate:up\nCREATE TABLE {id} (id INTEGER PRIMARY KEY);\n\n-- migrate:down\nDROP TABLE {id};\n"
    )
}

fn model(project: &Project, columns: &str) {
    project.write("migrations.toml", &format!("{SETTINGS}[tables.user.columns]\n{columns}"));
}

/// Two people's revisions on one base: one adds a column, the other one rebuilds the table for a check. Gives back the
/// identifiers: the base, the column, the check.
fn two_people() -> (Project, [String; 3]) {
    let project = project("");
    model(&project, "id = \"INTEGER PRIMARY KEY\"\nname = \"TEXT\"\n");
    let write = |message: &str| {
        let line = ["revision", "--autogenerate", "-m", message, "--format", "json"];
        let document = project.run(&line).ends_with(0).json();
        (document["revision"].as_str().unwrap().to_owned(), document["path"].as_str().unwrap().to_owned())
    };
    let (base, _) = write("base");
    project.run(&["upgrade"]).ends_with(0);
    model(&project, "id = \"INTEGER PRIMARY KEY\"\nname = \"TEXT\"\nmail = \"TEXT\"\n");
    let (column, path) = write("column");
    let away = project.read(&path);
    std::fs::remove_file(project.path(&path)).unwrap();
    let checked = "id = \"INTEGER PRIMARY KEY\"\nname = { type = \"TEXT\", check = \"name <> ''\" }\n";
    model(&project, checked);
    let (check, _) = write("check");
    project.write(&path, &away);
    model(&project, &format!("{checked}mail = \"TEXT\"\n"));
    (project, [base, column, check])
}

#[test]
fn history_and_heads_are_drawn_where_there_is_more_than_one_line() {
    let forked = project("aaaa bbbb<aaaa cccc<aaaa dddd<bbbb join<cccc,dddd tail<cccc");
    let history = forked.run(&["history"]).ends_with(0).stdout;
    let expected = "\
○  cccc -> tail (head), Added tail
│ ○  cccc, dddd -> join (head) (mergepoint), Added join
╭─┤
○ │  aaaa -> cccc (branchpoint), Added cccc
│ ○  bbbb -> dddd, Added dddd
│ ○  aaaa -> bbbb, Added bbbb
├─╯
○  base -> aaaa (branchpoint), Added aaaa
";
    assert_eq!(history, expected, "{history}");
    let mut ascii = forked.command(&["heads"]);
    let heads = crate::support::command::Ended::of(ascii.env("LC_ALL", "C")).ends_with(0).stdout;
    let first = heads.lines().next().unwrap();
    assert!(heads.is_ascii() && first == "o  cccc -> tail (head), Added tail", "{heads}");
    assert!(heads.contains("cccc (branchpoint)") && !heads.contains("bbbb -> dddd"), "{heads}");
    let document = forked.run(&["heads", "--format", "json"]).ends_with(0).json();
    assert_eq!(document["revisions"].as_array().unwrap().len(), 2, "for programs, heads are heads");
    let line = project("aaaa bbbb<aaaa").run(&["history"]).ends_with(0).stdout;
    assert_eq!(line, "aaaa -> bbbb (head), Added bbbb\nbase -> aaaa, Added aaaa\n");
}

#[test]
fn a_generated_revision_is_planned_again_on_its_new_parent_and_keeps_what_others_added() {
    let (project, [_, column, check]) = two_people();
    let dry = project.run(&["rebase", &check, "--onto", &column, "--dry-run"]).ends_with(0).answers("would regenerate");
    assert!(dry.stderr.contains("no file was written"), "{dry}");
    project.run(&["heads", "--format", "json"]).answers(&check).answers(&column);
    let line = ["rebase", &check, "--onto", &column, "--format", "json"];
    let document = project.run(&line).ends_with(0).json();
    assert_eq!(document["onto"], column.as_str());
    assert_eq!(document["rewritten"][0]["sql"], "regenerated");
    assert_eq!(document["rewritten"][0]["parents"], serde_json::json!([column]));
    project.run(&["verify"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
    project.run(&["rebase"]).ends_with(2).says("nothing to move it onto");
    project.run(&["rebase", &check, "--onto", &column]).ends_with(0).answers("nothing to do");
}

#[test]
fn of_two_heads_the_line_moves_that_is_not_applied_and_its_sql_stays_where_it_fits() {
    let (project, [_, column, check]) = two_people();
    project.run(&["rebase"]).ends_with(2).says("which line is to move").says("schemactl rebase");
    project.run(&["upgrade", &check]).ends_with(0);
    let ended = project.run(&["rebase", &check]).ends_with(2).says("1 revision that would move is applied");
    assert!(ended.stderr.contains("schemactl downgrade"), "{ended}");
    let ended = project.run(&["rebase"]).ends_with(0).answers("rewrote versions/").answers(&column);
    assert!(ended.stderr.contains("to run: schemactl upgrade head"), "{ended}");
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
    project.run(&["verify"]).ends_with(0);
}

#[test]
fn a_script_written_by_hand_moves_where_it_does_the_same_and_is_refused_elsewhere() {
    let moving = project("aaaa bbbb<aaaa cccc<aaaa dddd<cccc");
    let ended = moving.run(&["rebase", "dddd", "--onto", "bbbb"]).ends_with(0);
    assert_eq!(ended.stdout.matches("rewrote").count(), 2, "{ended}");
    assert!(moving.read("versions/2_cccc.sql").contains("-- parents: bbbb\n"));
    assert_eq!(moving.read("versions/3_dddd.sql"), script("dddd", "cccc", 3), "its parent has moved along");
    moving.run(&["verify"]).ends_with(0);

    let clashing = project("aaaa bbbb<aaaa cccc<aaaa");
    let other = clashing.read("versions/2_cccc.sql").replace("CREATE TABLE cccc (id", "CREATE TABLE bbbb (other");
    clashing.write("versions/2_cccc.sql", &other.replace("DROP TABLE cccc", "DROP TABLE bbbb"));
    clashing.run(&["rebase", "cccc"]).ends_with(2).says("both change the same").says("table `bbbb`");

    let (by_hand, [_, column, check]) = two_people();
    let files = std::fs::read_dir(by_hand.path("versions")).unwrap().map(|file| file.unwrap().path());
    let path = files.into_iter().find(|path| path.to_string_lossy().contains(&check)).unwrap();
    let edited = std::fs::read_to_string(&path).unwrap().replace("-- Rebuilds", "-- By hand: rebuilds");
    std::fs::write(&path, &edited).unwrap();
    let ended = by_hand.run(&["rebase", &check, "--onto", &column]).ends_with(2).says("edited by hand");
    assert!(ended.stderr.contains("mail"), "it says what would be lost\n{ended}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), edited, "nothing was written");
}

#[test]
fn a_line_that_changes_rows_is_moved_with_a_word_about_it() {
    let project = project("aaaa bbbb<aaaa cccc<aaaa");
    let with_rows = project.read("versions/2_cccc.sql").replace("CREATE", "UPDATE aaaa SET id = id;\nCREATE");
    project.write("versions/2_cccc.sql", &with_rows);
    project.run(&["rebase", "cccc"]).ends_with(0).says("these revisions change rows").says("`cccc` Added cccc");
}

#[test]
fn databases_before_in_and_after_a_squashed_stretch_come_to_the_same_head() {
    let project = project("aaaa bbbb<aaaa cccc<bbbb dddd<cccc");
    let seeding = project.read("versions/1_bbbb.sql").replace(");\n\n", ");\nINSERT INTO aaaa VALUES (7)\n\n");
    project.write("versions/1_bbbb.sql", &seeding.replace("DROP TABLE bbbb", "DELETE FROM aaaa;\nDROP TABLE bbbb"));
    let mut databases = vec![("before.db", None), ("middle.db", Some("bbbb")), ("end.db", Some("cccc"))];
    for (database, at) in &databases {
        if let Some(at) = at {
            project.run(&["upgrade", at, "--database", database]).ends_with(0);
        }
    }
    let line = ["squash", ":cccc", "-m", "Three in one", "--rev-id", "three", "--format", "json"];
    let document = project.run(&line).ends_with(0).json();
    assert_eq!(document["replaces"], serde_json::json!(["aaaa", "bbbb", "cccc"]));
    let written = project.read(document["path"].as_str().unwrap());
    assert!(written.contains("INSERT INTO aaaa VALUES (7);"), "{written}");
    let ended = project.run(&["upgrade", "bbbb", "--database", "end.db"]).ends_with(2);
    assert!(ended.stderr.contains("`bbbb` is replaced by `three`"), "{ended}");
    databases.push(("new.db", None));
    for (database, at) in &databases {
        let on = ["--database", database];
        let ended = project.run(&[&["upgrade"], &on[..]].concat()).ends_with(0);
        assert!(ended.stdout.contains("is at dddd (head)"), "{ended}");
        assert!(!ended.stdout.contains("downgrade"), "a record is no downgrade\n{ended}");
        assert_eq!(*at == Some("bbbb"), ended.stdout.contains("upgrade   cccc"), "{ended}");
        // One that has walked the old files gets the one record the next time.
        project.run(&[&["upgrade"], &on[..]].concat()).ends_with(0).answers("is at dddd (head)");
        project.run(&[&["upgrade"], &on[..]].concat()).ends_with(0).answers("nothing to do");
        let status = project.run(&[&["status", "--format", "json"], &on[..]].concat()).json();
        assert_eq!(status["revisions"]["state"], "in_sync", "{status}");
        assert_eq!(status["schema"]["state"], "in_sync", "{status}");
    }
    for (database, _) in &databases {
        for tool in ["schema_equal.py", "data_equal.py"] {
            let ignored = ["--ignore", "schemactl_version"];
            if let Some(ended) = project.python(tool, &[&["new.db", database], &ignored[..]].concat()) {
                ended.ends_with(0);
            }
        }
    }
    for file in ["versions/0_aaaa.sql", "versions/1_bbbb.sql", "versions/2_cccc.sql"] {
        std::fs::remove_file(project.path(file)).unwrap();
    }
    for (database, _) in &databases {
        project.run(&["upgrade", "--database", database]).ends_with(0).answers("nothing to do");
        project.run(&["downgrade", "base", "--yes", "--database", database]).ends_with(0).answers("is at base");
    }
}

#[test]
fn a_stretch_that_cannot_become_one_revision_says_why() {
    let forked = project("aaaa bbbb<aaaa cccc<aaaa dddd<bbbb");
    let refused = |project: &Project, range: &str| project.run(&["squash", range]).ends_with(2).stderr;
    assert!(refused(&forked, "aaaa:dddd").contains("goes on from `aaaa`"));
    assert!(refused(&forked, "aaaa").contains("schemactl squash aaaa:head"));
    assert!(refused(&forked, "dddd:bbbb").contains("no two revisions"));
    let vacuum = project("aaaa bbbb<aaaa");
    let outside = vacuum.read("versions/1_bbbb.sql").replace("migrate:up", "migrate:up transaction:false");
    vacuum.write("versions/1_bbbb.sql", &outside);
    assert!(refused(&vacuum, ":").contains("runs outside a transaction"));
    assert_eq!(std::fs::read_dir(vacuum.path("versions")).unwrap().count(), 2, "nothing was written");
}

#[test]
fn check_and_upgrade_notice_scripts_that_are_edited_or_gone() {
    let project = project("aaaa bbbb<aaaa");
    project.write(
        "migrations.toml",
        &format!("{SETTINGS}[tables.aaaa.columns]\nid = \"INTEGER PRIMARY KEY\"\n[tables.bbbb.columns]\nid = \"INTEGER PRIMARY KEY\"\n"),
    );
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
    let before = project.read("versions/1_bbbb.sql");
    project.write("versions/1_bbbb.sql", &before.replace("PRIMARY KEY)", "PRIMARY KEY /* a row */)"));
    let ended = project.run(&["check"]).ends_with(1).says("1 script edited after it ran").says("schemactl repair");
    assert!(ended.stderr.contains("`bbbb` Added bbbb"), "{ended}");
    let document = project.run(&["check", "--format", "json"]).ends_with(1).json();
    assert_eq!(document["edited"][0]["revision"], "bbbb");
    project.run(&["upgrade"]).ends_with(0).says("edited after it ran").answers("nothing to do");
    project.run(&["repair"]).ends_with(0);
    project.run(&["check"]).ends_with(0);

    std::fs::remove_file(project.path("versions/1_bbbb.sql")).unwrap();
    project.run(&["upgrade"]).ends_with(0).says("1 revision applied, with no file here").says("schemactl switch");
    project.run(&["check"]).ends_with(1).says("`bbbb` Added bbbb, applied 2026-11-22 19:01");
    let ended = project.run(&["revision", "--autogenerate", "-m", "x"]).ends_with(1).says("schemactl switch");
    assert!(ended.stdout.is_empty(), "another branch's tables are nothing to drop\n{ended}");
    project.write("versions/2_cccc.sql", &script("cccc", "aaaa", 2));
    let ended = project.run(&["upgrade"]).ends_with(2).says("error: 1 revision applied, with no file here");
    assert!(ended.stderr.contains("schemactl switch"), "{ended}");
}

#[test]
fn an_edited_fingerprint_is_repaired_with_the_rest_of_the_row() {
    let (project, [base, ..]) = two_people();
    let files = std::fs::read_dir(project.path("versions")).unwrap().map(|file| file.unwrap().path());
    let path = files.into_iter().find(|path| path.to_string_lossy().contains(&format!("{base}_"))).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let at = text.find("sha256:").unwrap() + "sha256:".len();
    std::fs::write(&path, format!("{}{}{}", &text[..at], "0".repeat(64), &text[at + 64..])).unwrap();
    let status = project.run(&["status", "--format", "json"]).ends_with(1).json();
    assert_eq!(status["revisions"]["edited"][0]["schema"], true);
    project.run(&["repair"]).ends_with(0).answers("base");
    project.run(&["repair"]).ends_with(0).answers("nothing to do");
}

#[test]
fn a_place_in_the_chain_needs_no_database_to_be_compared_or_gone_on_from() {
    let (project, [base, column, check]) = two_people();
    project.run(&["rebase", &check, "--onto", &column]).ends_with(0);
    project.run(&["diff", "--from", "current", "--to", "head"]).ends_with(0).answers("mail").answers("CHECK");
    std::fs::remove_file(project.path("app.db")).unwrap();
    project.run(&["diff", "--from", &base[..4], "--to", "model"]).ends_with(0).answers("added column `user.mail`");
    project.run(&["diff", "--from", "head-1", "--to", "model"]).ends_with(0).answers("CHECK");
    project.run(&["diff", "--from", "head"]).ends_with(0).answers("no differences");
    let at = project.run(&["introspect", "--at", &column]).ends_with(0).answers("mail");
    assert!(!at.stdout.contains("check"), "{at}");
    let config = project.read("migrations.toml") + "age = \"INTEGER\"\n";
    project.write("migrations.toml", &config);
    let line = ["revision", "--autogenerate", "--offline", "-m", "age", "--format", "json"];
    let document = project.run(&line).ends_with(0).json();
    assert_eq!(document["parents"], serde_json::json!([check]));
    assert!(!project.path("app.db").exists());
    project.run(&["verify"]).ends_with(0);
}
