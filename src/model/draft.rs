//! A model while its files are read: what was found so far, and what can be judged only when all of it is there.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::blame::Passages;
use super::foreign_key::Reference;
use super::toml_reader::{Fields, Mistakes, Text};
use super::{Allowed, Ignore, Intent, Model, Places, check};
use crate::report::{Diagnostic, Place};
use crate::schema::{Index, Name, ObjectKind, ObjectRef, Schema, Table, Trigger, View, VirtualTable};

/// A model in the making.
pub(super) struct Draft<'a> {
    pub(super) schema: Schema,
    pub(super) intent: Intent,
    pub(super) mistakes: &'a Mistakes,
    pub(super) ignore: &'a Ignore,
    /// Foreign keys by child table.
    pub(super) references: Vec<(Name, Reference)>,
    /// Views and triggers that are said not to compile on purpose.
    pub(super) unchecked: BTreeSet<ObjectRef>,
    allowed: Vec<Allowed>,
    places: Places,
    passages: Passages,
    /// Tables, virtual tables, views and indexes, which share their names.
    taken: IndexMap<Name, (ObjectKind, Place)>,
    /// Indexes whose table may come later, each with the place of the name of its table.
    loose_indexes: Vec<(Name, Index, Place)>,
    /// The places where each trigger names its table.
    trigger_tables: Vec<(Name, Place)>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(mistakes: &'a Mistakes, ignore: &'a Ignore) -> Draft<'a> {
        Draft {
            schema: Schema::default(),
            intent: Intent::default(),
            mistakes,
            ignore,
            references: Vec::new(),
            unchecked: BTreeSet::new(),
            allowed: Vec::new(),
            places: Places::new(),
            passages: Passages::default(),
            taken: IndexMap::new(),
            loose_indexes: Vec::new(),
            trigger_tables: Vec::new(),
        }
    }

    /// Takes a name for an object; a name that is taken already is a mistake.
    pub(super) fn claim(&mut self, kind: ObjectKind, name: &Name, place: Place) {
        let before = match kind {
            ObjectKind::Trigger => {
                let key = (ObjectRef::new(kind, name), None);
                self.places.get(&key).map(|place| (kind, place.clone()))
            }
            _ => self.taken.get(name).cloned(),
        };
        if let Some((before, at)) = before {
            let (line, _) = at.line_and_column();
            let note = format!("there is already a {before} of that name in {}, line {line}", at.source.path);
            let message = format!("the name `{name}` is taken");
            return self.mistakes.add(Diagnostic::new("duplicate_name", message).at(place).note(note));
        }
        if name.folded().starts_with("sqlite_") {
            let message = format!("the name `{name}` is reserved for SQLite's own tables");
            self.mistakes.add(Diagnostic::new("reserved_name", message).at(place.clone()));
        }
        if kind != ObjectKind::Trigger {
            self.taken.insert(name.clone(), (kind, place.clone()));
        }
        self.places.insert((ObjectRef::new(kind, name), None), place);
    }

    /// Where an object or a column of it stands.
    pub(super) fn place(&self, object: &ObjectRef, column: Option<&Name>) -> Option<Place> {
        self.places.get(&(object.clone(), column.cloned())).cloned()
    }

    /// Notes where a column of a table stands.
    pub(super) fn column_place(&mut self, table: &Name, column: &Name, place: Place) {
        self.places.insert((ObjectRef::new(ObjectKind::Table, table), Some(column.clone())), place);
    }

    /// Notes the texts in which an object is described.
    pub(super) fn add_passages(&mut self, kind: ObjectKind, name: &Name, texts: &[Text<'_>]) {
        self.passages.add(ObjectRef::new(kind, name), texts.iter().map(|text| (text.as_str(), text.place())));
    }

    /// Notes the findings of `lint` that are agreed to where an object is described.
    pub(super) fn read_allowed(&mut self, fields: &Fields<'_>, kind: ObjectKind, name: &Name) {
        let codes = fields.get("allow").and_then(|value| value.fields("`allow`"));
        for value in codes.iter().flat_map(Fields::all) {
            let Some(reason) = value.text_or("the reason, a string") else { continue };
            self.allowed.push(Allowed {
                object: ObjectRef::new(kind, name),
                code: value.key().to_owned(),
                reason: reason.as_str().trim().to_owned(),
                place: value.key_place(),
            });
        }
    }

    /// Notes a finding of `lint` that a comment agrees to.
    pub(super) fn allow(&mut self, object: ObjectRef, code: &str, reason: &str, place: Place) {
        self.allowed.push(Allowed { object, code: code.to_owned(), reason: reason.to_owned(), place });
    }

    /// Notes the foreign keys of a table.
    pub(super) fn add_references(&mut self, table: &Name, references: Vec<Reference>) {
        self.references.extend(references.into_iter().map(|reference| (table.clone(), reference)));
    }

    pub(super) fn add_table(&mut self, table: Table) {
        self.schema.tables.entry(table.name.clone()).or_insert(table);
    }

    /// Adds an index; its table may come later.
    pub(super) fn add_index(&mut self, table: Name, index: Index, place: Place) {
        self.loose_indexes.push((table, index, place));
    }

    pub(super) fn add_view(&mut self, view: View) {
        self.schema.views.entry(view.name.clone()).or_insert(view);
    }

    pub(super) fn add_virtual_table(&mut self, table: VirtualTable) {
        self.schema.virtual_tables.entry(table.name.clone()).or_insert(table);
    }

    /// Adds a trigger, read from that text.
    pub(super) fn add_trigger(&mut self, trigger: Trigger, text: &Text<'_>) {
        self.trigger_tables.push((trigger.table.clone(), text.place_of(check::table_of_trigger(text.as_str()))));
        self.schema.triggers.entry(trigger.name.clone()).or_insert(trigger);
    }

    /// Puts the pieces together and judges how they fit, if all files could be read.
    pub(super) fn finish(mut self, complete: bool) -> Model {
        for (table, index, place) in std::mem::take(&mut self.loose_indexes) {
            if let Some(table) = self.schema.tables.get_mut(&table) {
                table.indexes.entry(index.name.clone()).or_insert(index);
            } else if complete {
                self.mistakes.add(check::no_table(&self.schema, &table).at(place));
            }
        }
        if complete {
            for (table, place) in &self.trigger_tables {
                let is_view = self.schema.views.contains_key(table);
                let is_there = is_view || self.schema.tables.contains_key(table);
                if !is_there && !self.schema.virtual_tables.contains_key(table) && !self.ignore.covers(table) {
                    self.mistakes.add(check::no_table(&self.schema, table).at(place.clone()));
                }
            }
            check::references(&self);
        }
        check::renames(&self);
        let Draft { schema, intent, unchecked, allowed, places, passages, .. } = self;
        Model { schema, intent, unchecked, allowed, places, passages }
    }
}
