//! The attributes of a queue that its owner sets: names, limits, defaults, and how they are shown.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::errors::SqsError;
use crate::message::MESSAGE_SIZE_MAX;
use crate::redrive::{RedrivePolicy, check_redrive_allow_policy};

/// Longest visibility timeout, of a queue, a receive or a change: 12 hours.
pub(crate) const VISIBILITY_TIMEOUT_S: RangeInclusive<u64> = 0..=43_200;
/// How long a send may be delayed: 15 minutes.
pub(crate) const DELAY_S: RangeInclusive<u64> = 0..=900;
/// How long a receive may wait.
pub(crate) const WAIT_S: RangeInclusive<u64> = 0..=20;
const RETENTION_S: RangeInclusive<u64> = 60..=1_209_600;
const MESSAGE_SIZE: RangeInclusive<u64> = 1_024..=MESSAGE_SIZE_MAX as u64;

/// What a queue's owner decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueSettings {
    visibility_timeout_s: u64,
    delay_s: u64,
    retention_s: u64,
    wait_s: u64,
    maximum_message_size: u64,
    pub(crate) redrive: Option<RedrivePolicy>,
    /// Policies and encryption: shown as they were set, without effect here.
    inert: BTreeMap<String, String>,
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
            inert: BTreeMap::from([("SqsManagedSseEnabled".to_owned(), "true".to_owned())]),
        }
    }
}

impl QueueSettings {
    /// How long a received message stays hidden.
    pub(crate) fn visibility_timeout(&self) -> Duration {
        Duration::from_secs(self.visibility_timeout_s)
    }

    /// How long a sent message stays hidden.
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_secs(self.delay_s)
    }

    /// How long a message lives.
    pub(crate) fn retention(&self) -> Duration {
        Duration::from_secs(self.retention_s)
    }

    /// How long a receive waits that does not say so itself.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_s)
    }

    /// Largest message, in bytes.
    pub(crate) fn maximum_message_size(&self) -> usize {
        usize::try_from(self.maximum_message_size).unwrap_or(MESSAGE_SIZE_MAX)
    }

    /// These settings with `attributes` set over them; an empty policy takes the policy away.
    ///
    /// # Errors
    /// For the first attribute that does not exist, or whose value does not fit.
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
                self.inert.remove(name);
            }
            "RedriveAllowPolicy" => {
                check_redrive_allow_policy(value)?;
                self.inert.insert(name.to_owned(), value.to_owned());
            }
            "Policy"
            | "KmsMasterKeyId"
            | "KmsDataKeyReusePeriodSeconds"
            | "SqsManagedSseEnabled" => {
                self.inert.insert(name.to_owned(), value.to_owned());
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

    /// As `GetQueueAttributes` shows them.
    pub(crate) fn to_attributes(&self) -> BTreeMap<String, String> {
        let numbers = [
            ("VisibilityTimeout", self.visibility_timeout_s),
            ("DelaySeconds", self.delay_s),
            ("MessageRetentionPeriod", self.retention_s),
            ("ReceiveMessageWaitTimeSeconds", self.wait_s),
            ("MaximumMessageSize", self.maximum_message_size),
        ];
        let mut all = self.inert.clone();
        all.extend(numbers.map(|(name, number)| (name.to_owned(), number.to_string())));
        if let Some(redrive) = &self.redrive {
            all.insert("RedrivePolicy".to_owned(), redrive.text.clone());
        }
        all
    }
}

/// Why a FIFO queue cannot be made here.
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
    fn numbers_are_taken_at_their_limits_and_refused_past_them() {
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
                let refused = Err(SqsError::InvalidAttributeValue(name.to_owned()));
                assert_eq!(with(name, &bad), refused, "{name} {bad}");
            }
        }
    }

    #[test]
    fn an_unknown_attribute_and_fifo_are_refused() {
        assert_eq!(with("Colour", "x"), Err(SqsError::InvalidAttributeName("Colour".to_owned())));
        assert!(matches!(with("FifoQueue", "true"), Err(SqsError::UnsupportedOperation(_))));
    }

    #[test]
    fn an_empty_policy_takes_the_policy_away() {
        let policy = r#"{"deadLetterTargetArn":"arn:d","maxReceiveCount":3}"#;
        let set = with("RedrivePolicy", policy).unwrap();
        assert_eq!(set.to_attributes()["RedrivePolicy"], policy);
        let unset = set.with(&BTreeMap::from([("RedrivePolicy".to_owned(), String::new())]));
        assert!(!unset.unwrap().to_attributes().contains_key("RedrivePolicy"));
    }
}
