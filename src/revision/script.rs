//! A script of `versions/`: a head, the SQL up and the SQL down, each with its place in the file.
//!
//! Reads and writes text; opens no file and runs no SQL.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::header::{self, BadValue, HeaderKey, Line, Revision};
use super::id::RevisionId;
use super::section::{self, Marker, Section};
use crate::report::{self, Class, Diagnostic, Place, Report, Source};
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
    values: BTreeMap<HeaderKey, Range<usize>>,
    has_mark: bool,
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
        let (text, has_mark) = text.strip_prefix('\u{feff}').map_or((text, false), |text| (text, true));
        let source = Arc::new(Source { path: path.into(), text: text.to_owned() });
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
            text += &format!("\n-- migrate:{word}{option}\n{sql}\n");
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

    /// The text of the file with other parents; nothing else is touched.
    #[must_use]
    pub fn with_parents(&self, parents: &[RevisionId]) -> String {
        let at = self.place_of(HeaderKey::Parents).span;
        let text = &self.source.text;
        let mark = if self.has_mark { "\u{feff}" } else { "" };
        format!("{mark}{}{}{}", &text[..at.start], header::write_parents(parents), &text[at.end..])
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
        let mut keys: BTreeMap<HeaderKey, Range<usize>> = BTreeMap::new();
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
            if let Some(first) = keys.get(&key) {
                let first_line = self.line_of(first.start);
                self.flaw(Fault::DuplicateKey { key: key.as_str(), first_line }, line.key_at);
                continue;
            }
            if let Err((what, at)) = header::read_value(&line, key, &mut revision) {
                self.flaw(Fault::Value { key: key.as_str(), what }, at);
            }
            keys.insert(key, line.key_at);
            seen.insert(key, line.value_at);
        }
        let mut is_named = true;
        for key in [HeaderKey::Revision, HeaderKey::Parents] {
            if !keys.contains_key(&key) {
                is_named = false;
                self.flaw(Fault::MissingKey { key: key.as_str() }, 0..line_end(&source.text));
            }
        }
        (is_named.then_some(revision), seen)
    }

    fn sections(&mut self, markers: &[Marker]) -> (Option<Section>, Option<Section>) {
        let text = &self.source.text;
        let source = Arc::clone(self.source);
        let (mut up, mut down): (Option<(Section, &Marker)>, Option<(Section, &Marker)>) = (None, None);
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

/// A script that cannot be read; every flaw of it that can be told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// What is wrong; never empty.
    pub flaws: Vec<Flaw>,
}

/// One thing that is wrong in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// What it is.
    pub fault: Fault,
    /// Where it is.
    pub place: Place,
}

/// What can be wrong in a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A key that no head has.
    #[error("unknown key `{key}` in the head of the script")]
    UnknownKey {
        /// The word before the colon.
        key: String,
        /// The key that it was meant to be.
        near: Option<&'static str>,
    },
    /// A key twice.
    #[error("`{key}` is given a second time, first on line {first_line}")]
    DuplicateKey {
        /// The key.
        key: &'static str,
        /// The line of the first.
        first_line: usize,
    },
    /// A key that every head must have.
    #[error("the head of the script does not say `{key}`")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value that does not fit its key.
    #[error("`{key}`: {what}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        what: BadValue,
    },
    /// SQL above the first marker, which would never run.
    #[error("SQL stands before `-- migrate:up` and would never run")]
    SqlBeforeUp,
    /// No line `-- migrate:up`.
    #[error("the script has no line `-- migrate:up`")]
    MissingUp,
    /// The halves the wrong way round.
    #[error("`-- migrate:down` stands before `-- migrate:up`")]
    DownBeforeUp,
    /// The same marker twice.
    #[error("a second `{marker}`, the first is on line {first_line}")]
    SecondMarker {
        /// The line.
        marker: String,
        /// The line of the first.
        first_line: usize,
    },
    /// A marker that means nothing.
    #[error("unknown marker `migrate:{word}`, expected `migrate:up` or `migrate:down`")]
    UnknownMarker {
        /// The word after `migrate:`.
        word: String,
        /// The word that it was meant to be.
        near: Option<String>,
    },
    /// An option of a marker that means nothing.
    #[error("unknown option `{option}`, expected `transaction:false`")]
    UnknownOption {
        /// The option.
        option: String,
    },
    /// SQL to be written that holds a marker.
    #[error("the SQL holds a line that would be read as a marker `-- migrate:…`")]
    MarkerInSql,
}

