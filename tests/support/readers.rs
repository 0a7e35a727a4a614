//! What must hold for the readers whatever they are given: they do not panic, their mistakes are in the text, and what
//! they take can be written and read again as the same. The fuzz targets run this too.
#![allow(dead_code, reason = "each fuzz target runs one of the two")]

use std::sync::Arc;

use schemactl::model::{self, Model, Settings};
use schemactl::report::{Report, Source};
use schemactl::sql::{self, Statement};

/// The reader of CREATE statements.
pub fn sql(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match sql::read(text) {
        Err(error) => assert!(text.get(error.span.clone()).is_some(), "{error:?} is not in {text:?}"),
        Ok(read) => {
            let written = match &read {
                Statement::Table(table) => sql::write_table(table),
                Statement::Index { table, index } => sql::write_index(table, index),
                Statement::View(view) => sql::write_view(view),
                Statement::Trigger(trigger) => sql::write_trigger(trigger),
                Statement::VirtualTable(table) => sql::write_virtual_table(table),
            };
            assert_eq!(sql::read(&written).as_ref(), Ok(&read), "{text:?} is written as {written:?}");
        }
    }
}

/// The reader of settings and models.
pub fn model(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = |text: &str, settings: Option<Settings>| {
        let source = Arc::new(Source { path: "migrations.toml".to_owned(), text: text.to_owned() });
        let settings = settings.map_or_else(|| Settings::read(&source, None, &|_| None), Ok)?;
        Model::read(&[source], &settings)
    };
    match read(text, None) {
        Err(error) => {
            let places = error.diagnostics().into_iter().filter_map(|diagnostic| diagnostic.place);
            for place in places {
                assert!(text.get(place.span.clone()).is_some(), "{error}: {:?} is not in {text:?}", place.span);
            }
        }
        Ok(Model { schema, .. }) => {
            let written = model::write(&schema);
            let again = read(&written, Some(Settings::default()))
                .unwrap_or_else(|error| panic!("{:?}\n{text:?}\nis written as\n{written}", error.diagnostics()));
            assert_eq!(again.schema, schema, "{text:?}\nis written as\n{written}");
        }
    }
}
