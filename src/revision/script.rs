//! A script of `versions/`: a head, the SQL up and the SQL down, each with its place in the file.
//!
//! Reads and writes text; opens no file and runs no SQL.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use super::header::{self, HeaderKey, Line, Revision};
use super::id::RevisionId;
use super::script_error::{Fault, Flaw, ScriptError};
use super::section::{self, Marker, Section};
use crate::report::{self, Place, Source};
use crate::token::{self, TokenKind};

/// A script that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What its head says.
    pub revision: Revision,
    /// The SQL that carries it out.
    pub up: Section,
    /// The SQL that takes it back.
    pub down: Option<Section>,
    /// The file, without its byte order mark.
    pub source: Arc<Source>,
    pub(super) values: BTreeMap<HeaderKey, Range<usize>>,
    pub(super) has_mark: bool,
}

/// The SQL of one direction, as it is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body<'a> {
    /// The SQL.
    pub sql: &'a str,
    /// Whether it runs inside a transaction.
    pub transaction: bool,
}

impl<'a> From<&'a str> for Body<'a> {
    fn from(sql: &'a str) -> Body<'a> {
        Body { sql, transaction: true }
    }
}

impl Script {
    /// Reads a script; the path is shown in what goes wrong.
    pub fn read(path: impl Into<String>, text: &str) -> Result<Script, ScriptError> {
        Script::read_owned(path, text.to_owned())
    }

    /// The same for a text that is kept.
    pub(super) fn read_owned(path: impl Into<String>, mut text: String) -> Result<Script, ScriptError> {
        let has_mark = text.starts_with('\u{feff}');
        if has_mark {
            text.remove(0);
        }
        let source = Arc::new(Source { path: path.into(), text });
        let text = source.text.as_str();
        let mut reading = Reading { source: &source, flaws: Vec::new() };
        let markers = section::markers(text);
        let head = ..markers.first().map_or(text.len(), |marker| marker.line.start);
        let (revision, values) = reading.head(head.end);
        let (up, down) = reading.sections(&markers);
        match (revision, up) {
            (Some(revision), Some(up)) if reading.flaws.is_empty() => {
                Ok(Script { revision, up, down, source, values, has_mark })
            }
            _ => Err(ScriptError { flaws: reading.flaws }),
        }
    }

    /// Writes a script and reads it back, so that SQL which would break its form is found before there is a file.
    pub fn compose(
        path: impl Into<String>,
        revision: &Revision,
        up: Body<'_>,
        down: Option<Body<'_>>,
    ) -> Result<Script, ScriptError> {
        let mut text = revision.header();
        for (word, body) in [("up", Some(up)), ("down", down)] {
            let Some(body) = body else { continue };
            let option = if body.transaction { "" } else { " transaction:false" };
            let sql = body.sql.trim_matches(['\r', '\n']).trim_end();
            write!(text, "\n-- migrate:{word}{option}\n{sql}\n").expect("writing to a string does not fail");
        }
        let script = Script::read(path, &text)?;
        let is_kept = |section: Option<&Section>, body: Option<Body<'_>>| {
            section.map(|section| section.sql().trim()) == body.map(|body| body.sql.trim())
        };
        if is_kept(Some(&script.up), Some(up)) && is_kept(script.down.as_ref(), down) {
            return Ok(script);
        }
        let place = Place::new(&script.source, 0..0);
        Err(ScriptError { flaws: vec![Flaw { fault: Fault::MarkerInSql, place }] })
    }

    /// The path of the file as it is shown.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.source.path
    }

    /// The place of a value of the head; the first line if the head does not have it.
    #[must_use]
    pub fn place_of(&self, key: HeaderKey) -> Place {
        Place::new(&self.source, self.values.get(&key).cloned().unwrap_or(0..line_end(&self.source.text)))
    }
}

fn line_end(text: &str) -> usize {
    text.find(['\r', '\n']).unwrap_or(text.len())
}

/// A script on its way in.
struct Reading<'a> {
    source: &'a Arc<Source>,
    flaws: Vec<Flaw>,
}

