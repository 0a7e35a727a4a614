//! A change in words, one sentence a detail, and as a kind for programs.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::change::{AlterTable, Change, TableChange};
use super::column::{ColumnDifference, collation};
use super::constraint::{is_alias_moved, telling_match};

use crate::schema::{
    Action, Check, Column, ConflictClause, Expression, ForeignKey, Index, IndexKey, KeyColumn, Name, PrimaryKey, Table,
    Trigger, Unique,
};
use crate::token::tokens;

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What happens.
    pub kind: LineKind,
    /// The table that it happens to or in, by its new name.
    pub table: Option<Name>,
    /// What it happens to, by its new name; `None` for a constraint without a name.
    pub name: Option<Name>,
    /// A sentence for people.
    pub text: String,
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Line", 4)?;
        fields.serialize_field("kind", &self.kind)?;
        fields.serialize_field("table", &self.table.as_ref().map(Name::as_str))?;
        fields.serialize_field("name", &self.name.as_ref().map(Name::as_str))?;
        fields.serialize_field("text", &self.text)?;
        fields.end()
    }
}

/// What happens, as a word for programs: `add_column`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each says what it is")]
pub enum LineKind {
    AddTable,
    DropTable,
    RenameTable,
    AlterTable,
    AddColumn,
    DropColumn,
    RenameColumn,
    AlterColumn,
    ReorderColumns,
    AddPrimaryKey,
    DropPrimaryKey,
    AlterPrimaryKey,
    AddUnique,
    DropUnique,
    AddCheck,
    DropCheck,
    AddForeignKey,
    DropForeignKey,
    AddIndex,
    DropIndex,
    RenameIndex,
    AlterIndex,
    AddVirtualTable,
    DropVirtualTable,
    RenameVirtualTable,
    AlterVirtualTable,
    AddView,
    DropView,
    RenameView,
    AlterView,
    AddTrigger,
    DropTrigger,
    RenameTrigger,
    AlterTrigger,
}

impl LineKind {
    /// Whether something new comes.
    #[must_use]
    pub fn adds(self) -> bool {
        matches!(
            self,
            Self::AddTable
                | Self::AddColumn
                | Self::AddPrimaryKey
                | Self::AddUnique
                | Self::AddCheck
                | Self::AddForeignKey
                | Self::AddIndex
                | Self::AddVirtualTable
                | Self::AddView
                | Self::AddTrigger
        )
    }

    /// Whether something goes.
    #[must_use]
    pub fn drops(self) -> bool {
        matches!(
            self,
            Self::DropTable
                | Self::DropColumn
                | Self::DropPrimaryKey
                | Self::DropUnique
                | Self::DropCheck
                | Self::DropForeignKey
                | Self::DropIndex
                | Self::DropVirtualTable
                | Self::DropView
                | Self::DropTrigger
        )
    }
}

impl Change {
    /// The change in words; never empty.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        match self {
            Change::CreateTable(table) => whole_table(table, "added", LineKind::AddTable, LineKind::AddIndex),
            Change::DropTable(table) => whole_table(table, "dropped", LineKind::DropTable, LineKind::DropIndex),
            Change::AlterTable(table) => table.changes.iter().flat_map(|change| table_lines(table, change)).collect(),
            Change::CreateVirtualTable(table) => {
                let module = &table.module;
                let text = format!("added virtual table `{}` using {module}", table.name);
                vec![object(LineKind::AddVirtualTable, Some(&table.name), &table.name, text)]
            }
            Change::DropVirtualTable(table) => {
                let text = format!("dropped virtual table `{}`", table.name);
                vec![object(LineKind::DropVirtualTable, Some(&table.name), &table.name, text)]
            }
            Change::AlterVirtualTable { before, after } => altered(
                [LineKind::RenameVirtualTable, LineKind::AlterVirtualTable],
                Some(&after.name),
                [&before.name, &after.name],
                super::virtual_table::same_content(before, after),
                "virtual table",
                "",
            ),
            Change::CreateView(view) => {
                vec![object(LineKind::AddView, None, &view.name, format!("added view `{}`", view.name))]
            }
            Change::DropView(view) => {
                vec![object(LineKind::DropView, None, &view.name, format!("dropped view `{}`", view.name))]
            }
            Change::AlterView { before, after } => altered(
                [LineKind::RenameView, LineKind::AlterView],
                None,
                [&before.name, &after.name],
                before.columns == after.columns && before.select == after.select,
                "view",
                "",
            ),
            Change::CreateTrigger(trigger) => vec![trigger_line(LineKind::AddTrigger, trigger, "added")],
            Change::DropTrigger(trigger) => vec![trigger_line(LineKind::DropTrigger, trigger, "dropped")],
            Change::AlterTrigger { before, after } => {
                let is_only_renamed = *before == Trigger { name: before.name.clone(), ..after.clone() };
                altered(
                    [LineKind::RenameTrigger, LineKind::AlterTrigger],
                    Some(&after.table),
                    [&before.name, &after.name],
                    is_only_renamed,
                    "trigger",
                    &format!(" on `{}`", after.table),
                )
            }
        }
    }
}

