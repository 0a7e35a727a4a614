//! Whether the new rows of a rebuild have the rowids and the values of the old ones, so that an index of the old rows is
//! an index of the new ones.
//!
//! Compares definitions and asks nobody; in doubt the answer is no.

use std::collections::BTreeMap;

use crate::schema::{Affinity, Column, Expression, Index, IndexKey, Name, Table, TypeName};
use crate::token::{TokenKind, significant_tokens};

/// A table before and after a copy of its rows.
pub(super) struct Kinship<'a> {
    /// The table that is there.
    pub before: &'a Table,
    /// The table that the rows are copied to.
    pub after: &'a Table,
    /// The columns that get a value, and the column that each is copied from as it is, if it is.
    pub copied: &'a BTreeMap<Name, Option<Name>>,
}

const ROWID: [&str; 3] = ["rowid", "_rowid_", "oid"];

impl Kinship<'_> {
    /// Whether every row keeps its rowid, or its key in a table without one.
    pub(super) fn keeps_rowids(&self) -> bool {
        let Kinship { before, after, copied } = self;
        if before.without_rowid || after.without_rowid {
            let keys = (&before.primary_key, &after.primary_key);
            let (true, true, (Some(old), Some(new))) = (before.without_rowid, after.without_rowid, keys) else {
                return false;
            };
            return old.columns == new.columns && new.columns.iter().all(|key| self.keeps(&key.name));
        }
        let is_rowid_name =
            |table: &Table, name: &Name| ROWID.iter().any(|rowid| *name == **rowid) && table.column(name).is_none();
        let from = match after.rowid_alias() {
            Some(alias) => copied.get(&alias.name),
            None => copied.iter().find(|(name, _)| is_rowid_name(after, name)).map(|(_, from)| from),
        };
        let Some(Some(from)) = from else { return false };
        before.rowid_alias().is_some_and(|alias| alias.name == *from) || is_rowid_name(before, from)
    }

    /// Whether a column has in each row the value that it had, and compares as it did.
    pub(super) fn keeps(&self, name: &Name) -> bool {
        self.keeps_within(name, self.after.columns.len())
    }

    /// As [`Kinship::keeps`]; columns that are generated from each other are followed so far and no further.
    fn keeps_within(&self, name: &Name, depth: usize) -> bool {
        let (Some(old), Some(new)) = (self.before.column(name), self.after.column(name)) else { return false };
        let has_same_value = match (&old.generated, &new.generated) {
            (None, None) => self.copied.get(name).is_some_and(|from| from.as_ref() == Some(name)),
            (Some(old), Some(new)) => {
                depth > 0 && old.expression == new.expression && self.keeps_expression(&new.expression, depth - 1)
            }
            _ => false,
        };
        has_same_value && affinity(self.before, old) == affinity(self.after, new) && old.collate == new.collate
    }

    fn keeps_expression(&self, expression: &Expression, depth: usize) -> bool {
        significant_tokens(expression.as_str())
            .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String))
            .map(|token| Name::new(token.unquoted()))
            .filter(|name| self.before.column(name).is_some() || self.after.column(name).is_some())
            .all(|name| self.keeps_within(&name, depth))
    }

    /// Whether an index of the old rows is the same index of the new ones.
    pub(super) fn keeps_index(&self, index: &Index) -> bool {
        let depth = self.after.columns.len();
        let keeps_terms = index.terms.iter().all(|term| match &term.key {
            IndexKey::Column(name) => self.keeps(name),
            IndexKey::Expression(expression) => self.keeps_expression(expression, depth),
        });
        keeps_terms && index.predicate.as_ref().is_none_or(|predicate| self.keeps_expression(predicate, depth))
    }

    /// Those of the columns whose values may be of a kind that a copy turns into another, as SQLite itself stores none.
    pub(super) fn turnable(&self, columns: &[Name]) -> Vec<Turnable> {
        let alias = self.before.rowid_alias().map(|column| &column.name);
        let stored = columns.iter().filter(|name| !self.before.strict && alias != Some(*name));
        stored
            .filter_map(|name| self.before.column(name))
            .filter(|column| column.generated.is_none())
            .filter_map(|column| {
                let turns = match affinity(self.before, column) {
                    Affinity::Blob => return None,
                    Affinity::Text => Turns::Numbers,
                    Affinity::Numeric | Affinity::Integer | Affinity::Real => Turns::Text,
                };
                let leads = |index: &Index| {
                    index.predicate.is_none()
                        && index.terms.first().is_some_and(|term| term.key == IndexKey::Column(column.name.clone()))
                };
                let leads_an_index = self.before.indexes.values().any(leads);
                Some(Turnable { column: column.name.clone(), turns, leads_an_index })
            })
            .collect()
    }
}

