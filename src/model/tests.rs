//! The readers from end to end: every key in each of its forms, and every mistake with its exact place.

use std::sync::Arc;

use super::*;
use crate::schema::{Action, ObjectKind};
use crate::sql;

/// A model in which every key of the readers stands at least once.
pub(super) const EVERY_KEY: &str = r#"
[schemactl]
database = "app.db"
versions = ["versions", "more"]
version_table = "revisions"
ignore = "litestream_*"
target_sqlite = "3.45"
column_order = "strict"
drift = "refuse"
mirror = "sqlx"
backup = "always"
keep_dropped = true
catalog_edits = true
fast_rebuild = true

[environments.production]
database = "${DATABASE_URL}"

[tables.user]
comment = "People who can sign in"
renamed_from = "person"

[tables.user.columns]
id         = "INTEGER PRIMARY KEY"
username   = { type = "TEXT", not_null = true, unique = true, collate = "NOCASE" }
email      = { type = "TEXT", not_null = { name = "has_email", on_conflict = "FAIL" }, renamed_from = "mail", comment = "checked" }
age        = { type = "INTEGER", check = "age >= 0", default = 0 }
state      = { type = "TEXT", not_null = true, default = "new", one_of = ["new", "active", "gone"] }
created_at = { type = "TEXT", not_null = true, default = { sql = "CURRENT_TIMESTAMP" } }
first      = ""
last       = { using = "trim(last)" }
full_name  = { type = "TEXT", generated = "first || ' ' || last", stored = true }
team_id    = { type = "INTEGER", references = "team(id)", on_delete = "cascade", backfill = "(SELECT min(id) FROM team)" }
boss       = { references = { to = "user", name = "has_boss", on_update = "SET NULL", match = "SIMPLE", deferrable = "INITIALLY DEFERRED" } }
nick       = { sql = "TEXT COLLATE RTRIM CHECK (nick <> '')" }
many       = { unique = [true, { name = "second", on_conflict = "IGNORE" }], checks = ["many > 0", { name = "small", sql = "many < 9" }] }
odd        = { references = ["team", { to = "nowhere(x)", unchecked = true }], constraint_names = ["idle"] }

[tables.user.indexes]
ix_user_created = ["created_at DESC"]
ux_user_email   = { columns = ["lower(email)", "state COLLATE NOCASE"], unique = true, where = "state <> 'gone'", renamed_from = "old" }
ix_whole        = { sql = "CREATE INDEX ix_whole ON user (age)" }

[tables.membership]
primary_key = ["user_id", "team_id DESC"]
without_rowid = true
strict = true
checks = ["user_id > 0", { name = "team_set", sql = "team_id IS NOT NULL", on_conflict = "ABORT" }]
uniques = [["user_id", "slot"], { columns = ["slot"], name = "one_slot", on_conflict = "REPLACE" }]
foreign_keys = [{ columns = ["team_id"], references = "team(id)", name = "of_team", on_delete = "CASCADE", on_update = "RESTRICT", match = "FULL", deferrable = "NOT DEFERRABLE", unchecked = true }]
columns = { user_id = "INT", team_id = "INT", slot = "INT" }

[tables.team]
primary_key = { columns = ["id"], name = "team_key", on_conflict = "ROLLBACK", autoincrement = true }
columns.id = "INTEGER"

[tables.log]
columns.id = { type = "INTEGER", primary_key = { name = "log_key", on_conflict = "ABORT", autoincrement = true } }

[tables.back]
columns.id = { type = "INTEGER", primary_key = { descending = true } }

[tables.counted]
columns.id = { type = "INTEGER", primary_key = true, autoincrement = true }

[tables.whole]
sql = "CREATE TABLE whole (a REFERENCES absent)"
unchecked = true

[views.active_user]
sql = "SELECT id, username FROM user WHERE state = 'active'"
columns = ["id", "name"]
comment = "Those who are here"

[views]
short = "SELECT 1 AS one"
broken = { sql = "SELECT absent FROM user", unchecked = true }

[triggers.user_touch]
sql = "CREATE TRIGGER user_touch AFTER UPDATE ON user BEGIN SELECT 1; END"
unchecked = true