fn object(kind: LineKind, table: Option<&Name>, name: &Name, text: String) -> Line {
    Line { kind, table: table.cloned(), name: Some(name.clone()), text }
}

fn trigger_line(kind: LineKind, trigger: &Trigger, verb: &str) -> Line {
    let text = format!("{verb} trigger `{}` on `{}`", trigger.name, trigger.table);
    object(kind, Some(&trigger.table), &trigger.name, text)
}

/// The lines of a table that comes or goes: its own and those of its indexes.
fn whole_table(table: &Table, verb: &str, kind: LineKind, index_kind: LineKind) -> Vec<Line> {
    let own = object(kind, Some(&table.name), &table.name, format!("{verb} table `{}`", table.name));
    let indexes = table.indexes.values().map(|index| index_line(index_kind, table, index, verb));
    std::iter::once(own).chain(indexes).collect()
}

/// The lines of an object that is renamed, changed or both.
fn altered(
    [rename, change]: [LineKind; 2],
    table: Option<&Name>,
    [before, after]: [&Name; 2],
    is_only_renamed: bool,
    thing: &str,
    place: &str,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let is_renamed = !before.is_spelled_like(after);
    if is_renamed {
        lines.push(object(rename, table, after, format!("renamed {thing} `{before}`{place} to `{after}`")));
    }
    if !is_renamed || !is_only_renamed {
        lines.push(object(change, table, after, format!("changed {thing} `{after}`{place}")));
    }
    lines
}

fn table_lines(whole: &AlterTable, change: &TableChange) -> Vec<Line> {
    let table = &whole.after;
    let name = &table.name;
    let line = |kind, thing: Option<&Name>, text: String| {
        vec![Line { kind, table: Some(name.clone()), name: thing.cloned(), text }]
    };
    let column = |column: &Name| format!("`{name}.{column}`");
    let unique = |unique: &Unique| {
        let named = named(unique.name.as_ref());
        format!("UNIQUE constraint{named} on `{name}` {}{}", key(&unique.columns), on_conflict(unique.on_conflict))
    };
    let check = |check: &Check| {
        format!("CHECK constraint{} on `{name}`: {}", named(check.name.as_ref()), one_line(&check.expression))
    };
    match change {
        TableChange::Rename => {
            line(LineKind::RenameTable, Some(name), format!("renamed table `{}` to `{name}`", whole.before.name))
        }
        TableChange::RenameColumn { before, after } => {
            line(LineKind::RenameColumn, Some(after), format!("renamed column {} to `{after}`", column(before)))
        }
        TableChange::AddColumn(added) => {
            line(LineKind::AddColumn, Some(&added.name), format!("added column {}", column(&added.name)))
        }
        TableChange::DropColumn(dropped) => {
            line(LineKind::DropColumn, Some(&dropped.name), format!("dropped column {}", column(&dropped.name)))
        }
        TableChange::AlterColumn { before, after } => {
            let differences = whole.column_differences(before, after);
            let text = |difference| column_text(difference, &column(&after.name), before, after);
            differences
                .into_iter()
                .flat_map(|difference| line(LineKind::AlterColumn, Some(&after.name), text(difference)))
                .collect()
        }
        TableChange::ReorderColumns => {
            let order: Vec<String> = table.columns.iter().map(|column| column.name.to_string()).collect();
            let text = format!("changed the order of the columns of `{name}` to ({})", order.join(", "));
            line(LineKind::ReorderColumns, None, text)
        }
        TableChange::AlterPrimaryKey { before, after } => primary_key_line(whole, before.as_ref(), after.as_ref()),
        TableChange::AddUnique(added) => {
            line(LineKind::AddUnique, added.name.as_ref(), format!("added {}", unique(added)))
        }
        TableChange::DropUnique(dropped) => {
            line(LineKind::DropUnique, dropped.name.as_ref(), format!("dropped {}", unique(dropped)))
        }
        TableChange::AddCheck(added) => {
            line(LineKind::AddCheck, added.name.as_ref(), format!("added {}", check(added)))
        }
        TableChange::DropCheck(dropped) => {
            line(LineKind::DropCheck, dropped.name.as_ref(), format!("dropped {}", check(dropped)))
        }
        TableChange::AddForeignKey(added) => {
            line(LineKind::AddForeignKey, added.name.as_ref(), format!("added {}", foreign_key(name, added)))
        }
        TableChange::DropForeignKey(dropped) => {
            line(LineKind::DropForeignKey, dropped.name.as_ref(), format!("dropped {}", foreign_key(name, dropped)))
        }
        TableChange::SetStrict(on) => {
            let text = if *on { format!("made `{name}` STRICT") } else { format!("made `{name}` no longer STRICT") };
            line(LineKind::AlterTable, None, text)
        }
        TableChange::SetWithoutRowid(on) => {
            let text = if *on {
                format!("made `{name}` WITHOUT ROWID")
            } else {
                format!("made `{name}` a table with a rowid")
            };
            line(LineKind::AlterTable, None, text)
        }
        TableChange::CreateIndex(index) => vec![index_line(LineKind::AddIndex, table, index, "added")],
        TableChange::DropIndex(index) => vec![index_line(LineKind::DropIndex, table, index, "dropped")],
        TableChange::AlterIndex { before, after } => index_lines(whole, before, after),
    }
}

