//! The configurable attributes of a queue: names, limits and defaults.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::errors::SqsError;
use crate::message::MESSAGE_SIZE_MAX;
use crate::redrive::{RedrivePolicy, check_redrive_allow_policy};

/// Visibility timeout of a queue, a receive or a change: up to 12 hours.
pub(crate) const VISIBILITY_TIMEOUT_S: RangeInclusive<u64> = 0..=43_200;
/// Delay of a message: up to 15 minutes.
pub(crate) const DELAY_S: RangeInclusive<u64> = 0..=900;
/// Wait time of a receive.
pub(crate) const WAIT_S: RangeInclusive<u64> = 0..=20;
const RETENTION_S: RangeInclusive<u64> = 60..=1_209_600;
const MESSAGE_SIZE: RangeInclusive<u64> = 1_024..=MESSAGE_SIZE_MAX as u64;

/// The configuration of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueSettings {
    visibility_timeout_s: u64,
    delay_s: u64,
    retention_s: u64,
    wait_s: u64,
    maximum_message_size: u64,
    pub(crate) redrive: Option<RedrivePolicy>,
    /// Policies and encryption settings, which are stored and returned but have no effect.
    without_effect: BTreeMap<String, String>,
}

impl Default for QueueSettings {
    fn default() -> Self {
        QueueSettings {
            visibility_timeout_s: 30,
            delay_s: 0,
            retention_s: 345_600,
            wait_s: 0,
            maximum_message_size: *MESSAGE_SIZE.end(),
            redrive: None,
            without_effect: BTreeMap::from([(
                "SqsManagedSseEnabled".to_owned(),
                "true".to_owned(),
            )]),
        }
    }
}

impl QueueSettings {
    /// How long a received message stays invisible.
    pub(crate) fn visibility_timeout(&self) -> Duration {
        Duration::from_secs(self.visibility_timeout_s)
    }

    /// How long a sent message stays invisible.
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_secs(self.delay_s)
    }

    /// How long the queue keeps a message.
    pub(crate) fn retention(&self) -> Duration {
        Duration::from_secs(self.retention_s)
    }

    /// How long a receive waits by default.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_s)
    }

    /// Largest message, in bytes.
    pub(crate) fn maximum_message_size(&self) -> usize {
        usize::try_from(self.maximum_message_size).unwrap_or(MESSAGE_SIZE_MAX)
    }

    /// Returns these settings with `attributes` applied. An empty policy removes the policy.
    ///
    /// # Errors
    /// For the first attribute that is unknown or has an invalid value.
    pub(crate) fn with(
        &self,
        attributes: &BTreeMap<String, String>,
    ) -> Result<QueueSettings, SqsError> {
        let mut settings = self.clone();
        for (name, value) in attributes {
            settings.set(name, value)?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        match name {
            "VisibilityTimeout" => {
                self.visibility_timeout_s = within(VISIBILITY_TIMEOUT_S, name, value)?;
            }
            "DelaySeconds" => self.delay_s = within(DELAY_S, name, value)?,
            "MessageRetentionPeriod" => self.retention_s = within(RETENTION_S, name, value)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait_s = within(WAIT_S, name, value)?,
            "MaximumMessageSize" => {
                self.maximum_message_size = within(MESSAGE_SIZE, name, value)?;
            }
            "RedrivePolicy" => {
                self.redrive =
                    if value.is_empty() { None } else { Some(RedrivePolicy::parse(value)?) };
            }
            "RedriveAllowPolicy" | "Policy" if value.is_empty() => {
                self.without_effect.remove(name);
            }
            "RedriveAllowPolicy" => {
                check_redrive_allow_policy(value)?;
                self.without_effect.insert(name.to_owned(), value.to_owned());
            }
            "Policy"
            | "KmsMasterKeyId"
            | "KmsDataKeyReusePeriodSeconds"
            | "SqsManagedSseEnabled" => {
                self.without_effect.insert(name.to_owned(), value.to_owned());
            }
            "FifoQueue" if value == "false" => {}
            "FifoQueue"
            | "ContentBasedDeduplication"
            | "DeduplicationScope"
            | "FifoThroughputLimit" => {
                return Err(SqsError::UnsupportedOperation(FIFO_UNSUPPORTED));
            }
            _ => return Err(SqsError::InvalidAttributeName(name.to_owned())),
        }
        Ok(())
    }

    /// As in `GetQueueAttributes`.
    pub(crate) fn to_attributes(&self) -> BTreeMap<String, String> {
        let numbers = [
            ("VisibilityTimeout", self.visibility_timeout_s),
            ("DelaySeconds", self.delay_s),
            ("MessageRetentionPeriod", self.retention_s),
            ("ReceiveMessageWaitTimeSeconds", self.wait_s),
            ("MaximumMessageSize", self.maximum_message_size),
        ];
        let mut all = self.without_effect.clone();
        all.extend(numbers.map(|(name, number)| (name.to_owned(), number.to_string())));
        if let Some(redrive) = &self.redrive {
            all.insert("RedrivePolicy".to_owned(), redrive.text.clone());
        }
        all
    }
}

/// The message for FIFO queues and their attributes.
pub(crate) const FIFO_UNSUPPORTED: &str =
    "This endpoint has standard queues only: FIFO queues and their attributes are not supported.";

fn within(range: RangeInclusive<u64>, name: &str, value: &str) -> Result<u64, SqsError> {
    let number = value.parse().ok().filter(|n| range.contains(n));
    number.ok_or_else(|| SqsError::InvalidAttributeValue(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Result<QueueSettings, SqsError> {
        QueueSettings::default().with(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn numbers_are_accepted_at_their_limits_and_rejected_past_them() {
        for (name, least, most) in [
            ("VisibilityTimeout", 0, 43_200),
            ("DelaySeconds", 0, 900),
            ("MessageRetentionPeriod", 60, 1_209_600),
            ("ReceiveMessageWaitTimeSeconds", 0, 20),
            ("MaximumMessageSize", 1_024, 1_048_576),
        ] {
            for good in [least, most] {
                let shown = with(name, &good.to_string()).unwrap().to_attributes();
                assert_eq!(shown[name], good.to_string());
            }
            for bad in [(least - 1).to_string(), (most + 1).to_string(), "ten".to_owned()] {
                let rejected = Err(SqsError::InvalidAttributeValue(name.to_owned()));
                assert_eq!(with(name, &bad), rejected, "{name} {bad}");
            }
        }
    }

    #[test]
    fn unknown_attribute_and_fifo_are_rejected() {
        assert_eq!(with("Colour", "x"), Err(SqsError::InvalidAttributeName("Colour".to_owned())));
        assert!(matches!(with("FifoQueue", "true"), Err(SqsError::UnsupportedOperation(_))));
    }

    #[test]
    fn empty_policy_removes_the_policy() {
        let policy = r#"{"deadLetterTargetArn":"arn:d","maxReceiveCount":3}"#;
        let set = with("RedrivePolicy", policy).unwrap();
        assert_eq!(set.to_attributes()["RedrivePolicy"], policy);
        let unset = set.with(&BTreeMap::from([("RedrivePolicy".to_owned(), String::new())]));
        assert!(!unset.unwrap().to_attributes().contains_key("RedrivePolicy"));
    }
}
