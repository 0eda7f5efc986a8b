//! The message that asks for a batch to be enriched: `{"v":1,"tenant_id":"…","batch_id":"…"}`.
//!
//! It names the batch and no rows, so equal messages are harmless, and a late one finds nothing to do.

use serde::{Deserialize, Serialize};
use tributary_domain::{BatchId, TenantId};

/// The message attribute that carries the correlation id.
pub const CORRELATION_ATTRIBUTE: &str = "CorrelationId";
/// The message system attribute that carries the X-Ray trace header.
pub const TRACE_ATTRIBUTE: &str = "AWSTraceHeader";
/// A batch gets one message for each so many transactions, so that several workers share it.
pub const TRANSACTIONS_PER_MESSAGE: usize = 500;

/// The version that is written.
const VERSION: u8 = 1;

/// Asks for a batch to be enriched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnrichMessage {
    /// Whose batch it is: the worker opens its transactions for this tenant.
    pub tenant: TenantId,
    /// The batch.
    pub batch: BatchId,
}

/// A body that is no message of ours. It can never be worked on; the dead-letter queue gets it.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableMessage {
    /// Not the JSON of a message: where. What stands there is not told, for this is logged.
    #[error("the body is not a message, at line {line}, column {column}")]
    NotAMessage {
        /// From 1; 0 for a body that ends too early.
        line: usize,
        /// From 0, in bytes.
        column: usize,
    },
    /// Written by a later version.
    #[error("version {0} is not known")]
    UnknownVersion(u8),
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u8,
    tenant_id: TenantId,
    batch_id: BatchId,
}

impl EnrichMessage {
    /// Reads a message body.
    ///
    /// # Errors
    /// [`UnreadableMessage`] says why it is none.
    pub fn parse(body: &str) -> Result<Self, UnreadableMessage> {
        let wire: Wire = serde_json::from_str(body).map_err(|error| {
            UnreadableMessage::NotAMessage { line: error.line(), column: error.column() }
        })?;
        if wire.v != VERSION {
            return Err(UnreadableMessage::UnknownVersion(wire.v));
        }
        Ok(Self { tenant: wire.tenant_id, batch: wire.batch_id })
    }

    /// The message's body.
    #[must_use]
    pub fn to_body(&self) -> String {
        // Written out, since ids need no escaping and so nothing can fail.
        format!(r#"{{"v":{VERSION},"tenant_id":"{}","batch_id":"{}"}}"#, self.tenant, self.batch)
    }
}

/// How many equal messages a batch with so much work gets: 1 to 10, what one send can carry.
#[must_use]
pub const fn message_count(transactions: usize) -> usize {
    let wanted = transactions.div_ceil(TRANSACTIONS_PER_MESSAGE);
    if wanted < 1 {
        1
    } else if wanted > super::Queue::SEND_MAX {
        super::Queue::SEND_MAX
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
    fn a_message_is_read_back_from_its_body() {
        let message =
            EnrichMessage { tenant: TENANT.parse().unwrap(), batch: BATCH.parse().unwrap() };
        assert_eq!(EnrichMessage::parse(&message.to_body()).unwrap(), message);
    }

    #[test]
    fn a_body_that_is_no_message_is_unreadable() {
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
    fn what_an_unreadable_body_says_is_not_told() {
        for body in [r#"{"v":"SECRET"}"#, r#"{"v":1,"tenant_id":"SECRET"}"#, r#""SECRET""#] {
            let error: &dyn std::error::Error = &EnrichMessage::parse(body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains('S'), "{error}");
            assert!(error.source().is_none());
        }
    }

    #[test]
    fn a_batch_gets_a_message_for_each_chunk_up_to_one_send() {
        let counts = [0, 1, 500, 501, 1_000, 10_000, 1_000_000].map(message_count);
        assert_eq!(counts, [1, 1, 1, 2, 2, 10, 10]);
    }
}
