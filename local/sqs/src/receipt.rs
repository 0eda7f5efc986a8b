//! Receipt handles: opaque to the consumer, they name one delivery of one message.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use uuid::Uuid;

use crate::errors::SqsError;

/// Which delivery a consumer speaks of when it deletes, or changes the visibility of, a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The queue, by an id that a later queue of the same name does not share.
    pub(crate) queue_id: Uuid,
    /// The message's place in that queue.
    pub(crate) entry: u64,
    /// 1 at the first delivery, one more at each.
    pub(crate) delivery: u32,
}

impl Receipt {
    /// As it goes into `ReceiptHandle`.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = self.queue_id.as_bytes().to_vec();
        bytes.extend(self.entry.to_be_bytes());
        bytes.extend(self.delivery.to_be_bytes());
        URL_SAFE.encode(bytes)
    }

    /// Reads a `ReceiptHandle`.
    ///
    /// # Errors
    /// Missing when empty, `ReceiptHandleIsInvalid` when this endpoint never made it.
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
    fn a_receipt_survives_its_encoding() {
        let receipt = Receipt { queue_id: Uuid::now_v7(), entry: 7, delivery: 3 };
        assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
    }

    #[test]
    fn a_handle_that_was_never_given_out_is_invalid() {
        for handle in ["INVALID", "AAAA", "not base64 at all"] {
            assert_eq!(Receipt::decode(handle), Err(SqsError::ReceiptHandleIsInvalid));
        }
        assert_eq!(Receipt::decode(""), Err(SqsError::MissingParameter("ReceiptHandle")));
    }
}
