//! One short text for all spellings of a schema.
//!
//! The text that is hashed has a line for each object and, indented below it, for each of its parts. Names where they
//! are declared stand as they are spelled, names that refer to something and names of constraints in lower case;
//! expressions stand as their tokens. Columns keep their order, so do the triggers of a table among themselves; all
//! else is sorted. What has no effect in SQLite is left out: where a constraint is written, a clause that says the
//! default, a UNIQUE that another one implies.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::double_quoted;
use crate::schema::{
    Check, Column, ConflictClause, Event, Expression, ForeignKey, Generated, Index, IndexKey, IndexTerm, KeyColumn,
    Name, NotNull, PrimaryKey, Schema, Table, Timing, Trigger, TypeName, Unique, View, VirtualTable,
};
use crate::token::{Meaning, Token, TokenKind, quote_name, significant_tokens};

/// The fingerprint of a schema, `sha256:` and 64 hexadecimal digits: the same for two schemas that differ in spelling
/// and order only.
#[must_use]
pub fn fingerprint(schema: &Schema) -> String {
    let mut fingerprint = "sha256:".to_owned();
    for byte in Sha256::digest(canonical(schema)) {
        // Writing to a String cannot fail.
        let _ = write!(fingerprint, "{byte:02x}");
    }
    fingerprint
}

/// The text that is hashed.
fn canonical(schema: &Schema) -> String {
    let Schema { tables, virtual_tables, views, triggers } = schema;
    let names = names_of(schema);
    let mut objects: Vec<String> = tables.values().map(table).collect();
    objects.extend(virtual_tables.values().map(virtual_table));
    objects.extend(views.values().map(|each| view(each, &names)));
    let watched: BTreeSet<&Name> = triggers.values().map(|trigger| &trigger.table).collect();
    objects.extend(
        watched
            .into_iter()
            .map(|table| schema.triggers_on(table).map(|each| trigger(each, &names)).collect::<String>()),
    );
    objects.sort_unstable();
    objects.concat()
}

