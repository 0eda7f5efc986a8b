//! Reads the failed messages in a batch response (`ReportBatchItemFailures`).
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.

use std::collections::HashSet;

use serde_json::Value;

/// The result of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BatchOutcome {
    /// These messages failed; all others succeeded.
    Failed(HashSet<String>),
    /// The response is malformed for this reason, so every message failed.
    Malformed(&'static str),
}

/// Reads the response to a batch of messages with the given ids.
pub(crate) fn read(response: &[u8], message_ids: &HashSet<&str>) -> BatchOutcome {
    // An empty response is a success.
    if response.is_empty() {
        return BatchOutcome::Failed(HashSet::new());
    }
    let Ok(response) = serde_json::from_slice::<Value>(response) else {
        return BatchOutcome::Malformed("it is not JSON");
    };
    let failures = match &response {
        Value::Null => return BatchOutcome::Failed(HashSet::new()),
        Value::Object(response) => match response.get("batchItemFailures") {
            None | Some(Value::Null) => return BatchOutcome::Failed(HashSet::new()),
            Some(Value::Array(failures)) => failures,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                return BatchOutcome::Malformed("batchItemFailures is not a list");
            }
        },
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return BatchOutcome::Malformed("it is not an object");
        }
    };
    let mut failed = HashSet::new();
    for failure in failures {
        let Some(id) = failure.get("itemIdentifier").and_then(Value::as_str) else {
            return BatchOutcome::Malformed("an entry has no itemIdentifier");
        };
        if !message_ids.contains(id) {
            return BatchOutcome::Malformed("an itemIdentifier is not in the batch");
        }
        failed.insert(id.to_owned());
    }
    BatchOutcome::Failed(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(response: &str) -> BatchOutcome {
        read(response.as_bytes(), &HashSet::from(["m-1", "m-2"]))
    }

    #[test]
    fn response_without_failures_is_a_success() {
        let responses =
            ["", "null", "{}", r#"{"batchItemFailures": []}"#, r#"{"batchItemFailures": null}"#];
        for response in responses {
            assert_eq!(outcome(response), BatchOutcome::Failed(HashSet::new()), "{response}");
        }
    }

    #[test]
    fn named_messages_failed() {
        let response = r#"{"batchItemFailures": [{"itemIdentifier": "m-2"}]}"#;
        assert_eq!(outcome(response), BatchOutcome::Failed(HashSet::from(["m-2".to_owned()])));
    }

    #[test]
    fn malformed_response_fails_the_whole_batch() {
        for response in [
            "{",
            r#""ok""#,
            r#"{"batchItemFailures": "m-1"}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": "m-3"}]}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#,
            r#"{"batchItemFailures": [{"id": "m-1"}]}"#,
        ] {
            assert!(matches!(outcome(response), BatchOutcome::Malformed(_)), "{response}");
        }
    }
}
