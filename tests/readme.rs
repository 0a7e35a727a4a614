//! The README is true: its story prints what it shows, its model is a model, its tables list all there is.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use schemactl::database::version_table;
use schemactl::report::Class;
use schemactl::revision::HeaderKey;
use schemactl::schema::Name;
use serde_json::Value;

use crate::support::command::Project;

fn text_of(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What stands under a heading of the README, up to the next heading.
fn section(heading: &str) -> String {
    let readme = text_of("README.md");
    let from = readme.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("the README has no {heading}")) + 1;
    let text = &readme[from + heading.len()..];
    let mut in_code = false;
    let lines = text.lines().take_while(|line| {
        in_code ^= line.starts_with("```");
        in_code || !line.starts_with('#')
    });
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// The cells of the tables under a heading, without their heads.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let text = section(heading);
    let rows = text.lines().filter(|line| line.starts_with("| `") || line.starts_with("| any") || is_code(line));
    // A bar inside of code is no border.
    rows.map(|row| row.trim_matches(['|', ' ']).split(" | ").map(str::to_owned).collect()).collect()
}

/// Whether a row begins with a number.
fn is_code(line: &str) -> bool {
    line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The first word of each piece of code in a text.
fn words_in_code(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).filter_map(|code| code.split(' ').next()).map(str::to_owned).collect()
}

fn first_cells(heading: &str) -> Vec<String> {
    rows(heading).iter().flat_map(|row| words_in_code(&row[0])).collect()
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

/// A command of the story and what the README shows under it.
struct Exchange {
    line: usize,
    command: String,
    shown: String,
}

/// The exchanges of all `console` blocks. A command may go on over lines that begin with `> `.
fn exchanges(readme: &str) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut inside = false;
    for (at, line) in readme.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            exchanges.push(Exchange { line: at + 1, command: command.to_owned(), shown: String::new() });
        } else if let (Some(more), Some(last)) = (
            line.strip_prefix("> ").or((line == ">").then_some("")),
            exchanges.last_mut().filter(|e| e.shown.is_empty()),
        ) {
            last.command.push('\n');
            last.command.push_str(more);
        } else if let Some(last) = exchanges.last_mut() {
            last.shown.push_str(line);
            last.shown.push('\n');
        }
    }
    exchanges
}

impl Exchange {
    /// The lines of the README that show what is printed, counted from zero.
    fn shown_lines(&self) -> std::ops::Range<usize> {
        let start = self.line + self.command.matches('\n').count();
        start..start + self.shown.lines().count()
    }
}

/// The README with what was printed now under each command.
fn with_printed(readme: &str, exchanges: &[Exchange], printed: &[String]) -> String {
    let mut lines: Vec<&str> = readme.lines().collect();
    for (exchange, printed) in exchanges.iter().zip(printed).rev() {
        lines.splice(exchange.shown_lines(), printed.lines().map(str::trim_end));
    }
    lines.join("\n") + "\n"
}

/// The text with every duration replaced, since those differ from run to run: `3.1 ms` becomes `N ms`.
fn without_durations(text: &str) -> String {
    let words: Vec<&str> = text.split_inclusive([' ', '\n']).collect();
    let is_unit = |word: &str| ["ms", "s", "µs", "ms)", "s)"].contains(&word.trim_end());
    let is_number = |word: &str| word.trim().trim_start_matches('(').parse::<f64>().is_ok();
    let mut result = String::new();
    for (at, word) in words.iter().enumerate() {
        let is_duration = is_number(word) && words.get(at + 1).is_some_and(|next| is_unit(next));
        if !is_duration {
            result.push_str(word);
        } else if word.starts_with('(') {
            result.push_str("(N ");
        } else {
            result.push_str("N ");
        }
    }
    result.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// With `SCHEMACTL_BLESS` set, what is printed becomes what is shown: for a look at the difference afterwards.
#[test]
fn the_story_prints_what_the_readme_shows() {
    if Command::new("sqlite3").arg("-version").output().is_err() {
        println!("skipped: there is no sqlite3 shell");
        return;
    }
    let readme = text_of("README.md");
    let exchanges = exchanges(&readme);
    let bless = std::env::var_os("SCHEMACTL_BLESS").is_some();
    let mut blessed = Vec::new();
    assert!(exchanges.len() >= 20, "the README tells its story in `console` blocks");
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_schemactl"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var_os("PATH").unwrap().display());
    let ids =
        (1..=40).map(|number| format!("{:012x}", 0x3f1c_0000_0000_u64 + number * 0x0001_2f35_a7c1)).collect::<Vec<_>>();
    for (used, exchange) in exchanges.iter().enumerate() {
        // Each command that makes a revision takes the next identifier, and the clock goes on by a minute.
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{}", exchange.command)])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", &path)
            .env("SCHEMACTL_NOW", format!("2026-11-22T19:{:02}:00Z", used % 60))
            .env("SCHEMACTL_IDS", ids[used..].join(","))
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if bless {
            blessed.push(printed);
            continue;
        }
        assert_eq!(
            without_durations(&printed),
            without_durations(&exchange.shown),
            "README.md line {}: $ {}\nprinted:\n{printed}",
            exchange.line,
            exchange.command
        );
    }
    if bless {
        let text = with_printed(&readme, &exchanges, &blessed);
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), text).unwrap();
    }
}

