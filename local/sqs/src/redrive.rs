//! `RedrivePolicy` and `RedriveAllowPolicy`: the JSON texts that tie a queue to its dead letters.

use serde::Deserialize;
use serde_json::Value;

use crate::errors::SqsError;

/// Highest `maxReceiveCount`.
const RECEIVE_COUNT_MAX: u32 = 1_000;
/// Queues that `byQueue` may name.
const SOURCE_QUEUES_MAX: usize = 10;

/// When a queue gives a message up, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RedrivePolicy {
    pub(crate) dead_letter_arn: String,
    /// Deliveries a message gets before the next one goes to the dead-letter queue instead.
    pub(crate) max_receive_count: u32,
    /// As it was set, which is how it is shown.
    pub(crate) text: String,
}

impl RedrivePolicy {
    /// Reads the attribute's value.
    ///
    /// # Errors
    /// `InvalidParameterValue` when it is not a whole policy.
    pub(crate) fn parse(text: &str) -> Result<RedrivePolicy, SqsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Policy {
            dead_letter_target_arn: String,
            max_receive_count: Value,
        }
        let refuse = |reason: &str| refused("RedrivePolicy", text, reason);
        let policy: Policy = serde_json::from_str(text)
            .map_err(|_| refuse("It must have deadLetterTargetArn and maxReceiveCount."))?;
        // CloudFormation sends a number, older tools a string.
        let max_receive_count = match &policy.max_receive_count {
            Value::String(digits) => digits.parse().ok(),
            number => number.as_u64().and_then(|n| u32::try_from(n).ok()),
        };
        let max_receive_count =
            max_receive_count.filter(|n| (1..=RECEIVE_COUNT_MAX).contains(n)).ok_or_else(|| {
                refuse("Invalid value for maxReceiveCount, valid values are from 1 to 1000.")
            })?;
        Ok(RedrivePolicy {
            dead_letter_arn: policy.dead_letter_target_arn,
            max_receive_count,
            text: text.to_owned(),
        })
    }

    /// The refusal of a policy whose dead-letter queue will not do.
    pub(crate) fn refused(&self, reason: &str) -> SqsError {
        refused("RedrivePolicy", &self.text, reason)
    }
}

/// Checks the form of a `RedriveAllowPolicy`. Its permissions are kept, not enforced: there is one
/// account here, and deployments are checked against AWS itself.
///
/// # Errors
/// `InvalidParameterValue` when it is not such a policy.
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
    policy.map(|_| ()).ok_or_else(|| refused("RedriveAllowPolicy", text, reason))
}

fn refused(parameter: &str, text: &str, reason: &str) -> SqsError {
    SqsError::InvalidParameterValue(format!(
        "Value {text} for parameter {parameter} is invalid. Reason: {reason}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_taken_as_number_and_as_string_within_its_limits() {
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
    fn half_a_policy_is_refused() {
        for bad in ["", "{}", r#"{"maxReceiveCount":3}"#, r#"{"deadLetterTargetArn":"arn:d"}"#] {
            assert!(RedrivePolicy::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_allow_policy_names_queues_only_with_by_queue() {
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
