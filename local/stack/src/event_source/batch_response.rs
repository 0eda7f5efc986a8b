//! Reads the failed messages in a batch response (`ReportBatchItemFailures`).
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.

use std::collections::HashSet;

use serde_json::Value;

/// The result of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// These messages failed; all others succeeded.
    Failed(HashSet<String>),
    /// The response is malformed for this reason, so every message failed.
    Malformed(&'static str),
}

/// Reads the response to a batch of messages with the given ids.
pub(crate) fn read(answer: &[u8], message_ids: &HashSet<&str>) -> Verdict {
    // An empty response is a success.
    if answer.is_empty() {
        return Verdict::Failed(HashSet::new());
    }
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
        return Verdict::Malformed("it is not JSON");
    };
    let failures = match &answer {
        Value::Null => return Verdict::Failed(HashSet::new()),
        Value::Object(answer) => match answer.get("batchItemFailures") {
            None | Some(Value::Null) => return Verdict::Failed(HashSet::new()),
            Some(Value::Array(failures)) => failures,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                return Verdict::Malformed("batchItemFailures is not a list");
            }
        },
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Verdict::Malformed("it is not an object");
        }
    };
    let mut failed = HashSet::new();
    for failure in failures {
        let Some(id) = failure.get("itemIdentifier").and_then(Value::as_str) else {
            return Verdict::Malformed("an entry has no itemIdentifier");
        };
        if !message_ids.contains(id) {
            return Verdict::Malformed("an itemIdentifier is not in the batch");
        }
        failed.insert(id.to_owned());
    }
    Verdict::Failed(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(answer: &str) -> Verdict {
        read(answer.as_bytes(), &HashSet::from(["m-1", "m-2"]))
    }

    #[test]
    fn response_without_failures_is_a_success() {
        let answers =
            ["", "null", "{}", r#"{"batchItemFailures": []}"#, r#"{"batchItemFailures": null}"#];
        for answer in answers {
            assert_eq!(verdict(answer), Verdict::Failed(HashSet::new()), "{answer}");
        }
    }

    #[test]
    fn named_messages_failed() {
        let answer = r#"{"batchItemFailures": [{"itemIdentifier": "m-2"}]}"#;
        assert_eq!(verdict(answer), Verdict::Failed(HashSet::from(["m-2".to_owned()])));
    }

    #[test]
    fn malformed_response_fails_the_whole_batch() {
        for answer in [
            "{",
            r#""ok""#,
            r#"{"batchItemFailures": "m-1"}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": "m-3"}]}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#,
            r#"{"batchItemFailures": [{"id": "m-1"}]}"#,
        ] {
            assert!(matches!(verdict(answer), Verdict::Malformed(_)), "{answer}");
        }
    }
}