[triggers]
gone = "CREATE TRIGGER gone BEFORE DELETE ON user WHEN old.id > 1 BEGIN SELECT 1; END"

[virtual_tables]
short_fts = "fts5(a)"
whole_fts = { sql = "CREATE VIRTUAL TABLE whole_fts USING fts5(b)" }

[virtual_tables.user_fts]
using = "fts5(username, content='user', content_rowid='id')"
comment = "Search"
"#;

fn named(path: &str, text: &str) -> Arc<Source> {
    Arc::new(Source { path: path.to_owned(), text: text.to_owned() })
}

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source { path: "m.toml".to_owned(), text: text.to_owned() })
}

fn read(text: &str) -> Result<Model, Error> {
    let source = source(text);
    let settings = Settings::read(&source, None, &|_| None)?;
    Model::read(&[source], &settings)
}

fn model(text: &str) -> Model {
    read(text).unwrap_or_else(|error| panic!("{:#?}\n{text}", error.diagnostics()))
}

/// The CREATE statement that a table of one column is read as, without what is always the same.
fn column(toml: &str) -> String {
    let model = model(&format!("[tables.p]\ncolumns.x = \"INTEGER PRIMARY KEY\"\n[tables.t.columns]\na = {toml}\n"));
    let table = &model.schema.tables[&Name::from("t")];
    sql::write_column(table, &table.columns[0])
}

#[test]
fn every_key_is_read() {
    let Model { schema, intent, unchecked, .. } = model(EVERY_KEY);
    let created: Vec<String> = schema.tables.values().map(sql::write_table).collect();
    assert_eq!(
        created.join("\n"),
        r#"CREATE TABLE "user" (
  "id" INTEGER PRIMARY KEY,
  "username" TEXT NOT NULL UNIQUE COLLATE NOCASE,
  "email" TEXT CONSTRAINT "has_email" NOT NULL ON CONFLICT FAIL,
  "age" INTEGER DEFAULT 0 CHECK (age >= 0),
  "state" TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'active', 'gone')),
  "created_at" TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "first",
  "last",
  "full_name" TEXT GENERATED ALWAYS AS (first || ' ' || last) STORED,
  "team_id" INTEGER REFERENCES "team" ("id") ON DELETE CASCADE,
  "boss" CONSTRAINT "has_boss" REFERENCES "user" ON UPDATE SET NULL MATCH SIMPLE DEFERRABLE INITIALLY DEFERRED,
  "nick" TEXT COLLATE RTRIM CHECK (nick <> ''),
  "many" UNIQUE CONSTRAINT "second" UNIQUE ON CONFLICT IGNORE CHECK (many > 0) CONSTRAINT "small" CHECK (many < 9),
  "odd" REFERENCES "team" REFERENCES "nowhere" ("x") CONSTRAINT "idle"
)
CREATE TABLE "membership" (
  "user_id" INT,
  "team_id" INT,
  "slot" INT,
  PRIMARY KEY ("user_id", "team_id" DESC),
  UNIQUE ("user_id", "slot"),
  CONSTRAINT "one_slot" UNIQUE ("slot") ON CONFLICT REPLACE,
  CHECK (user_id > 0),
  CONSTRAINT "team_set" CHECK (team_id IS NOT NULL) ON CONFLICT ABORT,
  CONSTRAINT "of_team" FOREIGN KEY ("team_id") REFERENCES "team" ("id") ON DELETE CASCADE ON UPDATE RESTRICT MATCH "FULL" NOT DEFERRABLE
) STRICT, WITHOUT ROWID
CREATE TABLE "team" (
  "id" INTEGER,
  CONSTRAINT "team_key" PRIMARY KEY ("id" AUTOINCREMENT) ON CONFLICT ROLLBACK
)
CREATE TABLE "log" (
  "id" INTEGER CONSTRAINT "log_key" PRIMARY KEY ON CONFLICT ABORT AUTOINCREMENT
)
CREATE TABLE "back" (
  "id" INTEGER PRIMARY KEY DESC
)
CREATE TABLE "counted" (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT
)
CREATE TABLE "whole" (
  "a" REFERENCES "absent"
)"#
    );
    let indexes: Vec<String> = schema.tables[0].indexes.values().map(|i| sql::write_index(&"user".into(), i)).collect();
    assert_eq!(
        indexes,
        [
            r#"CREATE INDEX "ix_user_created" ON "user" ("created_at" DESC)"#,
            r#"CREATE UNIQUE INDEX "ux_user_email" ON "user" (lower(email), "state" COLLATE NOCASE) WHERE state <> 'gone'"#,
            r#"CREATE INDEX "ix_whole" ON "user" ("age")"#,
        ]
    );
    let others: Vec<String> = (schema.views.values().map(sql::write_view))
        .chain(schema.triggers.values().map(sql::write_trigger))
        .chain(schema.virtual_tables.values().map(sql::write_virtual_table))
        .collect();
    assert_eq!(
        others,
        [
            "CREATE VIEW \"active_user\" (\"id\", \"name\") AS\nSELECT id, username FROM user WHERE state = 'active'",
            "CREATE VIEW \"short\" AS\nSELECT 1 AS one",
            "CREATE VIEW \"broken\" AS\nSELECT absent FROM user",
            "CREATE TRIGGER \"user_touch\" AFTER UPDATE ON \"user\"\nBEGIN\n  SELECT 1;\nEND",
            "CREATE TRIGGER \"gone\" BEFORE DELETE ON \"user\"\nWHEN old.id > 1\nBEGIN\n  SELECT 1;\nEND",
            "CREATE VIRTUAL TABLE \"short_fts\" USING fts5(a)",
            "CREATE VIRTUAL TABLE \"whole_fts\" USING fts5(b)",
            "CREATE VIRTUAL TABLE \"user_fts\" USING fts5(username, content='user', content_rowid='id')",
        ]
    );
    assert_eq!(intent.renames.tables[&Name::from("user")], Name::from("person"));
    let key = (Name::from("user"), Name::from("email"));
    assert_eq!(intent.renames.columns[&key], Name::from("mail"));
    assert_eq!(intent.renames.indexes[&Name::from("ux_user_email")], Name::from("old"));
    assert_eq!(intent.backfills[0].as_str(), "(SELECT min(id) FROM team)");
    assert_eq!(intent.conversions[0].as_str(), "trim(last)");
    assert_eq!(intent.comments.len(), 4);
    assert_eq!(schema.tables[0].foreign_keys[0].on_delete, Action::Cascade);
    let kinds: Vec<ObjectKind> = unchecked.iter().map(|object| object.kind).collect();
    assert_eq!(kinds, [ObjectKind::View, ObjectKind::Trigger]);
}

