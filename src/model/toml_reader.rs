//! TOML with places: every value knows where it stands, and every mistake of a file is noted, not only the first.
//!
//! Knows TOML, not what a model is.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::{Error, toml_writer};
use crate::report::{Diagnostic, Place, Source, nearest};

/// More syntax errors of one file than these are not shown: what follows a few of them is noise.
const SYNTAX_ERRORS_SHOWN: usize = 10;

/// The mistakes found so far, in all files.
#[derive(Debug, Default)]
pub(super) struct Mistakes(RefCell<Vec<Diagnostic>>);

impl Mistakes {
    /// Notes one more.
    pub(super) fn add(&self, mistake: Diagnostic) {
        self.0.borrow_mut().push(mistake);
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// All of them by file, those of one file in the order of its text.
    pub(super) fn into_sorted(self, files: &[Arc<Source>]) -> Vec<Diagnostic> {
        let mut mistakes = self.0.into_inner();
        mistakes.sort_by_key(|mistake| {
            mistake.place.as_ref().map(|place| {
                let file = files.iter().position(|file| Arc::ptr_eq(file, &place.source));
                (file.unwrap_or(files.len()), place.span.start)
            })
        });
        mistakes
    }
}

/// A TOML file whose syntax is right.
pub(super) struct Document<'a> {
    source: &'a Arc<Source>,
    root: DeTable<'a>,
}

impl<'a> Document<'a> {
    /// Reads a file; syntax errors are noted, and then nothing else of it is read.
    pub(super) fn parse(source: &'a Arc<Source>, mistakes: &Mistakes) -> Option<Document<'a>> {
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        for error in errors.iter().take(SYNTAX_ERRORS_SHOWN) {
            let span = error.span().unwrap_or(0..0);
            mistakes.add(Diagnostic::new("toml", error.message()).at(Place::new(source, span)));
        }
        errors.is_empty().then(|| Document { source, root: root.into_inner() })
    }

    /// Reads a file of which nothing else is known.
    pub(super) fn parse_alone(source: &'a Arc<Source>) -> Result<Document<'a>, Error> {
        let mistakes = Mistakes::default();
        Document::parse(source, &mistakes).ok_or_else(|| Error::Mistakes(mistakes.into_sorted(&[])))
    }

    /// The file.
    pub(super) fn source(&self) -> &'a Arc<Source> {
        self.source
    }

    /// The keys of the whole file.
    pub(super) fn fields<'b>(&'b self, what: &str, mistakes: &'b Mistakes) -> Fields<'b> {
        let context = Context { source: self.source, mistakes };
        Fields { context, what: what.to_owned(), span: 0..0, table: &self.root, asked: RefCell::default() }
    }
}

/// The file that is read and where its mistakes go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    source: &'a Arc<Source>,
    mistakes: &'a Mistakes,
}

impl Context<'_> {
    fn place(self, span: &Range<usize>) -> Place {
        Place::new(self.source, span.clone())
    }
}

/// A TOML value in its place, under the key that it was found by.
#[derive(Debug, Clone)]
pub(super) struct Value<'a> {
    context: Context<'a>,
    key: Cow<'a, str>,
    key_span: Range<usize>,
    span: Range<usize>,
    toml: &'a DeValue<'a>,
}

impl<'a> Value<'a> {
    /// What it is, to choose a form by.
    pub(super) fn kind(&self) -> &'a DeValue<'a> {
        self.toml
    }

