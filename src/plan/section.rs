//! A section of a script that stands already, in the form for a runner with fewer switches.
//!
//! What is marked as a rebuild takes the form of [`super::confined`], or loses its switch; the guard goes; all else
//! stays as it is, comments too. Each piece is tried on a scratch database that refuses what the runner refuses, and
//! the whole is held against the section as it was: the same schema, the same made-up rows.

use std::collections::BTreeSet;
use std::ops::Range;

use indexmap::{IndexMap, IndexSet};

use crate::database::runner::marked_rebuilds;
use crate::database::{Scratch, Switches};
use crate::diff::{AlterTable, Change, ColumnOrder, Renames, diff};
use crate::schema::{Index, Name, Schema, Table};
use crate::sql;
use crate::token::{Token, TokenKind, meanings, significant_tokens, tokens};

use super::confined::{self, Copied};
use super::dependents::Dependents;
use super::planner::{read, run};
use super::rows::RowWork;
use super::sample::{self, Amount, Rows};
use super::statement::{Statement, write_section};
use super::{Error, rebuild};

/// The section as text that a runner with these switches can run: it reaches the same schema with the same rows.
///
/// `before` is a scratch database that stands where the section begins, by a replay of the scripts before it; it is
/// left as it is. Where [`Switches::None`] is asked for, the text is to be run in one transaction with foreign keys
/// enforced.
///
/// # Errors
/// [`Error::NotConfined`] names the statement for which there is no such form: one that switches something outside of
/// a marked rebuild, edits `sqlite_schema`, or drops a table that rows of others refer to. [`Error::Refused`] when
/// the section itself fails; [`Error::NotReached`] and [`Error::RowsLost`] when the form ends in something else.
pub fn confine(before: &Scratch, section: &str, switches: Switches) -> Result<String, Error> {
    let mut spans = Vec::new();
    let mut ordinary = before.copy()?;
    ordinary.run_each(section, &mut |_, span| spans.push(span)).map_err(|failure| Error::Refused {
        sql: section[failure.span.clone()].to_owned(),
        message: failure.message,
    })?;
    if switches == Switches::All {
        return Ok(section.to_owned());
    }
    let mut work = before.copy()?;
    work.confine(switches)?;
    run(&mut work, "SAVEPOINT schemactl_section")?;
    let mut writer = Writer { section, switches, work, text: String::new(), at: 0, is_deferred: false };
    for piece in pieces(section, &spans) {
        writer.write(piece)?;
    }
    writer.text.push_str(&section[writer.at..]);
    let Writer { mut work, text, .. } = writer;
    run(&mut work, "RELEASE schemactl_section")?;
    reaches(&read(&work)?, &read(&ordinary)?, &text)?;
    prove(before, section, &text, switches)?;
    Ok(text)
}

/// A stretch of a section that is written in one go.
enum Piece {
    /// A statement that stays as it is.
    Statement(Range<usize>),
    /// The statements that stop where foreign keys are enforced.
    Guard(Range<usize>),
    /// Tables that go, one statement each.
    Drops(Vec<(Name, Range<usize>)>),
    /// Rebuilds with nothing between them.
    Rebuilds(Vec<Rebuild>),
}

/// What stands between the marks of a rebuild.
struct Rebuild {
    table: Name,
    /// With the marks.
    span: Range<usize>,
    /// Each with the comment above it.
    statements: Vec<Statement>,
}

