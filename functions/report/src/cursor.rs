//! The position of a page: the last row before it. Opaque to callers.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use tributary_domain::BatchId;
use tributary_domain::period::parse_plain_date;
use tributary_domain::text::{self, ID_BYTES_MAX};

/// A text that is not a cursor.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the next_cursor of an earlier page")]
pub struct InvalidCursor;

/// A position in the transactions of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionCursor {
    /// The booking day of the last row of the previous page.
    pub booked_on: NaiveDate,
    /// The id of that row.
    pub transaction_id: String,
}

impl TransactionCursor {
    /// The longest cursor, in characters: of a date, a space and the longest id.
    pub const LENGTH_MAX: usize = encoded_length(10 + 1 + ID_BYTES_MAX);

    /// The cursor as text.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(&format!("{} {}", self.booked_on, self.transaction_id))
    }
}

impl FromStr for TransactionCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let plain = decode(text, Self::LENGTH_MAX)?;
        let (day, transaction_id) = plain.split_once(' ').ok_or(InvalidCursor)?;
        let booked_on = parse_plain_date(day).ok_or(InvalidCursor)?;
        let transaction_id = text::accept_id(transaction_id).map_err(|_| InvalidCursor)?;
        Ok(Self { booked_on, transaction_id: transaction_id.to_owned() })
    }
}

/// A position in the accounts of a tenant: the id of the last row of the previous page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountCursor(pub String);

impl AccountCursor {
    /// The longest cursor, in characters: of the longest id.
    pub const LENGTH_MAX: usize = encoded_length(ID_BYTES_MAX);

    /// The cursor as text.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(&self.0)
    }
}

impl FromStr for AccountCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let plain = decode(text, Self::LENGTH_MAX)?;
        text::accept_id(&plain).map_err(|_| InvalidCursor)?;
        Ok(Self(plain))
    }
}

/// A position in the batches of a tenant: the last row of the previous page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchCursor(pub BatchId);

impl BatchCursor {
    /// The length of a cursor, in characters: of a UUID with hyphens.
    pub const LENGTH: usize = encoded_length(36);

    /// The cursor as text.
    #[must_use]
    pub fn encode(self) -> String {
        encode(&self.0.to_string())
    }
}

impl FromStr for BatchCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let batch = decode(text, Self::LENGTH)?.parse().map_err(|_| InvalidCursor)?;
        let cursor = Self(batch);
        // A UUID has several notations.
        (cursor.encode() == text).then_some(cursor).ok_or(InvalidCursor)
    }
}

/// The number of characters of so many bytes in base64 without padding.
const fn encoded_length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

fn encode(plain: &str) -> String {
    URL_SAFE_NO_PAD.encode(plain)
}

/// Only the canonical encoding is accepted.
fn decode(text: &str, length_max: usize) -> Result<String, InvalidCursor> {
    if text.len() > length_max {
        return Err(InvalidCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
    let plain = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
    (encode(&plain) == text).then_some(plain).ok_or(InvalidCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_round_trips() {
        let cursor = TransactionCursor {
            booked_on: "2025-10-30".parse().unwrap(),
            transaction_id: "tx 1/é".into(),
        };
        assert_eq!(cursor.encode().parse(), Ok(cursor));
    }

    #[test]
    fn longest_cursor_round_trips_and_longer_one_is_rejected() {
        let longest = TransactionCursor {
            booked_on: "9999-12-31".parse().unwrap(),
            transaction_id: "🚀".repeat(ID_BYTES_MAX / 4),
        };
        let text = longest.encode();
        assert_eq!(text.len(), TransactionCursor::LENGTH_MAX);
        assert_eq!(text.parse(), Ok(longest));
        assert_eq!((text + "A").parse::<TransactionCursor>(), Err(InvalidCursor));
    }

    #[test]
    fn invalid_cursor_is_rejected() {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for text in [
            String::new(),
            "%%%".into(),
            encoded("x"),
            encoded("x tx"),
            encoded("2025-02-30 tx"),
            encoded("2025-2-3 tx"),
            encoded("12025-10-30 tx"),
            encoded("2025-10-30 a\0b"),
            encoded("2025-10-30 "),
            encoded("2025-10-30tx"),
            encoded(&format!("2025-10-30 {}", "x".repeat(ID_BYTES_MAX + 1))),
            // Non-zero trailing bits.
            "MjAyNS0xMC0zMCB0eB".into(),
        ] {
            assert_eq!(text.parse::<TransactionCursor>(), Err(InvalidCursor), "{text}");
        }
    }

    #[test]
    fn cursors_of_accounts_and_batches_round_trip_and_others_are_rejected() {
        for id in ["acc", " a/b é🚀", &"x".repeat(ID_BYTES_MAX)] {
            let cursor = AccountCursor(id.to_owned());
            let text = cursor.encode();
            assert!(text.len() <= AccountCursor::LENGTH_MAX);
            assert_eq!(text.parse(), Ok(cursor));
        }
        for id in ["", " ", "a\0", &"x".repeat(ID_BYTES_MAX + 1)] {
            assert_eq!(encode(id).parse::<AccountCursor>(), Err(InvalidCursor), "{id:?}");
        }
        let id = "0199c2f4-7a11-7d02-8f60-3c5a9e7b1d20";
        let cursor = BatchCursor(id.parse().unwrap());
        assert_eq!(cursor.encode().len(), BatchCursor::LENGTH);
        assert_eq!(cursor.encode().parse(), Ok(cursor));
        for text in [id.to_uppercase(), id.replace('-', ""), "x".to_owned(), String::new()] {
            assert_eq!(encode(&text).parse::<BatchCursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