fn column_text(difference: ColumnDifference, column: &str, before: &Column, after: &Column) -> String {
    let from_to = |what: &str, before: Option<&str>, after: Option<&str>| {
        format!("changed {what} of {column} from {} to {}", before.unwrap_or("none"), after.unwrap_or("none"))
    };
    match difference {
        ColumnDifference::Type => {
            let text = |column: &Column| column.type_name.as_ref().map(|type_name| type_name.as_str().to_owned());
            from_to("type", text(before).as_deref(), text(after).as_deref())
        }
        ColumnDifference::NotNull => match &after.not_null {
            Some(not_null) => {
                let name = not_null.name.as_ref().map(|name| format!(" (constraint `{name}`)")).unwrap_or_default();
                format!("made {column} NOT NULL{}{name}", on_conflict(not_null.on_conflict))
            }
            None => format!("made {column} nullable"),
        },
        ColumnDifference::NotNullConflict => {
            let text = |column: &Column| column.not_null_conflict().map(ConflictClause::keyword);
            from_to("ON CONFLICT of NOT NULL", text(before), text(after))
        }
        ColumnDifference::NotNullName => {
            let text = |column: &Column| {
                let name = column.not_null.as_ref().and_then(|not_null| not_null.name.as_ref());
                name.map(|name| format!("`{name}`"))
            };
            from_to("the name of NOT NULL", text(before).as_deref(), text(after).as_deref())
        }
        ColumnDifference::Default => match (&before.default, &after.default) {
            (None, Some(added)) => format!("added default {} to {column}", one_line(added)),
            (Some(dropped), None) => format!("dropped default {} of {column}", one_line(dropped)),
            (before, after) => {
                let text = |value: &Option<Expression>| value.as_ref().map(one_line);
                from_to("default", text(before).as_deref(), text(after).as_deref())
            }
        },
        ColumnDifference::Collation => {
            let (before, after) = (collation(before.collate.as_ref()), collation(after.collate.as_ref()));
            from_to("collation", Some(before.as_str()), Some(after.as_str()))
        }
        ColumnDifference::Generated => match (&before.generated, &after.generated) {
            (None, Some(generated)) => format!("made {column} generated as {}", one_line(&generated.expression)),
            (_, None) => format!("made {column} an ordinary column"),
            (Some(before), Some(after)) => {
                let (before, after) = (one_line(&before.expression), one_line(&after.expression));
                from_to("the expression", Some(&before), Some(&after))
            }
        },
        ColumnDifference::Stored => {
            let word = |column: &Column| {
                column.generated.as_ref().map(|generated| if generated.stored { "STORED" } else { "VIRTUAL" })
            };
            format!(
                "made {column} {} instead of {}",
                word(after).unwrap_or("VIRTUAL"),
                word(before).unwrap_or("VIRTUAL")
            )
        }
    }
}

fn primary_key_line(whole: &AlterTable, before: Option<&PrimaryKey>, after: Option<&PrimaryKey>) -> Vec<Line> {
    let table = &whole.after.name;
    let describe = |primary: &PrimaryKey| {
        let autoincrement = if primary.autoincrement { " AUTOINCREMENT" } else { "" };
        let name = named(primary.name.as_ref());
        format!("{}{autoincrement}{}{name}", key(&primary.columns), on_conflict(primary.on_conflict))
    };
    let (kind, text) = match (before, after) {
        (None, Some(after)) => (LineKind::AddPrimaryKey, format!("added primary key {} to `{table}`", describe(after))),
        (Some(before), None) => {
            (LineKind::DropPrimaryKey, format!("dropped primary key {} of `{table}`", describe(before)))
        }
        (Some(before), Some(after)) if describe(before) != describe(after) => {
            let (before, after) = (describe(before), describe(after));
            (LineKind::AlterPrimaryKey, format!("changed primary key of `{table}` from {before} to {after}"))
        }
        (_, after) => {
            let columns = after.map(|after| key(&after.columns)).unwrap_or_default();
            let says = if !is_alias_moved(&whole.before, &whole.after) {
                "is compared with another collation"
            } else if whole.after.rowid_alias().is_some() {
                "becomes the rowid"
            } else {
                "is no longer the rowid"
            };
            (LineKind::AlterPrimaryKey, format!("changed primary key of `{table}`: {columns} {says}"))
        }
    };
    let name = after.or(before).and_then(|primary| primary.name.clone());
    vec![Line { kind, table: Some(table.clone()), name, text }]
}