impl Fault {
    fn code(&self) -> &'static str {
        match self {
            Fault::UnknownKey { .. } => "unknown_header_key",
            Fault::DuplicateKey { .. } => "duplicate_header_key",
            Fault::MissingKey { .. } => "missing_header_key",
            Fault::Value { .. } => "bad_header_value",
            Fault::SqlBeforeUp => "sql_before_up",
            Fault::MissingUp => "missing_up",
            Fault::DownBeforeUp => "down_before_up",
            Fault::SecondMarker { .. } => "second_marker",
            Fault::UnknownMarker { .. } => "unknown_marker",
            Fault::UnknownOption { .. } => "unknown_marker_option",
            Fault::MarkerInSql => "marker_in_sql",
        }
    }

    fn help(&self) -> String {
        match self {
            Fault::UnknownKey { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Fault::UnknownKey { near: None, .. } => {
                format!(
                    "the keys are {}; put other comments below `-- migrate:up`",
                    HeaderKey::ALL.map(|key| format!("`{}`", key.as_str())).join(", ")
                )
            }
            Fault::DuplicateKey { .. } | Fault::SecondMarker { .. } => "remove one of the two".to_owned(),
            Fault::MissingKey { key: "parents" } => {
                "add a line `-- parents: none`, or the revisions that it follows".to_owned()
            }
            Fault::MissingKey { key } => format!("add a line `-- {key}: …`"),
            Fault::Value { key: "parents", .. } => "write `-- parents: none` or `-- parents: a, b`".to_owned(),
            Fault::Value { .. } => "correct the value or remove the line".to_owned(),
            Fault::SqlBeforeUp => "move it below a line `-- migrate:up`".to_owned(),
            Fault::MissingUp => "add a line `-- migrate:up` before the SQL that carries the revision out".to_owned(),
            Fault::DownBeforeUp => "put the half `-- migrate:up` first".to_owned(),
            Fault::UnknownMarker { near, .. } => {
                format!("write `-- migrate:{}`", near.as_deref().unwrap_or("up` or `-- migrate:down"))
            }
            Fault::UnknownOption { .. } => "remove it, or put the comment on a line of its own".to_owned(),
            Fault::MarkerInSql => "indent that comment, so that it does not begin its line".to_owned(),
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Flaw { fault, place }) in self.flaws.iter().enumerate() {
            let (line, _) = place.line_and_column();
            let separator = if number > 0 { "; " } else { "" };
            write!(f, "{separator}{}:{line}: {fault}", place.source.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScriptError {}

impl Report for ScriptError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = |Flaw { fault, place }: &Flaw| {
            Diagnostic::new(fault.code(), fault.to_string()).at(place.clone()).help(fault.help())
        };
        self.flaws.iter().map(diagnostic).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn other_parents_change_one_value_and_nothing_else() {
        let id = |word: &str| RevisionId::new(word).unwrap();
        for text in [FULL.to_owned(), format!("\u{feff}{}", FULL.replace('\n', "\r\n"))] {
            let script = Script::read("a.sql", &text).unwrap();
            assert_eq!(script.with_parents(&[id("a1"), id("b2")]), text);
            assert_eq!(script.with_parents(&[]), text.replace("a1, b2", "none"));
            assert_eq!(script.with_parents(&[id("c9")]), text.replace("a1, b2", "c9"));
        }
    }
}
