//! The schemas of requests and the parser agree on every body, as far as a schema can express the
//! rules. The document states the others (decimals by currency, days from today, duplicate ids, bytes
//! of ids) in words. The parser also accepts texts that a schema rejects and that are valid once
//! cleaned, such as dates between spaces.

mod plaid;
mod plain;
mod texts;

use chrono::Utc;
use serde_json::Value;
use tributary_domain::{Format, IngestRequest};

use super::document::{at, faults, operation, validator};

/// Asserts that parser and schema both accept or both reject a body.
struct Checker {
    format: Format,
    schema: jsonschema::Validator,
    example: &'static Value,
}

impl Checker {
    fn new(format: Format) -> Self {
        let (operation_id, schema, example) = match format {
            Format::Plain => ("ingestTransactions", "IngestRequest", "plaidLike"),
            Format::Plaid => ("ingestPlaidTransactions", "PlaidRequest", "transactionsSync"),
        };
        let body = &operation(operation_id)["requestBody"]["content"]["application/json"];
        Self {
            format,
            schema: validator(at(&format!("/components/schemas/{schema}"))),
            example: &body["examples"][example]["value"],
        }
    }

    /// The example of the document.
    fn example(&self) -> Value {
        self.example.clone()
    }

    fn assert(&self, body: &Value, accepted: bool, what: &str) {
        let json = serde_json::to_vec(body).unwrap();
        let parsed = IngestRequest::parse(&json, self.format, Utc::now());
        assert_eq!(parsed.is_ok(), accepted, "the parser on {what}: {parsed:?}");
        let faults = faults(&self.schema, body);
        assert_eq!(faults.is_empty(), accepted, "the schema on {what}: {faults:?}");
    }

    /// The example with one field set to each of these values.
    fn assert_each(&self, pointer: &str, accepted: bool, values: impl IntoIterator<Item = Value>) {
        let (object, field) = pointer.rsplit_once('/').unwrap();
        for value in values {
            let what = format!("{pointer} = {value:.80}");
            let mut body = self.example();
            body.pointer_mut(object).unwrap()[field] = value;
            self.assert(&body, accepted, &what);
        }
    }

    /// The example without one field.
    fn assert_without(&self, pointer: &str, accepted: bool) {
        let (object, field) = pointer.rsplit_once('/').unwrap();
        let mut body = self.example();
        body.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(field);
        self.assert(&body, accepted, &format!("no {pointer}"));
    }
}