/// A column with values that a copy may turn into others.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turnable {
    /// The column.
    pub column: Name,
    /// Which values those are.
    pub turns: Turns,
    /// Whether an index has its values in their order, so that the least and the largest are found at once.
    pub leads_an_index: bool,
}

/// Values that a copy turns into others: text that looks like a number, numbers where there is text. Numbers come before
/// text in any order (<https://www.sqlite.org/datatype3.html#sort_order>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turns {
    /// Numbers in a column of text.
    Numbers,
    /// Text in a column of numbers.
    Text,
}

impl Turnable {
    /// An expression over the rows of a table that says whether there are such values: true, or false or NULL.
    pub(super) fn question(&self, table: &Name) -> String {
        let (table, column) = (table.quoted(), self.column.quoted());
        match (self.leads_an_index, self.turns) {
            (true, Turns::Numbers) => {
                format!("(SELECT typeof(min({column})) IN ('integer', 'real') FROM main.{table})")
            }
            (true, Turns::Text) => format!("(SELECT typeof(max({column})) IN ('text', 'blob') FROM main.{table})"),
            // The plus takes the column's affinity away, by which the two would be made alike.
            (false, Turns::Numbers) => format!("EXISTS (SELECT 1 FROM main.{table} WHERE +{column} < '')"),
            (false, Turns::Text) => format!("EXISTS (SELECT 1 FROM main.{table} WHERE +{column} >= '')"),
        }
    }
}

/// The affinity that a column has in its table: `ANY` means anything in a STRICT table, and a number elsewhere
/// (<https://www.sqlite.org/stricttables.html>).
pub(super) fn affinity(table: &Table, column: &Column) -> Affinity {
    match &column.type_name {
        Some(name) if table.strict && name.as_str().eq_ignore_ascii_case("ANY") => Affinity::Blob,
        name => name.as_ref().map_or(Affinity::Blob, TypeName::affinity),
    }
}

