//! The head of a script: what a revision is called, what it stands on, what it is about.
//!
//! Reads and writes the lines `-- key: value`; knows nothing of the SQL below them.

use std::fmt::Write as _;
use std::ops::Range;

use chrono::{DateTime, Utc};

use super::id::{IllegalWord, RevisionId};
use crate::report;
use crate::schema::SqliteVersion;

/// What the head of a script says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its identifier.
    pub id: RevisionId,
    /// The revisions that it follows: none for a base, several for a merge.
    pub parents: Vec<RevisionId>,
    /// What it does, in the words of its author.
    pub message: String,
    /// When it was written.
    pub created: Option<DateTime<Utc>>,
    /// The fingerprint of the schema after it.
    pub schema: Option<String>,
    /// The oldest SQLite that can run it.
    pub requires: Option<SqliteVersion>,
    /// The names of the branch that it begins.
    pub labels: Vec<String>,
    /// Revisions of other branches that must be there first: identifiers, unique prefixes or labels.
    pub depends_on: Vec<String>,
    /// The revisions that it stands for since they were squashed into it.
    pub replaces: Vec<RevisionId>,
    /// Why it cannot be taken back.
    pub irreversible: Option<String>,
    /// The file of another tool that it was taken over from, from the folder of the settings.
    pub origin: Option<String>,
}

impl Revision {
    /// A revision of which nothing is known but its identifier and its parents.
    #[must_use]
    pub fn new(id: RevisionId, parents: Vec<RevisionId>) -> Revision {
        Revision {
            id,
            parents,
            message: String::new(),
            created: None,
            schema: None,
            requires: None,
            labels: Vec::new(),
            depends_on: Vec::new(),
            replaces: Vec::new(),
            irreversible: None,
            origin: None,
        }
    }

    /// The lines of a script's head, each with its end.
    #[must_use]
    pub fn header(&self) -> String {
        let mut text = String::new();
        for key in HeaderKey::ALL {
            let value = match key {
                HeaderKey::Revision => self.id.to_string(),
                HeaderKey::Parents => write_parents(&self.parents),
                HeaderKey::Message => one_line(&self.message),
                HeaderKey::Created => self.created.map(write_time).unwrap_or_default(),
                HeaderKey::Schema => self.schema.clone().unwrap_or_default(),
                HeaderKey::Requires => self.requires.map(|version| format!("sqlite {version}")).unwrap_or_default(),
                HeaderKey::Labels => self.labels.join(", "),
                HeaderKey::DependsOn => self.depends_on.join(", "),
                HeaderKey::Replaces => write_list(&self.replaces),
                HeaderKey::Irreversible => self.irreversible.as_deref().map(one_line).unwrap_or_default(),
                HeaderKey::Origin => self.origin.clone().unwrap_or_default(),
            };
            if !value.is_empty() {
                writeln!(text, "-- {}: {value}", key.as_str()).expect("writing to a string does not fail");
            }
        }
        text
    }
}

/// The value of the key `parents`.
pub(super) fn write_parents(parents: &[RevisionId]) -> String {
    if parents.is_empty() { "none".to_owned() } else { write_list(parents) }
}

fn write_list(ids: &[RevisionId]) -> String {
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}

/// A time as scripts have it: UTC, to the second.
pub(super) fn write_time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A text on one line, since a head has one line for each value.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A key of a script's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeaderKey {
    /// `revision`
    Revision,
    /// `parents`
    Parents,
    /// `message`
    Message,
    /// `created`
    Created,
    /// `schema`
    Schema,
    /// `requires`
    Requires,
    /// `labels`
    Labels,
    /// `depends_on`
    DependsOn,
    /// `replaces`
    Replaces,
    /// `irreversible`
    Irreversible,
    /// `origin`
    Origin,
}

impl HeaderKey {
    /// All keys in the order in which they are written.
    pub const ALL: [HeaderKey; 11] = [
        HeaderKey::Revision,
        HeaderKey::Parents,
        HeaderKey::Message,
        HeaderKey::Created,
        HeaderKey::Schema,
        HeaderKey::Requires,
        HeaderKey::Labels,
        HeaderKey::DependsOn,
        HeaderKey::Replaces,
        HeaderKey::Irreversible,
        HeaderKey::Origin,
    ];

    /// The key as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            HeaderKey::Revision => "revision",
            HeaderKey::Parents => "parents",
            HeaderKey::Message => "message",
            HeaderKey::Created => "created",
            HeaderKey::Schema => "schema",
            HeaderKey::Requires => "requires",
            HeaderKey::Labels => "labels",
            HeaderKey::DependsOn => "depends_on",
            HeaderKey::Replaces => "replaces",
            HeaderKey::Irreversible => "irreversible",
            HeaderKey::Origin => "origin",
        }
    }

    fn named(word: &str) -> Option<HeaderKey> {
        HeaderKey::ALL.into_iter().find(|key| key.as_str() == word)
    }

    /// The key that a wrong word was meant to be.
    pub(super) fn near(word: &str) -> Option<&'static str> {
        report::nearest(word, HeaderKey::ALL.map(HeaderKey::as_str))
    }
}

/// `-- schemactl: allow …` is a word to `lint`, not a key.
const WORD_TO_LINT: &str = "schemactl";

