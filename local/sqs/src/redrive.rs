//! `RedrivePolicy` and `RedriveAllowPolicy`, the JSON policies for dead-letter queues.

use serde::Deserialize;
use serde_json::Value;

use crate::errors::SqsError;

/// Highest `maxReceiveCount`.
const RECEIVE_COUNT_MAX: u32 = 1_000;
/// Most source queues of `byQueue`.
const SOURCE_QUEUES_MAX: usize = 10;

/// When a queue moves a message to its dead-letter queue, and to which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedrivePolicy {
    pub(crate) dead_letter_arn: String,
    /// A message that was received this often moves instead of being delivered again.
    pub(crate) max_receive_count: u32,
    /// The original JSON, which `GetQueueAttributes` returns.
    pub(crate) text: String,
}

impl RedrivePolicy {
    /// Parses the attribute.
    ///
    /// # Errors
    /// `InvalidParameterValue` for an invalid policy.
    pub(crate) fn parse(text: &str) -> Result<RedrivePolicy, SqsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Policy {
            dead_letter_target_arn: String,
            max_receive_count: Value,
        }
        let reject = |reason: &str| invalid("RedrivePolicy", text, reason);
        let policy: Policy = serde_json::from_str(text)
            .map_err(|_| reject("It must have deadLetterTargetArn and maxReceiveCount."))?;
        // CloudFormation sends a number, older tools send a string.
        let max_receive_count = match &policy.max_receive_count {
            Value::String(digits) => digits.parse().ok(),
            number => number.as_u64().and_then(|n| u32::try_from(n).ok()),
        };
        let max_receive_count =
            max_receive_count.filter(|n| (1..=RECEIVE_COUNT_MAX).contains(n)).ok_or_else(|| {
                reject("Invalid value for maxReceiveCount, valid values are from 1 to 1000.")
            })?;
        Ok(RedrivePolicy {
            dead_letter_arn: policy.dead_letter_target_arn,
            max_receive_count,
            text: text.to_owned(),
        })
    }

    /// The error for a policy with an invalid dead-letter queue.
    pub(crate) fn invalid(&self, reason: &str) -> SqsError {
        invalid("RedrivePolicy", &self.text, reason)
    }
}

/// Validates a `RedriveAllowPolicy`. Its permissions are stored but not enforced.
///
/// # Errors
/// `InvalidParameterValue` for an invalid policy.
pub(crate) fn check_redrive_allow_policy(text: &str) -> Result<(), SqsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Policy {
        redrive_permission: String,
        #[serde(default)]
        source_queue_arns: Vec<String>,
    }
    let policy = serde_json::from_str(text).ok().filter(|policy: &Policy| {
        let sources = policy.source_queue_arns.len();
        match policy.redrive_permission.as_str() {
            "allowAll" | "denyAll" => sources == 0,
            "byQueue" => (1..=SOURCE_QUEUES_MAX).contains(&sources),
            _ => false,
        }
    });
    let reason = "redrivePermission must be allowAll, denyAll, or byQueue with sourceQueueArns.";
    policy.map(|_| ()).ok_or_else(|| invalid("RedriveAllowPolicy", text, reason))
}

fn invalid(parameter: &str, text: &str, reason: &str) -> SqsError {
    SqsError::InvalidParameterValue(format!(
        "Value {text} for parameter {parameter} is invalid. Reason: {reason}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_receive_count_is_a_number_or_a_string_within_its_limits() {
        let policy = |count: &str| {
            let text = format!(r#"{{"deadLetterTargetArn":"arn:d","maxReceiveCount":{count}}}"#);
            RedrivePolicy::parse(&text).map(|p| p.max_receive_count)
        };
        assert_eq!(policy("5"), Ok(5));
        assert_eq!(policy("\"5\""), Ok(5));
        assert_eq!(policy("1000"), Ok(1000));
        for bad in ["0", "1001", "-1", "\"\"", "null", "1.5"] {
            assert!(policy(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn incomplete_policy_is_rejected() {
        for bad in ["", "{}", r#"{"maxReceiveCount":3}"#, r#"{"deadLetterTargetArn":"arn:d"}"#] {
            assert!(RedrivePolicy::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn allow_policy_names_queues_only_with_by_queue() {
        for good in [
            r#"{"redrivePermission":"allowAll"}"#,
            r#"{"redrivePermission":"denyAll"}"#,
            r#"{"redrivePermission":"byQueue","sourceQueueArns":["arn:a"]}"#,
        ] {
            assert_eq!(check_redrive_allow_policy(good), Ok(()), "{good}");
        }
        for bad in ["{}", r#"{"redrivePermission":"byQueue"}"#, r#"{"redrivePermission":"some"}"#] {
            assert!(check_redrive_allow_policy(bad).is_err(), "{bad}");
        }
    }
}
