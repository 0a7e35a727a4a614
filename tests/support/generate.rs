//! Random schemas that SQLite accepts and that reach every clause.
//!
//! A schema is decided by a list of numbers, one per choice; where the list ends, the simplest choice is made. So a
//! failing schema shrinks by itself to the smallest list that still fails.

use std::collections::BTreeSet;

use proptest::prelude::*;
use schemactl::schema::{
    Action, Check, Column, ConflictClause, Deferrable, Event, Expression, ForeignKey, Generated, Index, IndexKey,
    IndexTerm, Initially, KeyColumn, Name, NotNull, PrimaryKey, Schema, Table, Timing, Trigger, TypeName, Unique, View,
    VirtualTable,
};

/// Random schemas.
pub fn schema() -> impl Strategy<Value = Schema> {
    choices(400).prop_map(|mut choices| choices.schema())
}

/// Random choices, at most so many.
pub fn choices(most: usize) -> impl Strategy<Value = Choices> {
    prop::collection::vec(any::<u16>(), 0..most).prop_map(|numbers| Choices { numbers, at: 0 })
}

/// What is chosen where something can be chosen.
#[derive(Debug, Clone)]
pub struct Choices {
    numbers: Vec<u16>,
    at: usize,
}

/// Names that quoting, keywords, comments and case could break.
const NAMES: [&str; 36] = [
    "a",
    "b",
    "id",
    "User",
    "order",
    "select",
    "group",
    "x y",
    "it's",
    "quo\"te",
    "br]ack",
    "[open",
    "back`tick",
    "Größe",
    "日本",
    "-- c",
    "/* c",
    "semi;colon",
    "(paren",
    "com,ma",
    "line\nbreak",
    "a.b",
    "%s",
    "'single'",
    "NULL",
    "true",
    "rowid",
    "end",
    "begin",
    "generated",
    "always",
    "current_date",
    "desc",
    "left",
    "$1",
    "😀",
];

pub(super) const TYPES: [&str; 10] = [
    "INTEGER",
    "TEXT",
    "integer",
    "VARCHAR(20)",
    "DECIMAL (10, -2)",
    "UNSIGNED BIG INT",
    "double precision",
    "BLOB",
    "'primary key'",
    "generated",
];

pub(super) const STRICT_TYPES: [&str; 6] = ["INTEGER", "TEXT", "INT", "REAL", "BLOB", "ANY"];

const COLLATIONS: [&str; 4] = ["NOCASE", "RTRIM", "BINARY", "nocase"];

const DEFAULTS: [&str; 14] = [
    "0",
    "''",
    "-1",
    "+2.5e3",
    "'it''s -- no /* comment'",
    "NULL",
    "TRUE",
    "x'00ff'",
    "CURRENT_TIMESTAMP",
    "1 + 2",
    "datetime('now')",
    "'a' || \n'b'",
    "9223372036854775807",
    "'line\nbreak'",
];

