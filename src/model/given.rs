//! Where the settings that count stand.

use std::cell::RefCell;

use indexmap::IndexMap;

use super::environment::expand;
use super::toml_reader::Fields;
use crate::report::Place;

/// A setting that somebody has given.
#[derive(Debug, Clone)]
pub struct Given {
    /// The value in the file.
    pub place: Place,
    /// The variables that it names.
    pub variables: Vec<String>,
}

/// The settings of these tables by key; of two with the same key the later counts.
pub(super) fn given<'a, 'b: 'a>(tables: impl Iterator<Item = &'a Fields<'b>>) -> IndexMap<String, Given> {
    let mut given = IndexMap::new();
    for value in tables.flat_map(Fields::all) {
        let place = value.place();
        let variables = variables(&place.source.text[place.span.clone()]);
        given.insert(value.key().to_owned(), Given { place, variables });
    }
    given
}

/// The variables that a text names.
fn variables(text: &str) -> Vec<String> {
    let named = RefCell::new(Vec::new());
    // A variable that is not set would end the search.
    let lookup = |name: &str| {
        named.borrow_mut().push(name.to_owned());
        Some(String::new())
    };
    let _ = expand(text, &lookup);
    named.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_a_value_is_named() {
        assert_eq!(variables("[\"${A:-x}/${B}\", \"$${C} ${D}\"]"), ["A", "B", "D"]);
        assert_eq!(variables("\"app.db\""), [""; 0]);
    }
}