    /// The key that it stands under; for an item of a list, the key of the list.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The name that its key is.
    pub(super) fn key_text(&self) -> Option<Text<'a>> {
        Text::new(self.context, self.key.clone(), self.key_span.clone())
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        self.context.place(&self.span)
    }

    /// Where its key stands.
    pub(super) fn key_place(&self) -> Place {
        self.context.place(&self.key_span)
    }

    /// Notes a mistake about it.
    pub(super) fn mistake(&self, mistake: Diagnostic) {
        self.context.mistakes.add(mistake.at(self.place()));
    }

    /// Notes that it should have been something else.
    pub(super) fn wrong_type(&self, expected: &str) {
        let found = self.toml.type_str();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        let message = format!("`{}` takes {expected}, found {article} {found}", self.key);
        self.mistake(Diagnostic::new("wrong_type", message).label(format!("expected {expected}")));
    }

    /// All strings in it, in the order of the file, but for those under these keys.
    pub(super) fn texts(&self, except: &[&str]) -> Vec<Text<'a>> {
        match self.toml {
            DeValue::String(text) => {
                vec![Text { context: self.context, meant: Cow::Borrowed(text), span: self.span.clone() }]
            }
            DeValue::Array(_) => self.one_or_many().iter().flat_map(|item| item.texts(except)).collect(),
            DeValue::Table(_) => {
                let values = self.fields("");
                let values = values.iter().flat_map(Fields::all).filter(|value| !except.contains(&value.key()));
                values.flat_map(|value| value.texts(except)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Its text, if it is a string.
    pub(super) fn text(&self) -> Option<Text<'a>> {
        self.text_or("a string")
    }

    /// Its text; anything but a string is a mistake in these words.
    pub(super) fn text_or(&self, expected: &str) -> Option<Text<'a>> {
        let DeValue::String(text) = self.toml else {
            self.wrong_type(expected);
            return None;
        };
        Text::new(self.context, Cow::Borrowed(text), self.span.clone())
    }

    /// Whether it is true.
    pub(super) fn flag(&self) -> Option<bool> {
        let flag = self.toml.as_bool();
        if flag.is_none() {
            self.wrong_type("true or false");
        }
        flag
    }

    /// Its items, if it is a list; anything else is a mistake in these words.
    pub(super) fn items_or(&self, expected: &str) -> Option<Vec<Value<'a>>> {
        let DeValue::Array(array) = self.toml else {
            self.wrong_type(expected);
            return None;
        };
        let item = |item: &'a toml::Spanned<DeValue<'a>>| Value {
            context: self.context,
            key: self.key.clone(),
            key_span: self.key_span.clone(),
            span: item.span(),
            toml: item.get_ref(),
        };
        Some(array.iter().map(item).collect())
    }

    /// Its items if it is a list, else itself as the only one.
    pub(super) fn one_or_many(&self) -> Vec<Value<'a>> {
        if self.toml.is_array() { self.items_or("a list").unwrap_or_default() } else { vec![self.clone()] }
    }

    /// Its keys, if it is a table; `what` names it in messages.
    pub(super) fn fields(&self, what: impl Into<String>) -> Option<Fields<'a>> {
        self.fields_or(what, "a table")
    }

    /// Its keys; anything but a table is a mistake in these words.
    pub(super) fn fields_or(&self, what: impl Into<String>, expected: &str) -> Option<Fields<'a>> {
        let DeValue::Table(table) = self.toml else {
            self.wrong_type(expected);
            return None;
        };
        let span = self.span.clone();
        Some(Fields { context: self.context, what: what.into(), span, table, asked: RefCell::default() })
    }
}