fn index_line(kind: LineKind, table: &Table, index: &Index, verb: &str) -> Line {
    let unique = if index.unique { "unique index" } else { "index" };
    let text = format!("{verb} {unique} `{}` on `{}` {}", index.name, table.name, terms(index));
    object(kind, Some(&table.name), &index.name, text)
}

fn index_lines(whole: &AlterTable, before: &Index, after: &Index) -> Vec<Line> {
    let table = &whole.after.name;
    let mut lines = Vec::new();
    if !before.name.is_spelled_like(&after.name) {
        let text = format!("renamed index `{}` on `{table}` to `{}`", before.name, after.name);
        lines.push(object(LineKind::RenameIndex, Some(table), &after.name, text));
    }
    if !whole.is_only_renamed(before, after) {
        let describe = |index: &Index| format!("{}{}", if index.unique { "unique " } else { "" }, terms(index));
        let (from, to) = (describe(before), describe(after));
        let text = format!("changed index `{}` on `{table}` from {from} to {to}", after.name);
        lines.push(object(LineKind::AlterIndex, Some(table), &after.name, text));
    }
    lines
}

/// What an index sorts by and its predicate.
fn terms(index: &Index) -> String {
    let term = |term: &crate::schema::IndexTerm| {
        let key = match &term.key {
            IndexKey::Column(column) => column.to_string(),
            IndexKey::Expression(expression) => one_line(expression),
        };
        key + &ordering(term.collate.as_ref(), term.descending)
    };
    let terms: Vec<String> = index.terms.iter().map(term).collect();
    let predicate = index.predicate.as_ref().map(|predicate| format!(" where {}", one_line(predicate)));
    format!("({}){}", terms.join(", "), predicate.unwrap_or_default())
}

fn key(columns: &[KeyColumn]) -> String {
    let column =
        |column: &KeyColumn| format!("{}{}", column.name, ordering(column.collate.as_ref(), column.descending));
    format!("({})", columns.iter().map(column).collect::<Vec<_>>().join(", "))
}

fn ordering(collate: Option<&Name>, descending: bool) -> String {
    let collate = collate.map(|collate| format!(" COLLATE {collate}")).unwrap_or_default();
    collate + if descending { " DESC" } else { "" }
}

fn on_conflict(clause: Option<ConflictClause>) -> String {
    clause.map(|clause| format!(" ON CONFLICT {}", clause.keyword())).unwrap_or_default()
}

fn named(name: Option<&Name>) -> String {
    name.map(|name| format!(" `{name}`")).unwrap_or_default()
}

fn foreign_key(table: &Name, key: &ForeignKey) -> String {
    let end = |table: &Name, columns: &[Name]| match columns {
        [] => format!("`{table}`"),
        [column] => format!("`{table}.{column}`"),
        columns => {
            let columns: Vec<&str> = columns.iter().map(Name::as_str).collect();
            format!("`{table}` ({})", columns.join(", "))
        }
    };
    let (child, parent) = (end(table, &key.columns), end(&key.parent, &key.parent_columns));
    let action = |event: &str, action: Action| match action {
        Action::NoAction => String::new(),
        action => format!(" ON {event} {}", action.keywords()),
    };
    let name = named(key.name.as_ref());
    let matching = telling_match(key).map(|name| format!(" MATCH {name}")).unwrap_or_default();
    let deferred = if key.is_deferred() { " DEFERRABLE INITIALLY DEFERRED" } else { "" };
    let actions = action("DELETE", key.on_delete) + &action("UPDATE", key.on_update);
    format!("foreign key{name} {child} → {parent}{actions}{matching}{deferred}")
}

/// An expression as it is written, without comments and on one line.
fn one_line(expression: &Expression) -> String {
    let mut text = String::new();
    for token in tokens(expression.as_str()) {
        if token.is_significant() {
            text.push_str(token.text);
        } else if !text.ends_with(' ') {
            text.push(' ');
        }
    }
    text.truncate(text.trim_end().len());
    text
}