impl Choices {
    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        let number = self.numbers.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(number) % limit.max(1)
    }

    /// True in one of so many cases, and never where no choice is left.
    pub fn once_in(&mut self, cases: usize) -> bool {
        self.below(cases) == cases - 1
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn maybe<T>(&mut self, cases: usize, make: impl FnOnce(&mut Choices) -> T) -> Option<T> {
        self.once_in(cases).then(|| make(self))
    }

    /// Some of these, at least one, in any order.
    pub(super) fn some_of<T: Clone>(&mut self, from: &[T]) -> Vec<T> {
        let mut rest = from.to_vec();
        let count = 1 + self.below(from.len().min(3));
        (0..count).map(|_| rest.remove(self.below(rest.len()))).collect()
    }

    /// A name that is not taken yet.
    pub(super) fn name(&mut self, taken: &mut BTreeSet<Name>) -> Name {
        let text = *self.pick(&NAMES);
        let numbered = (2..).map(|number| Name::new(format!("{text}{number}")));
        let name = std::iter::once(Name::from(text))
            .chain(numbered)
            .find(|name| !taken.contains(name))
            .expect("there are more numbers than names");
        taken.insert(name.clone());
        name
    }

    /// The same name, perhaps in another case.
    fn respelled(&mut self, name: &Name) -> Name {
        if self.once_in(4) { Name::new(name.as_str().to_ascii_uppercase()) } else { name.clone() }
    }

    pub(super) fn default_value(&mut self) -> Expression {
        let text: &&str = self.pick(&DEFAULTS);
        Expression::default_value(text)
    }

    pub(super) fn conflict(&mut self) -> Option<ConflictClause> {
        self.maybe(4, |choices| choices.pick(&ConflictClause::ALL).0)
    }

    fn collate(&mut self) -> Option<Name> {
        self.maybe(4, |choices| Name::from(*choices.pick(&COLLATIONS)))
    }

    pub fn schema(&mut self) -> Schema {
        let mut schema = Schema::default();
        let mut taken = BTreeSet::new();
        let tables: Vec<Name> = (0..=self.below(3)).map(|_| self.name(&mut taken)).collect();
        for name in &tables {
            let table = self.table(name.clone(), &tables);
            schema.tables.insert(name.clone(), table);
        }
        for name in &tables {
            for _ in 0..self.below(3) {
                let index = self.index(&mut taken, &schema.tables[name]);
                schema.tables[name].indexes.insert(index.name.clone(), index);
            }
        }
        for _ in 0..self.below(2) {
            let table = self.virtual_table(&mut taken);
            schema.virtual_tables.insert(table.name.clone(), table);
        }
        for _ in 0..self.below(3) {
            let view = self.view(&mut taken, &schema);
            schema.views.insert(view.name.clone(), view);
        }
        for _ in 0..self.below(4) {
            let trigger = self.trigger(&mut taken, &schema);
            schema.triggers.insert(trigger.name.clone(), trigger);
        }
        schema
    }

    pub(super) fn table(&mut self, name: Name, tables: &[Name]) -> Table {
        let mut table = Table::new("");
        table.name = name;
        table.strict = self.once_in(4);
        let mut names = BTreeSet::new();
        for place in 0..=self.below(6) {
            let name = self.name(&mut names);
            let column = self.column(name, &table, place > 0);
            table.columns.push(column);
        }
        let key = self.below(5);
        let stored: Vec<Name> =
            table.columns.iter().filter(|column| column.is_copied()).map(|column| column.name.clone()).collect();
        let names: Vec<Name> = table.columns.iter().map(|column| column.name.clone()).collect();
        let mut labels = BTreeSet::new();
        match key {
            0 => {}
            1 | 2 => self.inline_primary_key(&mut table, &stored, &mut labels),
            _ => self.primary_key(&mut table, &stored, &mut labels),
        }
        // Constraints stand in the order in which SQL has them: with the columns first.
        for column in &names {
            let unique = self.maybe(6, |choices| choices.unique(std::slice::from_ref(column), true, &mut labels));
            table.uniques.extend(unique);
            for _ in 0..self.below(8) / 6 {
                let (name, expression) = (self.label(&mut labels), self.condition(column));
                table.checks.push(Check { name, expression, on_conflict: None, inline: Some(column.clone()) });
            }
            let foreign_key =
                self.maybe(5, |choices| choices.foreign_key(vec![column.clone()], true, tables, &mut labels));
            table.foreign_keys.extend(foreign_key);
        }
        for _ in 0..self.below(4) / 2 {
            let columns = self.some_of(&names);
            let unique = self.unique(&columns, false, &mut labels);
            table.uniques.push(unique);
        }
        for _ in 0..self.below(4) / 2 {
            let (column, name, on_conflict) = (self.pick(&names).clone(), self.label(&mut labels), self.conflict());
            let expression = if self.once_in(3) { self.condition_on_several(&names) } else { self.condition(&column) };
            table.checks.push(Check { name, expression, on_conflict, inline: None });
        }
        for _ in 0..self.below(4) / 2 {
            let columns = self.some_of(&names);
            let foreign_key = self.foreign_key(columns, false, tables, &mut labels);
            table.foreign_keys.push(foreign_key);
        }
        keep_conflicts_apart(&mut table);
        table
    }

    pub(super) fn column(&mut self, name: Name, table: &Table, may_be_generated: bool) -> Column {
        let mut column = Column::new("", None);
        column.name = name;
        column.type_name = if table.strict {
            Some(TypeName::new(*self.pick(&STRICT_TYPES)))
        } else {
            let type_name = *self.pick(&TYPES);
            (!self.once_in(5)).then(|| TypeName::new(type_name))
        };
        column.collate = self.collate();
        if self.once_in(3) {
            let name = self.maybe(4, |choices| Name::from(*choices.pick(&NAMES)));
            column.not_null = Some(NotNull { name, on_conflict: self.conflict() });
        }
        let sources: Vec<&Column> = table.columns.iter().filter(|column| column.is_copied()).collect();
        if may_be_generated && !sources.is_empty() && self.once_in(6) {
            let source = self.pick(&sources).name.quoted();
            let forms = [format!("{source} || 'x'"), format!("length({source})"), source.clone(), "1".to_owned()];
            let expression = Expression::new(self.pick(&forms).clone());
            column.generated = Some(Generated { expression, stored: self.once_in(2) });
        } else {
            column.default = self.maybe(3, Choices::default_value);
        }
        let idle = self.below(10) / 8;
        column.idle_names = (0..idle).map(|_| Name::from(*self.pick(&NAMES))).collect();
        column
    }

    /// The name of a constraint, each once per table.
    fn label(&mut self, labels: &mut BTreeSet<Name>) -> Option<Name> {
        self.maybe(3, |choices| choices.name(labels))
    }

    fn inline_primary_key(&mut self, table: &mut Table, stored: &[Name], labels: &mut BTreeSet<Name>) {
        let only = KeyColumn { name: self.pick(stored).clone(), collate: None, descending: self.once_in(6) };
        let (name, on_conflict) = (self.label(labels), self.conflict());
        table.without_rowid = self.once_in(4);
        table.primary_key =
            Some(PrimaryKey { name, columns: vec![only], on_conflict, autoincrement: false, inline: true });
        self.autoincrement(table);
    }

    fn primary_key(&mut self, table: &mut Table, stored: &[Name], labels: &mut BTreeSet<Name>) {
        let columns = self.some_of(stored);
        let (name, columns, on_conflict) = (self.label(labels), self.key_columns(&columns), self.conflict());
        table.without_rowid = self.once_in(3);
        table.primary_key = Some(PrimaryKey { name, columns, on_conflict, autoincrement: false, inline: false });
        self.autoincrement(table);
    }

    fn autoincrement(&mut self, table: &mut Table) {
        let may_increment = table.rowid_alias().is_some();
        let autoincrement = may_increment && self.once_in(3);
        table.primary_key.iter_mut().for_each(|key| key.autoincrement = autoincrement);
    }

    fn key_columns(&mut self, columns: &[Name]) -> Vec<KeyColumn> {
        let column = |name: &Name| {
            let (name, collate) = (self.respelled(name), self.collate());
            KeyColumn { name, collate, descending: self.once_in(4) }
        };
        columns.iter().map(column).collect()
    }

    pub(super) fn unique(&mut self, columns: &[Name], inline: bool, labels: &mut BTreeSet<Name>) -> Unique {
        let columns = if inline {
            columns.iter().map(|name| KeyColumn { name: name.clone(), collate: None, descending: false }).collect()
        } else {
            self.key_columns(columns)
        };
        Unique { name: self.label(labels), columns, on_conflict: self.conflict(), inline }
    }

    pub(super) fn foreign_key(
        &mut self,
        columns: Vec<Name>,
        inline: bool,
        tables: &[Name],
        labels: &mut BTreeSet<Name>,
    ) -> ForeignKey {
        let parent = if self.once_in(4) { Name::from("no such table") } else { self.pick(tables).clone() };
        let parent_columns =
            if self.once_in(3) { Vec::new() } else { columns.iter().map(|_| Name::from(*self.pick(&NAMES))).collect() };
        let deferrable = self.maybe(3, |choices| Deferrable {
            not: choices.once_in(3),
            initially: *choices.pick(&[None, Some(Initially::Deferred), Some(Initially::Immediate)]),
        });
        ForeignKey {
            name: self.label(labels),
            columns,
            parent: self.respelled(&parent),
            parent_columns,
            on_delete: self.pick(&Action::ALL).0,
            on_update: self.pick(&Action::ALL).0,
            match_type: self.maybe(5, |choices| Name::from(*choices.pick(&["SIMPLE", "FULL", "my match"]))),
            deferrable,
            inline,
        }
    }

    /// A condition that rows seldom break.
    pub(super) fn condition(&mut self, column: &Name) -> Expression {
        let name = column.quoted();
        let forms = [
            format!("{name} IS NOT 'x'"),
            format!("typeof({name}) <> 'none' AND ({name} IS NULL OR length({name}) < 1000)"),
            format!("{name} COLLATE NOCASE NOT IN ('-- no', '/* no')"),
            format!("CASE WHEN {name} IS NULL THEN 1 ELSE {name} IS NOT x'ff' END"),
            format!("({name}) IS NOT (1 + 2)"),
        ];
        Expression::new(self.pick(&forms).clone())
    }

    /// A condition on two columns that only fit together.
    pub(super) fn condition_on_several(&mut self, columns: &[Name]) -> Expression {
        let (one, other) = (self.pick(columns).quoted(), self.pick(columns).quoted());
        let forms = [
            format!("{one} <> 'x' OR {other} IS NOT NULL"),
            format!("{one} <= {other}"),
            format!("coalesce({one}, 0) IS NOT coalesce({other}, 1)"),
            format!("typeof({one}) = typeof({other}) OR {one} IS NULL OR {other} < 9"),
        ];
        Expression::new(self.pick(&forms).clone())
    }

    pub(super) fn index(&mut self, taken: &mut BTreeSet<Name>, table: &Table) -> Index {
        let names: Vec<Name> = table.columns.iter().map(|column| column.name.clone()).collect();
        let columns = self.some_of(&names);
        let terms = columns.iter().map(|column| self.index_term(column)).collect();
        let predicate = self.maybe(3, |choices| {
            let column = choices.pick(&names).clone();
            choices.condition(&column)
        });
        Index { name: self.name(taken), unique: self.once_in(3), terms, predicate }
    }

    fn index_term(&mut self, column: &Name) -> IndexTerm {
        let name = column.quoted();
        let forms = [
            format!("lower({name})"),
            format!("{name} || 'x'"),
            format!("-{name}"),
            format!("CASE WHEN {name} THEN 1 ELSE 2 END"),
            format!("({name}) + ({name})"),
        ];
        let key = match self.maybe(3, |choices| choices.pick(&forms).clone()) {
            Some(expression) => IndexKey::Expression(Expression::new(expression)),
            None => IndexKey::Column(self.respelled(column)),
        };
        IndexTerm { key, collate: self.collate(), descending: self.once_in(3) }
    }

    fn virtual_table(&mut self, taken: &mut BTreeSet<Name>) -> VirtualTable {
        let arguments = |texts: &[&str]| texts.iter().map(|text| Expression::new(*text)).collect();
        let forms: [(&str, Vec<Expression>); 4] = [
            ("fts5", arguments(&["title", "\"sub title\" UNINDEXED", "tokenize = 'porter ascii'", "content=''"])),
            ("fts5", arguments(&["body"])),
            ("rtree", arguments(&["id", "x0", "x1", "+label TEXT"])),
            ("fts4", arguments(&["body", "tokenize=simple"])),
        ];
        let (module, arguments) = self.pick(&forms).clone();
        VirtualTable { name: self.name(taken), module: Name::from(module), arguments }
    }

    pub(super) fn view(&mut self, taken: &mut BTreeSet<Name>, schema: &Schema) -> View {
        let mut sources: Vec<(&Name, Vec<Name>)> =
            schema.tables.values().map(|table| (&table.name, columns_of(table))).collect();
        sources.extend(named(schema).map(|view| (&view.name, view.columns.clone())));
        let (source, columns) = self.pick(&sources).clone();
        let selected = self.some_of(&columns);
        let list: Vec<String> = selected.iter().map(Name::quoted).collect();
        let (list, source) = (list.join(", "), source.quoted());
        let forms = [
            format!("SELECT {list} FROM {source}"),
            format!("SELECT {list}\n  FROM {source} -- why\n WHERE 1 /* ; */"),
            format!(
                "WITH w AS (SELECT * FROM {source}) SELECT {list} FROM w UNION ALL SELECT {list} FROM w ORDER BY 1"
            ),
        ];
        let select = Expression::new(self.pick(&forms).clone());
        // Views that others stand on have their columns named.
        let mut names = BTreeSet::new();
        let columns = selected.iter().map(|_| self.name(&mut names)).collect();
        View { name: self.name(taken), columns, select }
    }

    pub(super) fn trigger(&mut self, taken: &mut BTreeSet<Name>, schema: &Schema) -> Trigger {
        let tables: Vec<&Table> = schema.tables.values().collect();
        let views: Vec<&View> = named(schema).collect();
        let on_view = !views.is_empty() && self.once_in(3);
        let (table, columns, timing) = if on_view {
            let view = *self.pick(&views);
            (&view.name, view.columns.clone(), Timing::InsteadOf)
        } else {
            let table = *self.pick(&tables);
            (&table.name, columns_of(table), *self.pick(&[Timing::Before, Timing::After]))
        };
        let event = match self.below(4) {
            0 => Event::Insert,
            1 => Event::Delete,
            2 => Event::Update(Vec::new()),
            _ => Event::Update(self.some_of(&columns)),
        };
        let row = if event == Event::Delete { "old" } else { "new" };
        let column = self.pick(&columns).quoted();
        let when = self.maybe(3, |choices| {
            let forms = [
                format!("{row}.{column} IS NOT NULL"),
                "SELECT 1".to_owned(),
                format!("CASE {row}.{column} WHEN 'BEGIN' THEN 1 ELSE 0 END"),
            ];
            Expression::new(choices.pick(&forms).clone())
        });
        let target = *self.pick(&tables);
        let (name, written) = (target.name.quoted(), self.written_column(target).quoted());
        let forms = [
            "SELECT 1;".to_owned(),
            format!("UPDATE {name} SET {written} = {written} WHERE 0;"),
            format!("-- why\n  DELETE FROM {name} WHERE 0;\n  SELECT ';', 'END' /* done; */;\n  -- done"),
            format!("INSERT INTO {name} ({written}) SELECT 1 WHERE 0;"),
        ];
        let body = Expression::new(self.pick(&forms).clone());
        let (table, name) = (self.respelled(table), self.name(taken));
        Trigger { name, table, timing, event, when, body }
    }

    /// A column that can be written to.
    fn written_column(&mut self, table: &Table) -> Name {
        let columns: Vec<Name> =
            table.columns.iter().filter(|column| column.is_copied()).map(|column| column.name.clone()).collect();
        self.pick(&columns).clone()
    }
}

/// The views whose columns are named.
fn named(schema: &Schema) -> impl Iterator<Item = &View> {
    schema.views.values().filter(|view| !view.columns.is_empty())
}

pub(super) fn columns_of(table: &Table) -> Vec<Name> {
    table.columns.iter().map(|column| column.name.clone()).collect()
}

/// SQLite refuses two keys of the same columns with different ON CONFLICT clauses.
pub(super) fn keep_conflicts_apart(table: &mut Table) {
    let bare = |columns: &[KeyColumn]| columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let mut seen: Vec<Vec<Name>> = table.primary_key.iter().map(|key| bare(&key.columns)).collect();
    let mut repeated = BTreeSet::new();
    for unique in &table.uniques {
        let columns = bare(&unique.columns);
        if seen.contains(&columns) {
            repeated.insert(columns);
        } else {
            seen.push(columns);
        }
    }
    let is_repeated = |columns: &[KeyColumn]| repeated.contains(&bare(columns));
    for unique in &mut table.uniques {
        if is_repeated(&unique.columns) {
            unique.on_conflict = None;
        }
    }
    if let Some(key) = table.primary_key.as_mut().filter(|key| is_repeated(&key.columns)) {
        key.on_conflict = None;
    }
}
