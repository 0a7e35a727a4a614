//! The JSON Schema of `migrations.toml`, for editors. It stands in a file of its own, as a person would read it; tests
//! keep it in step with the readers.

/// The file that `init` writes it to, beside the settings.
pub const SCHEMA_FILE: &str = "migrations.schema.json";

/// The JSON Schema (draft 2020-12) of settings and model, as text.
#[must_use]
pub fn json_schema() -> &'static str {
    include_str!("migrations.schema.json")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use serde_json::Value;

    use super::super::{Error, Model, Settings, settings_text, template};
    use super::*;
    use crate::report::Source;

    fn schema() -> Value {
        serde_json::from_str(json_schema()).unwrap()
    }

    /// Whether a value fits a schema; knows the words that ours uses and no others.
    fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
        schema.as_object().unwrap().iter().all(|(word, rule)| match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "examples" | "default" => true,
            "$ref" => fits(root, root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap(), value),
            "type" if rule.is_array() => rule.as_array().unwrap().iter().any(|one| is_of_type(one, value)),
            "type" => is_of_type(rule, value),
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => rule.as_array().unwrap().iter().any(|one| fits(root, one, value)),
            "required" => rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "minProperties" => value.as_object().is_none_or(|keys| keys.len() as u64 >= rule.as_u64().unwrap()),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| fits(root, rule, item))),
            "properties" => value.as_object().is_none_or(|keys| {
                keys.iter().all(|(key, value)| rule.get(key).is_none_or(|schema| fits(root, schema, value)))
            }),
            "additionalProperties" => value.as_object().is_none_or(|keys| {
                let known = |key: &str| schema.get("properties").is_some_and(|known| known.get(key).is_some());
                let mut others = keys.iter().filter(|(key, _)| !known(key));
                others.all(|(_, value)| rule.as_bool().unwrap_or_else(|| fits(root, rule, value)))
            }),
            other => panic!("the JSON Schema uses `{other}`, which this test does not know"),
        })
    }

    fn is_of_type(name: &Value, value: &Value) -> bool {
        match name.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            other => panic!("no type: {other}"),
        }
    }

    fn is_valid(toml: &str) -> bool {
        let schema = schema();
        fits(&schema, &schema, &toml::from_str::<Value>(toml).unwrap_or_else(|error| panic!("{error}\n{toml}")))
    }

    #[test]
    fn samples_are_valid() {
        for sample in ["", super::super::tests::EVERY_KEY, &settings_text("app.db", &[]), &template("a'b\".db")] {
            assert!(is_valid(sample), "{sample}");
        }
    }

    #[test]
    fn what_the_readers_refuse_is_not_valid() {
        for wrong in [
            "[schemactl]\ndatabse = \"app.db\"",
            "[schemactl]\ndrift = \"refused\"",
            "[schemactl]\nkeep_dropped = \"yes\"",
            "[schemactl]\ndatabases = []",
            "[schemactl]\ndatabases = { files = \"a\" }",
            "[table.t.columns]\na = \"INTEGER\"",
            "[tables.t]\nstrict = true",
            "[tables.t]\ncolumns = {}",
            "[tables.t.columns]\na = { type = \"TEXT\", not_nul = true }",
            "[tables.t.columns]\na = 1",
            "[tables.t.columns]\na = { one_of = [] }",
            "[tables.t.columns]\na = { references = \"u\", on_delete = \"CASCADED\" }",
            "[tables.t.columns]\na = { references = { table = \"u\" } }",
            "[tables.t]\ncolumns = { a = \"\" }\nprimary_key = \"a\"",
            "[tables.t]\ncolumns = { a = \"\" }\nforeign_keys = [{ columns = [\"a\"] }]",
            "[tables.t]\ncolumns = { a = \"\" }\nindexes = { i = { unique = true } }",
            "[views.v]\nselect = \"SELECT 1\"",
            "[triggers]\nt = 1",
            "[virtual_tables.v]\nusing = [\"fts5(a)\"]",
        ] {
            assert!(!is_valid(wrong), "{wrong}");
            let source = Arc::new(Source { path: "m.toml".to_owned(), text: wrong.to_owned() });
            let read = Settings::read(&source, None, &|_| None)
                .and_then(|settings| Model::read(&[Arc::clone(&source)], &settings));
            assert!(matches!(read, Err(Error::Mistakes(_))), "{wrong}");
        }
    }

    /// The keys that the reader knows where `?` stands: it tells them when it meets one that it does not know.
    fn known_keys(toml: &str) -> BTreeSet<String> {
        let text = toml.replace('?', "zzzzzzzzzzzz = 0");
        let source = Arc::new(Source { path: "m.toml".to_owned(), text });
        let read = Settings::read(&source, None, &|_| None)
            .and_then(|settings| Model::read(&[Arc::clone(&source)], &settings));
        let Err(Error::Mistakes(mistakes)) = read else { panic!("{toml}") };
        let unknown = mistakes.iter().find(|mistake| mistake.code == "unknown_key").unwrap();
        let help = unknown.help.as_deref().unwrap().strip_prefix("it takes ").unwrap();
        let keys: Vec<String> = help.split(", ").map(|key| key.trim_matches('`').to_owned()).collect();
        let set: BTreeSet<String> = keys.iter().cloned().collect();
        assert_eq!(set.len(), keys.len(), "told twice: {help}");
        set
    }

    #[test]
    fn the_keys_of_the_schema_are_those_that_the_readers_know() {
        let schema = schema();
        for (pointer, toml) in [
            ("", "?"),
            ("/$defs/settings", "[schemactl]\n?"),
            ("/$defs/settings", "[environments.e]\n?"),
            ("/$defs/origin/anyOf/1", "[schemactl]\ndatabases = { ? }"),
            ("/$defs/table", "[tables.t]\nsql = 'CREATE TABLE t (a)'\n?"),
            ("/$defs/table/properties/primary_key/anyOf/1", "[tables.t]\nprimary_key = { ? }\ncolumns = { a = \"\" }"),
            ("/$defs/table_unique/anyOf/1", "[tables.t]\nuniques = [{ ? }]\ncolumns = { a = \"\" }"),
            ("/$defs/table_check/anyOf/1", "[tables.t]\nchecks = [{ ? }]\ncolumns = { a = \"\" }"),
            ("/$defs/table_foreign_key", "[tables.t]\nforeign_keys = [{ ? }]\ncolumns = { a = \"\" }"),
            ("/$defs/column/anyOf/1", "[tables.t.columns]\na = { ? }"),
            ("/$defs/column/anyOf/1/properties/primary_key/anyOf/1", "[tables.t.columns]\na = { primary_key = { ? } }"),
            ("/$defs/column/anyOf/1/properties/default/anyOf/1", "[tables.t.columns]\na = { default = { ? } }"),
            ("/$defs/switch/anyOf/1", "[tables.t.columns]\na = { not_null = { ? } }"),
            ("/$defs/switch/anyOf/1", "[tables.t.columns]\na = { unique = [{ ? }] }"),
            ("/$defs/column_check/anyOf/1", "[tables.t.columns]\na = { check = { ? } }"),
            ("/$defs/column_check/anyOf/1", "[tables.t.columns]\na = { checks = [{ ? }] }"),
            ("/$defs/reference/anyOf/1", "[tables.t.columns]\na = { references = { ? } }"),
            ("/$defs/index/anyOf/1", "[tables.t]\ncolumns = { a = \"\" }\nindexes = { i = { ? } }"),
            ("/$defs/view/anyOf/1", "[views.v]\n?"),
            ("/$defs/trigger/anyOf/1", "[triggers.t]\n?"),
            ("/$defs/virtual_table/anyOf/1", "[virtual_tables.v]\n?"),
        ] {
            let properties = schema.pointer(pointer).unwrap()["properties"].as_object().unwrap();
            let described: BTreeSet<String> = properties.keys().cloned().collect();
            assert_eq!(described, known_keys(toml), "{pointer}");
        }
    }

    #[test]
    fn the_words_of_the_schema_are_those_of_sql() {
        let schema = schema();
        let words = |pointer: &str| {
            let list = |at: usize| schema.pointer(pointer).unwrap()["anyOf"][at]["enum"].as_array().unwrap().clone();
            let upper: Vec<String> = list(0).iter().map(|word| word.as_str().unwrap().to_owned()).collect();
            let lower: Vec<String> = list(1).iter().map(|word| word.as_str().unwrap().to_uppercase()).collect();
            assert_eq!(upper, lower);
            upper
        };
        assert_eq!(words("/$defs/action"), crate::schema::Action::ALL.map(|(_, keywords)| keywords));
        assert_eq!(words("/$defs/on_conflict"), crate::schema::ConflictClause::ALL.map(|(_, keyword)| keyword));
    }
}
