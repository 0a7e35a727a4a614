//! Values of which nothing is left but what was computed of them, as `using` in a model asks for, and the question how
//! many of them are not the same any more.

use std::collections::BTreeMap;

use super::words::{filled, mentioned, without_alias};
use super::{Form, Held, Origin, only};
use crate::plan::keep;
use crate::schema::{Affinity, Name};
use crate::token::{Token, tokens};

/// A column whose values are replaced by what is computed of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The table, by its name at the start.
    pub table: Name,
    /// The column, by its name at the start.
    pub column: Name,
    /// What is computed, on one line each.
    pub expressions: Vec<String>,
    /// Gives the number of values that are not the same any more, in a database as it was at the start; none where that
    /// cannot be asked there.
    pub question: Option<String>,
}

/// What one statement computes of the values of a table.
pub(super) struct Computed<'a> {
    source: &'a Name,
    held: &'a Held,
    /// By the name of the column then.
    found: BTreeMap<Name, Vec<(String, Option<Affinity>)>>,
}

impl<'a> Computed<'a> {
    pub(super) fn new(source: &'a Name, held: &'a Held) -> Computed<'a> {
        Computed { source, held, found: BTreeMap::new() }
    }

    /// What a value that goes to a column of that affinity is made of.
    pub(super) fn take(
        &mut self,
        script: &str,
        value: &[Token<'_>],
        affinity: Option<Affinity>,
    ) -> BTreeMap<Origin, Form> {
        let value = without_alias(value);
        let whole = filled(value);
        // What was put aside comes back: no value is lost that the way up would not make again.
        let is_brought_back = mentioned(value).any(|name| name.as_str().starts_with(keep::PREFIX));
        let mut origins: BTreeMap<Origin, Form> = BTreeMap::new();
        for column in mentioned(value) {
            let Some(cells) = self.held.columns.get(&column) else { continue };
            let is_whole = whole.as_ref() == Some(&column) || is_brought_back;
            for (origin, form) in &cells.of {
                let form = if is_whole { *form } else { Form::Computed };
                let known = origins.entry(origin.clone()).or_insert(form);
                *known = form.max(*known);
            }
            if let (false, Some(first), Some(last)) = (is_whole, value.first(), value.last()) {
                let text = one_line(&script[first.span().start..last.span().end]);
                let found = self.found.entry(column).or_default();
                if !found.iter().any(|(other, _)| *other == text) {
                    found.push((text, affinity));
                }
            }
        }
        origins
    }

    /// Notes what was computed last.
    pub(super) fn note_in(self, computed: &mut BTreeMap<Origin, Conversion>) {
        for (column, expressions) in &self.found {
            let Some(cells) = self.held.columns.get(column) else { continue };
            for ((table, origin), form) in &cells.of {
                let is_there = *form == Form::Whole && cells.of.len() == 1;
                let conversion = Conversion {
                    table: table.clone(),
                    column: origin.clone(),
                    expressions: expressions.iter().map(|(text, _)| text.clone()).collect(),
                    question: self.question(column, expressions).filter(|_| is_there),
                };
                computed.insert((table.clone(), origin.clone()), conversion);
            }
        }
    }

    /// A value counts as the same where it reads the same: the text `12` that becomes the number 12 is not lost.
    fn question(&self, column: &Name, expressions: &[(String, Option<Affinity>)]) -> Option<String> {
        let number = |at: usize| format!("\"schemactl_new_{at}\"");
        let old = "\"schemactl_old\"";
        let computed: Vec<String> =
            expressions.iter().enumerate().map(|(at, (text, _))| format!("({text}) AS {}", number(at))).collect();
        let differs: Vec<String> = expressions
            .iter()
            .enumerate()
            .map(|(at, (_, affinity))| {
                let new = stored(&number(at), *affinity);
                format!(
                    "{old} COLLATE BINARY IS NOT +{new} \
                     AND CAST({old} AS TEXT) COLLATE BINARY IS NOT CAST({new} AS TEXT)"
                )
            })
            .collect();
        Some(format!(
            "SELECT count(*) FROM (SELECT +{} AS {old}, {} FROM {}) WHERE {old} IS NOT NULL AND {}",
            column.quoted(),
            computed.join(", "),
            self.as_it_is_then()?,
            differs.join(" AND ")
        ))
    }

    /// The table as the statement finds it, over the one of the start.
    fn as_it_is_then(&self) -> Option<String> {
        let origin = only(&self.held.rows)?;
        let columns = self.held.columns.iter().filter_map(|(name, cells)| {
            let ((table, column), form) = cells.of.first_key_value().filter(|_| cells.of.len() == 1)?;
            (table == origin && *form == Form::Whole).then_some((name, column))
        });
        let columns: Vec<(&Name, &Name)> = columns.collect();
        let is_the_same =
            origin == self.source && columns.len() == self.held.columns.len() && columns.iter().all(|(a, b)| a == b);
        if is_the_same {
            return Some(origin.quoted());
        }
        let columns: Vec<String> =
            columns.iter().map(|(now, then)| format!("{} AS {}", then.quoted(), now.quoted())).collect();
        Some(format!("(SELECT {} FROM {}) AS {}", columns.join(", "), origin.quoted(), self.source.quoted()))
    }
}

/// A value as a column of an affinity stores it (<https://www.sqlite.org/datatype3.html#type_affinity>).
fn stored(value: &str, affinity: Option<Affinity>) -> String {
    let as_number = |kind: &str| {
        // A comparison with CAST applies numeric affinity to the other side: it holds exactly for text that SQLite would
        // turn into a number.
        let looks_like_one = format!("typeof({value}) = 'text' AND CAST({value} AS NUMERIC) = +{value}");
        format!("CASE WHEN {looks_like_one} THEN CAST({value} AS {kind}) ELSE {value} END")
    };
    match affinity {
        Some(Affinity::Integer | Affinity::Numeric) => format!("({})", as_number("NUMERIC")),
        Some(Affinity::Real) => format!("({})", as_number("REAL")),
        Some(Affinity::Text) => {
            format!("(CASE WHEN typeof({value}) IN ('integer', 'real') THEN CAST({value} AS TEXT) ELSE {value} END)")
        }
        Some(Affinity::Blob) | None => value.to_owned(),
    }
}

/// The text without what stands between its tokens but for one space, and without parentheses around all of it.
fn one_line(sql: &str) -> String {
    let mut line = String::with_capacity(sql.len());
    for token in tokens(sql) {
        if token.is_significant() {
            line.push_str(token.text);
        } else if !line.ends_with(' ') {
            line.push(' ');
        }
    }
    let line = line.trim();
    let mut depth = 0_usize;
    let is_enclosed = line.starts_with('(')
        && tokens(line).all(|token| {
            if token.is_operator("(") {
                depth += 1;
            } else if token.is_operator(")") {
                depth = depth.saturating_sub(1);
            }
            depth > 0 || token.span().end == line.len()
        });
    if is_enclosed { one_line(&line[1..line.len() - 1]) } else { line.to_owned() }
}
