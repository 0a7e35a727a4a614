//! What must be said of pairs of schemas; where nothing is to be said, they are the same to SQLite.

/// Two schemas as SQL, renames, and the sentences that the difference is told in.
pub(super) struct Case {
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    pub(super) renames: &'static [&'static str],
    pub(super) lines: &'static [&'static str],
}

/// All cases.
pub(super) fn all() -> Vec<Case> {
    let told = SAID.iter().map(|&(before, after, lines)| Case { before, after, renames: &[], lines });
    let equal = EQUAL.iter().map(|&(before, after)| Case { before, after, renames: &[], lines: &[] });
    let renamed = RENAMED.iter().map(|&(before, after, renames, lines)| Case { before, after, renames, lines });
    told.chain(equal).chain(renamed).collect()
}

/// Spellings of the same.
const EQUAL: &[(&str, &str)] = &[
    // Defaults that other tools find different for ever.
    ("CREATE TABLE t(a DEFAULT '')", "CREATE TABLE t(a DEFAULT (''))"),
    ("CREATE TABLE t(a DEFAULT 'it''s')", "CREATE TABLE t(a DEFAULT \"it's\")"),
    ("CREATE TABLE t(a DEFAULT (1+2))", "CREATE TABLE t(a DEFAULT ( 1 + 2 /* three */ ))"),
    ("CREATE TABLE t(a DEFAULT true)", "CREATE TABLE t(a DEFAULT TRUE)"),
    ("CREATE TABLE t(a DEFAULT abc)", "CREATE TABLE t(a DEFAULT 'abc')"),
    ("CREATE TABLE t(a DEFAULT (-1))", "CREATE TABLE t(a DEFAULT -1)"),
    ("CREATE TABLE t(a DEFAULT current_timestamp)", "CREATE TABLE t(a DEFAULT (CURRENT_TIMESTAMP))"),
    // Where a constraint stands.
    ("CREATE TABLE t(a TEXT UNIQUE, b)", "CREATE TABLE t(a TEXT, b, UNIQUE(a))"),
    ("CREATE TABLE t(id INTEGER PRIMARY KEY)", "CREATE TABLE t(\"id\" integer, primary key (ID))"),
    ("CREATE TABLE t(a CHECK (a > 0))", "CREATE TABLE t(a, CHECK ((A>0)))"),
    (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a, FOREIGN KEY (a) REFERENCES P(ID))",
    ),
    (
        "CREATE TABLE t(a, b, CHECK (a > 0), UNIQUE(a), CHECK (b > 0), UNIQUE(b))",
        "CREATE TABLE t(a UNIQUE, b UNIQUE, CHECK (b > 0), CHECK (a > 0))",
    ),
    ("CREATE TABLE t(a TEXT PRIMARY KEY DESC)", "CREATE TABLE t(a TEXT, PRIMARY KEY(a DESC))"),
    // Clauses that say what none says.
    ("CREATE TABLE t(a NOT NULL ON CONFLICT ABORT)", "CREATE TABLE t(a NOT NULL)"),
    ("CREATE TABLE t(a UNIQUE ON CONFLICT ABORT)", "CREATE TABLE t(a UNIQUE)"),
    ("CREATE TABLE t(a PRIMARY KEY ON CONFLICT ABORT)", "CREATE TABLE t(a PRIMARY KEY ASC)"),
    ("CREATE TABLE t(a COLLATE BINARY)", "CREATE TABLE t(a)"),
    ("CREATE TABLE t(a COLLATE NoCase)", "CREATE TABLE t(a COLLATE nocase)"),
    ("CREATE TABLE t(a, CHECK (a > 0) ON CONFLICT IGNORE)", "CREATE TABLE t(a CHECK (a > 0))"),
    ("CREATE TABLE t(a CONSTRAINT x DEFAULT 1 CONSTRAINT y)", "CREATE TABLE t(a DEFAULT 1)"),
    ("CREATE TABLE t(a NULL)", "CREATE TABLE t(a)"),
    (
        "CREATE TABLE t(a REFERENCES t ON DELETE NO ACTION ON UPDATE NO ACTION MATCH SIMPLE)",
        "CREATE TABLE t(a REFERENCES t)",
    ),
    ("CREATE TABLE t(a REFERENCES t DEFERRABLE INITIALLY IMMEDIATE)", "CREATE TABLE t(a REFERENCES t NOT DEFERRABLE)"),
    ("CREATE TABLE t(a REFERENCES t DEFERRABLE)", "CREATE TABLE t(a REFERENCES t MATCH NONE)"),
    // UNIQUE that says nothing new.
    ("CREATE TABLE t(a PRIMARY KEY UNIQUE)", "CREATE TABLE t(a PRIMARY KEY)"),
    (
        "CREATE TABLE t(a UNIQUE, b, UNIQUE(a), UNIQUE(a, b), UNIQUE(a COLLATE binary, b))",
        "CREATE TABLE t(a, b, UNIQUE(a, b), UNIQUE(a))",
    ),
    ("CREATE TABLE t(a UNIQUE, CONSTRAINT u UNIQUE(a))", "CREATE TABLE t(a, CONSTRAINT u UNIQUE(a))"),
    ("CREATE TABLE t(a COLLATE NOCASE, UNIQUE(a COLLATE NOCASE))", "CREATE TABLE t(a COLLATE NOCASE UNIQUE)"),
    // NOT NULL that the key says already.
    (
        "CREATE TABLE t(a TEXT PRIMARY KEY NOT NULL, b) WITHOUT ROWID",
        "CREATE TABLE t(a TEXT PRIMARY KEY, b) WITHOUT ROWID",
    ),
    ("CREATE TABLE t(a TEXT PRIMARY KEY NOT NULL) STRICT", "CREATE TABLE t(a TEXT PRIMARY KEY) STRICT"),
    // Types, names, order, spelling.
    ("CREATE TABLE t(a VARCHAR (20), b  double   precision)", "CREATE TABLE t(a varchar(20), b DOUBLE PRECISION)"),
    ("CREATE TABLE t(a, b)", "CREATE TABLE t([a], `b`)"),
    ("CREATE TABLE t(a, b AS (a + 1))", "CREATE TABLE t(a, b GENERATED ALWAYS AS ((A+1)) VIRTUAL)"),
    ("CREATE TABLE t(a CHECK (a <> \"x\"))", "CREATE TABLE t(a CHECK (a <> 'x'))"),
    ("CREATE TABLE t(a CHECK (\"a\" <> 'a'))", "CREATE TABLE t(a CHECK (a <> 'a'))"),
    // Indexes.
    (
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(a, b DESC)",
        "CREATE TABLE t(a, b); CREATE INDEX i ON T (\"A\" ASC, (b) DESC)",
    ),
    (
        "CREATE TABLE t(a COLLATE NOCASE); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a COLLATE NOCASE); CREATE INDEX i ON t(a COLLATE NOCASE)",
    ),
    (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a COLLATE NOCASE)",
        "CREATE TABLE t(a); CREATE INDEX i ON t((a COLLATE nocase))",
    ),
    (
        "CREATE TABLE t(a); CREATE INDEX i ON t(lower(a)) WHERE a > 1",
        "CREATE TABLE t(a); CREATE INDEX i ON t((LOWER(a))) WHERE (a > 1)",
    ),
    (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE a = \"x\"",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE a = 'x'",
    ),
    (
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(a); CREATE INDEX j ON t(b)",
        "CREATE TABLE t(a, b); CREATE INDEX j ON t(b); CREATE INDEX i ON t(a)",
    ),
    // Views and triggers.
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a = 'x'",
        "CREATE TABLE t(a); CREATE VIEW v AS select \"a\" from \"t\" -- all\n where [a]=\"x\"",
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a+1 AS b FROM t",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a + 1 AS b FROM t",
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v(x) AS SELECT a+1 FROM t",
        "CREATE TABLE t(a); CREATE VIEW v(x) AS SELECT a + 1 FROM t",
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a IN (SELECT a+1 FROM t)",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT A FROM t WHERE a IN (SELECT a + 1 FROM t)",
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a AS total FROM t; CREATE VIEW w AS SELECT \"total\" FROM v",
        "CREATE TABLE t(a); CREATE VIEW w AS SELECT total FROM v; CREATE VIEW v AS SELECT a AS total FROM t",
    ),
    (
        "CREATE TABLE t(a, b); CREATE TRIGGER r UPDATE OF a, b ON t WHEN (new.a > 1) BEGIN DELETE FROM t; END",
        "CREATE TABLE t(a, b); CREATE TRIGGER r BEFORE UPDATE OF B, \"a\" ON T FOR EACH ROW WHEN NEW.a>1 BEGIN delete from t; END",
    ),
    (
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; CREATE TRIGGER s AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TRIGGER s AFTER INSERT ON t BEGIN SELECT 1; END; CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
    ),
    ("CREATE VIRTUAL TABLE f USING fts5(a, content='')", "CREATE VIRTUAL TABLE f USING FTS5(a,  content=\"\")"),
    // The order of columns, of tables.
    ("CREATE TABLE a(x); CREATE TABLE b(x)", "CREATE TABLE b(x); CREATE TABLE a(x)"),
];