/// All columns that an index may look at.
pub(super) fn columns_of(table: &Table, index: &Index) -> Vec<Name> {
    let named_in = |expression: &Expression| -> Vec<Name> {
        significant_tokens(expression.as_str())
            .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String))
            .map(|token| Name::new(token.unquoted()))
            .collect()
    };
    let terms = index.terms.iter().flat_map(|term| match &term.key {
        IndexKey::Column(name) => vec![name.clone()],
        IndexKey::Expression(expression) => named_in(expression),
    });
    let mut named: Vec<Name> = terms.chain(index.predicate.iter().flat_map(named_in)).collect();
    // A generated column is as good as those that it is made of.
    let mut at = 0;
    while at < named.len() {
        if let Some(generated) = table.column(&named[at]).and_then(|column| column.generated.as_ref()) {
            let more = named_in(&generated.expression).into_iter().filter(|name| table.column(name).is_some());
            let fresh: Vec<Name> = more.filter(|name| !named.contains(name)).collect();
            named.extend(fresh);
        }
        at += 1;
    }
    named.retain(|name| table.column(name).is_some());
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{self, Statement};

    fn table(columns: &str) -> Table {
        match sql::read(&format!("CREATE TABLE t {columns}")) {
            Ok(Statement::Table(table)) => table,
            other => panic!("{other:?}"),
        }
    }

    fn index(terms: &str) -> Index {
        match sql::read(&format!("CREATE INDEX i ON t {terms}")) {
            Ok(Statement::Index { index, .. }) => index,
            other => panic!("{other:?}"),
        }
    }

    /// What `to=from` pairs copy.
    fn copied(pairs: &str) -> BTreeMap<Name, Option<Name>> {
        let pair = |pair: &str| {
            let (to, from) = pair.split_once('=').unwrap_or((pair, pair));
            (Name::from(to), (from != "?").then(|| Name::from(from)))
        };
        pairs.split(' ').map(pair).collect()
    }

    #[test]
    fn rowids_stay_where_they_are_copied() {
        let keeps = |before: &str, after: &str, pairs: &str| {
            let (before, after, copied) = (table(before), table(after), copied(pairs));
            Kinship { before: &before, after: &after, copied: &copied }.keeps_rowids()
        };
        assert!(keeps("(a)", "(b)", "rowid b=a"));
        assert!(keeps("(a, rowid)", "(b)", "rowid=oid b=a"));
        assert!(keeps("(a INTEGER PRIMARY KEY)", "(a INTEGER PRIMARY KEY, b)", "a"));
        assert!(keeps("(a INTEGER PRIMARY KEY)", "(a INT, b)", "rowid=a a"));
        assert!(keeps("(a, b)", "(a INTEGER PRIMARY KEY)", "a=rowid"));
        assert!(!keeps("(a)", "(b)", "b=a"));
        assert!(!keeps("(a, rowid)", "(b)", "rowid b=a"));
        assert!(!keeps("(a, rowid)", "(b, rowid)", "rowid b=a"));
        assert!(!keeps("(a INT PRIMARY KEY)", "(a INTEGER PRIMARY KEY)", "a"));
        assert!(!keeps("(a INTEGER PRIMARY KEY)", "(a INTEGER PRIMARY KEY)", "a=?"));
        assert!(keeps(
            "(a, b, PRIMARY KEY (b, a)) WITHOUT ROWID",
            "(b, a, c, PRIMARY KEY (b, a)) WITHOUT ROWID",
            "a b"
        ));
        assert!(!keeps("(a, b, PRIMARY KEY (b, a)) WITHOUT ROWID", "(a, b, PRIMARY KEY (a, b)) WITHOUT ROWID", "a b"));
        assert!(!keeps("(a TEXT PRIMARY KEY) WITHOUT ROWID", "(a INT PRIMARY KEY) WITHOUT ROWID", "a"));
        assert!(!keeps("(a PRIMARY KEY)", "(a PRIMARY KEY) WITHOUT ROWID", "a"));
    }

    #[test]
    fn an_index_stays_where_all_that_it_looks_at_stays() {
        let before = "(a TEXT, b INT, c TEXT, g AS (a || b), h AS (g || 1))";
        let keeps = |after: &str, pairs: &str, terms: &str| {
            let (before, after, copied) = (table(before), table(after), copied(pairs));
            Kinship { before: &before, after: &after, copied: &copied }.keeps_index(&index(terms))
        };
        let after = "(z, b BIGINT, a VARCHAR(9), c INT, g TEXT AS (a || b), h AS (g || 1))";
        assert!(keeps(after, "a b c", "(a, b DESC) WHERE b > 1"));
        assert!(keeps(after, "a b c", "(lower(a) COLLATE NOCASE)"));
        assert!(!keeps(after, "a b c", "(c)"));
        assert!(!keeps(after, "a b c", "(a) WHERE c > 1"));
        assert!(!keeps(after, "a b c", "(a || c)"));
        assert!(!keeps(after, "a=b b c", "(a)"));
        assert!(!keeps(after, "a=? b c", "(a)"));
        // The affinity of `g` is another now, and `h` hangs on it.
        assert!(!keeps(after, "a b c", "(g)") && !keeps(after, "a b c", "(h)"));
        assert!(keeps("(a TEXT, b INT, g AS (a || b), h AS (g || 1))", "a b", "(h, g)"));
        assert!(!keeps("(a TEXT COLLATE NOCASE, b INT)", "a b", "(a)"));
        // "z" was a string while there was no such column.
        assert!(!keeps(after, "a b c", "(\"z\")") && !keeps(after, "a b c", "(a) WHERE b > \"z\""));
    }

    #[test]
    fn values_of_another_kind_than_the_column_are_looked_for() {
        let before = table("(id INTEGER PRIMARY KEY, a TEXT, b INT, c, g INT AS (b))");
        let copied = copied("id a b c");
        let mut before = before;
        before.indexes.insert(Name::from("i"), index("(a, b)"));
        let kinship = Kinship { before: &before, after: &before, copied: &copied };
        let columns = columns_of(&before, &index("(id, a, c, g) WHERE b + nothing > 1"));
        let table = Name::from("t");
        let questions: Vec<String> =
            kinship.turnable(&columns).iter().map(|turnable| turnable.question(&table)).collect();
        assert_eq!(
            questions,
            [
                "(SELECT typeof(min(\"a\")) IN ('integer', 'real') FROM main.\"t\")",
                "EXISTS (SELECT 1 FROM main.\"t\" WHERE +\"b\" >= '')"
            ]
        );
        assert_eq!(kinship.turnable(&[Name::from("c"), Name::from("id")]), []);
    }
}