fn pieces(section: &str, spans: &[Range<usize>]) -> Vec<Piece> {
    let blocks = marked_rebuilds(section);
    let guard: Vec<Statement> = rebuild::guard(Switches::All);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while let Some(span) = spans.get(at) {
        let block = blocks.iter().find(|(_, block)| block.contains(&span.start));
        let is_guard = |left: &[Range<usize>]| {
            left.len() >= guard.len()
                && left.iter().zip(&guard).all(|(span, wanted)| same(&section[span.clone()], &wanted.sql))
        };
        if let Some((table, block)) = block {
            let inside: Vec<&Range<usize>> =
                spans[at..].iter().take_while(|span| block.contains(&span.start)).collect();
            at += inside.len();
            let rebuild = Rebuild { table: table.clone(), span: with_marks(section, block), statements: Vec::new() };
            let rebuild = rebuild.take(section, block, &inside);
            match pieces.last_mut() {
                Some(Piece::Rebuilds(rebuilds)) => rebuilds.push(rebuild),
                _ => pieces.push(Piece::Rebuilds(vec![rebuild])),
            }
        } else if is_guard(&spans[at..]) {
            let end = spans[at + guard.len() - 1].end;
            pieces.push(Piece::Guard(span.start..end));
            at += guard.len();
        } else {
            match (dropped_table(&section[span.clone()]), pieces.last_mut()) {
                (Some(table), Some(Piece::Drops(drops))) => drops.push((table, span.clone())),
                (Some(table), _) => pieces.push(Piece::Drops(vec![(table, span.clone())])),
                (None, _) => pieces.push(Piece::Statement(span.clone())),
            }
            at += 1;
        }
    }
    pieces
}

impl Rebuild {
    fn take(mut self, section: &str, block: &Range<usize>, spans: &[&Range<usize>]) -> Rebuild {
        let mut end = block.start;
        for span in spans {
            let comments: Vec<&str> = tokens(&section[end..span.start])
                .filter(|token| token.kind == TokenKind::Comment)
                .map(|token| token.text.strip_prefix("-- ").unwrap_or(token.text).trim_end())
                .collect();
            let statement = Statement::new(&section[(*span).clone()]);
            self.statements.push(match comments.as_slice() {
                [] => statement,
                lines => statement.comment(lines.join("\n")),
            });
            end = span.end;
        }
        self
    }

    /// The statements apart from those that switch.
    fn without_switch(&self) -> impl Iterator<Item = &Statement> {
        let switch = ["ON", "OFF"].map(|word| format!("PRAGMA legacy_alter_table = {word}"));
        self.statements.iter().filter(move |statement| !switch.iter().any(|switch| same(&statement.sql, switch)))
    }

    /// The table that is made, and what follows once it has its final name; `None` where this is no rebuild any more.
    fn copied(&self) -> Option<(Copied, Vec<Statement>)> {
        let mut left = self.without_switch().cloned();
        let create = left.next()?;
        let Ok(sql::Statement::Table(staged)) = sql::read(&create.sql) else { return None };
        let drop = format!("DROP TABLE {}", self.table.quoted());
        let rename = format!("ALTER TABLE {} RENAME TO {}", staged.name.quoted(), self.table.quoted());
        let mut fill = Vec::new();
        loop {
            let statement = left.next()?;
            if same(&statement.sql, &drop) {
                break;
            }
            fill.push(statement);
        }
        left.next().filter(|statement| same(&statement.sql, &rename))?;
        let tail: Vec<Statement> = left.collect();
        let indexes = tail.iter().filter_map(|statement| index_of(statement, &self.table));
        let indexes: IndexMap<Name, Index> = indexes.map(|index| (index.name.clone(), index)).collect();
        let stage = staged.name.clone();
        Some((Copied { table: Table { name: self.table.clone(), indexes, ..staged }, stage, create, fill }, tail))
    }
}

/// Writes a section piece by piece, each once it has run.
struct Writer<'a> {
    section: &'a str,
    switches: Switches,
    work: Scratch,
    text: String,
    /// How far the section is written.
    at: usize,
    /// Whether checks are put off to the end of the transaction already.
    is_deferred: bool,
}

