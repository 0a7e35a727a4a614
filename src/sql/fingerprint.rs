//! One short text for all spellings of a schema.
//!
//! The text that is hashed has a line for each object and, indented below it, for each of its parts. Names where they
//! are declared stand as they are spelled, names that refer to something and names of constraints in lower case;
//! expressions stand as their tokens. Columns keep their order, so do the triggers of a table among themselves; all
//! else is sorted. What has no effect in SQLite is left out: where a constraint is written, a clause that says the
//! default, a UNIQUE that another one implies.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::double_quoted;
use crate::schema::{
    Check, Column, ConflictClause, Event, Expression, ForeignKey, Generated, Index, IndexKey, IndexTerm, KeyColumn,
    Name, NotNull, PrimaryKey, Schema, Table, Timing, Trigger, Unique, View, VirtualTable,
};
use crate::token::{Meaning, TokenKind, quote_name, significant_tokens, write_quoted};

/// The fingerprint of a schema, `sha256:` and 64 hexadecimal digits: the same for two schemas that differ in spelling
/// and order only.
#[must_use]
pub fn fingerprint(schema: &Schema) -> String {
    Texts::default().fingerprint(schema)
}

/// What tables and views say, for fingerprints of schemas that differ in a few of them.
#[derive(Debug, Default)]
pub struct Texts {
    tables: BTreeMap<Name, String>,
    /// Those that say the same whatever else there is.
    views: BTreeMap<Name, String>,
}

impl Texts {
    /// Forgets a table or a view that is not what it was, or is no more.
    pub fn forget(&mut self, name: &Name) {
        self.tables.remove(name);
        self.views.remove(name);
    }

    /// The [`fingerprint`] of a schema whose tables and views are what they were, but for those that were forgotten.
    pub fn fingerprint(&mut self, schema: &Schema) -> String {
        let mut hash = Sha256::new();
        for part in self.canonical(schema) {
            hash.update(part.as_bytes());
        }
        let mut fingerprint = "sha256:".to_owned();
        for byte in hash.finalize() {
            write(&mut fingerprint, format_args!("{byte:02x}"));
        }
        fingerprint
    }

    /// The text that is hashed, in its parts.
    fn canonical<'a>(&'a mut self, schema: &'a Schema) -> Vec<Cow<'a, str>> {
        let Schema { tables, virtual_tables, views, triggers } = schema;
        for (name, each) in tables {
            if !self.tables.contains_key(name) {
                self.tables.insert(name.clone(), table(each));
            }
        }
        let all = OnceCell::new();
        let names = |name: &str| all.get_or_init(|| names_of(schema)).contains(&name.to_ascii_lowercase());
        let mut objects: Vec<Cow<'_, str>> = Vec::with_capacity(tables.len() + views.len());
        for (name, each) in views {
            if !self.views.contains_key(name) {
                let asked = Cell::new(false);
                let text = view(each, &|name| {
                    asked.set(true);
                    names(name)
                });
                if asked.get() {
                    objects.push(Cow::Owned(text));
                } else {
                    self.views.insert(name.clone(), text);
                }
            }
        }
        let known_tables = self.tables.iter().filter(|(name, _)| tables.contains_key(*name));
        let known_views = self.views.iter().filter(|(name, _)| views.contains_key(*name));
        objects.extend(known_tables.chain(known_views).map(|(_, text)| Cow::Borrowed(text.as_str())));
        objects.extend(virtual_tables.values().map(|each| Cow::Owned(virtual_table(each))));
        let mut watched: BTreeMap<&Name, String> = BTreeMap::new();
        for each in triggers.values() {
            trigger(watched.entry(&each.table).or_default(), each, &names);
        }
        objects.extend(watched.into_values().map(Cow::Owned));
        objects.sort_unstable();
        objects
    }
}

fn write(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("writing to a string does not fail");
}

