//! The message that requests enrichment of a batch: `{"v":1,"tenant_id":"…","batch_id":"…"}`.
//!
//! It contains no rows, so duplicates are harmless and a late message finds no work.

use serde::{Deserialize, Serialize};
use tributary_domain::{BatchId, TenantId};

/// The message attribute that carries the correlation id.
pub const CORRELATION_ATTRIBUTE: &str = "CorrelationId";
/// The message system attribute that carries the X-Ray trace header.
pub const TRACE_ATTRIBUTE: &str = "AWSTraceHeader";
/// A batch gets one message per this many transactions, so that several workers share it.
pub const TRANSACTIONS_PER_MESSAGE: usize = 500;

/// The most messages of one send, by SQS.
pub(crate) const SEND_MAX: usize = 10;
/// The current version.
const VERSION: u8 = 1;

/// Requests the enrichment of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnrichMessage {
    /// The tenant of the batch, for which the worker begins its database transactions.
    pub tenant: TenantId,
    /// The batch.
    pub batch: BatchId,
}

/// A body that cannot be processed. It ends in the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableMessage {
    /// The body is not the JSON of a message. The error is logged, so it omits the content.
    #[error("the body is not a message, at line {line}, column {column}")]
    NotAMessage {
        /// From 1; 0 for a truncated body.
        line: usize,
        /// From 0, in bytes.
        column: usize,
    },
    /// The body has a later version.
    #[error("version {0} is unknown")]
    UnknownVersion(u8),
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u8,
    tenant_id: TenantId,
    batch_id: BatchId,
}

impl EnrichMessage {
    /// Parses a message body.
    ///
    /// # Errors
    /// [`UnreadableMessage`] if it is invalid.
    pub fn parse(body: &str) -> Result<Self, UnreadableMessage> {
        let wire: Wire = serde_json::from_str(body).map_err(|error| {
            UnreadableMessage::NotAMessage { line: error.line(), column: error.column() }
        })?;
        if wire.v != VERSION {
            return Err(UnreadableMessage::UnknownVersion(wire.v));
        }
        Ok(Self { tenant: wire.tenant_id, batch: wire.batch_id })
    }

    /// The message body.
    #[must_use]
    pub fn to_body(&self) -> String {
        // Ids need no escaping, so formatting them is infallible.
        format!(r#"{{"v":{VERSION},"tenant_id":"{}","batch_id":"{}"}}"#, self.tenant, self.batch)
    }
}

/// The number of messages for a batch: 1 to 10, the limit of one send.
#[must_use]
pub const fn message_count(transactions: usize) -> usize {
    let wanted = transactions.div_ceil(TRANSACTIONS_PER_MESSAGE);
    if wanted < 1 {
        1
    } else if wanted > SEND_MAX {
        SEND_MAX
    } else {
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "0191b6e0-0000-7000-8000-000000000001";
    const BATCH: &str = "0191b6e0-0000-7000-8000-000000000002";

    #[test]
    fn message_round_trips() {
        let message =
            EnrichMessage { tenant: TENANT.parse().unwrap(), batch: BATCH.parse().unwrap() };
        assert_eq!(EnrichMessage::parse(&message.to_body()).unwrap(), message);
    }

    #[test]
    fn invalid_body_is_unreadable() {
        let later = format!(r#"{{"v":2,"tenant_id":"{TENANT}","batch_id":"{BATCH}"}}"#);
        assert!(matches!(EnrichMessage::parse(&later), Err(UnreadableMessage::UnknownVersion(2))));
        for body in ["", "{}", "not json", r#"{"v":1,"tenant_id":"x","batch_id":"y"}"#] {
            assert!(matches!(
                EnrichMessage::parse(body),
                Err(UnreadableMessage::NotAMessage { .. })
            ));
        }
    }

    #[test]
    fn error_does_not_show_the_body() {
        for body in [r#"{"v":"SECRET"}"#, r#"{"v":1,"tenant_id":"SECRET"}"#, r#""SECRET""#] {
            let error: &dyn std::error::Error = &EnrichMessage::parse(body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains('S'), "{error}");
            assert!(error.source().is_none());
        }
    }

    #[test]
    fn batch_gets_a_message_per_chunk_up_to_one_send() {
        let counts = [0, 1, 500, 501, 1_000, 10_000, 1_000_000].map(message_count);
        assert_eq!(counts, [1, 1, 1, 2, 2, 10, 10]);
    }
}