#[test]
fn what_is_printed_takes_the_place_of_what_was_shown() {
    let readme = "a\n```console\n$ one\nold\nold\n$ two <<END\n> x\n> END\n$ three\nold\n```\nb\n";
    let exchanges = exchanges(readme);
    let printed = ["new\n".to_owned(), "x\n".to_owned(), String::new()];
    let expected = "a\n```console\n$ one\nnew\n$ two <<END\n> x\n> END\nx\n$ three\n```\nb\n";
    assert_eq!(with_printed(readme, &exchanges, &printed), expected);
}

#[test]
fn durations_are_all_that_may_differ() {
    assert_eq!(
        without_durations("upgrade a  x  3.1 ms\nwaits (0.5 s)\n12 rows\n"),
        "upgrade a  x  N ms\nwaits (N s)\n12 rows\n"
    );
}

#[test]
fn the_table_of_commands_lists_every_command() {
    let help = Project::new().run(&["--help"]).ends_with(0).stdout;
    let commands = help.lines().skip_while(|line| *line != "Begin:").take_while(|line| !line.starts_with("Options"));
    let commands = commands.filter(|line| line.starts_with("  ")).chain(["help"]);
    let commands: Vec<String> = commands.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(commands.len() > 15, "{help}");
    assert_eq!(sorted(first_cells("### Commands")), sorted(commands));
}

#[test]
fn every_option_of_all_commands_is_named() {
    let help = Project::new().run(&["--help"]).ends_with(0).stdout;
    let commands = section("### Commands");
    let options =
        help.split_whitespace().filter(|word| word.starts_with("--") && *word != "--help" && *word != "--version");
    for option in options {
        assert!(commands.contains(option), "{option}");
    }
}

#[test]
fn the_table_of_exit_codes_lists_every_code() {
    let classes = [Class::No, Class::Input, Class::Database, Class::Locked, Class::Fleet, Class::Interrupted];
    let codes: Vec<u8> = std::iter::once(0).chain(classes.map(Class::exit_code)).collect();
    let listed: Vec<u8> = rows("### Exit codes").iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(listed, codes);
}

#[test]
fn the_table_of_settings_lists_every_key() {
    let source = text_of("src/model/settings.rs");
    let reader = source.split("fn read(fields: &Fields<'a>)").nth(1).expect("the function that reads the keys");
    let reader = &reader[..reader.find("\n    }\n").unwrap()];
    let keys: Vec<String> = reader
        .split(['(', ')'])
        .filter_map(|part| part.strip_prefix('"')?.strip_suffix('"'))
        .filter(|word| !word.contains('"'))
        .map(str::to_owned)
        .collect();
    assert!(keys.len() >= 12, "{keys:?}");
    assert_eq!(sorted(first_cells("### Settings")), sorted(keys));
}

#[test]
fn the_table_of_lint_rules_lists_every_rule() {
    let rules = schemactl::lint::rules().iter();
    let known: Vec<String> = rules
        .map(|rule| format!("`{}` `{}` {} {}", rule.code, rule.name, rule.level.as_str(), rule.summary()))
        .collect();
    assert_eq!(rows("### Lint rules").iter().map(|row| row.join(" ")).collect::<Vec<_>>(), known);
}

#[test]
fn the_table_of_a_scripts_head_lists_every_key() {
    let keys: Vec<String> = HeaderKey::ALL.iter().map(|key| key.as_str().to_owned()).collect();
    assert_eq!(first_cells("### Revision scripts"), keys);
}

#[test]
fn the_version_table_has_the_columns_that_are_listed() {
    let create = version_table::create_sql(&Name::new(version_table::DEFAULT_NAME));
    let columns = create.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next().map(str::to_owned));
    assert_eq!(sorted(first_cells("### The version table")), sorted(columns.collect()));
}