fn table(table: &Table) -> String {
    let Table { name, columns, primary_key, uniques, checks, foreign_keys, without_rowid, strict, indexes } = table;
    let names = |name: &str| {
        let is_rowid = ROWID.iter().any(|rowid| name.eq_ignore_ascii_case(rowid));
        is_rowid || columns.iter().any(|column| column.name == *name)
    };
    let mut text = format!("table {}", name.quoted());
    text += if *without_rowid { " without rowid" } else { "" };
    text += if *strict { " strict\n" } else { "\n" };
    for each in columns {
        column(&mut text, table, each, &names);
    }
    let mut lines: Vec<String> = primary_key.iter().map(|key| self::primary_key(table, key)).collect();
    lines.extend(
        uniques
            .iter()
            .enumerate()
            .filter(|(place, _)| says_something(table, *place))
            .map(|(_, each)| unique(table, each)),
    );
    lines.extend(checks.iter().map(|each| check(each, &names)));
    lines.extend(foreign_keys.iter().map(foreign_key));
    lines.extend(indexes.values().map(|each| index(table, each, &names)));
    lines.sort_unstable();
    text + &lines.concat()
}

fn column(text: &mut String, table: &Table, column: &Column, names: Names<'_>) {
    let Column { name, type_name, not_null, default, collate, generated, idle_names: _ } = column;
    *text += "  column ";
    quoted(text, name);
    if let Some(type_name) = type_name {
        *text += " type ";
        *text += &type_name.normal();
    }
    match not_null {
        Some(NotNull { name, on_conflict }) => {
            constraint_name(text, name.as_ref());
            *text += " not null";
            conflict(text, *on_conflict);
        }
        None if table.is_not_null_by_key(column) => *text += " not null",
        None => {}
    }
    if let Some(default) = default {
        *text += " default ";
        normal(text, default, &|_| false);
    }
    if let Some(collate) = collate.as_ref().filter(|collate| **collate != *"BINARY") {
        *text += " collate ";
        folded(text, collate);
    }
    if let Some(Generated { expression, stored }) = generated {
        *text += if *stored { " stored " } else { " virtual " };
        normal(text, expression, names);
    }
    *text += "\n";
}

fn primary_key(table: &Table, key: &PrimaryKey) -> String {
    let PrimaryKey { name, columns, on_conflict, autoincrement, inline: _ } = key;
    let mut text = " ".to_owned();
    constraint_name(&mut text, name.as_ref());
    text += " primary key (";
    key_columns(&mut text, table, columns);
    text += ")";
    conflict(&mut text, *on_conflict);
    text += if *autoincrement { " autoincrement" } else { "" };
    // The one thing that the place of a constraint changes.
    text += if table.rowid_alias().is_some() { " rowid\n" } else { "\n" };
    text
}

fn unique(table: &Table, unique: &Unique) -> String {
    let Unique { name, columns, on_conflict, inline: _ } = unique;
    let mut text = " ".to_owned();
    constraint_name(&mut text, name.as_ref());
    text += " unique (";
    key_columns(&mut text, table, columns);
    text += ")";
    conflict(&mut text, *on_conflict);
    text + "\n"
}

/// Whether a UNIQUE constraint says what no other constraint of the table does.
fn says_something(table: &Table, place: usize) -> bool {
    let is_plain = |unique: &Unique| unique.name.is_none() && !is_telling(unique.on_conflict);
    // Of two that differ in nothing but DESC, SQLite builds the index of the one that comes first.
    let same = |one: &[KeyColumn], other: &[KeyColumn]| {
        let collation = |column: &KeyColumn| key_collation(table, column.collate.as_ref(), &column.name);
        let same = |one: &KeyColumn, other: &KeyColumn| {
            one.name == other.name && collation(one) == collation(other) && one.descending == other.descending
        };
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
    };
    let columns = &table.uniques[place].columns;
    let key = table.primary_key.as_ref().filter(|_| table.rowid_alias().is_none());
    let is_key = key.is_some_and(|key| same(&key.columns, columns));
    let is_repeated = || {
        table.uniques.iter().enumerate().any(|(other, unique)| {
            same(&unique.columns, columns) && (other < place || other > place && !is_plain(unique))
        })
    };
    !is_plain(&table.uniques[place]) || !is_key && !is_repeated()
}

fn key_columns(text: &mut String, table: &Table, columns: &[KeyColumn]) {
    separated(text, columns, |text, KeyColumn { name, collate, descending }| {
        folded(text, name);
        *text += " collate ";
        *text += &key_collation(table, collate.as_ref(), name);
        *text += if *descending { " desc" } else { "" };
    });
}