/// Differences and how they are told.
const SAID: &[(&str, &str, &[&str])] = &[
    // Tables.
    (
        "",
        "CREATE TABLE user(id); CREATE INDEX ix ON user(id DESC)",
        &["added table `user`", "added index `ix` on `user` (id DESC)"],
    ),
    (
        "CREATE TABLE user(id); CREATE UNIQUE INDEX ux ON user(id)",
        "",
        &["dropped table `user`", "dropped unique index `ux` on `user` (id)"],
    ),
    ("CREATE TABLE t(a)", "CREATE TABLE T(a)", &["renamed table `t` to `T`"]),
    ("CREATE TABLE t(a INT)", "CREATE TABLE t(a INT) STRICT", &["made `t` STRICT"]),
    (
        "CREATE TABLE t(a INT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE t(a INT PRIMARY KEY)",
        &["made `t` a table with a rowid"],
    ),
    (
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
        "CREATE TABLE t(a TEXT PRIMARY KEY) WITHOUT ROWID",
        &["made `t` WITHOUT ROWID"],
    ),
    ("CREATE TABLE t(a)", "CREATE VIEW t AS SELECT 1 AS a", &["dropped table `t`", "added view `t`"]),
    (
        "CREATE TABLE f(a)",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        &["dropped table `f`", "added virtual table `f` using fts5"],
    ),
    // Columns.
    ("CREATE TABLE user(id)", "CREATE TABLE user(id, email TEXT)", &["added column `user.email`"]),
    ("CREATE TABLE user(id, email TEXT)", "CREATE TABLE user(id)", &["dropped column `user.email`"]),
    ("CREATE TABLE t(a)", "CREATE TABLE t(A)", &["renamed column `t.a` to `A`"]),
    (
        "CREATE TABLE user(age TEXT)",
        "CREATE TABLE user(age INTEGER)",
        &["changed type of `user.age` from TEXT to INTEGER"],
    ),
    (
        "CREATE TABLE t(a VARCHAR(20))",
        "CREATE TABLE t(a VARCHAR(50))",
        &["changed type of `t.a` from VARCHAR(20) to VARCHAR(50)"],
    ),
    ("CREATE TABLE t(a)", "CREATE TABLE t(a BLOB)", &["changed type of `t.a` from none to BLOB"]),
    ("CREATE TABLE user(email)", "CREATE TABLE user(email NOT NULL)", &["made `user.email` NOT NULL"]),
    ("CREATE TABLE user(email NOT NULL)", "CREATE TABLE user(email)", &["made `user.email` nullable"]),
    (
        "CREATE TABLE t(a NOT NULL)",
        "CREATE TABLE t(a NOT NULL ON CONFLICT IGNORE)",
        &["changed ON CONFLICT of NOT NULL of `t.a` from ABORT to IGNORE"],
    ),
    (
        "CREATE TABLE t(a NOT NULL)",
        "CREATE TABLE t(a CONSTRAINT nn NOT NULL)",
        &["changed the name of NOT NULL of `t.a` from none to `nn`"],
    ),
    (
        "CREATE TABLE user(state DEFAULT 'new')",
        "CREATE TABLE user(state DEFAULT 'open')",
        &["changed default of `user.state` from 'new' to 'open'"],
    ),
    ("CREATE TABLE t(a)", "CREATE TABLE t(a DEFAULT NULL)", &["added default NULL to `t.a`"]),
    ("CREATE TABLE t(a DEFAULT (1 +\n 2))", "CREATE TABLE t(a)", &["dropped default 1 + 2 of `t.a`"]),
    (
        "CREATE TABLE t(a DEFAULT true)",
        "CREATE TABLE t(a DEFAULT 'true')",
        &["changed default of `t.a` from true to 'true'"],
    ),
    ("CREATE TABLE t(a DEFAULT 'x')", "CREATE TABLE t(a DEFAULT 'X')", &["changed default of `t.a` from 'x' to 'X'"]),
    ("CREATE TABLE t(a DEFAULT 1)", "CREATE TABLE t(a DEFAULT 1.0)", &["changed default of `t.a` from 1 to 1.0"]),
    ("CREATE TABLE t(a)", "CREATE TABLE t(a COLLATE NOCASE)", &["changed collation of `t.a` from BINARY to NOCASE"]),
    (
        "CREATE TABLE t(a UNIQUE); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a COLLATE NOCASE UNIQUE); CREATE INDEX i ON t(a)",
        &["changed collation of `t.a` from BINARY to NOCASE"],
    ),
    (
        "CREATE TABLE t(a, b AS (a + 1))",
        "CREATE TABLE t(a, b AS (a + 2))",
        &["changed the expression of `t.b` from a + 1 to a + 2"],
    ),
    ("CREATE TABLE t(a, b AS (a))", "CREATE TABLE t(a, b AS (a) STORED)", &["made `t.b` STORED instead of VIRTUAL"]),
    ("CREATE TABLE t(a, b)", "CREATE TABLE t(a, b AS (a))", &["made `t.b` generated as a"]),
    ("CREATE TABLE t(a, b AS (a))", "CREATE TABLE t(a, b)", &["made `t.b` an ordinary column"]),
    (
        "CREATE TABLE t(a TEXT, b INT NOT NULL)",
        "CREATE TABLE t(a INT DEFAULT 1, b INT, c)",
        &[
            "changed type of `t.a` from TEXT to INT",
            "added default 1 to `t.a`",
            "made `t.b` nullable",
            "added column `t.c`",
        ],
    ),
    // Primary keys.
    (
        "CREATE TABLE t(a, b)",
        "CREATE TABLE t(a, b, PRIMARY KEY (a, b DESC))",
        &["added primary key (a, b DESC) to `t`"],
    ),
    (
        "CREATE TABLE t(a PRIMARY KEY, b)",
        "CREATE TABLE t(a, b, PRIMARY KEY (b, a))",
        &["changed primary key of `t` from (a) to (b, a)"],
    ),
    ("CREATE TABLE t(a PRIMARY KEY)", "CREATE TABLE t(a)", &["dropped primary key (a) of `t`"]),
    (
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT)",
        &["changed primary key of `t` from (a) to (a) AUTOINCREMENT"],
    ),
    (
        "CREATE TABLE t(a PRIMARY KEY)",
        "CREATE TABLE t(a CONSTRAINT pk PRIMARY KEY)",
        &["changed primary key of `t` from (a) to (a) `pk`"],
    ),
    (
        "CREATE TABLE t(a PRIMARY KEY)",
        "CREATE TABLE t(a PRIMARY KEY ON CONFLICT REPLACE)",
        &["changed primary key of `t` from (a) to (a) ON CONFLICT REPLACE"],
    ),
    (
        "CREATE TABLE t(a INTEGER PRIMARY KEY DESC)",
        "CREATE TABLE t(a INTEGER, PRIMARY KEY (a DESC))",
        &["changed primary key of `t`: (a DESC) becomes the rowid"],
    ),
    (
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
        "CREATE TABLE t(a INT PRIMARY KEY)",
        &["changed type of `t.a` from INTEGER to INT"],
    ),
    // UNIQUE, CHECK, foreign keys.
    (
        "CREATE TABLE t(a, b)",
        "CREATE TABLE t(a, b, CONSTRAINT u UNIQUE (a, b COLLATE NOCASE))",
        &["added UNIQUE constraint `u` on `t` (a, b COLLATE NOCASE)"],
    ),
    (
        "CREATE TABLE t(a UNIQUE, b)",
        "CREATE TABLE t(a, b UNIQUE ON CONFLICT IGNORE)",
        &["added UNIQUE constraint on `t` (b) ON CONFLICT IGNORE", "dropped UNIQUE constraint on `t` (a)"],
    ),
    (
        "CREATE TABLE t(id INTEGER PRIMARY KEY)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY UNIQUE)",
        &["added UNIQUE constraint on `t` (id)"],
    ),
    (
        "CREATE TABLE t(a UNIQUE)",
        "CREATE TABLE t(a, UNIQUE(a DESC))",
        &["added UNIQUE constraint on `t` (a DESC)", "dropped UNIQUE constraint on `t` (a)"],
    ),
    ("CREATE TABLE t(age)", "CREATE TABLE t(age CHECK (age >= 0))", &["added CHECK constraint on `t`: age >= 0"]),
    (
        "CREATE TABLE t(a CHECK (a > 0))",
        "CREATE TABLE t(a CONSTRAINT pos CHECK (a > 0))",
        &["added CHECK constraint `pos` on `t`: a > 0", "dropped CHECK constraint on `t`: a > 0"],
    ),
    (
        "CREATE TABLE t(a CHECK (a > 0), CHECK (a > 0))",
        "CREATE TABLE t(a CHECK (a > 0))",
        &["dropped CHECK constraint on `t`: a > 0"],
    ),
    (
        "CREATE TABLE t(a CHECK (a <> \"x\"))",
        "CREATE TABLE t(a CHECK (a <> 'X'))",
        &["added CHECK constraint on `t`: a <> 'X'", "dropped CHECK constraint on `t`: a <> \"x\""],
    ),
    (
        "CREATE TABLE t(a, b CHECK (b <> \"a\"))",
        "CREATE TABLE t(a, b CHECK (b <> 'a'))",
        &["added CHECK constraint on `t`: b <> 'a'", "dropped CHECK constraint on `t`: b <> \"a\""],
    ),
    (
        "CREATE TABLE team(id INTEGER PRIMARY KEY); CREATE TABLE task(team_id)",
        "CREATE TABLE team(id INTEGER PRIMARY KEY); CREATE TABLE task(team_id REFERENCES team(id))",
        &["added foreign key `task.team_id` → `team.id`"],
    ),
    (
        "CREATE TABLE t(a REFERENCES t)",
        "CREATE TABLE t(a REFERENCES t(a))",
        &["added foreign key `t.a` → `t.a`", "dropped foreign key `t.a` → `t`"],
    ),
    (
        "CREATE TABLE t(a REFERENCES t ON DELETE CASCADE)",
        "CREATE TABLE t(a REFERENCES t ON DELETE SET NULL ON UPDATE RESTRICT)",
        &[
            "added foreign key `t.a` → `t` ON DELETE SET NULL ON UPDATE RESTRICT",
            "dropped foreign key `t.a` → `t` ON DELETE CASCADE",
        ],
    ),
    (
        "CREATE TABLE t(a, b, FOREIGN KEY (a, b) REFERENCES p (x, y))",
        "CREATE TABLE t(a, b, CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES p (x, y) MATCH FULL DEFERRABLE INITIALLY DEFERRED)",
        &[
            "added foreign key `fk` `t` (a, b) → `p` (x, y) MATCH FULL DEFERRABLE INITIALLY DEFERRED",
            "dropped foreign key `t` (a, b) → `p` (x, y)",
        ],
    ),
    // Indexes.
    (
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a); CREATE UNIQUE INDEX i ON t(lower(a)) WHERE a <> 'gone'",
        &["added unique index `i` on `t` (lower(a)) where a <> 'gone'"],
    ),
    ("CREATE TABLE t(a); CREATE INDEX i ON t(a)", "CREATE TABLE t(a)", &["dropped index `i` on `t` (a)"]),
    (
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a, b); CREATE UNIQUE INDEX i ON t(b DESC)",
        &["changed index `i` on `t` from (a) to unique (b DESC)"],
    ),
    (
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(a, b)",
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(b, a)",
        &["changed index `i` on `t` from (a, b) to (b, a)"],
    ),
    (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a COLLATE NOCASE)",
        &["changed index `i` on `t` from (a) to (a COLLATE NOCASE)"],
    ),
    (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE a > 1",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE a > 2",
        &["changed index `i` on `t` from (a) where a > 1 to (a) where a > 2"],
    ),
    (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a); CREATE INDEX I ON t(a)",
        &["renamed index `i` on `t` to `I`"],
    ),
    (
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX i ON u(a)",
        &["dropped index `i` on `t` (a)", "added index `i` on `u` (a)"],
    ),
    // Views.
    ("CREATE TABLE t(a)", "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t", &["added view `v`"]),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a > 1",
        &["changed view `v`"],
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t",
        "CREATE TABLE t(a); CREATE VIEW v(a) AS SELECT a FROM t",
        &["changed view `v`"],
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t",
        "CREATE TABLE t(a); CREATE VIEW V AS SELECT a FROM t",
        &["renamed view `v` to `V`"],
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a+1 FROM t",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a + 1 FROM t",
        &["changed view `v`"],
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a AS x FROM t",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a AS X FROM t",
        &["changed view `v`"],
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT * FROM (SELECT max(a) FROM t)",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT * FROM (SELECT MAX(a) FROM t)",
        &["changed view `v`"],
    ),
    (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a = 'x'",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a = 'X'",
        &["changed view `v`"],
    ),
    // Triggers.
    (
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        &["added trigger `r` on `t`"],
    ),
    (
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a)",
        &["dropped trigger `r` on `t`"],
    ),
    (
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TRIGGER r INSERT ON t BEGIN SELECT 1; END",
        &["changed trigger `r` on `t`"],
    ),
    (
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER DELETE ON t BEGIN SELECT 1; END",
        &["changed trigger `r` on `t`"],
    ),
    (
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER UPDATE ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER UPDATE OF a ON t BEGIN SELECT 1; END",
        &["changed trigger `r` on `t`"],
    ),
    (
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t WHEN new.a > 1 BEGIN SELECT 1; END",
        &["changed trigger `r` on `t`"],
    ),
    (
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 'a'; END",
        "CREATE TABLE t(a); CREATE TRIGGER R AFTER INSERT ON t BEGIN SELECT 'b'; END",
        &["renamed trigger `r` on `t` to `R`", "changed trigger `R` on `t`"],
    ),
    (
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE TRIGGER r AFTER INSERT ON u BEGIN SELECT 1; END",
        &["changed trigger `r` on `u`"],
    ),
    // Virtual tables.
    ("CREATE VIRTUAL TABLE f USING fts5(a)", "CREATE VIRTUAL TABLE f USING fts5(a, b)", &["changed virtual table `f`"]),
    ("CREATE VIRTUAL TABLE f USING fts5(a)", "CREATE VIRTUAL TABLE f USING fts5(A)", &["changed virtual table `f`"]),
    (
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "CREATE VIRTUAL TABLE F USING fts5(a)",
        &["renamed virtual table `f` to `F`"],
    ),
    ("CREATE VIRTUAL TABLE f USING fts5(a)", "", &["dropped virtual table `f`"]),
];

