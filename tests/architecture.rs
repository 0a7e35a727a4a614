//! The rules of the crate's first page, held against the sources: modules use only those above them, one module
//! prints, one speaks to SQLite, files stay small.

use std::path::{Path, PathBuf};

/// A source file without its comments and its tests.
struct Source {
    /// `plan/gate.rs`
    path: String,
    /// Its modules from the root: `["plan", "gate"]`.
    modules: Vec<String>,
    code: String,
    lines: usize,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// All sources; those that only tests are made of are left out.
fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    files(&root(), &mut paths);
    paths.sort();
    let mut tests = Vec::new();
    let mut sources = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let shown = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let mut modules: Vec<String> = shown.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if ["mod", "lib", "main"].contains(&modules[modules.len() - 1].as_str()) {
            modules.pop();
        }
        let (code, test_modules) = without_tests(&text);
        tests.extend(test_modules.iter().map(|name| [&modules[..], std::slice::from_ref(name)].concat()));
        sources.push(Source { path: shown, modules, code, lines: text.lines().count() });
    }
    sources.retain(|source| !tests.iter().any(|test| source.modules.starts_with(test)));
    sources
}

/// The code that is no test and no comment, and the names of modules that are files of tests.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let mut code = String::new();
    let mut test_modules = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        if line != "#[cfg(test)]" {
            code.push_str(line.split_once(" // ").map_or(line, |(code, _)| code));
            code.push('\n');
            continue;
        }
        // A module of tests is the last thing in its file, and its texts may look like anything.
        if lines.peek().is_some_and(|line| line.starts_with("mod ") && line.ends_with('{')) {
            break;
        }
        // Any other item ends at the first line that closes it at the left edge, or at once.
        for line in lines.by_ref() {
            if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                test_modules.push(name.to_owned());
            }
            if line == "}" || line.ends_with(';') && !line.starts_with(' ') {
                break;
            }
        }
    }
    (code, test_modules)
}

/// The modules at the root, from the first that may use none to the last that may use all.
fn order() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("lib.rs")).unwrap();
    let name = |line: &str| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned);
    text.lines().filter_map(name).collect()
}

/// The modules at the root that the code names: after `crate::`, and after as many `super::` as lead there.
fn used(source: &Source) -> Vec<String> {
    let to_root = "super::".repeat(source.modules.len());
    let mut used = Vec::new();
    for way in ["crate::", to_root.as_str()].into_iter().filter(|way| !way.is_empty()) {
        for (at, _) in source.code.match_indices(way) {
            let goes_on = source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            let rest = &source.code[at + way.len()..];
            match rest.strip_prefix('{') {
                _ if goes_on => {}
                Some(group) => used.extend(first_words_of_group(group)),
                None => used.push(first_word(rest)),
            }
        }
    }
    used
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// `model::{Intent, Renames}, sql}` names `model` and `sql`.
fn first_words_of_group(group: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                words.push(first_word(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let order = order();
    assert!(order.len() >= 10, "{order:?}");
    let mut arrows = 0;
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = source.modules.first() else { continue };
        let Some(at) = order.iter().position(|module| module == own) else { continue };
        for module in used(&source) {
            let Some(used) = order.iter().position(|known| *known == module) else { continue };
            arrows += 1;
            if used > at {
                wrong.push(format!("src/{}: `{own}` uses `{module}`, which is below it", source.path));
            }
        }
    }
    assert!(arrows > 100, "the sources were not read: {arrows} arrows");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn grouped_nested_and_written_out_paths_are_seen() {
    let source = |modules: &[&str], text: &str| Source {
        path: String::new(),
        modules: modules.iter().map(|&module| module.to_owned()).collect(),
        code: without_tests(text).0,
        lines: 0,
    };
    let text = "// use crate::a;\nuse crate::{b::{c, d}, e};\nfn f() { crate::g::h() }\n#[cfg(test)]\nfn t() {\n    \
                crate::i()\n}\nuse super::super::j;\nuse super::k;\n#[cfg(test)]\nmod tests {\n    use crate::l;\n}\n";
    assert_eq!(used(&source(&["x", "y"], text)), ["b", "e", "g", "j"]);
    assert_eq!(without_tests("#[cfg(test)]\nmod cases;\nuse z;\n"), ("use z;\n".to_owned(), vec!["cases".to_owned()]));
}

#[test]
fn the_first_page_of_the_documentation_lists_the_modules_in_their_order() {
    let text = std::fs::read_to_string(root().join("lib.rs")).unwrap();
    let row = |line: &str| line.strip_prefix("//! | [`")?.split('`').next().map(str::to_owned);
    let listed: Vec<String> = text.lines().filter_map(row).collect();
    assert_eq!(listed, order());
}

#[test]
fn every_way_in_that_the_documentation_names_is_there() {
    let text = std::fs::read_to_string(root().join("lib.rs")).unwrap();
    let page: String = text.lines().filter(|line| line.starts_with("//!")).collect();
    let mut seen = 0;
    for word in page.split('`').filter(|word| word.starts_with("src/") || word.starts_with("tests/")) {
        seen += 1;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(word);
        assert!(path.exists(), "the documentation names `{word}`, which is not there");
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn only_the_command_line_prints_and_what_a_build_script_calls() {
    let is_silent = |source: &&Source| source.modules.first().is_some_and(|first| first != "cli" && first != "build");
    for source in sources().iter().filter(is_silent) {
        for word in ["println!", "eprintln!", "print!(", "eprint!(", "io::stdout", "io::stderr"] {
            assert!(!source.code.contains(word), "src/{} has `{word}`", source.path);
        }
    }
}

#[test]
fn files_are_small_and_maps_keep_their_order() {
    for source in sources() {
        assert!(source.lines <= 800, "src/{} has {} lines", source.path, source.lines);
        for word in ["HashMap", "HashSet"] {
            assert!(
                !source.code.contains(word),
                "src/{}: `{word}` has no order; take indexmap or BTreeMap",
                source.path
            );
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    for source in sources() {
        for word in ["todo!", "unimplemented!", ".unwrap()", "dbg!"] {
            assert!(!source.code.contains(word), "src/{} has `{word}`", source.path);
        }
    }
}