impl Writer<'_> {
    fn write(&mut self, piece: Piece) -> Result<(), Error> {
        match piece {
            Piece::Statement(span) => self.keep(&span),
            Piece::Guard(span) => self.guard(&span),
            Piece::Drops(drops) => self.drops(&drops),
            Piece::Rebuilds(rebuilds) => self.rebuilds(&rebuilds),
        }
    }

    /// Runs a statement as it stands.
    fn keep(&mut self, span: &Range<usize>) -> Result<(), Error> {
        let sql = &self.section[span.clone()];
        self.work.run(sql).map_err(|failure| not_confined(sql, failure.message))?;
        self.text.push_str(&self.section[self.at..span.end]);
        self.at = span.end;
        Ok(())
    }

    /// Writes statements in the place of a stretch of the section.
    fn put(&mut self, span: &Range<usize>, statements: &[Statement]) {
        self.text.push_str(&self.section[self.at..span.start]);
        self.text.push_str(write_section(statements).trim_end());
        self.at = span.end;
    }

    fn guard(&mut self, span: &Range<usize>) -> Result<(), Error> {
        let guard = rebuild::guard(self.switches);
        let comment = rebuild::guard(Switches::All).swap_remove(0).comment.unwrap_or_default();
        let comment = format!("-- {}\n", comment.replace('\n', "\n-- "));
        let is_commented = self.section[self.at..span.start].ends_with(&comment);
        let start = if is_commented { span.start - comment.len() } else { span.start };
        let semicolon = significant_tokens(&self.section[span.end..]).next().filter(|token| token.is_operator(";"));
        let mut end = semicolon.map_or(span.end, |token| span.end + token.span().end);
        if guard.is_empty() {
            end += self.section[end..].len() - self.section[end..].trim_start_matches('\n').len();
        }
        self.try_all(&guard)?;
        self.put(&(start..end), &guard);
        Ok(())
    }

    fn drops(&mut self, drops: &[(Name, Range<usize>)]) -> Result<(), Error> {
        if self.switches == Switches::None {
            let now = read(&self.work)?;
            let going: IndexSet<Name> = drops.iter().map(|(name, _)| name.clone()).collect();
            if let Some((child, parent)) = confined::left_behind(&now, &going) {
                let sql = format!("DROP TABLE {}", parent.quoted());
                let message = format!("`{child}` still refers to it, and its rows would go or change with it");
                return Err(not_confined(&sql, message));
            }
            let before = self.deferring(confined::before_drops(&now, &going));
            self.try_all(&before)?;
            if let (false, Some((_, first))) = (before.is_empty(), drops.first()) {
                // Above the comment of the first, which speaks of its table.
                let gap = &self.section[self.at..first.start];
                let comment = gap.rfind("\n\n").map_or(0, |line| line + 2);
                let place = self.at + if gap[comment..].starts_with("--") { comment } else { gap.len() };
                self.put(&(place..place), &before);
                self.text.push_str("\n\n");
            }
        }
        drops.iter().try_for_each(|(_, span)| self.keep(span))
    }

    fn rebuilds(&mut self, rebuilds: &[Rebuild]) -> Result<(), Error> {
        let (Some(first), Some(last)) = (rebuilds.first(), rebuilds.last()) else { return Ok(()) };
        let span = first.span.start..last.span.end;
        let all: Vec<&Rebuild> = rebuilds.iter().collect();
        // At once; or one after the other where the rows of one are worked out from those of another.
        let statements = match self.attempt(&all) {
            Err(_) if rebuilds.len() > 1 => {
                let each = all.iter().map(|rebuild| self.attempt(&[rebuild]));
                each.collect::<Result<Vec<_>, _>>()?.concat()
            }
            outcome => outcome?,
        };
        self.put(&span, &statements);
        Ok(())
    }

    /// Runs the confined form of some rebuilds; what fails leaves nothing behind.
    fn attempt(&mut self, rebuilds: &[&Rebuild]) -> Result<Vec<Statement>, Error> {
        let was_deferred = self.is_deferred;
        run(&mut self.work, "SAVEPOINT schemactl_rebuilds")?;
        let outcome = self.confined(rebuilds).and_then(|statements| self.try_all(&statements).map(|()| statements));
        if outcome.is_err() {
            run(&mut self.work, "ROLLBACK TO schemactl_rebuilds")?;
            self.is_deferred = was_deferred;
        }
        run(&mut self.work, "RELEASE schemactl_rebuilds")?;
        outcome
    }

    fn confined(&mut self, rebuilds: &[&Rebuild]) -> Result<Vec<Statement>, Error> {
        let now = read(&self.work)?;
        let changed: IndexSet<Name> = rebuilds.iter().map(|rebuild| rebuild.table.clone()).collect();
        let tables = match self.switches {
            Switches::None => confined::closure(&now, changed.iter().cloned()),
            _ => changed.clone(),
        };
        let in_the_way = Dependents::of(&tables, &mut self.work, &now)?;
        let mut statements = in_the_way.drop();
        let middle = match self.switches {
            Switches::None => self.replaced(rebuilds, &tables, &now)?,
            _ => rebuilds.iter().flat_map(|rebuild| rebuild.without_switch().cloned()).collect(),
        };
        statements.extend(self.deferring(middle));
        // The triggers of a table that is rebuilt go with it: the section makes them again.
        for view in &in_the_way.views {
            statements.push(Statement::new(self.stored("view", &view.name)?));
        }
        for trigger in in_the_way.triggers.iter().filter(|trigger| !changed.contains(&trigger.table)) {
            statements.push(Statement::new(self.stored("trigger", &trigger.name)?));
        }
        Ok(statements)
    }

    /// The rebuilds, and the copies of all that refer to their tables.
    fn replaced(&self, rebuilds: &[&Rebuild], tables: &IndexSet<Name>, now: &Schema) -> Result<Vec<Statement>, Error> {
        let (mut copies, mut tails) = (Vec::new(), Vec::new());
        for rebuild in rebuilds {
            let Some((copied, tail)) = rebuild.copied() else {
                let message = "what stands between its marks is no rebuild any more";
                return Err(not_confined(&format!("-- rebuild: {}", rebuild.table), message.to_owned()));
            };
            copies.push(copied);
            tails.extend(tail);
        }
        for name in tables.iter().filter(|name| rebuilds.iter().all(|rebuild| rebuild.table != **name)) {
            let Some(table) = now.tables.get(name) else { continue };
            let alter = AlterTable { before: table.clone(), after: table.clone(), changes: Vec::new() };
            let mut copied = confined::copied(&alter, &RowWork::default(), ColumnOrder::Strict);
            copied.create.sql = self.stored("table", name)?;
            for index in table.indexes.keys() {
                tails.push(Statement::new(self.stored("index", index)?));
            }
            copies.push(copied);
        }
        let mut statements = confined::replace(copies, &IndexSet::new(), now);
        let moved: BTreeSet<Name> = statements.iter().filter_map(created_index).collect();
        statements.extend(
            tails.into_iter().filter(|statement| created_index(statement).is_none_or(|index| !moved.contains(&index))),
        );
        Ok(statements)
    }

    /// The text by which an object is there.
    fn stored(&self, kind: &str, name: &Name) -> Result<String, Error> {
        let sql = "SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2 COLLATE NOCASE";
        Ok(self.work.connection().query_row(sql, [kind, name.as_str()], |row| row.get(0))?)
    }

    /// Puts checks off once.
    fn deferring(&mut self, mut statements: Vec<Statement>) -> Vec<Statement> {
        let was_deferred = self.is_deferred;
        self.is_deferred |= statements.contains(&confined::defer());
        statements.retain(|statement| !was_deferred || *statement != confined::defer());
        statements
    }

    fn try_all(&mut self, statements: &[Statement]) -> Result<(), Error> {
        statements.iter().try_for_each(|statement| {
            self.work.run(&statement.sql).map_err(|failure| not_confined(&statement.sql, failure.message))
        })
    }
}