/// The collation in effect for a column in a key or an index.
fn key_collation(table: &Table, collate: Option<&Name>, column: &Name) -> Cow<'static, str> {
    let of_column = || table.column(column).and_then(|column| column.collate.as_ref());
    collate.or_else(of_column).map_or(Cow::Borrowed(BINARY), |name| {
        let mut text = String::new();
        folded(&mut text, name);
        Cow::Owned(text)
    })
}

/// The collation of what says none.
const BINARY: &str = "\"binary\"";

fn check(check: &Check, names: Names<'_>) -> String {
    let Check { name, expression, on_conflict: _, inline: _ } = check;
    let mut text = " ".to_owned();
    constraint_name(&mut text, name.as_ref());
    text += " check ";
    normal(&mut text, expression, names);
    text + "\n"
}

fn foreign_key(foreign_key: &ForeignKey) -> String {
    let ForeignKey {
        name,
        columns,
        parent,
        parent_columns,
        on_delete,
        on_update,
        match_type,
        deferrable: _,
        inline: _,
    } = foreign_key;
    let mut text = " ".to_owned();
    constraint_name(&mut text, name.as_ref());
    text += " foreign key (";
    separated(&mut text, columns, folded);
    text += ") references ";
    folded(&mut text, parent);
    text += " (";
    separated(&mut text, parent_columns, folded);
    write(&mut text, format_args!(") delete {} update {}", on_delete.keywords(), on_update.keywords()));
    if let Some(match_type) = match_type.as_ref().filter(|name| **name != *"SIMPLE" && **name != *"NONE") {
        text += " match ";
        folded(&mut text, match_type);
    }
    text += if foreign_key.is_deferred() { " deferred\n" } else { "\n" };
    text
}

fn index(table: &Table, index: &Index, names: Names<'_>) -> String {
    let Index { name, unique, terms, predicate } = index;
    let mut text = if *unique { "  unique index " } else { "  index " }.to_owned();
    quoted(&mut text, name);
    text += " (";
    separated(&mut text, terms, |text, term| index_term(text, table, term, names));
    text += ")";
    if let Some(predicate) = predicate {
        text += " where ";
        normal(&mut text, predicate, names);
    }
    text + "\n"
}

fn index_term(text: &mut String, table: &Table, term: &IndexTerm, names: Names<'_>) {
    let IndexTerm { key, collate, descending } = term;
    match key {
        IndexKey::Column(name) => {
            folded(text, name);
            *text += " collate ";
            *text += &key_collation(table, collate.as_ref(), name);
        }
        IndexKey::Expression(expression) => {
            *text += "(";
            normal(text, expression, names);
            *text += ") collate ";
            match collate {
                Some(collate) => folded(text, collate),
                None => *text += BINARY,
            }
        }
    }
    *text += if *descending { " desc" } else { "" };
}

fn view(view: &View, names: Names<'_>) -> String {
    let View { name, columns, select } = view;
    let mut text = "view ".to_owned();
    quoted(&mut text, name);
    text += " (";
    separated(&mut text, columns, quoted);
    text += ") as ";
    normal(&mut text, select, names);
    text + "\n"
}

fn trigger(text: &mut String, trigger: &Trigger, names: Names<'_>) {
    let Trigger { name, table, timing, event, when, body } = trigger;
    *text += "trigger on ";
    folded(text, table);
    *text += " ";
    quoted(text, name);
    *text += match timing {
        Timing::Before => " before ",
        Timing::After => " after ",
        Timing::InsteadOf => " instead of ",
    };
    match event {
        Event::Insert => *text += "insert",
        Event::Delete => *text += "delete",
        Event::Update(columns) => {
            *text += "update of ";
            // By what is written, quotes included.
            let columns: BTreeSet<String> = columns.iter().map(|column| quote_name(&column.folded())).collect();
            separated(text, &columns, |text, column| *text += column);
        }
    }
    if let Some(when) = when {
        *text += " when ";
        normal(text, when, names);
    }
    *text += " begin ";
    normal(text, body, names);
    *text += "\n";
}

fn virtual_table(table: &VirtualTable) -> String {
    let VirtualTable { name, module, arguments } = table;
    let mut text = "virtual table ".to_owned();
    quoted(&mut text, name);
    text += " using ";
    folded(&mut text, module);
    text += " (";
    separated(&mut text, arguments, |text, argument| *text += &argument.normal());
    text + ")\n"
}