#[test]
fn the_model_of_the_reference_is_a_model() {
    let text = section("### The model");
    let model = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let project = Project::new();
    project.write("versions/.keep", "");
    project.write("migrations.toml", &format!("[schemactl]\ndatabase = \"app.db\"\n\n{model}"));
    project.run(&["revision", "--autogenerate", "-m", "All"]).ends_with(0).answers("wrote versions/");
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
}

/// What a document of the README says of the real one: each key is there, with a value of that kind or null.
fn holds(documented: &Value, real: &Value, command: &str) {
    match (documented, real) {
        (Value::Object(documented), Value::Object(real)) => {
            for (key, value) in documented {
                holds(
                    value,
                    real.get(key).unwrap_or_else(|| panic!("{command}: there is no {key} in {real:?}")),
                    command,
                );
            }
        }
        (Value::Array(documented), Value::Array(real)) => {
            if let (Some(documented), Some(real)) = (documented.first(), real.first()) {
                holds(documented, real, command);
            }
        }
        (_, Value::Null) => {}
        _ => assert_eq!(
            std::mem::discriminant(documented),
            std::mem::discriminant(real),
            "{command}: {documented} {real}"
        ),
    }
}

#[test]
fn the_documents_for_programs_are_as_listed() {
    let project = Project::new();
    project.write("versions/.keep", "");
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\n[tables.a.columns]\nb = \"INTEGER\"\n");
    let mut real: Vec<(&str, Value)> = Vec::new();
    let mut run = |command: &'static str, args: &[&str]| {
        real.push((command, project.run(&[&["--format", "json", command], args].concat()).json()));
    };
    run("diff", &["--from", "base"]);
    run("revision", &["--autogenerate", "-m", "One"]);
    run("upgrade", &[]);
    run("downgrade", &["-1"]);
    run("stamp", &["head"]);
    for command in [
        "current",
        "heads",
        "history",
        "branches",
        "check",
        "verify",
        "introspect",
        "lint",
        "explain",
        "graph",
        "docs",
        "config",
        "status",
        "rehearse",
        "backup",
        "backups",
        "purge",
        "repair",
        "switch",
        "ensure-version",
    ] {
        run(command, &[]);
    }
    run("template", &["empty.db"]);
    run("restore", &["--yes"]);
    run("show", &["head"]);
    run("revision", &["--head", "base", "-m", "Two", "--rev-id", "two"]);
    run("rebase", &["two", "--dry-run"]);
    run("merge", &["heads"]);
    run("squash", &["two:head"]);
    run("export", &["--tool", "sqlx"]);
    std::fs::remove_file(project.path("migrations.toml")).unwrap();
    std::fs::remove_dir_all(project.path("versions")).unwrap();
    run("init", &[]);
    project.write("db/migrations/1_a.sql", "-- migrate:up\nCREATE TABLE a (b);\n-- migrate:down\n");
    run("adopt", &["--from", "dbmate", "--database", "absent.db"]);
    run("show", &["absent"]);
    let failed = real.pop().expect("the last run");
    real.push(("any", failed.1));
    let mut listed = 0;
    for row in rows("### JSON") {
        let document = row[1].split('`').nth(1).unwrap().replace("[…]", "[]").replace(",…}", "}");
        let document: Value = serde_json::from_str(&document).unwrap_or_else(|error| panic!("{error}: {document}"));
        let mut commands = words_in_code(&row[0]);
        commands.extend(row[0].starts_with("any").then(|| "any".to_owned()));
        for command in commands {
            let (name, real) = real.iter().find(|(name, _)| *name == command).unwrap_or_else(|| panic!("{command}"));
            holds(&document, real, name);
            listed += 1;
        }
    }
    let names: BTreeSet<&str> = real.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, names.len());
}

#[test]
fn the_example_is_a_project_whose_revisions_make_its_model() {
    let project = Project::new();
    project.write("migrations.toml", &text_of("migrations.toml"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("versions");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        project.write(&format!("versions/{name}"), &text_of(&format!("versions/{name}")));
    }
    let steps = project.run(&["upgrade", "head", "--format", "json"]).ends_with(0).json();
    assert!(steps["steps"].as_array().unwrap().len() >= 5, "{steps}");
    project.run(&["check", "--single-head"]).ends_with(0);
    project.run(&["lint", "--all", "--strict"]).ends_with(0);
    project.run(&["downgrade", "base"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
}