/// The stretch between marks, with the marks.
fn with_marks(section: &str, block: &Range<usize>) -> Range<usize> {
    let start = section[..block.start].rfind('\n').map_or(0, |line| line + 1);
    let end = section[block.end..].find('\n').map_or(section.len(), |length| block.end + length);
    start..end
}

fn same(sql: &str, other: &str) -> bool {
    meanings(sql).eq(meanings(other))
}

/// The table that a statement drops.
fn dropped_table(sql: &str) -> Option<Name> {
    let tokens: Vec<Token<'_>> = significant_tokens(sql).collect();
    match tokens.as_slice() {
        [drop, table, name] | [drop, table, _, _, name] if drop.is_word("DROP") && table.is_word("TABLE") => {
            Some(Name::new(name.unquoted()))
        }
        _ => None,
    }
}

fn index_of(statement: &Statement, table: &Name) -> Option<Index> {
    match sql::read(&statement.sql) {
        Ok(sql::Statement::Index { table: on, index }) if on == *table => Some(index),
        _ => None,
    }
}

fn created_index(statement: &Statement) -> Option<Name> {
    match sql::read(&statement.sql) {
        Ok(sql::Statement::Index { index, .. }) => Some(index.name),
        _ => None,
    }
}

fn not_confined(sql: &str, message: String) -> Error {
    Error::NotConfined { statement: sql.lines().next().unwrap_or_default().to_owned(), message }
}