#[test]
fn what_is_written_of_every_key_reads_as_the_same() {
    let first = model(EVERY_KEY);
    let text = write_unchecked(&first.schema, &first.unchecked);
    let second = model(&text);
    assert_eq!(second.schema, first.schema, "{text}");
    assert_eq!(second.unchecked, first.unchecked);
    assert_eq!(write_unchecked(&second.schema, &second.unchecked), text);
}

#[test]
fn both_forms_of_a_column_say_the_same() {
    for (short, long) in [
        (r#""""#, "{}"),
        (r#""TEXT""#, r#"{ type = "TEXT" }"#),
        (r#""UNSIGNED BIG INT (1, -2)""#, r#"{ type = "UNSIGNED BIG INT (1, -2)" }"#),
        (r#""INTEGER PRIMARY KEY AUTOINCREMENT""#, r#"{ type = "INTEGER", primary_key = true, autoincrement = true }"#),
        (r#""INTEGER PRIMARY KEY AUTOINCREMENT""#, r#"{ type = "INTEGER", primary_key = { autoincrement = true } }"#),
        (
            r#""INT CONSTRAINT k PRIMARY KEY DESC ON CONFLICT FAIL""#,
            r#"{ type = "INT", primary_key = { name = "k", descending = true, on_conflict = "fail" } }"#,
        ),
        (r#""NOT NULL""#, "{ not_null = true }"),
        (r#""""#, "{ not_null = false, unique = false, primary_key = false }"),
        (r#""CONSTRAINT n NOT NULL ON CONFLICT IGNORE""#, r#"{ not_null = { name = "n", on_conflict = "IGNORE" } }"#),
        (r#""UNIQUE""#, "{ unique = {} }"),
        (r#""DEFAULT 'x'""#, r#"{ default = "x" }"#),
        (r#""DEFAULT 'it''s'""#, r#"{ default = "it's" }"#),
        (r#""DEFAULT -1""#, "{ default = -1 }"),
        (r#""DEFAULT 255""#, "{ default = 0xff }"),
        (r#""DEFAULT 1.5""#, "{ default = 1.5 }"),
        (r#""DEFAULT TRUE""#, "{ default = true }"),
        (r#""DEFAULT NULL""#, r#"{ default = { sql = "NULL" } }"#),
        (r#""DEFAULT (1 + 2)""#, r#"{ default = { sql = "1 + 2" } }"#),
        (r#""DEFAULT x'00ff'""#, r#"{ default = { sql = "x'00ff'" } }"#),
        (r#""COLLATE nocase""#, r#"{ collate = "nocase" }"#),
        (r#""CHECK (a > 0)""#, r#"{ check = "a > 0" }"#),
        (r#""CONSTRAINT c CHECK (a > 0)""#, r#"{ check = { name = "c", sql = "a > 0" } }"#),
        (r#""CHECK (a IN (1, 'x'))""#, r#"{ one_of = [1, "x"] }"#),
        (r#""AS (1)""#, r#"{ generated = "1" }"#),
        (r#""GENERATED ALWAYS AS (1) STORED""#, r#"{ generated = "(1)", stored = true }"#),
        (r#""REFERENCES p""#, r#"{ references = "p" }"#),
        (r#""REFERENCES p(x) ON DELETE SET NULL""#, r#"{ references = "p(x)", on_delete = "set null" }"#),
        (
            r#""REFERENCES p MATCH full NOT DEFERRABLE""#,
            r#"{ references = { to = "p", match = "full", deferrable = "NOT DEFERRABLE" } }"#,
        ),
        (r#""REFERENCES p(x) REFERENCES p""#, r#"{ references = ["p(x)", { to = "p" }] }"#),
        (
            r#""INT REFERENCES p DEFERRABLE INITIALLY DEFERRED""#,
            r#"{ type = "INT", references = "p", deferrable = "INITIALLY DEFERRED" }"#,
        ),
        (r#""TEXT NOT NULL""#, r#"{ sql = "TEXT NOT NULL", comment = "of old" }"#),
    ] {
        assert_eq!(column(short), column(long), "{short}");
    }
}

/// What is wrong with a model: where, what is underlined, the message, the help.
fn mistakes(text: &str) -> Vec<String> {
    let Err(error) = read(text) else { panic!("no mistake: {text}") };
    assert_eq!(error.class(), Class::Input);
    let show = |diagnostic: &Diagnostic| {
        let place = diagnostic.place.as_ref().unwrap_or_else(|| panic!("no place: {diagnostic:?}"));
        let (line, column) = place.line_and_column();
        let underlined = &place.source.text[place.span.clone()];
        let mut told = vec![format!("{line}:{column} [{underlined}] {}", diagnostic.message)];
        told.extend(diagnostic.help.iter().chain(&diagnostic.notes).cloned());
        told.join(" | ")
    };
    error.diagnostics().iter().map(show).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of mistakes")]
fn each_mistake_is_told_with_its_place_and_what_to_do() {
    for (text, expected) in [
        (
            "[tables.t.columns]\na = { type = \"TEXT\", not_nul = true }",
            "2:22 [not_nul] unknown key `not_nul` in column `a` | did you mean `not_null`?",
        ),
        ("[tabels.t.columns]\na = \"\"", "1:2 [tabels] unknown key `tabels` in the file | did you mean `tables`?"),
        (
            "[schemactl]\ndatabse = \"x\"",
            "2:1 [databse] unknown key `databse` in `[schemactl]` | did you mean `database`?",
        ),
        (
            "[schemactl]\ndrift = \"refused\"",
            "2:9 [\"refused\"] `drift` takes one of `warn`, `refuse`, found `refused` | did you mean `refuse`?",
        ),
        ("[schemactl]\ntarget_sqlite = \"new\"", "2:17 [\"new\"] `new` is not a SQLite version such as `3.45`"),
        (
            "[schemactl]\nignore = [\"a[\"]",
            "2:11 [\"a[\"] error parsing glob 'a[': unclosed character class; missing ']'",
        ),
        ("[schemactl]\nkeep_dropped = 1", "2:16 [1] `keep_dropped` takes true or false, found an integer"),
        ("[tables.t.columns]\na = 1", "2:5 [1] `a` takes a string or a table, found an integer"),
        (
            "[tables.t.columns]\na = \"TEXT NOT NUL\"",
            "2:11 [NOT] found `NOT`, expected a column constraint | did you mean `NOT NULL`?",
        ),
        ("[tables.t.columns]\na = \"TEXT CHECK (a > 0\"", "2:17 [(] found `(` without its `)`"),
        ("[tables.t.columns]\na = { check = \"a > (0\" }", "2:20 [(] found `(` without its `)`"),
        ("[tables.t.columns]\na = { check = \"a > 0; DROP\" }", "2:21 [;] found `;` inside an expression"),
        ("[tables.t.columns]\na = { check = \"a > 'x\" }", "2:20 ['x] found `'x`, which is no SQL"),
        ("[tables.t.columns]\na = { check = \"\" }", "2:15 [\"\"] found nothing, expected an expression"),
        (
            "[tables.t.columns]\na = { type = \"TEXT NOT NULL\" }",
            "2:14 [\"TEXT NOT NULL\"] `type` takes a type and nothing after it, found `TEXT NOT NULL` | write each constraint under its own key, or all of it under `sql`",
        ),
        (
            "[tables.t.columns]\na = { default = 1979-05-27 }",
            "2:17 [1979-05-27] `default` takes a literal or `{ sql = \"…\" }`, found a datetime",
        ),
        (
            "[tables.t.columns]\na = { default = inf }",
            "2:17 [inf] a number that is not finite, which no SQLite literal can be | write it as `{ sql = \"…\" }`",
        ),
        (
            "[tables.t.columns]\na = { default = { sq = \"1\" } }",
            "2:17 [{ sq = \"1\" }] missing key `sql` in a default\n2:19 [sq] unknown key `sq` in a default | did you mean `sql`?",
        ),
        ("[tables.t.columns]\na = { one_of = [] }", "2:16 [[]] found no value, expected at least one"),
        ("[tables.t.columns]\na = { stored = true }", "2:16 [true] `stored` on a column without `generated`"),
        (
            "[tables.t.columns]\na = { autoincrement = true }",
            "2:23 [true] `autoincrement` on a column that is no primary key | add `primary_key = true`",
        ),
        (
            "[tables.t.columns]\na = { on_delete = \"CASCADE\" }",
            "2:19 [\"CASCADE\"] a clause of a foreign key without `references`",
        ),
        (
            "[tables.t.columns]\na = { references = \"u\", on_delete = \"CASCADED\" }\n[tables.u]\ncolumns.x = \"PRIMARY KEY\"",
            "2:37 [\"CASCADED\"] `on_delete` takes one of `NO ACTION`, `RESTRICT`, `SET NULL`, `SET DEFAULT`, `CASCADE`, found `CASCADED` | did you mean `CASCADE`?",
        ),
        (
            "[tables.t.columns]\na = { references = \"usr(id)\" }\n[tables.user]\ncolumns.id = \"PRIMARY KEY\"",
            "2:21 [usr] there is no table `usr` | did you mean `user`?",
        ),
        (
            "[tables.t.columns]\na = { references = \"user(di)\" }\n[tables.user]\ncolumns.id = \"PRIMARY KEY\"",
            "2:26 [di] table `user` has no column `di` | did you mean `id`?",
        ),
        (
            "[tables.t.columns]\na = \"INT REFERENCES user(name)\"\n[tables.user]\ncolumns = { id = \"PRIMARY KEY\", name = \"\" }",
            "2:21 [user] `user(name)` is neither the primary key nor unique | make it unique in `user`, or say that it is so on purpose: `unchecked = true`",
        ),
        (
            "[tables.t.columns]\na = { references = \"v(x)\" }\n[views]\nv = \"SELECT 1 AS x\"",
            "2:21 [v] `v` is no ordinary table, so nothing can reference it",
        ),
        (
            "[tables.t]\ncolumns.a = \"\"\nforeign_keys = [{ columns = [\"b\"], references = \"t\" }]",
            "3:30 [\"b\"] table `t` has no column `b` | did you mean `a`?",
        ),
        (
            "[tables.t]\ncolumns = { name = \"\" }\nprimary_key = [\"nmae\"]",
            "3:16 [\"nmae\"] table `t` has no column `nmae` | did you mean `name`?",
        ),
        (
            "[tables.t]\ncolumns = { a = \"PRIMARY KEY\", b = \"PRIMARY KEY\" }",
            "2:36 [\"PRIMARY KEY\"] a second primary key on table `t` | name all its columns in `primary_key` of the table",
        ),
        (
            "[tables.t]\ncolumns = { a = \"\", A = \"\" }",
            "2:21 [A] column `A` is there already as `a` | SQLite does not tell upper case from lower case in names",
        ),
        ("[tables.t]\ncolumns = {}", "2:11 [{}] table `t` has no column"),
        ("[tables.t]\nstrict = true", "1:1 [[tables.t]] missing key `columns` in table `t`"),
        (
            "[tables.t]\ncolumns.a = \"\"\nindexes.i = [\"b\"]",
            "3:14 [\"b\"] table `t` has no column `b` | did you mean `a`?",
        ),
        ("[tables.t]\ncolumns.a = \"\"\nindexes.i = []", "3:13 [[]] found no column, expected at least one"),
        (
            "[tables.t]\ncolumns.a = \"\"\nindexes.i = { unique = true }",
            "3:13 [{ unique = true }] missing key `columns` in index `i`",
        ),
        (
            "[tables.t]\ncolumns.a = \"\"\nindexes.i = { sql = \"CREATE INDEX j ON t(a)\" }",
            "3:35 [j] found index `j`, expected index `i`",
        ),
        (
            "[tables.t]\ncolumns.a = \"\"\nindexes.T = [\"a\"]",
            "3:9 [T] the name `T` is taken | there is already a table of that name in m.toml, line 1",
        ),
        ("[tables.t]\nsql = \"CREATE TABLE u (a)\"", "2:21 [u] found table `u`, expected table `t`"),
        (
            "[tables.t]\nsql = \"CREATE TABLE t (a)\"\ncolumns.a = \"\"",
            "3:1 [columns] `columns` beside `sql`, which says all of table `t`",
        ),
        (
            "[tables.sqlite_t]\ncolumns.a = \"\"",
            "1:9 [sqlite_t] the name `sqlite_t` is reserved for SQLite's own tables",
        ),
        (
            "[tables.\"a\\u0000b\"]\ncolumns.a = \"\"",
            "1:9 [\"a\\u0000b\"] a NUL character, which neither a name nor SQL can hold",
        ),
        (
            "[views.v]\nselect = \"SELECT 1\"",
            "1:1 [[views.v]] missing key `sql` in view `v`\n2:1 [select] unknown key `select` in view `v` | it takes `sql`, `columns`, `comment`, `allow`, `unchecked`",
        ),
        ("[views]\nv = \"SELEC 1\"", "2:6 [SELEC] found `SELEC`, expected `SELECT`, `WITH` or `VALUES`"),
        (
            "[triggers]\nr = \"CREATE TRIGGER r AFTER INSERT ON usr BEGIN SELECT 1; END\"\n[tables.user]\ncolumns.a = \"\"",
            "2:39 [usr] there is no table `usr` | did you mean `user`?",
        ),
        (
            "[triggers]\nr = \"\"\"\nCREATE TRIGGER r\nAFTER INSRT ON t BEGIN SELECT 1; END\"\"\"",
            "4:7 [INSRT] found `INSRT`, expected `INSERT`, `UPDATE` or `DELETE`",
        ),
        ("[virtual_tables.f]\nusing = \"fts5(a\"", "2:16 [] found the end of the text, expected `,` or `)`"),
        (
            "[virtual_tables]\nf = { comment = \"none\" }",
            "2:5 [{ comment = \"none\" }] missing key `using` in virtual table `f`",
        ),
        (
            "[tables.b]\nrenamed_from = \"a\"\ncolumns.x = \"\"\n[tables.c]\nrenamed_from = \"a\"\ncolumns.x = \"\"",
            "4:9 [c] both `b` and `c` are renamed from `a` | leave out one `renamed_from`",
        ),
        ("[tables.t]\ncolumns.a = \"\"\n[tables.t]", "3:9 [t] duplicate key"),
        ("a = ", "1:5 [] string values must be quoted, expected literal string"),
    ] {
        assert_eq!(mistakes(text).join("\n"), expected, "{text}");
    }
}

#[test]
fn all_mistakes_of_all_files_are_told_in_order() {
    let text = "[tables.t.columns]\na = { tpe = \"TEXT\" }\nb = { references = \"nowhere\" }\n[views.v]\nsq = \"\"\n[tables.u]\n";
    let settings = Settings::default();
    let files = [
        source(text),
        Arc::new(Source { path: "more.sql".to_owned(), text: "CREATE TABLE T (a);\nCREATE TABEL x;".to_owned() }),
    ];
    let Err(error) = Model::read(&files, &settings) else { panic!("mistakes") };
    let places: Vec<(String, usize)> = error
        .diagnostics()
        .iter()
        .map(|mistake| {
            mistake.place.as_ref().map(|place| (place.source.path.clone(), place.line_and_column().0)).unwrap()
        })
        .collect();
    let expected =
        [("m.toml", 2), ("m.toml", 3), ("m.toml", 4), ("m.toml", 5), ("m.toml", 6), ("more.sql", 1), ("more.sql", 2)];
    assert_eq!(places, expected.map(|(path, line)| (path.to_owned(), line)));
}

#[test]
fn what_sqlite_blames_is_found_in_the_model() {
    let text = r#"
[tables.user.columns]
id = "INTEGER PRIMARY KEY"
name = "TEXT CHECK (length(nmae) > 0)"
age = { type = "INTEGER", comment = "nmae", check = "age > nmae" }
[tables.user.indexes]
i = { columns = ["id"], where = "nmae > 1" }
[views.v]
sql = """
SELECT id,
  usr.\u006Emae FROM user"""
"#;
    let model = model(text);
    let blame = |kind, name: &str, message: &str, token: Option<(&str, &str)>| {
        let object = ObjectRef::new(kind, &name.into());
        let token = token.map(|(sql, word)| (sql, sql.find(word).unwrap()));
        let blame = Blame { object: &object, message, token };
        let place = model.place_of_blame(blame).unwrap();
        (place.line_and_column(), text[place.span].to_owned(), model.nearest_to_blame(blame).map(str::to_owned))
    };
    let table = sql::write_table(&model.schema.tables[0]);
    let missing = "no such column: nmae";
    assert_eq!(
        blame(ObjectKind::Table, "user", missing, Some((&table, "nmae) >"))),
        ((4, 28), "nmae".to_owned(), Some("name".to_owned()))
    );
    assert_eq!(blame(ObjectKind::Table, "user", missing, Some((&table, "nmae)\n"))).0, (5, 60));
    let index = sql::write_index(&"user".into(), &model.schema.tables[0].indexes[0]);
    assert_eq!(
        blame(ObjectKind::Index, "i", missing, Some((&index, "nmae"))),
        ((7, 34), "nmae".to_owned(), Some("name".to_owned()))
    );
    assert_eq!(
        blame(ObjectKind::View, "v", "no such column: usr.nmae", None),
        ((11, 7), "\\u006Emae".to_owned(), Some("name".to_owned()))
    );
    assert_eq!(
        blame(ObjectKind::View, "v", "no such table: main.usr", None),
        ((11, 3), "usr".to_owned(), Some("user".to_owned()))
    );
    assert_eq!(blame(ObjectKind::Table, "user", "missing datatype for user.name", None).0, (4, 1));
    assert_eq!(blame(ObjectKind::Table, "user", "something else", None).1, "user");
}

#[test]
fn objects_can_be_whole_statements_in_toml_and_in_sql_files() {
    let toml = r#"
views = { v = "CREATE VIEW v(x) AS SELECT 1", w = { sql = "SELECT 1 AS a", columns = ["y"] } }
triggers.r = "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END"
virtual_tables = { f = { sql = "CREATE VIRTUAL TABLE f USING fts5(x)" }, g = "fts5" }
[tables.t]
sql = "CREATE TABLE t (a)"
indexes.i = { sql = "CREATE INDEX i ON t(a) WHERE a > 0" }
"#;
    let sql = "-- the same\nCREATE TABLE t (a);\nCREATE INDEX i ON t(a) WHERE a > 0;\n
        CREATE VIRTUAL TABLE f USING fts5(x); CREATE VIRTUAL TABLE g USING fts5;
        CREATE VIEW v(x) AS SELECT 1; CREATE VIEW w(y) AS SELECT 1 AS a;
        CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END;";
    let from_toml = read(toml).unwrap();
    let from_sql = Model::read(&[named("model.sql", sql)], &Settings::default()).unwrap();
    assert_eq!(from_toml.schema, from_sql.schema);
    let place = from_sql.place(&ObjectRef::new(ObjectKind::Index, &Name::from("I")), None).unwrap();
    assert_eq!(place.line_and_column(), (3, 14));
}

#[test]
fn a_file_that_is_no_toml_does_not_make_its_tables_unknown() {
    let files = [
        named("a.toml", "[tables.team.columns\nid = ''"),
        named("b.toml", "[tables.t.columns]\na = 'REFERENCES team(id)'"),
    ];
    let mistakes = Model::read(&files, &Settings::default()).unwrap_err().diagnostics();
    assert!(mistakes.iter().all(|mistake| mistake.code == "toml"), "{mistakes:?}");
}

#[test]
fn what_other_programs_own_can_be_referenced() {
    let config = named(
        "migrations.toml",
        "[schemactl]\nignore = ['other_*']\n[tables.t.columns]\na = 'REFERENCES Other_t(id)'\n",
    );
    let settings = Settings::read(&config, None, &|_| None).unwrap();
    assert!(Model::read(&[config], &settings).is_ok());
}

#[test]
fn parents_are_found_by_any_key_that_sqlite_takes() {
    let read = |parent: &str, to: &str| {
        read(&format!("[tables.t.columns]\na = {{ references = '{to}' }}\n[tables.p]\n{parent}\n")).is_ok()
    };
    for (parent, to, works) in [
        ("columns.id = 'INTEGER PRIMARY KEY'", "p", true),
        ("columns.id = 'INTEGER PRIMARY KEY'", "P(ID)", true),
        ("columns.id = 'INTEGER UNIQUE'", "p(id)", true),
        ("columns.id = 'INTEGER'\nindexes.i = { columns = ['id DESC'], unique = true }", "p(id)", true),
        ("columns.id = 'INTEGER'\nindexes.i = { columns = ['id'], unique = true, where = 'id > 0' }", "p(id)", false),
        ("columns.id = 'INTEGER'\nindexes.i = ['id']", "p(id)", false),
        ("columns.id = 'TEXT'\nuniques = [['id COLLATE NOCASE']]", "p(id)", false),
        ("columns.id = 'TEXT COLLATE NOCASE'\nuniques = [['id COLLATE nocase']]", "p(id)", true),
        ("columns.id = 'TEXT COLLATE NOCASE'\nindexes.i = { columns = ['id'], unique = true }", "p(id)", true),
        ("columns = { id = '', b = '' }\nprimary_key = ['id', 'b']", "p", false),
        ("columns.id = ''", "p", false),
    ] {
        assert_eq!(read(parent, to), works, "{parent} {to}");
    }
}

#[test]
fn deep_nesting_is_told_and_does_not_overflow() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]", "a.".repeat(100_000)),
        format!("[tables.t.columns]\na = {{ check = '{}' }}", "(".repeat(100_000)),
        format!("[tables.t.columns]\na = 'CHECK ({})'", "(".repeat(100_000)),
    ] {
        let mistakes = read(&text).map(|_| ()).unwrap_err().diagnostics();
        assert!((1..=20).contains(&mistakes.len()), "{}", mistakes.len());
    }
    let valid = format!("[tables.t.columns]\na = {{ check = '{}1{}' }}", "(".repeat(50_000), ")".repeat(50_000));
    assert!(read(&valid).is_ok());
}

#[test]
fn a_file_of_a_million_mistakes_shows_a_few() {
    let mistakes = read(&"x\u{1}{]=\n".repeat(200_000)).map(|_| ()).unwrap_err().diagnostics();
    assert!((1..=20).contains(&mistakes.len()), "{}", mistakes.len());
}
