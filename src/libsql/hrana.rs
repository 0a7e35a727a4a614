//! The protocol's words: statements and conditions as JSON, answers read from JSON
//! (<https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md>).
//!
//! Sends nothing. What an answer lacks is an error, never a guess.

use std::time::Duration;

use serde_json::{Value as Json, json};

/// Statements that a server runs one after the other, each only if those before it went well.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    steps: Vec<Step>,
    /// The last step that the next one depends on.
    last: Option<usize>,
}

#[derive(Debug, Clone)]
struct Step {
    sql: String,
    condition: Option<Condition>,
    /// Whether nothing depends on how it ends.
    is_aside: bool,
}

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// That step went well.
    After(usize),
    /// That step did not go well, or did not run.
    Unless(usize),
    /// A transaction is open.
    InTransaction,
    /// Never: the server only looks at the statement.
    Never,
}

impl Batch {
    /// A batch that only goes on in a transaction which is open: one that the server has ended must not be followed
    /// by statements that each commit by themselves.
    #[must_use]
    pub fn in_transaction() -> Batch {
        let mut batch = Batch::default();
        batch.push("SELECT 1", Some(Condition::InTransaction));
        batch.last = Some(0);
        batch
    }

    /// Adds a statement that runs if all before it went well, and gives its number.
    pub fn then(&mut self, sql: impl Into<String>) -> usize {
        let condition = self.last.map(Condition::After);
        let number = self.push(sql, condition);
        self.last = Some(number);
        number
    }

    /// Adds a statement that runs if all before it went well, and on whose end nothing depends.
    pub fn aside(&mut self, sql: impl Into<String>) -> usize {
        let condition = self.last.map(Condition::After);
        let number = self.push(sql, condition);
        self.steps[number].is_aside = true;
        number
    }

    /// The last statement that the others lead to.
    #[must_use]
    pub fn last(&self) -> usize {
        self.last.unwrap_or_default()
    }

    /// Adds a statement that runs if any before it did not go well. Nothing can follow it.
    pub fn otherwise(&mut self, sql: impl Into<String>) {
        if let Some(last) = self.last {
            self.push(sql, Some(Condition::Unless(last)));
        }
    }

    /// A batch that the server reads and does not run, a statement each.
    #[must_use]
    pub fn unrun(&self) -> Vec<Batch> {
        let unrun =
            |step: &Step| Batch { steps: vec![Step { condition: Some(Condition::Never), ..step.clone() }], last: None };
        self.steps.iter().map(unrun).collect()
    }

    fn push(&mut self, sql: impl Into<String>, condition: Option<Condition>) -> usize {
        self.steps.push(Step { sql: sql.into(), condition, is_aside: false });
        self.steps.len() - 1
    }

    /// The request of a pipeline.
    pub(super) fn json(&self, protocol: Protocol) -> Json {
        let steps = self.steps.iter().map(|step| {
            let mut json = json!({ "stmt": { "sql": step.sql, "want_rows": true } });
            if let Some(condition) = step.condition.and_then(|condition| condition.json(protocol)) {
                json["condition"] = condition;
            }
            json
        });
        json!({ "type": "batch", "batch": { "steps": steps.collect::<Vec<_>>() } })
    }
}

impl Condition {
    fn json(self, protocol: Protocol) -> Option<Json> {
        Some(match self {
            Condition::After(step) => json!({ "type": "ok", "step": step }),
            Condition::Unless(step) => json!({ "type": "not", "cond": { "type": "ok", "step": step } }),
            // Version 2 does not know it; a transaction that has ended refuses the statement there.
            Condition::InTransaction if protocol == Protocol::V2 => return None,
            Condition::InTransaction => json!({ "type": "not", "cond": { "type": "is_autocommit" } }),
            Condition::Never => json!({ "type": "or", "conds": [] }),
        })
    }
}

/// The versions of the protocol that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    V3,
    V2,
}

impl Protocol {
    pub(super) fn endpoint(self) -> &'static str {
        match self {
            Protocol::V3 => "/v3/pipeline",
            Protocol::V2 => "/v2/pipeline",
        }
    }
}

/// What a server says against a statement or a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its word for programs, such as `SQLITE_CONSTRAINT`.
    pub code: String,
    /// Its words.
    pub message: String,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// A real number.
    Real(f64),
    /// A text.
    Text(String),
    /// A blob, of which only the length is kept.
    Blob {
        /// Its length in bytes.
        length: usize,
    },
}

impl Value {
    /// The text of one.
    #[must_use]
    pub fn into_text(self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What a statement came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Value>>,
    /// How many rows it inserted, updated or deleted.
    pub affected: u64,
    /// How long the server took for it, where it says so.
    pub took: Option<Duration>,
}

impl Answer {
    /// The integer in the first column of the first row.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self.rows.first()?.first()? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The text in the first column of the first row.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.rows.first()?.first()? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What a batch came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results {
    /// What each statement came to; nothing for those that did not run or went wrong.
    pub answers: Vec<Option<Answer>>,
    /// The first statement that went wrong and must not, and why.
    pub failed: Option<(usize, Refusal)>,
}

impl Results {
    /// Whether a statement ran and went well.
    #[must_use]
    pub fn is_done(&self, number: usize) -> bool {
        self.answers.get(number).is_some_and(Option::is_some)
    }