fn reaches(schema: &Schema, wanted: &Schema, text: &str) -> Result<(), Error> {
    let differences = diff(schema, wanted, &Renames::default(), ColumnOrder::Strict);
    if differences.is_empty() {
        return Ok(());
    }
    let differences = differences.iter().flat_map(Change::lines).map(|line| line.text).collect();
    Err(Error::NotReached { differences, script: text.to_owned() })
}

/// Takes the same made-up rows through both forms; where they cannot go through the section as it was, fewer of them.
fn prove(before: &Scratch, section: &str, text: &str, switches: Switches) -> Result<(), Error> {
    for amount in [Amount::Several, Amount::SeveralWithoutNull, Amount::One] {
        let mut start = before.copy()?;
        start.confine(Switches::None)?;
        sample::fill(start.connection(), &read(&start)?, amount, &[])?;
        let mut ordinary = start.copy()?;
        if ordinary.run(section).is_err() {
            continue;
        }
        let mut confined = start.copy()?;
        confined.confine(switches)?;
        match run(&mut confined, &format!("BEGIN;\n{text}\n;COMMIT")) {
            // Rows that refer to nothing in the end are refused in both forms, there at the end and here at once.
            Err(_) if has_orphans(&ordinary)? => continue,
            outcome => outcome?,
        }
        let schema = read(&ordinary)?;
        reaches(&read(&confined)?, &schema, text)?;
        let rows = |scratch: &Scratch| Rows::read(scratch.connection(), &schema);
        if rows(&ordinary)? != rows(&confined)? {
            let losses = vec!["rows differ from those after the script as it was".to_owned()];
            return Err(Error::RowsLost { losses, script: text.to_owned() });
        }
        return Ok(());
    }
    Ok(())
}

