//! A schema as a picture: tables as cards, foreign keys as lines between them.
//!
//! [`Picture::of`] says what is shown, [`layout`] where it stands, and one file a form writes it: Mermaid, Graphviz DOT,
//! SVG, and a page of HTML around the SVG. Nothing here reads a database, and no program but this one is needed.

pub mod dot;
pub mod html;
pub mod layout;
pub mod mermaid;
pub mod svg;
mod text;

use indexmap::IndexMap;

use crate::schema::{Column, ForeignKey, IndexKey, Name, Schema, Table};

/// What is shown of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The tables.
    pub cards: Vec<Card>,
    /// The foreign keys between them.
    pub references: Vec<Reference>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The columns that are shown, in their order.
    pub entries: Vec<Entry>,
    /// How many more columns it has.
    pub hidden: usize,
}

/// What a card stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A table.
    Table,
    /// A virtual table of this module.
    Virtual(String),
    /// A table that others refer to and that is not among those that are shown.
    Elsewhere,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its declared type; empty without one.
    pub type_name: String,
    /// Whether it is part of the primary key.
    pub is_primary: bool,
    /// Whether it is part of a foreign key.
    pub is_foreign: bool,
    /// Whether it is unique by itself.
    pub is_unique: bool,
    /// Whether it may be NULL.
    pub is_nullable: bool,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The card that refers, and its entry where one is shown.
    pub child: End,
    /// The card that is referred to, and its entry where one is shown.
    pub parent: End,
    /// Whether several children may have the same parent.
    pub is_many: bool,
    /// Whether a child may have no parent.
    pub is_optional: bool,
    /// `task.team_id → team.id, ON DELETE CASCADE`
    pub text: String,
}

/// Where a line ends: a card, and one of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The card, by its place among the cards.
    pub card: usize,
    /// The entry, by its place in the card; `None` stands for the card's title.
    pub entry: Option<usize>,
}

/// Which columns are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Columns {
    /// All.
    #[default]
    All,
    /// Those of primary and foreign keys.
    Keys,
    /// None: the titles alone.
    None,
}

impl Picture {
    /// The picture of the tables that `is_shown` takes. Tables that these refer to are shown by name alone.
    #[must_use]
    pub fn of(schema: &Schema, is_shown: &dyn Fn(&Name) -> bool, columns: Columns) -> Picture {
        let mut cards: IndexMap<Name, Card> = IndexMap::new();
        for table in schema.tables.values().filter(|table| is_shown(&table.name)) {
            cards.insert(table.name.clone(), card(table, columns));
        }
        for table in schema.virtual_tables.values().filter(|table| is_shown(&table.name)) {
            let kind = Kind::Virtual(table.module.to_string());
            cards.insert(table.name.clone(), Card { kind, ..empty(&table.name) });
        }
        let mut references = Vec::new();
        for table in schema.tables.values().filter(|table| is_shown(&table.name)) {
            for key in &table.foreign_keys {
                let elsewhere = || Card { kind: Kind::Elsewhere, ..empty(&key.parent) };
                cards.entry(key.parent.clone()).or_insert_with(elsewhere);
                references.push(reference(schema, &cards, table, key));
            }
        }
        Picture { cards: cards.into_values().collect(), references }
    }
}

fn empty(name: &Name) -> Card {
    Card { name: name.to_string(), kind: Kind::Table, entries: Vec::new(), hidden: 0 }
}

fn card(table: &Table, columns: Columns) -> Card {
    let entries: Vec<Entry> = table.columns.iter().map(|column| entry(table, column)).collect();
    let shown: Vec<Entry> = entries
        .iter()
        .filter(|entry| match columns {
            Columns::All => true,
            Columns::Keys => entry.is_primary || entry.is_foreign,
            Columns::None => false,
        })
        .cloned()
        .collect();
    let hidden = if columns == Columns::None { 0 } else { entries.len() - shown.len() };
    Card { entries: shown, hidden, ..empty(&table.name) }
}

fn entry(table: &Table, column: &Column) -> Entry {
    Entry {
        name: column.name.to_string(),
        type_name: column.type_name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned()),
        is_primary: table.is_in_primary_key(&column.name),
        is_foreign: table.foreign_keys.iter().any(|key| key.columns.contains(&column.name)),
        is_unique: is_unique(table, std::slice::from_ref(&column.name)),
        is_nullable: is_nullable(table, column),
    }
}

/// Whether a column can hold NULL: also one of a primary key, but for the rowid
/// (<https://www.sqlite.org/lang_createtable.html#the_primary_key>).
fn is_nullable(table: &Table, column: &Column) -> bool {
    let is_rowid = table.rowid_alias().is_some_and(|alias| alias.name == column.name);
    column.not_null.is_none() && !is_rowid && !table.is_not_null_by_key(column)
}

/// Whether no two rows agree in these columns: some key has no column beside them.
fn is_unique(table: &Table, columns: &[Name]) -> bool {
    let covers = |key: &[&Name]| !key.is_empty() && key.iter().all(|name| columns.contains(name));
    let primary = table.primary_key.iter().map(|key| &key.columns);
    let constraints = primary.chain(table.uniques.iter().map(|unique| &unique.columns));
    let by_constraint = constraints.map(|key| key.iter().map(|column| &column.name).collect::<Vec<_>>());
    let whole = table.indexes.values().filter(|index| index.unique && index.predicate.is_none());
    let by_index = whole.filter_map(|index| {
        let columns = index.terms.iter().map(|term| match &term.key {
            IndexKey::Column(name) => Some(name),
            IndexKey::Expression(_) => None,
        });
        columns.collect::<Option<Vec<&Name>>>()
    });
    by_constraint.chain(by_index).any(|key| covers(&key))
}

fn reference(schema: &Schema, cards: &IndexMap<Name, Card>, table: &Table, key: &ForeignKey) -> Reference {
    let parent_columns = parent_columns(schema, key);
    let end = |name: &Name, column: Option<&Name>| {
        let card = cards.get_index_of(name).expect("both ends of a reference have a card by now");
        let is_it = |entry: &Entry| column.is_some_and(|column| *column == *entry.name);
        End { card, entry: cards[card].entries.iter().position(is_it) }
    };
    let may_be_null = |name: &Name| table.column(name).is_none_or(|column| is_nullable(table, column));
    Reference {
        child: end(&table.name, key.columns.first()),
        parent: end(&key.parent, parent_columns.first()),
        is_many: !is_unique(table, &key.columns),
        is_optional: key.columns.iter().any(may_be_null),
        text: text::reference(&table.name, key, &parent_columns),
    }
}

/// The columns that a foreign key refers to: those that it names, or the parent's primary key.
fn parent_columns(schema: &Schema, key: &ForeignKey) -> Vec<Name> {
    if !key.parent_columns.is_empty() {
        return key.parent_columns.clone();
    }
    let primary = schema.tables.get(&key.parent).and_then(|parent| parent.primary_key.as_ref());
    primary.map(|key| key.columns.iter().map(|column| column.name.clone()).collect()).unwrap_or_default()
}
