//! Renames that somebody has asked for and that rename nothing: names that are not there. Told before anything goes.

use std::hash::Hash;

use indexmap::IndexMap;

use crate::diff::{Change, RenameSubject, Renames, UnmetRename, unmet_renames};
use crate::model::{self, Model};
use crate::report::{Diagnostic, first_few, nearest};
use crate::schema::{Name, ObjectKind, ObjectRef, Schema, Table};

/// More names than these are not listed.
const LISTED: usize = 5;

/// What the model calls renamed from a name that nothing has, while something goes.
pub(super) fn of_model(model: &Model, actual: &Schema, changes: &[Change]) -> Vec<Diagnostic> {
    let unmet = unmet_renames(actual, changes, &model.intent.renames);
    unmet.iter().map(|unmet| told(model, unmet)).collect()
}

fn told(model: &Model, unmet: &UnmetRename) -> Diagnostic {
    let UnmetRename { subject, new, old, dropped } = unmet;
    let (named, missing, place) = match subject {
        RenameSubject::Object(kind) => {
            (format!("{kind} `{new}`"), format!("{kind} `{old}`"), model.place(&ObjectRef::new(*kind, new), None))
        }
        RenameSubject::ColumnOf(table) => (
            format!("column `{table}.{new}`"),
            format!("column `{old}` in it"),
            model.place(&ObjectRef::new(ObjectKind::Table, table), Some(new)),
        ),
    };
    let rename = model::renamed_from(old);
    let mut diagnostic =
        Diagnostic::new("unknown_rename", format!("{named} has `{rename}`, but there is no {missing}"));
    diagnostic.place = place.cloned();
    match nearest(old.as_str(), dropped.iter().map(Name::as_str)) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`? it would be dropped")),
        None => diagnostic
            .note(format!("{} would be dropped", list(dropped)))
            .help(format!("name what it is called now, or remove `{rename}` if `{new}` is new")),
    }
}

/// What the command line calls renamed and is not. A rename there is of this very change, so none is quiet.
pub(super) fn of_command_line(
    asked: &Renames,
    carried_out: &Renames,
    actual: &Schema,
    wanted: &Schema,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (new, old) in left(&asked.tables, &carried_out.tables).filter(|(new, old)| new != old) {
        // What is not there may have been meant as either.
        let is_table = actual.tables.contains_key(old);
        let names = |schema| tables(schema).chain(indexes(schema).filter(|_| !is_table)).collect();
        let what = if is_table { "table" } else { "table or index" };
        found.push(Namespace { what, of: None, before: names(actual), after: names(wanted) }.told(old, new));
    }
    for (new, old) in left(&asked.indexes, &carried_out.indexes).filter(|(new, old)| new != old) {
        let names = |schema| indexes(schema).collect();
        found.push(Namespace { what: "index", of: None, before: names(actual), after: names(wanted) }.told(old, new));
    }
    for ((table, new), old) in left(&asked.columns, &carried_out.columns).filter(|((_, new), old)| new != *old) {
        let before = actual.tables.get(carried_out.tables.get(table).unwrap_or(table));
        let Some(after) = wanted.tables.get(table) else {
            found.push(no_table(table, old, new, carried_out, wanted));
            continue;
        };
        let (before, after) = (before.map(columns).unwrap_or_default(), columns(after));
        found.push(Namespace { what: "column", of: Some(table), before, after }.told(old, new));
    }
    found
}

/// The renames of one kind that are not carried out.
fn left<'a, K: Hash + Eq>(
    asked: &'a IndexMap<K, Name>,
    carried_out: &'a IndexMap<K, Name>,
) -> impl Iterator<Item = (&'a K, &'a Name)> {
    asked.iter().filter(|(new, old)| carried_out.get(*new) != Some(old))
}

fn tables(schema: &Schema) -> impl Iterator<Item = &Name> {
    schema.tables.keys()
}

fn indexes(schema: &Schema) -> impl Iterator<Item = &Name> {
    schema.tables.values().flat_map(|table| table.indexes.keys())
}

fn columns(table: &Table) -> Vec<&Name> {
    table.columns.iter().map(|column| &column.name).collect()
}

/// A column of a table that the model does not have, or not by that name.
fn no_table(table: &Name, old: &Name, new: &Name, carried_out: &Renames, wanted: &Schema) -> Diagnostic {
    let option = option(Some(table), old, new);
    let diagnostic = Diagnostic::new("unknown_rename", format!("`{option}`: the model has no table `{table}`"));
    let now = carried_out.tables.iter().find(|(_, before)| *before == table).map(|(now, _)| now);
    match now.or_else(|| near(table, tables(wanted))) {
        Some(meant) => diagnostic.help(format!("did you mean `{}`?", self::option(Some(meant), old, new))),
        None => diagnostic.help("name the table as the model does"),
    }
}

/// Names of one kind, before and after.
struct Namespace<'a> {
    what: &'a str,
    of: Option<&'a Name>,
    before: Vec<&'a Name>,
    after: Vec<&'a Name>,
}

impl Namespace<'_> {
    fn told(&self, old: &Name, new: &Name) -> Diagnostic {
        let Namespace { what, of, before, after } = self;
        let option = |old: &Name, new: &Name| option(*of, old, new);
        let name = |name: &Name| of.map_or(format!("`{name}`"), |table| format!("`{table}.{name}`"));
        let (found, help) = if !before.contains(&old) {
            let help = if before.contains(&new) && after.contains(&old) {
                format!("the old name comes first: did you mean `{}`?", option(new, old))
            } else if before.contains(&new) {
                format!("leave it out: {} is there already", name(new))
            } else if let Some(meant) = near(old, before.iter().copied()) {
                format!("did you mean `{}`?", option(meant, new))
            } else {
                format!("name what it is called now, or leave it out if {} is new", name(new))
            };
            (format!("there is no {what} {}", name(old)), help)
        } else if !after.contains(&new) {
            let help = match near(new, after.iter().copied()) {
                Some(meant) => format!("did you mean `{}`?", option(old, meant)),
                None => "give it its new name in the model first".to_owned(),
            };
            (format!("the model has no {what} {}", name(new)), help)
        } else {
            let help = format!("take {} out of the model, or leave out the option", name(old));
            (format!("{} is not another name of {}: the model has both", name(new), name(old)), help)
        };
        Diagnostic::new("unknown_rename", format!("`{}`: {found}", option(old, new))).help(help)
    }
}

fn near<'a>(written: &Name, names: impl Iterator<Item = &'a Name>) -> Option<&'a Name> {
    let names: Vec<&Name> = names.collect();
    let meant = nearest(written.as_str(), names.iter().map(|name| name.as_str()))?;
    names.into_iter().find(|name| name.as_str() == meant)
}

/// A rename as the command line takes it.
fn option(of: Option<&Name>, old: &Name, new: &Name) -> String {
    let of = of.map_or(String::new(), |table| format!("{table}."));
    format!("--rename {of}{old}={new}")
}

/// The first names, in backticks: `a`, `b` and 3 more.
fn list(names: &[Name]) -> String {
    first_few(names.iter().map(|name| format!("`{name}`")), LISTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, Scratch};
    use crate::diff::resolve_renames;

    fn schema(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        scratch.schema(&Filter::default()).unwrap()
    }

    fn refused(before: &str, after: &str, asked: &Renames) -> Vec<String> {
        let (before, after) = (schema(before), schema(after));
        let carried_out = resolve_renames(&before, &after, asked).unwrap();
        let found = of_command_line(asked, &carried_out, &before, &after);
        found.into_iter().map(|found| format!("{} | {}", found.message, found.help.unwrap())).collect()
    }

    fn table(old: &str, new: &str) -> Renames {
        Renames { tables: [(Name::from(new), Name::from(old))].into_iter().collect(), ..Renames::default() }
    }

    fn column(table: &str, old: &str, new: &str) -> Renames {
        let key = (Name::from(table), Name::from(new));
        Renames { columns: [(key, Name::from(old))].into_iter().collect(), ..Renames::default() }
    }

    #[test]
    fn a_table_or_index_of_the_command_line_that_is_not_there_is_told() {
        let (before, after) = ("CREATE TABLE user(a); CREATE INDEX ix_mail ON user(a)", "CREATE TABLE users(a)");
        assert_eq!(refused(before, after, &table("user", "users")), [""; 0]);
        assert_eq!(
            refused(before, after, &table("usr", "users")),
            ["`--rename usr=users`: there is no table or index `usr` | did you mean `--rename user=users`?"]
        );
        assert_eq!(
            refused(before, after, &table("ix_mial", "ix")),
            ["`--rename ix_mial=ix`: there is no table or index `ix_mial` | did you mean `--rename ix_mail=ix`?"]
        );
        assert_eq!(
            refused(before, after, &table("users", "user")),
            ["`--rename users=user`: there is no table or index `users` | \
              the old name comes first: did you mean `--rename user=users`?"]
        );
        assert_eq!(
            refused(before, after, &table("user", "usrs")),
            ["`--rename user=usrs`: the model has no table `usrs` | did you mean `--rename user=users`?"]
        );
        assert_eq!(
            refused(after, after, &table("person", "users")),
            ["`--rename person=users`: there is no table or index `person` | \
              leave it out: `users` is there already"]
        );
        assert_eq!(
            refused(before, "CREATE TABLE user(a); CREATE TABLE users(a)", &table("user", "users")),
            ["`--rename user=users`: `users` is not another name of `user`: the model has both | \
              take `user` out of the model, or leave out the option"]
        );
    }

    #[test]
    fn a_column_of_the_command_line_that_is_not_there_is_told() {
        let (before, after) = ("CREATE TABLE user(mail, x)", "CREATE TABLE user(email, x)");
        assert_eq!(refused(before, after, &column("user", "mail", "email")), [""; 0]);
        assert_eq!(
            refused(before, after, &column("user", "mial", "email")),
            ["`--rename user.mial=email`: there is no column `user.mial` | did you mean `--rename user.mail=email`?"]
        );
        assert_eq!(
            refused(before, after, &column("user", "mail", "post")),
            [
                "`--rename user.mail=post`: the model has no column `user.post` | give it its new name in the model first"
            ]
        );
        assert_eq!(
            refused(before, after, &column("usr", "mail", "email")),
            ["`--rename usr.mail=email`: the model has no table `usr` | did you mean `--rename user.mail=email`?"]
        );
        let mut both = column("user", "mail", "email");
        both.tables.insert("person".into(), "user".into());
        assert_eq!(
            refused(before, "CREATE TABLE person(email, x)", &both),
            ["`--rename user.mail=email`: the model has no table `user` | did you mean `--rename person.mail=email`?"]
        );
    }
}
