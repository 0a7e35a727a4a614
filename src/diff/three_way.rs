//! What two lines of changes make of one schema together.
//!
//! Objects are told apart by their names, and so are a table's columns and indexes; constraints by what they say. What
//! both lines change, each in its own way, is a clash: nothing is guessed.

use indexmap::IndexMap;

use crate::schema::{Column, Name, ObjectKind, ObjectRef, Schema, Table};

/// Does to `theirs` what makes `mine` out of `base`.
///
/// # Errors
/// The objects that both lines change, each in another way, named for people.
pub fn three_way(base: &Schema, mine: &Schema, theirs: &Schema) -> Result<Schema, Vec<String>> {
    let mut clashes = Vec::new();
    let mut merged = Schema {
        tables: IndexMap::new(),
        virtual_tables: by_name(
            [&base.virtual_tables, &mine.virtual_tables, &theirs.virtual_tables],
            whole,
            &mut |name| clashes.push(named(ObjectKind::VirtualTable, name)),
        ),
        views: by_name([&base.views, &mine.views, &theirs.views], whole, &mut |name| {
            clashes.push(named(ObjectKind::View, name));
        }),
        triggers: by_name([&base.triggers, &mine.triggers, &theirs.triggers], whole, &mut |name| {
            clashes.push(named(ObjectKind::Trigger, name));
        }),
    };
    let mut inside = Vec::new();
    let merge = |base: &Table, mine: &Table, theirs: &Table| Some(table([base, mine, theirs], &mut inside));
    merged.tables = by_name([&base.tables, &mine.tables, &theirs.tables], merge, &mut |name| {
        clashes.push(named(ObjectKind::Table, name));
    });
    clashes.extend(inside);
    if clashes.is_empty() { Ok(merged) } else { Err(clashes) }
}

fn named(kind: ObjectKind, name: &Name) -> String {
    ObjectRef::new(kind, name).to_string()
}

/// A value that at most one line has changed.
fn whole<T: PartialEq + Clone>(base: &T, mine: &T, theirs: &T) -> Option<T> {
    if mine == base || mine == theirs { Some(theirs.clone()) } else { (theirs == base).then(|| mine.clone()) }
}

/// Things that have names, in the order of `theirs`, then what is mine alone.
fn by_name<T: PartialEq + Clone>(
    [base, mine, theirs]: [&IndexMap<Name, T>; 3],
    mut merge: impl FnMut(&T, &T, &T) -> Option<T>,
    clash: &mut dyn FnMut(&Name),
) -> IndexMap<Name, T> {
    let mut merged = IndexMap::new();
    for (name, their) in theirs {
        let kept = match (base.get(name), mine.get(name)) {
            (None, None) => Some(their.clone()),
            (None, Some(my)) => (my == their).then(|| their.clone()),
            (Some(old), Some(my)) => merge(old, my, their),
            (Some(old), None) if their == old => continue,
            (Some(_), None) => None,
        };
        match kept {
            Some(kept) => drop(merged.insert(name.clone(), kept)),
            None => clash(name),
        }
    }
    for (name, my) in mine.iter().filter(|(name, _)| !theirs.contains_key(*name)) {
        match base.get(name) {
            None => drop(merged.insert(name.clone(), my.clone())),
            Some(old) if my == old => {}
            Some(_) => clash(name),
        }
    }
    merged
}

/// Things that are what they say, in the order of `theirs`, then what is mine alone.
fn by_value<T: PartialEq + Clone>([base, mine, theirs]: [&Vec<T>; 3]) -> Vec<T> {
    let is_dropped = |thing: &&T| base.contains(thing) && !mine.contains(thing);
    let is_new = |thing: &&T| !base.contains(thing) && !theirs.contains(thing);
    let kept = theirs.iter().filter(|thing| !is_dropped(thing));
    kept.chain(mine.iter().filter(is_new)).cloned().collect()
}

fn table(sides: [&Table; 3], clashes: &mut Vec<String>) -> Table {
    let [base, mine, theirs] = sides;
    let Table {
        name,
        columns: _,
        primary_key: _,
        uniques: _,
        checks: _,
        foreign_keys: _,
        without_rowid: _,
        strict: _,
        indexes: _,
    } = theirs;
    let mut clash = |what: &str| clashes.push(format!("{what} `{name}`"));
    let columns = sides.map(|table| {
        table.columns.iter().map(|column| (column.name.clone(), column.clone())).collect::<IndexMap<Name, Column>>()
    });
    let columns = by_name([&columns[0], &columns[1], &columns[2]], whole, &mut |column| {
        clash(&format!("column `{column}` of table"));
    });
    let indexes = by_name(sides.map(|table| &table.indexes), whole, &mut |index| {
        clash(&format!("index `{index}` of table"));
    });
    let primary_key = whole(&base.primary_key, &mine.primary_key, &theirs.primary_key).unwrap_or_else(|| {
        clash("the primary key of table");
        None
    });
    // Of two values, one of two that differ is the old one: these never clash.
    let one = |base: bool, mine: bool, theirs: bool| if mine == base { theirs } else { mine };
    Table {
        name: name.clone(),
        columns: columns.into_values().collect(),
        primary_key,
        uniques: by_value(sides.map(|table| &table.uniques)),
        checks: by_value(sides.map(|table| &table.checks)),
        foreign_keys: by_value(sides.map(|table| &table.foreign_keys)),
        without_rowid: one(base.without_rowid, mine.without_rowid, theirs.without_rowid),
        strict: one(base.strict, mine.strict, theirs.strict),
        indexes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, Scratch};

    fn schema(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        scratch.schema(&Filter::default()).unwrap()
    }

    #[test]
    fn each_line_keeps_what_it_changed_and_what_both_changed_clashes() {
        let base = "CREATE TABLE t (a, b TEXT, c CHECK (c > 0)); CREATE VIEW v AS SELECT a FROM t;";
        for (mine, theirs, expected) in [
            ("ALTER TABLE t ADD COLUMN m", "ALTER TABLE t ADD COLUMN n", Ok("t(a b c n m 1) v")),
            ("ALTER TABLE t DROP COLUMN b", "CREATE INDEX i ON t (a)", Ok("t(a c 1) v")),
            ("DROP VIEW v", "CREATE TABLE u (x)", Ok("t(a b c 1) u(x 0)")),
            ("CREATE TABLE u (x)", "CREATE TABLE u (x)", Ok("t(a b c 1) u(x 0) v")),
            ("CREATE TABLE u (x)", "CREATE TABLE u (y)", Err("table `u`")),
            ("DROP VIEW v; DROP TABLE t", "ALTER TABLE t ADD COLUMN n", Err("table `t`")),
            ("ALTER TABLE t ADD COLUMN n", "ALTER TABLE t ADD COLUMN n TEXT", Err("column `n` of table `t`")),
            ("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (b)", Err("index `i` of table `t`")),
        ] {
            let merged =
                three_way(&schema(base), &schema(&(base.to_owned() + mine)), &schema(&(base.to_owned() + theirs)));
            let shown = merged.map(|schema| {
                let tables = schema.tables.values().map(|table| {
                    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
                    format!("{}({} {})", table.name, columns.join(" "), table.checks.len())
                });
                tables.chain(schema.views.keys().map(ToString::to_string)).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(shown, expected.map(str::to_owned).map_err(|clash| vec![clash.to_owned()]), "{mine} | {theirs}");
        }
    }
}
