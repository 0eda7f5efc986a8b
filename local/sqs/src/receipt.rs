//! Receipt handles: opaque identifiers of one delivery of one message.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use uuid::Uuid;

use crate::errors::SqsError;

/// Identifies one delivery of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The id of the queue, which differs for a later queue of the same name.
    pub(crate) queue_id: Uuid,
    /// The key of the message in that queue.
    pub(crate) entry: u64,
    /// The number of the delivery, from 1.
    pub(crate) delivery: u32,
}

impl Receipt {
    /// Returns the `ReceiptHandle`.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = self.queue_id.as_bytes().to_vec();
        bytes.extend(self.entry.to_be_bytes());
        bytes.extend(self.delivery.to_be_bytes());
        URL_SAFE.encode(bytes)
    }

    /// Parses a `ReceiptHandle`.
    ///
    /// # Errors
    /// `MissingParameter` if it is empty, `ReceiptHandleIsInvalid` if it is malformed.
    pub(crate) fn decode(handle: &str) -> Result<Receipt, SqsError> {
        if handle.is_empty() {
            return Err(SqsError::MissingParameter("ReceiptHandle"));
        }
        let bytes = URL_SAFE.decode(handle).ok();
        bytes.as_deref().and_then(Self::from_bytes).ok_or(SqsError::ReceiptHandleIsInvalid)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Receipt> {
        let (queue_id, rest) = bytes.split_first_chunk::<16>()?;
        let (entry, delivery) = rest.split_first_chunk::<8>()?;
        Some(Receipt {
            queue_id: Uuid::from_bytes(*queue_id),
            entry: u64::from_be_bytes(*entry),
            delivery: u32::from_be_bytes(delivery.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipt_handle_round_trips() {
        let receipt = Receipt { queue_id: Uuid::now_v7(), entry: 7, delivery: 3 };
        assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
    }

    #[test]
    fn malformed_receipt_handle_is_invalid() {
        for handle in ["INVALID", "AAAA", "not base64 at all"] {
            assert_eq!(Receipt::decode(handle), Err(SqsError::ReceiptHandleIsInvalid));
        }
        assert_eq!(Receipt::decode(""), Err(SqsError::MissingParameter("ReceiptHandle")));
    }
}
