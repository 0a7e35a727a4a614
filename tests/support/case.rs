//! A case file: a schema before and after, rows, what the model says beside, and what is expected of the script.
//!
//! Sections begin with `=== name`; what stands above the first says what the case is about.
//!
//! - `before`, `rows`, `after`: SQL
//! - `intent`: lines such as `table new < old`, `column t.new < old`, `index new < old`, `backfill t.c = 0`, `using t.c = lower(c)`
//! - `order`: columns have to stand as in `after`
//! - `up`, `down`: lines `has TEXT` and `lacks TEXT`, for SQLite 3.54
//! - `edits`: the same lines for the script upwards with `catalog_edits`, for SQLite 3.40
//! - `then`: a query a line with what it gives after `up`: `SELECT a FROM t => 1; 2`
//! - `keep`: what is dropped or replaced is kept aside; queries as in `then`, asked after `up` and `down`
//! - `refused`: the rows stop the script

use std::path::Path;

use schemactl::diff::ColumnOrder;
use schemactl::model::Intent;
use schemactl::schema::{Expression, Name};

#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub before: String,
    pub rows: String,
    pub after: String,
    pub intent: Intent,
    pub order: ColumnOrder,
    pub up: Vec<Fact>,
    pub down: Vec<Fact>,
    pub edits: Vec<Fact>,
    pub then: Vec<(String, String)>,
    pub keep: Option<Vec<(String, String)>>,
    pub refused: bool,
}

/// What a script has, or must not have.
#[derive(Debug)]
pub struct Fact {
    pub holds: bool,
    pub text: String,
}

impl Case {
    /// Reads a file; anything unknown in it is a mistake.
    pub fn read(path: &Path) -> Case {
        let text = std::fs::read_to_string(path).unwrap();
        let mut case = Case {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            before: String::new(),
            rows: String::new(),
            after: String::new(),
            intent: Intent::default(),
            order: ColumnOrder::Loose,
            up: Vec::new(),
            down: Vec::new(),
            edits: Vec::new(),
            then: Vec::new(),
            keep: None,
            refused: false,
        };
        for section in format!("\n{text}").split("\n=== ").skip(1) {
            let (name, body) = section.split_once('\n').unwrap_or((section, ""));
            let lines = || body.lines().filter(|line| !line.trim().is_empty());
            match name {
                "before" => body.clone_into(&mut case.before),
                "rows" => body.clone_into(&mut case.rows),
                "after" => body.clone_into(&mut case.after),
                "intent" => lines().for_each(|line| intend(&mut case.intent, line)),
                "order" => case.order = ColumnOrder::Strict,
                "up" => case.up = lines().map(Fact::read).collect(),
                "down" => case.down = lines().map(Fact::read).collect(),
                "edits" => case.edits = lines().map(Fact::read).collect(),
                "then" => case.then = lines().map(query).collect(),
                "keep" => case.keep = Some(lines().map(query).collect()),
                "refused" => case.refused = true,
                other => panic!("{}: no section is called {other}", path.display()),
            }
        }
        case
    }
}

fn query(line: &str) -> (String, String) {
    let (query, rows) = line.split_once(" => ").unwrap_or_else(|| panic!("{line}"));
    (query.to_owned(), rows.to_owned())
}

impl Fact {
    fn read(line: &str) -> Fact {
        match line.split_once(' ') {
            Some(("has", text)) => Fact { holds: true, text: text.to_owned() },
            Some(("lacks", text)) => Fact { holds: false, text: text.to_owned() },
            _ => panic!("neither `has` nor `lacks`: {line}"),
        }
    }
}

fn intend(intent: &mut Intent, line: &str) {
    let (word, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
    let halves = |by: &str| rest.split_once(by).unwrap_or_else(|| panic!("no `{by}` in {line}"));
    let column = |text: &str| {
        let (table, column) = text.split_once('.').unwrap_or_else(|| panic!("no column in {line}"));
        (Name::from(table), Name::from(column))
    };
    match word {
        "table" => {
            let (new, old) = halves(" < ");
            intent.renames.tables.insert(Name::from(new), Name::from(old));
        }
        "index" => {
            let (new, old) = halves(" < ");
            intent.renames.indexes.insert(Name::from(new), Name::from(old));
        }
        "column" => {
            let (new, old) = halves(" < ");
            intent.renames.columns.insert(column(new), Name::from(old));
        }
        "backfill" => {
            let (of, value) = halves(" = ");
            intent.backfills.insert(column(of), Expression::new(value));
        }
        "using" => {
            let (of, value) = halves(" = ");
            intent.conversions.insert(column(of), Expression::new(value));
        }
        _ => panic!("{line}"),
    }
}