fn table(table: &Table) -> String {
    let Table { name, columns, primary_key, uniques, checks, foreign_keys, without_rowid, strict, indexes } = table;
    let mut text = format!("table {}", name.quoted());
    text += if *without_rowid { " without rowid" } else { "" };
    text += if *strict { " strict\n" } else { "\n" };
    let names = columns_of(table);
    text.extend(columns.iter().map(|each| column(table, each, &names)));
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

fn column(table: &Table, column: &Column, names: &Names) -> String {
    let Column { name, type_name, not_null, default, collate, generated, idle_names: _ } = column;
    let not_null = match not_null {
        Some(NotNull { name, on_conflict }) => {
            format!("{} not null{}", constraint_name(name.as_ref()), conflict(*on_conflict))
        }
        None if table.is_not_null_by_key(column) => " not null".to_owned(),
        None => String::new(),
    };
    let collate = collate.as_ref().filter(|collate| **collate != *"BINARY");
    let generated = generated.as_ref().map(|Generated { expression, stored }| {
        format!(" {} {}", if *stored { "stored" } else { "virtual" }, normal(expression, names))
    });
    let parts = [
        format!("  column {}", name.quoted()),
        optional(" type ", type_name.as_ref().map(TypeName::normal)),
        not_null,
        optional(" default ", default.as_ref().map(|default| normal(default, &Names::new()))),
        optional(" collate ", collate.map(folded)),
        generated.unwrap_or_default(),
        "\n".to_owned(),
    ];
    parts.concat()
}

fn primary_key(table: &Table, key: &PrimaryKey) -> String {
    let PrimaryKey { name, columns, on_conflict, autoincrement, inline: _ } = key;
    format!(
        " {} primary key ({}){}{}{}\n",
        constraint_name(name.as_ref()),
        key_columns(table, columns),
        conflict(*on_conflict),
        if *autoincrement { " autoincrement" } else { "" },
        // The one thing that the place of a constraint changes.
        if table.rowid_alias().is_some() { " rowid" } else { "" },
    )
}

fn unique(table: &Table, unique: &Unique) -> String {
    let Unique { name, columns, on_conflict, inline: _ } = unique;
    let columns = key_columns(table, columns);
    format!(" {} unique ({columns}){}\n", constraint_name(name.as_ref()), conflict(*on_conflict))
}

/// Whether a UNIQUE constraint says what no other constraint of the table does.
fn says_something(table: &Table, place: usize) -> bool {
    let is_plain = |unique: &Unique| unique.name.is_none() && conflict(unique.on_conflict).is_empty();
    // Of two that differ in nothing but DESC, SQLite builds the index of the one that comes first.
    let bare = |columns: &[KeyColumn]| -> Vec<(String, String, bool)> {
        let bare = |column: &KeyColumn| {
            let collation = key_collation(table, column.collate.as_ref(), &column.name);
            (column.name.folded(), collation, column.descending)
        };
        columns.iter().map(bare).collect()
    };
    let columns = bare(&table.uniques[place].columns);
    let key = table.primary_key.as_ref().filter(|_| table.rowid_alias().is_none());
    let is_key = key.is_some_and(|key| bare(&key.columns) == columns);
    let is_repeated = || {
        table.uniques.iter().enumerate().any(|(other, unique)| {
            bare(&unique.columns) == columns && (other < place || other > place && !is_plain(unique))
        })
    };
    !is_plain(&table.uniques[place]) || !is_key && !is_repeated()
}

fn key_columns(table: &Table, columns: &[KeyColumn]) -> String {
    let column = |column: &KeyColumn| {
        let KeyColumn { name, collate, descending } = column;
        let collate = key_collation(table, collate.as_ref(), name);
        format!("{} collate {collate}{}", folded(name), if *descending { " desc" } else { "" })
    };
    columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

/// The collation in effect for a column in a key or an index.
fn key_collation(table: &Table, collate: Option<&Name>, column: &Name) -> String {
    let of_column = || table.column(column).and_then(|column| column.collate.as_ref());
    folded(collate.or_else(of_column).unwrap_or(&Name::from("BINARY")))
}

fn check(check: &Check, names: &Names) -> String {
    let Check { name, expression, on_conflict: _, inline: _ } = check;
    format!(" {} check {}\n", constraint_name(name.as_ref()), normal(expression, names))
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
    let match_type = match_type.as_ref().filter(|name| **name != *"SIMPLE" && **name != *"NONE");
    format!(
        " {} foreign key ({}) references {} ({}) delete {} update {}{}{}\n",
        constraint_name(name.as_ref()),
        folded_list(columns),
        folded(parent),
        folded_list(parent_columns),
        on_delete.keywords(),
        on_update.keywords(),
        optional(" match ", match_type.map(folded)),
        if foreign_key.is_deferred() { " deferred" } else { "" },
    )
}

fn index(table: &Table, index: &Index, names: &Names) -> String {
    let Index { name, unique, terms, predicate } = index;
    let unique = if *unique { "unique " } else { "" };
    let terms = terms.iter().map(|term| index_term(table, term, names)).collect::<Vec<_>>().join(", ");
    let predicate = optional(" where ", predicate.as_ref().map(|predicate| normal(predicate, names)));
    format!("  {unique}index {} ({terms}){predicate}\n", name.quoted())
}

fn index_term(table: &Table, term: &IndexTerm, names: &Names) -> String {
    let IndexTerm { key, collate, descending } = term;
    let key = match key {
        IndexKey::Column(name) => {
            format!("{} collate {}", folded(name), key_collation(table, collate.as_ref(), name))
        }
        IndexKey::Expression(expression) => {
            let collate = collate.as_ref().map_or_else(|| folded(&Name::from("BINARY")), folded);
            format!("({}) collate {collate}", normal(expression, names))
        }
    };
    key + if *descending { " desc" } else { "" }
}

fn view(view: &View, names: &Names) -> String {
    let View { name, columns, select } = view;
    let columns: Vec<String> = columns.iter().map(Name::quoted).collect();
    format!("view {} ({}) as {}\n", name.quoted(), columns.join(", "), normal(select, names))
}

fn trigger(trigger: &Trigger, names: &Names) -> String {
    let Trigger { name, table, timing, event, when, body } = trigger;
    let timing = match timing {
        Timing::Before => "before",
        Timing::After => "after",
        Timing::InsteadOf => "instead of",
    };
    let event = match event {
        Event::Insert => "insert".to_owned(),
        Event::Delete => "delete".to_owned(),
        Event::Update(columns) => {
            let columns: BTreeSet<String> = columns.iter().map(folded).collect();
            format!("update of {}", columns.into_iter().collect::<Vec<_>>().join(", "))
        }
    };
    let when = optional(" when ", when.as_ref().map(|when| normal(when, names)));
    let (name, table) = (name.quoted(), folded(table));
    format!("trigger on {table} {name} {timing} {event}{when} begin {}\n", normal(body, names))
}

fn virtual_table(table: &VirtualTable) -> String {
    let VirtualTable { name, module, arguments } = table;
    let arguments: Vec<String> = arguments.iter().map(Expression::normal).collect();
    format!("virtual table {} using {} ({})\n", name.quoted(), folded(module), arguments.join(", "))
}

fn constraint_name(name: Option<&Name>) -> String {
    optional(" constraint ", name.map(folded))
}

/// A part with its word before it, or nothing.
fn optional(word: &str, part: Option<String>) -> String {
    part.map_or_else(String::new, |part| format!("{word}{part}"))
}

/// `ON CONFLICT`, unless it says the default.
fn conflict(clause: Option<ConflictClause>) -> String {
    match clause {
        None | Some(ConflictClause::Abort) => String::new(),
        Some(clause) => format!(" on conflict {}", clause.keyword()),
    }
}

fn folded(name: &Name) -> String {
    quote_name(&name.folded())
}

fn folded_list(names: &[Name]) -> String {
    names.iter().map(folded).collect::<Vec<_>>().join(", ")
}

/// Names in lower case that a `"double quoted"` token may stand for.
type Names = BTreeSet<String>;

/// What expressions of a table can name.
fn columns_of(table: &Table) -> Names {
    let rowid = ["rowid", "oid", "_rowid_"].map(str::to_owned);
    table.columns.iter().map(|column| column.name.folded()).chain(rowid).collect()
}

/// What views and triggers can name, their own aliases apart.
fn names_of(schema: &Schema) -> Names {
    let mut names: Names = ["new", "old", "excluded"].map(str::to_owned).into();
    for table in schema.tables.values() {
        names.insert(table.name.folded());
        names.extend(columns_of(table));
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
fn normal(expression: &Expression, names: &Names) -> String {
    let tokens: Vec<Token<'_>> = significant_tokens(expression.as_str()).collect();
    let meaning = |place: usize, token: &Token<'_>| {
        let is_named = || {
            let before = place.checked_sub(1).map(|before| &tokens[before]);
            let after = tokens.get(place + 1);
            double_quoted::is_name(token, before, after, |name| names.contains(&name.to_ascii_lowercase()))
        };
        if token.kind == TokenKind::QuotedName && token.text.starts_with('"') && !is_named() {
            Meaning::String(token.unquoted()).to_string()
        } else {
            Meaning::of(token).to_string()
        }
    };
    let meanings: Vec<String> = tokens.iter().enumerate().map(|(place, token)| meaning(place, token)).collect();
    meanings.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::{Statement, read};
    use super::*;

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