fn constraint_name(text: &mut String, name: Option<&Name>) {
    if let Some(name) = name {
        *text += " constraint ";
        folded(text, name);
    }
}

/// `ON CONFLICT`, unless it says the default.
fn conflict(text: &mut String, clause: Option<ConflictClause>) {
    if let Some(clause) = clause.filter(|_| is_telling(clause)) {
        *text += " on conflict ";
        *text += clause.keyword();
    }
}

/// Whether it is not the default.
fn is_telling(clause: Option<ConflictClause>) -> bool {
    !matches!(clause, None | Some(ConflictClause::Abort))
}

/// A name as it is spelled, in quotes.
fn quoted(text: &mut String, name: &Name) {
    write_quoted(text, name.as_str(), '"').expect("writing to a string does not fail");
}

/// A name in lower case, in quotes.
fn folded(text: &mut String, name: &Name) {
    let start = text.len();
    quoted(text, name);
    text[start..].make_ascii_lowercase();
}

/// The parts with commas between them.
fn separated<T>(text: &mut String, parts: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    for (place, part) in parts.into_iter().enumerate() {
        *text += if place == 0 { "" } else { ", " };
        write(text, part);
    }
}

/// What each table with a rowid calls it.
const ROWID: [&str; 3] = ["rowid", "oid", "_rowid_"];

/// Whether a `"double quoted"` token may stand for a name.
type Names<'a> = &'a dyn Fn(&str) -> bool;

/// What views and triggers can name, their own aliases apart, in lower case.
fn names_of(schema: &Schema) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = ["new", "old", "excluded"].map(str::to_owned).into();
    if !schema.tables.is_empty() {
        names.extend(ROWID.map(str::to_owned));
    }
    for table in schema.tables.values() {
        names.insert(table.name.folded());
        names.extend(table.columns.iter().map(|column| column.name.folded()));
    }
    names.extend(schema.virtual_tables.keys().map(Name::folded));
    let arguments = schema.virtual_tables.values().flat_map(|table| &table.arguments);
    names.extend(arguments.flat_map(words_of));
    for view in schema.views.values() {
        names.insert(view.name.folded());
        names.extend(view.columns.iter().map(Name::folded));
        names.extend(words_of(&view.select));
    }
    names
}

/// The words and quoted names of a text, but for those in double quotes that may be strings.
fn words_of(expression: &Expression) -> impl Iterator<Item = String> {
    let mut after_as = false;
    significant_tokens(expression.as_str()).filter_map(move |token| {
        let is_alias = std::mem::replace(&mut after_as, token.is_word("AS"));
        let is_name = match token.kind {
            TokenKind::Word => true,
            TokenKind::QuotedName => is_alias || !token.text.starts_with('"'),
            _ => false,
        };
        is_name.then(|| token.unquoted().to_ascii_lowercase())
    })
}