/// The keys of a table. Each key that is asked for is known; [`Fields::finish`] notes the others.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    context: Context<'a>,
    what: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    /// The value of a key that is known here.
    pub(super) fn get(&self, key: &'static str) -> Option<Value<'a>> {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
        }
        self.table.get_key_value(key).map(|(key, value)| self.value(key, value))
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, key: &'static str) -> Option<Value<'a>> {
        let value = self.get(key);
        if value.is_none() {
            self.mistake(Diagnostic::new("missing_key", format!("missing key `{key}` in {}", self.what)));
        }
        value
    }

    /// The text of a key that holds a string.
    pub(super) fn text(&self, key: &'static str) -> Option<Text<'a>> {
        self.get(key).and_then(|value| value.text())
    }

    /// Whether a key that holds true or false is there and true.
    pub(super) fn flag(&self, key: &'static str) -> bool {
        self.get(key).and_then(|value| value.flag()).unwrap_or(false)
    }

    /// All values, whatever their keys: for tables whose keys are names.
    pub(super) fn all(&self) -> impl Iterator<Item = Value<'a>> {
        self.table.iter().map(|(key, value)| self.value(key, value))
    }

    /// Where the table stands: its header or its braces.
    pub(super) fn place(&self) -> Place {
        self.context.place(&self.span)
    }

    /// Notes a mistake about the table.
    pub(super) fn mistake(&self, mistake: Diagnostic) {
        self.context.mistakes.add(mistake.at(self.place()));
    }

    /// Notes a mistake that has its place already.
    pub(super) fn mistake_elsewhere(&self, mistake: Diagnostic) {
        self.context.mistakes.add(mistake);
    }

    /// Notes each of these keys that is there, since another key says it all.
    pub(super) fn forbid(&self, keys: &[&'static str], beside: &str) {
        for value in keys.iter().filter_map(|key| self.get(key)) {
            let message = format!("`{}` beside `{beside}`, which says all of {}", value.key(), self.what);
            self.mistake_elsewhere(Diagnostic::new("bad_value", message).at(value.key_place()));
        }
    }

    /// Notes every key that was not asked for.
    pub(super) fn finish(self) {
        let known = self.asked.into_inner();
        for key in self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let message = format!("unknown key `{}` in {}", key.get_ref(), self.what);
            let help = match nearest(key.get_ref(), known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it takes {}", list(&known)),
            };
            let place = self.context.place(&key.span());
            self.context.mistakes.add(Diagnostic::new("unknown_key", message).at(place).help(help));
        }
    }

    fn value(&self, key: &'a toml::Spanned<Cow<'a, str>>, value: &'a toml::Spanned<DeValue<'a>>) -> Value<'a> {
        Value {
            context: self.context,
            key: Cow::Borrowed(key.get_ref()),
            key_span: key.span(),
            span: value.span(),
            toml: value.get_ref(),
        }
    }
}

/// Things in backticks, separated by commas.
pub(super) fn list(things: &[&str]) -> String {
    things.iter().map(|thing| format!("`{thing}`")).collect::<Vec<_>>().join(", ")
}

/// The text of a TOML string in its place. Holds no NUL, which SQL cannot.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    context: Context<'a>,
    meant: Cow<'a, str>,
    span: Range<usize>,
}

impl<'a> Text<'a> {
    fn new(context: Context<'a>, text: Cow<'a, str>, span: Range<usize>) -> Option<Text<'a>> {
        let text = Text { context, meant: text, span };
        if text.meant.contains('\0') {
            text.mistake(Diagnostic::new("nul", "a NUL character, which neither a name nor SQL can hold"));
            return None;
        }
        Some(text)
    }

    /// A whole file as one text.
    pub(super) fn of_file(source: &'a Arc<Source>, mistakes: &'a Mistakes) -> Option<Text<'a>> {
        Text::new(Context { source, mistakes }, Cow::Borrowed(&source.text), 0..source.text.len())
    }

    /// A part of it, without the TOML quotes around it.
    pub(super) fn part(&self, part: Range<usize>) -> Text<'a> {
        let text = Cow::Owned(self.meant[part.clone()].to_owned());
        Text { context: self.context, meant: text, span: self.place_of(part).span }
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.meant
    }

    /// Where it stands, quotes included.
    pub(super) fn place(&self) -> Place {
        self.context.place(&self.span)
    }

    /// Where a part of the text stands in the file; all of it where escapes hide the part.
    pub(super) fn place_of(&self, part: Range<usize>) -> Place {
        place_of(&self.place(), &self.meant, &part)
    }

    /// Notes a mistake about it.
    pub(super) fn mistake(&self, mistake: Diagnostic) {
        self.context.mistakes.add(mistake.at(self.place()));
    }

    /// Notes a mistake that has its place already.
    pub(super) fn mistake_elsewhere(&self, mistake: Diagnostic) {
        self.context.mistakes.add(mistake);
    }

    /// Notes a mistake about a part of it.
    pub(super) fn mistake_in(&self, part: Range<usize>, mistake: Diagnostic) {
        self.context.mistakes.add(mistake.at(self.place_of(part)));
    }
}

/// Where a part of the text that stands in a place does; the whole place where escapes hide the part.
pub(super) fn place_of(place: &Place, text: &str, part: &Range<usize>) -> Place {
    let Place { source, span } = place;
    match toml_writer::locate(&source.text[span.clone()], text, part) {
        Some(inside) => Place::new(source, span.start + inside.start..span.start + inside.end),
        None => place.clone(),
    }
}