/// Renames: they leave no other difference than the rename.
const RENAMED: &[(&str, &str, &[&str], &[&str])] = &[
    (
        "CREATE TABLE user(id INTEGER PRIMARY KEY, mail TEXT UNIQUE CHECK (mail LIKE '%@%'), low AS (lower(\"mail\")));
         CREATE INDEX ix ON user(mail DESC, upper(mail)) WHERE mail <> 'mail'",
        "CREATE TABLE user(id INTEGER PRIMARY KEY, email TEXT UNIQUE CHECK (email LIKE '%@%'), low AS (lower(email)));
         CREATE INDEX ix ON user(email DESC, upper(email)) WHERE email <> 'mail'",
        &["column user.email = mail"],
        &["renamed column `user.mail` to `email`"],
    ),
    (
        "CREATE TABLE user(id, mail TEXT)",
        "CREATE TABLE user(id, email TEXT NOT NULL)",
        &["column user.email = mail"],
        &["renamed column `user.mail` to `email`", "made `user.email` NOT NULL"],
    ),
    (
        "CREATE TABLE account(id INTEGER PRIMARY KEY, boss REFERENCES account(id), CHECK (account.id > 0));
         CREATE TABLE task(owner REFERENCES account(id), a, b)",
        "CREATE TABLE person(key INTEGER PRIMARY KEY, boss REFERENCES person(key), CHECK (person.key > 0));
         CREATE TABLE task(owner REFERENCES person(key), a, b)",
        &["table person = account", "column person.key = id"],
        &["renamed table `account` to `person`", "renamed column `person.id` to `key`"],
    ),
    (
        "CREATE TABLE t(a, b, PRIMARY KEY (a, b), FOREIGN KEY (a, b) REFERENCES t(a, b))",
        "CREATE TABLE t(b, c, PRIMARY KEY (b, c), FOREIGN KEY (b, c) REFERENCES t(b, c))",
        &["column t.b = a", "column t.c = b"],
        &["renamed column `t.a` to `b`", "renamed column `t.b` to `c`"],
    ),
    (
        "CREATE TABLE user(mail); CREATE VIEW v AS SELECT u.mail AS m FROM user u WHERE mail <> '';
         CREATE TRIGGER r AFTER UPDATE OF mail ON user WHEN new.mail <> old.mail BEGIN DELETE FROM user WHERE user.mail = new.mail; END",
        "CREATE TABLE user(email); CREATE VIEW v AS SELECT u.email AS m FROM user u WHERE email <> '';
         CREATE TRIGGER r AFTER UPDATE OF email ON user WHEN new.email <> old.email BEGIN DELETE FROM user WHERE user.email = new.email; END",
        &["column user.email = mail"],
        &["renamed column `user.mail` to `email`"],
    ),
    (
        "CREATE TABLE a(x); CREATE VIEW v AS SELECT x FROM a; CREATE TRIGGER r AFTER INSERT ON a BEGIN DELETE FROM a; END",
        "CREATE TABLE b(x); CREATE VIEW v AS SELECT x FROM b; CREATE TRIGGER r AFTER INSERT ON b BEGIN DELETE FROM b; END",
        &["table b = a"],
        &["renamed table `a` to `b`"],
    ),
    // A name that another table in the body has as well is not taken for the renamed one.
    (
        "CREATE TABLE a(mail); CREATE TABLE b(mail, email); CREATE VIEW v AS SELECT b.mail AS m FROM a, b",
        "CREATE TABLE a(email); CREATE TABLE b(mail, email); CREATE VIEW v AS SELECT b.email AS m FROM a, b",
        &["column a.email = mail"],
        &["renamed column `a.mail` to `email`", "changed view `v`"],
    ),
    // The view shows another column than before, though its text is the same.
    (
        "CREATE TABLE t(a, z); CREATE VIEW v AS SELECT a AS x FROM t",
        "CREATE TABLE t(b, a); CREATE VIEW v AS SELECT a AS x FROM t",
        &["column t.b = a", "column t.a = z"],
        &["renamed column `t.a` to `b`", "renamed column `t.z` to `a`", "changed view `v`"],
    ),
    (
        "CREATE TABLE t(a); CREATE INDEX old ON t(a)",
        "CREATE TABLE t(a); CREATE INDEX new ON t(a)",
        &["index new = old"],
        &["renamed index `old` on `t` to `new`"],
    ),
    (
        "CREATE TABLE t(a); CREATE INDEX old ON t(a)",
        "CREATE TABLE t(b); CREATE INDEX new ON t(b DESC)",
        &["index new = old", "column t.b = a"],
        &["renamed column `t.a` to `b`", "renamed index `old` on `t` to `new`", "changed index `new` on `t` from (a) to (b DESC)"],
    ),
    // Carried out already, or of names that were never there: quiet.
    ("CREATE TABLE t(b)", "CREATE TABLE t(b)", &["table t = s", "column t.b = a", "index j = i"], &[]),
    ("CREATE TABLE t(a)", "CREATE TABLE t(a, b)", &["column t.b = a"], &["added column `t.b`"]),
    ("", "CREATE TABLE t(b)", &["table t = s", "column t.b = a"], &["added table `t`"]),
    // The old name is still there, so that the table is a new one.
    (
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a); CREATE TABLE u(a)",
        &["table u = t"],
        &["added table `u`"],
    ),
];