/// One text for all spellings of an expression. SQLite takes a `"double quoted"` token that names nothing as a string
/// (<https://www.sqlite.org/quirks.html#dblquote>), and writes it as one when it renames a column.
fn normal(text: &mut String, expression: &Expression, names: Names<'_>) {
    let mut tokens = significant_tokens(expression.as_str()).peekable();
    let mut previous = None;
    while let Some(token) = tokens.next() {
        if previous.is_some() {
            *text += " ";
        }
        let next = tokens.peek();
        let is_named = || double_quoted::is_name(&token, previous.as_ref(), next, names);
        if token.kind == TokenKind::QuotedName && token.text.starts_with('"') && !is_named() {
            write(text, format_args!("{}", Meaning::String(token.unquoted())));
        } else {
            write(text, format_args!("{}", Meaning::of(&token)));
        }
        previous = Some(token);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Statement, read};
    use super::*;

    fn canonical(schema: &Schema) -> String {
        Texts::default().canonical(schema).concat()
    }

    fn schema(statements: &[&str]) -> Schema {
        let mut schema = Schema::default();
        for sql in statements {
            match read(sql).unwrap_or_else(|error| panic!("{error} in {sql}")) {
                Statement::Table(table) => drop(schema.tables.insert(table.name.clone(), table)),
                Statement::Index { table, index } => {
                    schema.tables[&table].indexes.insert(index.name.clone(), index);
                }
                Statement::View(view) => drop(schema.views.insert(view.name.clone(), view)),
                Statement::Trigger(trigger) => drop(schema.triggers.insert(trigger.name.clone(), trigger)),
                Statement::VirtualTable(table) => drop(schema.virtual_tables.insert(table.name.clone(), table)),
            }
        }
        schema
    }

    #[track_caller]
    fn assert_same(left: &[&str], right: &[&str]) {
        assert_eq!(canonical(&schema(left)), canonical(&schema(right)));
        assert_eq!(fingerprint(&schema(left)), fingerprint(&schema(right)));
    }

    #[track_caller]
    fn assert_different(left: &[&str], right: &[&str]) {
        assert_ne!(canonical(&schema(left)), canonical(&schema(right)));
        assert_ne!(fingerprint(&schema(left)), fingerprint(&schema(right)));
    }

    #[test]
    fn the_form_stays_as_it_is() {
        // Fingerprints stand in revision files: another form would make all of them wrong.
        let schema = schema(&[
            "CREATE TABLE \"User\" (id INTEGER PRIMARY KEY, Email TEXT NOT NULL COLLATE NOCASE DEFAULT 'X', \
             t INT CONSTRAINT C REFERENCES Team(ID) ON DELETE CASCADE, CHECK (Email <> ''), UNIQUE (Email))",
            "CREATE INDEX Ix ON user(lower(Email) DESC) WHERE id > 0",
            "CREATE VIEW v AS SELECT Email FROM User",
            "CREATE TRIGGER tr AFTER UPDATE OF Email, id ON USER WHEN new.id BEGIN SELECT 1; END",
            "CREATE VIRTUAL TABLE f USING FTS5(a, content='')",
        ]);
        assert_eq!(
            canonical(&schema),
            "table \"User\"\n  \
               column \"id\" type \"integer\"\n  \
               column \"Email\" type \"text\" not null default 'X' collate \"nocase\"\n  \
               column \"t\" type \"int\"\n  \
               check \"email\" <> ''\n  \
               constraint \"c\" foreign key (\"t\") references \"team\" (\"id\") delete CASCADE update NO ACTION\n  \
               index \"Ix\" ((\"lower\" ( \"email\" )) collate \"binary\" desc) where \"id\" > 0\n  \
               primary key (\"id\" collate \"binary\") rowid\n  \
               unique (\"email\" collate \"nocase\")\n\
             trigger on \"user\" \"tr\" after update of \"email\", \"id\" when \"new\" . \"id\" begin SELECT 1 ;\n\
             view \"v\" () as SELECT \"email\" FROM \"user\"\n\
             virtual table \"f\" using \"fts5\" (\"a\", \"content\" = '')\n"
        );
        assert_eq!(
            fingerprint(&Schema::default()),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn place_order_and_spelling_do_not_count() {
        assert_same(
            &[
                "CREATE TABLE t(a int primary key, b VARCHAR (20) unique check(\"b\">0) references P([x]), c, unique(c), check(a))",
            ],
            &[
                "CREATE TABLE \"t\"(a INT, b varchar(20), c CONSTRAINT idle, CHECK (a), FOREIGN KEY (B) REFERENCES p(X), \
               CHECK ((B > 0)), UNIQUE (C), UNIQUE (b), PRIMARY KEY (A))",
            ],
        );
        assert_same(
            &[
                "CREATE TABLE a(x)",
                "CREATE TABLE b(x)",
                "CREATE INDEX i ON a(x)",
                "CREATE INDEX j ON a(x)",
                "CREATE TRIGGER m INSERT ON a BEGIN SELECT 1; END",
                "CREATE TRIGGER n INSERT ON b BEGIN SELECT 1; END",
            ],
            &[
                "CREATE TABLE b(x)",
                "CREATE TABLE a(x)",
                "CREATE INDEX j ON A(X)",
                "CREATE INDEX i ON a((\"x\"))",
                "CREATE TRIGGER n BEFORE INSERT ON B BEGIN select 1; END",
                "CREATE TRIGGER m INSERT ON a BEGIN SELECT /**/ 1; END",
            ],
        );
    }

    #[test]
    fn what_says_the_default_does_not_count() {
        assert_same(
            &[
                "CREATE TABLE t(a NOT NULL ON CONFLICT ABORT COLLATE binary UNIQUE ON CONFLICT ABORT, \
               b REFERENCES p MATCH simple NOT DEFERRABLE INITIALLY DEFERRED, CHECK (b) ON CONFLICT FAIL)",
                "CREATE INDEX i ON t(a COLLATE binary)",
            ],
            &["CREATE TABLE t(a NOT NULL UNIQUE, b REFERENCES p, CHECK (b))", "CREATE INDEX i ON t(a)"],
        );
        assert_same(
            &[
                "CREATE TABLE t(a TEXT NOT NULL, b TEXT COLLATE nocase, PRIMARY KEY (a), UNIQUE (b), UNIQUE (a)) WITHOUT ROWID",
            ],
            &[
                "CREATE TABLE t(a TEXT, b TEXT COLLATE nocase, PRIMARY KEY (a), UNIQUE (b COLLATE nocase), UNIQUE (b)) WITHOUT ROWID",
            ],
        );
        // The quotes of a string, which SQLite puts right when it renames a column.
        assert_same(&["CREATE TABLE t(a CHECK (a <> \"x\"))"], &["CREATE TABLE t(a CHECK (a <> 'x'))"]);
    }

    #[test]
    fn what_sqlite_does_otherwise_counts() {
        let same_table = |left: &str, right: &str| {
            assert_different(&[&format!("CREATE TABLE t({left})")], &[&format!("CREATE TABLE t({right})")]);
        };
        same_table("a, b", "b, a");
        same_table("a", "A");
        same_table("a TEXT", "a");
        same_table("a VARCHAR(20)", "a VARCHAR(50)");
        same_table("a DEFAULT 'x'", "a DEFAULT 'X'");
        same_table("a DEFAULT 1", "a DEFAULT '1'");
        same_table("a CHECK (a = 'x')", "a CHECK (a = a)");
        same_table("a CHECK (a = \"a\")", "a CHECK (a = 'a')");
        same_table("a CONSTRAINT n CHECK (a)", "a CHECK (a)");
        same_table("a UNIQUE", "a CONSTRAINT n UNIQUE");
        same_table("a UNIQUE, PRIMARY KEY (a DESC)", "a, PRIMARY KEY (a DESC)");
        same_table("a UNIQUE", "a UNIQUE ON CONFLICT IGNORE");
        same_table("a NOT NULL", "a NOT NULL ON CONFLICT IGNORE");
        same_table("a INTEGER PRIMARY KEY", "a INTEGER PRIMARY KEY AUTOINCREMENT");
        same_table("a INTEGER PRIMARY KEY DESC", "a INTEGER, PRIMARY KEY (a DESC)");
        same_table("a AS (1)", "a AS (1) STORED");
        same_table("a COLLATE nocase", "a");
        same_table("a REFERENCES p", "a REFERENCES p(x)");
        same_table("a REFERENCES p", "a REFERENCES p ON UPDATE CASCADE");
        same_table("a REFERENCES p", "a REFERENCES p DEFERRABLE INITIALLY DEFERRED");
        same_table("a REFERENCES p", "a REFERENCES p MATCH full");
        assert_different(&["CREATE TABLE t(a INT)"], &["CREATE TABLE t(a INT) STRICT"]);
        assert_different(&["CREATE TABLE t(a)"], &["CREATE TABLE T(a)"]);
        let table = "CREATE TABLE t(a)";
        assert_different(&[table, "CREATE INDEX i ON t(a)"], &[table, "CREATE INDEX i ON t(a DESC)"]);
        assert_different(&[table, "CREATE INDEX i ON t(a)"], &[table, "CREATE UNIQUE INDEX i ON t(a)"]);
        assert_different(&[table, "CREATE INDEX i ON t(a)"], &[table, "CREATE INDEX i ON t(a) WHERE a"]);
        assert_different(&[table, "CREATE VIEW v AS SELECT a FROM t"], &[table, "CREATE VIEW v(a) AS SELECT a FROM t"]);
        let triggers = ["m", "n"].map(|name| format!("CREATE TRIGGER {name} INSERT ON t BEGIN SELECT 1; END"));
        assert_different(&[table, &triggers[0], &triggers[1]], &[table, &triggers[1], &triggers[0]]);
    }
}