impl Reading<'_> {
    fn flaw(&mut self, fault: Fault, span: Range<usize>) {
        self.flaws.push(Flaw { fault, place: Place::new(self.source, span) });
    }

    fn line_of(&self, at: usize) -> usize {
        Place::new(self.source, at..at).line_and_column().0
    }

    /// The head, which ends where the first marker begins.
    fn head(&mut self, end: usize) -> (Option<Revision>, BTreeMap<HeaderKey, Range<usize>>) {
        let source = Arc::clone(self.source);
        let mut seen: BTreeMap<HeaderKey, Range<usize>> = BTreeMap::new();
        let placeholder = RevisionId::new("unread").expect("it is a word of letters");
        let mut revision = Revision::new(placeholder, Vec::new());
        for token in token::tokens(&source.text[..end]) {
            if token.is_significant() {
                self.flaw(Fault::SqlBeforeUp, token.span());
                break;
            }
            let Some(line) = Line::of(token.text, token.start).filter(|_| token.kind == TokenKind::Comment) else {
                continue;
            };
            let Some(key) = line.known_key() else {
                let near = HeaderKey::near(line.key);
                self.flaw(Fault::UnknownKey { key: line.key.to_owned(), near }, line.key_at);
                continue;
            };
            // A value stands on the line of its key.
            if let Some(first) = seen.get(&key) {
                let first_line = self.line_of(first.start);
                self.flaw(Fault::DuplicateKey { key: key.as_str(), first_line }, line.key_at);
                continue;
            }
            if let Err((what, at)) = header::read_value(&line, key, &mut revision) {
                self.flaw(Fault::Value { key: key.as_str(), what }, at);
            }
            seen.insert(key, line.value_at);
        }
        let mut is_named = true;
        for key in [HeaderKey::Revision, HeaderKey::Parents] {
            if !seen.contains_key(&key) {
                is_named = false;
                self.flaw(Fault::MissingKey { key: key.as_str() }, 0..line_end(&source.text));
            }
        }
        (is_named.then_some(revision), seen)
    }

    fn sections(&mut self, markers: &[Marker]) -> (Option<Section>, Option<Section>) {
        let text = &self.source.text;
        let source = Arc::clone(self.source);
        let mut up: Option<(Section, &Marker)> = None;
        let mut down: Option<(Section, &Marker)> = None;
        for (number, marker) in markers.iter().enumerate() {
            let end = markers.get(number + 1).map_or(text.len(), |next| next.line.start);
            let transaction = self.transaction(marker);
            let section = Section { source: Arc::clone(&source), span: marker.end..end, transaction };
            let half = match &text[marker.word.clone()] {
                "up" => &mut up,
                "down" => &mut down,
                word => {
                    let near = report::nearest(word, ["up", "down"]).map(str::to_owned);
                    self.flaw(Fault::UnknownMarker { word: word.to_owned(), near }, marker.line.clone());
                    continue;
                }
            };
            if let Some((_, first)) = half {
                let first_line = self.line_of(first.line.start);
                let marker_text = text[marker.line.clone()].to_owned();
                self.flaw(Fault::SecondMarker { marker: marker_text, first_line }, marker.line.clone());
            } else {
                *half = Some((section, marker));
            }
        }
        match (&up, &down) {
            (None, None) => self.flaw(Fault::MissingUp, text.trim_end().len()..text.trim_end().len()),
            (None, Some((_, marker))) => self.flaw(Fault::MissingUp, marker.line.clone()),
            (Some((_, up)), Some((_, down))) if down.line.start < up.line.start => {
                self.flaw(Fault::DownBeforeUp, down.line.clone());
            }
            _ => {}
        }
        (up.map(|(section, _)| section), down.map(|(section, _)| section))
    }

    fn transaction(&mut self, marker: &Marker) -> bool {
        let mut transaction = true;
        for option in &marker.options {
            match &self.source.text[option.clone()] {
                "transaction:false" => transaction = false,
                "transaction:true" => transaction = true,
                other => self.flaw(Fault::UnknownOption { option: other.to_owned() }, option.clone()),
            }
        }
        transaction
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    const FULL: &str = "\
-- revision: ec7d02f185ab
-- parents: a1, b2
-- message: Added user table: the first
-- created: 2026-11-22T19:37:12Z
-- schema: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
-- requires: sqlite 3.35
-- labels: people, core
-- depends_on: c3, billing
-- replaces: x1, x2
-- irreversible: the old names are gone

-- migrate:up
CREATE TABLE \"user\" (id INTEGER PRIMARY KEY);

-- migrate:down transaction:false
DROP TABLE \"user\";
";

    fn faults(text: &str) -> Vec<(Fault, usize, String)> {
        let error = Script::read("versions/a.sql", text).unwrap_err();
        let shown = |flaw: Flaw| {
            let place = flaw.place;
            (flaw.fault, place.line_and_column().0, place.source.text[place.span].to_owned())
        };
        error.flaws.into_iter().map(shown).collect()
    }

    fn codes(text: &str) -> Vec<(&'static str, usize, String)> {
        faults(text).into_iter().map(|(fault, line, text)| (fault.code(), line, text)).collect()
    }

    #[test]
    fn a_script_is_written_as_it_was_read() {
        let script = Script::read("a.sql", FULL).unwrap();
        let revision = &script.revision;
        assert_eq!(revision.message, "Added user table: the first");
        assert_eq!(revision.labels, ["people", "core"]);
        assert_eq!(revision.depends_on, ["c3", "billing"]);
        assert_eq!(revision.requires, Some(crate::schema::SqliteVersion::new(3, 35)));
        assert_eq!(revision.irreversible.as_deref(), Some("the old names are gone"));
        assert_eq!(script.up.sql(), "CREATE TABLE \"user\" (id INTEGER PRIMARY KEY);\n\n");
        assert_eq!((script.up.line(), script.up.transaction), (13, true));
        let down = script.down.as_ref().unwrap();
        assert_eq!((down.line(), down.transaction, down.sql()), (16, false, "DROP TABLE \"user\";\n"));
        let body = |section: &'static str, transaction| Body { sql: section, transaction };
        let again = Script::compose(
            "a.sql",
            revision,
            body("\nCREATE TABLE \"user\" (id INTEGER PRIMARY KEY);\n\n", true),
            Some(body("DROP TABLE \"user\";", false)),
        );
        assert_eq!(again.unwrap().source.text, FULL);
    }

    #[test]
    fn a_script_needs_a_revision_its_parents_and_an_up() {
        let script = Script::read("a.sql", "--revision:0001\n-- parents:   none\n--migrate:up").unwrap();
        assert_eq!(script.revision, Revision::new(RevisionId::new("0001").unwrap(), vec![]));
        assert_eq!((script.up.sql(), script.down), ("", None));
        assert_eq!(
            codes(""),
            [
                ("missing_header_key", 1, String::new()),
                ("missing_header_key", 1, String::new()),
                ("missing_up", 1, String::new())
            ]
        );
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_do_not_count() {
        let plain = Script::read("a.sql", FULL).unwrap();
        let windows = Script::read("a.sql", &format!("\u{feff}{}", FULL.replace('\n', "\r\n"))).unwrap();
        assert_eq!(windows.revision, plain.revision);
        assert_eq!(windows.up.checksum(), plain.up.checksum());
        assert_eq!(windows.down.unwrap().checksum(), plain.down.as_ref().unwrap().checksum());
        assert_eq!(windows.up.line(), plain.up.line());
        let edited = Script::read("a.sql", &FULL.replace("the first", "the second")).unwrap();
        assert_eq!(edited.up.checksum(), plain.up.checksum());
        let other = Script::read("a.sql", &FULL.replace("id INTEGER", "id INT")).unwrap();
        assert_ne!(other.up.checksum(), plain.up.checksum());
    }

    #[test]
    fn prose_in_the_head_is_left_alone() {
        let text = "/* a licence: free */\n-- Written by hand. See https://example.org\n-- TODO: nothing\n\n\
                    -- revision: a\n-- parents: none\n\n-- migrate:up\n-- note: prose\n";
        assert_eq!(Script::read("a.sql", text).unwrap().revision.id.as_str(), "a");
    }

    #[test]
    fn every_flaw_of_a_head_is_shown_with_its_place() {
        let head = "-- revision: a-b\n-- parent: none\n-- message: x\n-- message: y\n-- created: yesterday\n\
                    -- schema: md5:1\n-- requires: sqlite 4\n-- labels: a, head\n-- replaces: b, b\n-- depends_on:\n\
                    SELECT 1;\n-- migrate:up\n";
        let shown: Vec<_> =
            faults(head).into_iter().map(|(fault, line, text)| (fault.to_string(), line, text)).collect();
        let expected = [
            ("`revision`: `a-b` holds '-', expected only letters, digits and underscores", 1, "a-b"),
            ("unknown key `parent` in the head of the script", 2, "parent"),
            ("`message` is given a second time, first on line 3", 4, "message"),
            ("`created`: `yesterday` is not a time such as `2026-11-22T19:37:12Z`", 5, "yesterday"),
            ("`schema`: `md5:1` is not a fingerprint, `sha256:` and 64 hexadecimal digits", 6, "md5:1"),
            ("`requires`: `sqlite 4` is not a version of SQLite such as `sqlite 3.35`", 7, "sqlite 4"),
            ("`labels`: `head` has a meaning of its own where revisions are named", 8, "head"),
            ("`replaces`: `b` is in the list twice", 9, "b"),
            ("`depends_on`: expected a value, found nothing", 10, "depends_on"),
            ("SQL stands before `-- migrate:up` and would never run", 11, "SELECT"),
            ("the head of the script does not say `parents`", 1, "-- revision: a-b"),
        ];
        assert_eq!(shown, expected.map(|(message, line, text)| (message.to_owned(), line, text.to_owned())));
        let error = Script::read("versions/a.sql", head).unwrap_err();
        assert_eq!(error.diagnostics()[1].help.as_deref(), Some("did you mean `parents`?"));
        assert!(error.to_string().starts_with("versions/a.sql:1: "), "{error}");
    }

    #[test]
    fn markers_that_are_missing_doubled_or_misspelt_are_errors() {
        let head = "-- revision: a\n-- parents: none\n";
        for (body, code, line, text) in [
            ("SELECT 1;\n", "sql_before_up", 3, "SELECT"),
            ("-- migrate:down\n", "missing_up", 3, "-- migrate:down"),
            ("-- migrate:down\n-- migrate:up\n", "down_before_up", 3, "-- migrate:down"),
            ("-- migrate:up\n-- migrate:up\n", "second_marker", 4, "-- migrate:up"),
            ("-- migrate:up\n-- migrate:down\n-- migrate:down\n", "second_marker", 5, "-- migrate:down"),
            ("-- migrate:up\n-- migrate:dwon\r\n", "unknown_marker", 4, "-- migrate:dwon"),
            ("-- migrate:up transaction:no\n", "unknown_marker_option", 3, "transaction:no"),
            ("-- migrate:up\nSELECT 'open\n-- migrate:up\n", "", 0, ""),
        ] {
            match Script::read("a.sql", &format!("{head}{body}")) {
                Ok(script) => assert_eq!((code, script.down), ("", None), "{body}"),
                Err(_) => assert_eq!(codes(&format!("{head}{body}"))[0], (code, line, text.to_owned()), "{body}"),
            }
        }
    }

    #[test]
    fn composing_refuses_sql_that_would_be_cut_in_two() {
        let revision = Revision::new(RevisionId::new("a").unwrap(), vec![]);
        let sql = "CREATE VIEW v AS\n-- migrate:down\nSELECT 1;";
        let error = Script::compose("a.sql", &revision, sql.into(), None).unwrap_err();
        assert_eq!(error.flaws[0].fault, Fault::MarkerInSql);
        assert!(Script::compose("a.sql", &revision, sql.into(), Some("DROP VIEW v;".into())).is_err());
        assert!(Script::compose("a.sql", &revision, "SELECT '\n-- migrate:down\n';".into(), None).is_ok());
    }

    #[test]
    fn a_message_of_many_lines_is_written_on_one() {
        let mut revision = Revision::new(RevisionId::new("a").unwrap(), vec![]);
        revision.message = "one\n-- migrate:up\r\n two".to_owned();
        let script = Script::compose("a.sql", &revision, "".into(), None).unwrap();
        assert_eq!(script.revision.message, "one -- migrate:up two");
    }
}