    /// What a statement came to; empty where it did not run.
    #[must_use]
    pub fn answer(&self, number: usize) -> Answer {
        self.answers.get(number).cloned().flatten().unwrap_or_default()
    }

    /// Reads the answer to a batch.
    pub(super) fn read(result: &Json, batch: &Batch) -> Result<Results, String> {
        let list = |key: &str| result[key].as_array().ok_or_else(|| format!("a batch without `{key}`"));
        let answers = list("step_results")?.iter();
        let answers = answers.map(|answer| if answer.is_null() { Ok(None) } else { Answer::read(answer).map(Some) });
        let matters = |at: usize| batch.steps.get(at).is_some_and(|step| !step.is_aside);
        let mut errors = list("step_errors")?.iter().enumerate().filter(|(at, error)| !error.is_null() && matters(*at));
        let failed = errors.next().map(|(at, error)| (at, Refusal::read(error)));
        Ok(Results { answers: answers.collect::<Result<_, _>>()?, failed })
    }
}

impl Answer {
    fn read(json: &Json) -> Result<Answer, String> {
        let columns = json["cols"].as_array().into_iter().flatten();
        let columns = columns.map(|column| column["name"].as_str().unwrap_or_default().to_owned()).collect();
        let rows = json["rows"].as_array().into_iter().flatten().map(|row| {
            let values = row.as_array().ok_or("a row that is no list")?;
            values.iter().map(Value::read).collect::<Result<Vec<_>, String>>()
        });
        let affected = json["affected_row_count"].as_u64().unwrap_or_default();
        let took = json["query_duration_ms"].as_f64().and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        Ok(Answer { columns, rows: rows.collect::<Result<_, _>>()?, affected, took })
    }
}

impl Value {
    fn read(json: &Json) -> Result<Value, String> {
        let text = |key: &str| json[key].as_str().ok_or_else(|| format!("a value without `{key}`"));
        Ok(match text("type")? {
            "null" => Value::Null,
            // As text, since numbers of JSON are not exact in every program.
            "integer" => Value::Integer(text("value")?.parse().map_err(|_| "an integer that is none")?),
            "float" => Value::Real(json["value"].as_f64().ok_or("a number that is none")?),
            "text" => Value::Text(text("value")?.to_owned()),
            "blob" => Value::Blob { length: text("base64")?.trim_end_matches('=').len() * 3 / 4 },
            other => return Err(format!("a value of the type `{other}`")),
        })
    }
}

impl Refusal {
    pub(super) fn read(json: &Json) -> Refusal {
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let message = text("message");
        let message = message.strip_prefix("SQLite error: ").map(str::to_owned).unwrap_or(message);
        Refusal { code: text("code"), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_of_a_batch_waits_for_those_before_it() {
        let mut batch = Batch::in_transaction();
        assert_eq!((batch.then("a"), batch.then("b")), (1, 2));
        batch.otherwise("ROLLBACK");
        let json = batch.json(Protocol::V3);
        let conditions: Vec<String> =
            json["batch"]["steps"].as_array().unwrap().iter().map(|step| step["condition"].to_string()).collect();
        assert_eq!(
            conditions,
            [
                r#"{"type":"not","cond":{"type":"is_autocommit"}}"#,
                r#"{"type":"ok","step":0}"#,
                r#"{"type":"ok","step":1}"#,
                r#"{"type":"not","cond":{"type":"ok","step":2}}"#
            ]
        );
    }

    #[test]
    fn answers_are_read_and_what_is_none_is_refused() {
        let result = json!({
            "step_results": [{ "cols": [{ "name": "a" }, { "name": null }], "affected_row_count": 2, "rows": [[
                { "type": "integer", "value": "9007199254740993" }, { "type": "float", "value": 1.5 },
                { "type": "null" }, { "type": "text", "value": "é" }, { "type": "blob", "base64": "AQI" }
            ]] }, null],
            "step_errors": [null, { "message": "SQLite error: no such table: t", "code": "SQLITE_UNKNOWN" }],
        });
        let mut batch = Batch::default();
        batch.then("SELECT 1");
        batch.then("SELECT a FROM t");
        let results = Results::read(&result, &batch).unwrap();
        let answer = results.answer(0);
        assert_eq!((answer.integer(), answer.affected), (Some(9_007_199_254_740_993), 2));
        assert_eq!(answer.rows[0][3..], [Value::Text("é".to_owned()), Value::Blob { length: 2 }]);
        assert_eq!(
            results.failed,
            Some((1, Refusal { code: "SQLITE_UNKNOWN".into(), message: "no such table: t".into() }))
        );
        assert_eq!(results.answer(1), Answer::default());
        for bad in [
            json!({}),
            json!({ "step_results": [{ "rows": [[{ "type": "integer", "value": 1 }]] }], "step_errors": [] }),
        ] {
            assert!(Results::read(&bad, &batch).is_err(), "{bad}");
        }
    }
}
