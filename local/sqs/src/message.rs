//! A message: its immutable content and its delivery state.

use std::sync::Arc;

use md5::{Digest, Md5};
use tokio::time::Instant;
use uuid::Uuid;

use crate::characters::has_only_valid_characters;
use crate::errors::SqsError;
use crate::message_attribute::{self, MessageAttribute, MessageAttributes};

/// The largest message, and the default and upper limit of `MaximumMessageSize`: 1 MiB since August
/// 2025. A whole batch has the same limit.
pub(crate) const MESSAGE_SIZE_MAX: usize = 1_048_576;

/// The longest `MessageGroupId`.
const GROUP_LENGTH_MAX: usize = 128;

/// The content that a producer sent. Deliveries share it instead of copying the body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MessageContent {
    pub(crate) body: String,
    pub(crate) attributes: MessageAttributes,
    /// At most `AWSTraceHeader`. Stored as an attribute because SQS returns a digest of it.
    pub(crate) system_attributes: MessageAttributes,
    /// `MessageGroupId`. On a standard queue it only affects fairness between groups.
    pub(crate) group: Option<String>,
}

impl MessageContent {
    /// Validates the body and the group.
    ///
    /// # Errors
    /// `MissingParameter` for an empty body, `InvalidMessageContents` for invalid characters,
    /// `InvalidParameterValue` for an invalid group.
    pub(crate) fn new(
        body: String,
        attributes: MessageAttributes,
        system_attributes: MessageAttributes,
        group: Option<String>,
    ) -> Result<MessageContent, SqsError> {
        if body.is_empty() {
            return Err(SqsError::MissingParameter("MessageBody"));
        }
        if !has_only_valid_characters(&body) {
            return Err(SqsError::InvalidMessageContents);
        }
        // Letters, digits and punctuation of ASCII.
        let is_valid = |group: &str| {
            (1..=GROUP_LENGTH_MAX).contains(&group.len())
                && group.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if group.as_deref().is_some_and(|group| !is_valid(group)) {
            return Err(SqsError::InvalidParameterValue(
                "The parameter MessageGroupId can only include alphanumeric and punctuation \
                 characters. 1 to 128 in length."
                    .to_owned(),
            ));
        }
        Ok(MessageContent { body, attributes, system_attributes, group })
    }

    /// Bytes that count towards the limits. System attributes do not.
    pub(crate) fn size(&self) -> usize {
        self.body.len() + message_attribute::size(&self.attributes)
    }

    /// `MD5OfMessageBody`.
    pub(crate) fn body_md5(&self) -> String {
        format!("{:x}", Md5::digest(&self.body))
    }

    /// `AWSTraceHeader`, if the producer sent one.
    pub(crate) fn trace_header(&self) -> Option<&str> {
        self.system_attributes.get("AWSTraceHeader").and_then(MessageAttribute::text)
    }
}

/// A stored message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: Uuid,
    pub(crate) content: Arc<MessageContent>,
    pub(crate) sent_at: Instant,
    pub(crate) first_received_at: Option<Instant>,
    /// Over all queues: a dead-letter queue continues the count.
    pub(crate) receive_count: u32,
    /// ARN of the queue that moved this message to its dead-letter queue.
    pub(crate) dead_letter_source: Option<String>,
}

impl Message {
    /// Creates a message that has not been received.
    pub(crate) fn new(content: Arc<MessageContent>, now: Instant) -> Message {
        Message {
            id: Uuid::now_v7(),
            content,
            sent_at: now,
            first_received_at: None,
            receive_count: 0,
            dead_letter_source: None,
        }
    }

    /// Its message group.
    pub(crate) fn group(&self) -> Option<&str> {
        self.content.group.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Result<MessageContent, SqsError> {
        in_group(text, None)
    }

    fn in_group(text: &str, group: Option<&str>) -> Result<MessageContent, SqsError> {
        let (attributes, group) = (MessageAttributes::new(), group.map(str::to_owned));
        MessageContent::new(text.to_owned(), attributes.clone(), attributes, group)
    }

    #[test]
    fn group_has_up_to_128_characters_of_printable_ascii() {
        for good in ["a", "0196-ab!~", &"x".repeat(GROUP_LENGTH_MAX)] {
            assert_eq!(in_group("a", Some(good)).unwrap().group.as_deref(), Some(good));
        }
        for bad in ["", " ", "a b", "é", &"x".repeat(GROUP_LENGTH_MAX + 1)] {
            let rejected = in_group("a", Some(bad));
            assert!(matches!(rejected, Err(SqsError::InvalidParameterValue(_))), "{bad:?}");
        }
    }

    #[test]
    fn invalid_xml_characters_are_rejected() {
        for bad in ["\u{0}", "a\u{8}", "\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
            assert_eq!(body(bad), Err(SqsError::InvalidMessageContents), "{bad:?}");
        }
        for good in ["\t\n\r", " ~", "\u{7f}", "\u{fffd}", "é 漢 🙂"] {
            assert_eq!(body(good).unwrap().body, good);
        }
    }

    #[test]
    fn empty_body_is_a_missing_parameter() {
        assert_eq!(body(""), Err(SqsError::MissingParameter("MessageBody")));
    }

    #[test]
    fn size_is_in_bytes_and_md5_covers_the_body() {
        let content = body("漢").unwrap();
        assert_eq!(content.size(), 3);
        assert_eq!(body("hello").unwrap().body_md5(), "5d41402abc4b2a76b9719d911017c592");
    }
}