/// A line of a head: its key and its value, with their places in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub key: &'a str,
    pub key_at: Range<usize>,
    pub value: &'a str,
    pub value_at: Range<usize>,
}

impl<'a> Line<'a> {
    /// The line of a head that a comment beginning at a byte of the text is; none if it is prose.
    ///
    /// A known key needs no space after its colon, so that `--parents:none` counts; another word is a key when it is
    /// in lower case, so that a slip is caught and `TODO: …` is prose.
    pub fn of(comment: &'a str, start: usize) -> Option<Line<'a>> {
        let body = comment.strip_prefix("--")?;
        let (before, after) = body.split_once(':')?;
        let key = before.trim();
        let is_key = match HeaderKey::named(&key.to_ascii_lowercase()) {
            Some(_) => true,
            None => {
                !key.is_empty()
                    && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                    && key != WORD_TO_LINT
                    && (after.is_empty() || after.starts_with(char::is_whitespace))
            }
        };
        let value = after.trim();
        let key_start = start + 2 + (before.len() - before.trim_start().len());
        let value_start = start + 2 + before.len() + 1 + (after.len() - after.trim_start().len());
        is_key.then_some(Line {
            key,
            key_at: key_start..key_start + key.len(),
            value,
            value_at: value_start..value_start + value.len(),
        })
    }

    /// The key, if it is one.
    pub fn known_key(&self) -> Option<HeaderKey> {
        HeaderKey::named(self.key)
    }

    /// The values of a list with their places, and the places of what is empty between commas.
    pub fn list(&self) -> Vec<(&'a str, Range<usize>)> {
        let mut at = self.value_at.start;
        let mut values = Vec::new();
        for item in self.value.split(',') {
            let start = at + (item.len() - item.trim_start().len());
            values.push((item.trim(), start..start + item.trim().len()));
            at += item.len() + 1;
        }
        values
    }
}

/// What is wrong with a value of a head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// A word that cannot be an identifier or a label.
    #[error(transparent)]
    Word(#[from] IllegalWord),
    /// A word twice in a list.
    #[error("`{0}` is in the list twice")]
    Twice(String),
    /// Nothing after the colon.
    #[error("expected a value, found nothing")]
    Empty,
    /// No time.
    #[error("`{0}` is not a time such as `2026-11-22T19:37:12Z`")]
    Time(String),
    /// No fingerprint.
    #[error("`{0}` is not a fingerprint, `sha256:` and 64 hexadecimal digits")]
    Fingerprint(String),
    /// No version of SQLite.
    #[error("`{0}` is not a version of SQLite such as `sqlite 3.35`")]
    Requires(String),
}

/// A part of a text that is wrong.
pub(super) type Wrong = (BadValue, Range<usize>);

/// Reads a line into the revision; gives back what is wrong with its value.
pub(super) fn read_value(line: &Line<'_>, key: HeaderKey, revision: &mut Revision) -> Result<(), Wrong> {
    let bad = |what: BadValue| (what, line.value_at.clone());
    if line.value.is_empty() {
        return Err((BadValue::Empty, line.key_at.clone()));
    }
    match key {
        HeaderKey::Revision => revision.id = RevisionId::new(line.value).map_err(|error| bad(error.into()))?,
        HeaderKey::Parents if line.value == "none" => revision.parents = Vec::new(),
        HeaderKey::Parents => revision.parents = ids(line)?,
        HeaderKey::Message => line.value.clone_into(&mut revision.message),
        HeaderKey::Created => {
            let time = DateTime::parse_from_rfc3339(line.value);
            let time = time.map_err(|_| bad(BadValue::Time(line.value.to_owned())))?;
            revision.created = Some(time.with_timezone(&Utc));
        }
        HeaderKey::Schema => {
            let digits = line.value.strip_prefix("sha256:").unwrap_or_default();
            if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(bad(BadValue::Fingerprint(line.value.to_owned())));
            }
            revision.schema = Some(line.value.to_owned());
        }
        HeaderKey::Requires => {
            let version = line.value.strip_prefix("sqlite ").and_then(|version| version.trim().parse().ok());
            revision.requires = Some(version.ok_or_else(|| bad(BadValue::Requires(line.value.to_owned())))?);
        }
        HeaderKey::Labels => revision.labels = ids(line)?.iter().map(RevisionId::to_string).collect(),
        HeaderKey::DependsOn => revision.depends_on = ids(line)?.iter().map(RevisionId::to_string).collect(),
        HeaderKey::Replaces => revision.replaces = ids(line)?,
        HeaderKey::Irreversible => revision.irreversible = Some(line.value.to_owned()),
        HeaderKey::Origin => revision.origin = Some(line.value.to_owned()),
    }
    Ok(())
}

fn ids(line: &Line<'_>) -> Result<Vec<RevisionId>, Wrong> {
    let mut ids = Vec::new();
    for (word, at) in line.list() {
        let id = RevisionId::new(word).map_err(|error| (error.into(), at.clone()))?;
        if ids.contains(&id) {
            return Err((BadValue::Twice(word.to_owned()), at));
        }
        ids.push(id);
    }
    Ok(ids)
}