/// Whether rows refer to nothing, or foreign keys fit no table.
fn has_orphans(scratch: &Scratch) -> Result<bool, Error> {
    let mut check = scratch.connection().prepare("PRAGMA foreign_key_check")?;
    Ok(check.exists([]).unwrap_or(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Intent;
    use crate::plan::{Options, draft};
    use crate::schema::SqliteVersion;

    fn scratch(sql: &str) -> Scratch {
        let mut scratch = Scratch::empty().unwrap();
        run(&mut scratch, sql).unwrap_or_else(|error| panic!("{error:?}"));
        scratch
    }

    /// The script that is written for the runner with all switches.
    fn script(before: &str, after: &str) -> String {
        let (target, column_order) = (SqliteVersion::new(3, 45), ColumnOrder::Strict);
        let options =
            Options { target, column_order, catalog_edits: false, fast_rebuild: false, switches: Switches::All };
        let schema = |sql: &str| read(&scratch(sql)).unwrap();
        write_section(&draft(&schema(before), &schema(after), &Intent::default(), options).unwrap().up)
    }

    /// The section in another form, after it has done to these rows what the section does as it is.
    fn confined(before: &str, rows: &str, section: &str, switches: Switches) -> String {
        let text = confine(&scratch(before), section, switches).unwrap_or_else(|error| panic!("{error:?}"));
        let mut ordinary = scratch(&format!("{before}; {rows}"));
        let mut confined = scratch(&format!("{before}; {rows}"));
        confined.confine(switches).unwrap();
        run(&mut ordinary, section).unwrap();
        run(&mut confined, &format!("BEGIN;\n{text};\nCOMMIT")).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        let schema = read(&ordinary).unwrap();
        reaches(&read(&confined).unwrap(), &schema, &text).unwrap();
        let rows = |scratch: &Scratch| Rows::read(scratch.connection(), &schema).unwrap();
        assert_eq!(rows(&ordinary), rows(&confined), "{text}");
        assert!(!has_orphans(&confined).unwrap());
        let texts = |scratch: &Scratch| -> Vec<String> {
            let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name";
            let mut texts = scratch.connection().prepare(sql).unwrap();
            texts.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        for (one, other) in texts(&ordinary).iter().zip(&texts(&confined)) {
            assert!(same(one, other), "{one}\n{other}");
        }
        text
    }

    const BEFORE: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
        CREATE TABLE c (id INTEGER PRIMARY KEY, -- of the child
          p INT REFERENCES p ON DELETE CASCADE, up INT REFERENCES c ON DELETE RESTRICT, CHECK (c.id > 0));
        CREATE INDEX by_p ON c (p); CREATE TABLE log (what TEXT);
        CREATE VIEW v AS SELECT c.id, p.name FROM c JOIN p ON p.id = c.p; CREATE VIEW w AS SELECT count(*) AS n FROM v;
        CREATE TRIGGER gone AFTER DELETE ON c BEGIN INSERT INTO log VALUES ('gone'); END;
        CREATE TRIGGER one AFTER INSERT ON log BEGIN SELECT n FROM w; END;
        CREATE TRIGGER two AFTER INSERT ON log BEGIN SELECT 2; END;
        CREATE TRIGGER named AFTER UPDATE ON p BEGIN INSERT INTO log VALUES (NEW.name); END";
    const ROWS: &str = "INSERT INTO p VALUES (1, 'x'), (5, 'y'), (8, 'z'); DELETE FROM p WHERE id = 8;
        INSERT INTO c VALUES (1, 1, 2), (2, 5, 2), (3, NULL, 1); DELETE FROM log";

    #[test]
    fn a_rebuild_takes_the_form_of_its_runner() {
        let after = BEFORE.replace("name TEXT", "name TEXT NOT NULL DEFAULT ''");
        let section = script(BEFORE, &after);
        assert!(section.contains("legacy_alter_table") && section.contains("schemactl_guard"));
        let without_legacy = confined(BEFORE, ROWS, &section, Switches::ForeignKeys);
        assert!(without_legacy.contains("CREATE TABLE \"schemactl_guard\"") && !without_legacy.contains("TEMP"));
        assert!(!without_legacy.contains("schemactl_new_c"));
        let without_any = confined(BEFORE, ROWS, &section, Switches::None);
        assert!(!without_any.contains("schemactl_guard") && without_any.contains("schemactl_new_c"));
        assert!(without_any.contains("-- of the child"));
        for text in [without_legacy, without_any] {
            assert!(!text.contains("legacy_alter_table"), "{text}");
            assert!(text.contains("-- Rebuilds p:"), "{text}");
        }
    }

    #[test]
    fn parent_and_child_are_rebuilt_at_once() {
        let before = BEFORE.replace("c.id > 0", "id > 0");
        let after = before.replace("name TEXT", "name TEXT CHECK (name <> '')").replace("p INT", "p BIGINT");
        let section = script(&before, &after);
        assert_eq!(section.matches("-- rebuild: end").count(), 2);
        confined(&before, ROWS, &section, Switches::ForeignKeys);
        let text = confined(&before, ROWS, &section, Switches::None);
        assert_eq!(text.matches("CREATE TABLE \"schemactl_new_").count(), 2, "{text}");
    }

    #[test]
    fn what_stands_around_a_rebuild_stays_as_it_is() {
        let after = BEFORE.replace("name TEXT", "name TEXT NOT NULL DEFAULT ''");
        let own = ["-- ours\nUPDATE p SET name = upper(name);", "INSERT INTO p (name) SELECT 'new'; -- gate, of sorts"];
        let section = format!("{}\n\n{}\n{}\n", own[0], script(BEFORE, &after), own[1]);
        for switches in [Switches::ForeignKeys, Switches::None] {
            let text = confined(BEFORE, ROWS, &section, switches);
            assert!(own.iter().all(|own| text.contains(own)), "{text}");
        }
    }

    #[test]
    fn a_rebuild_that_needs_the_one_before_it_waits_for_it() {
        let before =
            "CREATE TABLE a (id INTEGER PRIMARY KEY, x); CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a)";
        let rebuild = |table: &str, columns: &str, select: &str| {
            format!(
                "-- rebuild: {table}\nCREATE TABLE \"new\" ({columns});\nINSERT OR ABORT INTO \"new\" {select} FROM {table};\n\
                 DROP TABLE {table};\nPRAGMA legacy_alter_table = ON;\nALTER TABLE \"new\" RENAME TO {table};\n\
                 PRAGMA legacy_alter_table = OFF;\n-- rebuild: end\n"
            )
        };
        let section = rebuild("a", "id INTEGER PRIMARY KEY, y", "SELECT id, x + 1")
            + &rebuild(
                "b",
                "id INTEGER PRIMARY KEY, a INT REFERENCES a, y",
                "SELECT id, a, (SELECT y FROM a WHERE a.id = b.a)",
            );
        let text =
            confined(before, "INSERT INTO a VALUES (1, 6); INSERT INTO b VALUES (4, 1)", &section, Switches::None);
        assert_eq!(text.matches("DROP TABLE \"b\"").count(), 2, "{text}");
    }

    #[test]
    fn tables_that_refer_to_each_other_go_together() {
        let before =
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b ON DELETE RESTRICT); CREATE TABLE log (x);
            CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a ON DELETE CASCADE);
            CREATE TRIGGER t AFTER DELETE ON b BEGIN INSERT INTO log VALUES (1); END";
        let section = "SELECT 1;\n\n-- All of a.\nDROP TABLE a;\n-- And b.\nDROP TABLE b;\n";
        let rows = "PRAGMA foreign_keys = OFF; INSERT INTO a VALUES (1, 2); INSERT INTO b VALUES (2, 1)";
        let text = confined(before, rows, section, Switches::None);
        assert!(text.ends_with("-- All of a.\nDROP TABLE a;\n-- And b.\nDROP TABLE b;\n"), "{text}");
        assert_eq!(confined(before, rows, section, Switches::ForeignKeys), section);
    }

    #[test]
    fn what_has_no_such_form_is_named() {
        for (section, statement, told) in [
            ("PRAGMA legacy_alter_table = ON", "PRAGMA legacy_alter_table", "not authorized"),
            ("UPDATE p SET id = id;\nPRAGMA writable_schema = ON;", "PRAGMA writable_schema", "not authorized"),
            ("CREATE TEMP TABLE x (y);", "CREATE TEMP TABLE x", "not authorized"),
        ] {
            for switches in [Switches::ForeignKeys, Switches::None] {
                match confine(&scratch(BEFORE), section, switches) {
                    Err(Error::NotConfined { statement: found, message }) => {
                        assert!(found.starts_with(statement) && message.contains(told), "{found}: {message}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        let parent =
            confine(&scratch(BEFORE), "DROP TRIGGER named; DROP VIEW w; DROP VIEW v; DROP TABLE p", Switches::None);
        assert!(
            matches!(&parent, Err(Error::NotConfined { message, .. }) if message.contains("`c` still refers")),
            "{parent:?}"
        );
        let deleted = confine(&scratch(BEFORE), "DELETE FROM p", Switches::None);
        assert!(matches!(&deleted, Err(Error::RowsLost { .. })), "rows of `c` would go too: {deleted:?}");
        assert!(matches!(confine(&scratch(""), "DROP TABLE absent", Switches::None), Err(Error::Refused { .. })));
    }
}
