//! The types of the client against every example of the OpenAPI document.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tributary_client::{
    AcceptedBatch, Account, AccountPage, Batch, BatchPage, Cashflow, CreatedKey, Credential,
    Health, KeyList, Merchants, NewBatch, NewKey, Problem, RetriedBatch, Summary,
    TransactionDetails, TransactionPage,
};

/// Read without [`Value`], in which numbers are floats.
#[derive(Deserialize)]
struct Document {
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    components: Components,
}

#[derive(Deserialize)]
struct Components {
    responses: BTreeMap<String, Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    operation_id: String,
    request_body: Option<Body>,
    responses: BTreeMap<String, Body>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
struct Media {
    example: Option<Box<RawValue>>,
    #[serde(default)]
    examples: BTreeMap<String, Example>,
}

#[derive(Deserialize)]
struct Example {
    value: Box<RawValue>,
}

fn document() -> Document {
    serde_json::from_str(include_str!("../../api/openapi.json")).unwrap()
}

/// The examples of a body of this type.
fn examples<'b>(body: &'b Body, content_type: &str) -> Vec<&'b str> {
    let Some(media) = body.content.get(content_type) else { return Vec::new() };
    let named = media.examples.values().map(|example| example.value.get());
    media.example.iter().map(|raw| raw.get()).chain(named).collect()
}

/// Reads an example, and asserts that no field of it is ignored, apart from those named.
fn read<T: DeserializeOwned + Debug>(text: &str, ignored: &[&str]) -> T {
    let read: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let shown = format!("{read:?}");
    let mut names = Vec::new();
    names_of(&serde_json::from_str(text).unwrap(), &mut names);
    for name in names {
        let name = if name == "type" { "kind" } else { &*name };
        assert!(ignored.contains(&name) || shown.contains(&format!("{name}: ")), "{name}: {shown}");
    }
    read
}

fn names_of(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| names_of(value, names)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            names.push(name.clone());
            names_of(value, names);
        }),
        _ => {}
    }
}

/// Reads an example of the success of a call.
fn read_success(operation_id: &str, text: &str) {
    // The correlation id of a read is in the header of the response as well.
    let ignored = &["correlation_id"];
    match operation_id {
        "ingestTransactions" | "ingestPlaidTransactions" => drop(read::<AcceptedBatch>(text, &[])),
        "listBatches" => drop(read::<BatchPage>(text, &[])),
        "getBatch" => drop(read::<Batch>(text, &[])),
        "retryBatch" => drop(read::<RetriedBatch>(text, &[])),
        "listAccounts" => drop(read::<AccountPage>(text, ignored)),
        "getAccount" => drop(read::<Account>(text, ignored)),
        "listTransactions" => drop(read::<TransactionPage>(text, ignored)),
        "getTransaction" => drop(read::<TransactionDetails>(text, ignored)),
        "getSummary" => drop(read::<Summary>(text, ignored)),
        "getCashflow" => drop(read::<Cashflow>(text, ignored)),
        "getMerchants" => drop(read::<Merchants>(text, ignored)),
        "getCredential" => drop(read::<Credential>(text, ignored)),
        "listKeys" => drop(read::<KeyList>(text, ignored)),
        "createKey" => drop(read::<CreatedKey>(text, ignored)),
        "getHealth" => drop(read::<Health>(text, &[])),
        // Not a call of the client.
        "getOpenApi" => {}
        _ => panic!("the client does not have {operation_id}"),
    }
}

#[test]
fn every_success_of_the_document_is_read_with_all_its_fields() {
    let mut count = 0;
    let document = document();
    for operation in document.paths.values().flat_map(BTreeMap::values) {
        for (status, body) in &operation.responses {
            for text in examples(body, "application/json") {
                read_success(&operation.operation_id, text);
                count += 1;
            }
            assert!(status != "204" || body.content.is_empty());
        }
    }
    assert!(count >= 20, "{count}");
}

#[test]
fn every_problem_of_the_document_is_read_with_all_its_fields() {
    let mut count = 0;
    for body in document().components.responses.values() {
        for text in examples(body, "application/problem+json") {
            read::<Problem>(text, &["pointer", "parameter", "header"]);
            count += 1;
        }
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn every_batch_and_key_of_the_document_is_sent_as_it_is() {
    let document = document();
    for operation in document.paths.values().flat_map(BTreeMap::values) {
        for text in operation.request_body.iter().flat_map(|it| examples(it, "application/json")) {
            match &*operation.operation_id {
                "ingestTransactions" => assert_round_trip::<NewBatch>(text),
                "createKey" => assert_round_trip::<NewKey>(text),
                // Sent as received.
                "ingestPlaidTransactions" => {}
                other => panic!("the client does not have {other}"),
            }
        }
    }
}

/// What is sent has the fields of the example, apart from those that are null or empty.
fn assert_round_trip<T: DeserializeOwned + serde::Serialize + PartialEq + Debug>(text: &str) {
    let parsed: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let sent = serde_json::to_string(&parsed).unwrap();
    assert_eq!(serde_json::from_str::<T>(&sent).unwrap(), parsed);
    let [sent, example] = [&*sent, text].map(|text| {
        let mut names = Vec::new();
        names_of(&without_nulls(serde_json::from_str(text).unwrap()), &mut names);
        names.sort();
        names
    });
    let missing: Vec<_> = example.iter().filter(|name| !sent.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(without_nulls).collect(),
        Value::Object(fields) => {
            let set = fields.into_iter().filter(|(_, value)| !value.is_null());
            set.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        other => other,
    }
}

#[test]
fn amounts_are_exact_both_ways() {
    let text = r#"{"accounts": [], "total_transactions": 1, "transactions": [{"transaction_id": "t",
        "account_id": "a", "amount": -1234567890123456789012345678, "date": "2025-10-30"}]}"#;
    let sent = serde_json::to_string(&serde_json::from_str::<NewBatch>(text).unwrap()).unwrap();
    assert!(sent.contains(r#""amount":"-1234567890123456789012345678""#), "{sent}");
}

#[test]
fn unknown_fields_and_values_are_no_errors() {
    let text = r#"{"status": "degraded", "database": "ok", "queue": "ok", "new": [1]}"#;
    let health: Health = serde_json::from_str(text).unwrap();
    assert_eq!(health.status.as_str(), "degraded");
    assert!(matches!(health.status, tributary_client::Verdict::Unknown(_)));
}

#[test]
fn created_key_is_not_shown() {
    let text = r#"{"api_key": "trb_5f1d09c3_secret", "prefix": "trb_5f1d09c3", "name": "feed",
        "scopes": ["ingest"], "created_at": "2025-10-30T08:00:00Z"}"#;
    let key: CreatedKey = serde_json::from_str(text).unwrap();
    assert!(!format!("{key:?}").contains("_secret"), "{key:?}");
}
