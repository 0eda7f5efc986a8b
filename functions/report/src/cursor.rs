//! The position of a page: the timestamp and id of the last row before it. Opaque to callers.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};
use tributary_domain::text::{self, ID_LENGTH_MAX};

/// A position in the transactions of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The timestamp of the last row of the previous page.
    pub booked_at: DateTime<Utc>,
    /// The id of that row.
    pub transaction_id: String,
}

/// A text that is not a cursor.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the next_cursor of an earlier page")]
pub struct InvalidCursor;

impl Cursor {
    /// The longest cursor, in characters: base64 of 18 digits, a space and the longest id.
    pub const LENGTH_MAX: usize = (18 + 1 + 4 * ID_LENGTH_MAX).div_ceil(3) * 4;

    /// The cursor as text: the timestamp in microseconds, the precision of PostgreSQL, and the id.
    #[must_use]
    pub fn encode(&self) -> String {
        let micros = self.booked_at.timestamp_micros();
        URL_SAFE_NO_PAD.encode(format!("{micros} {}", self.transaction_id))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.len() > Self::LENGTH_MAX {
            return Err(InvalidCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let plain = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let (micros, transaction_id) = plain.split_once(' ').ok_or(InvalidCursor)?;
        let micros = micros.parse().map_err(|_| InvalidCursor)?;
        let booked_at = DateTime::from_timestamp_micros(micros).ok_or(InvalidCursor)?;
        let transaction_id = text::accept_id(transaction_id).map_err(|_| InvalidCursor)?;
        let cursor = Self { booked_at, transaction_id };
        // Only years of RFC 3339, and only the canonical encoding.
        let is_ours = (0..=9_999).contains(&booked_at.year()) && cursor.encode() == text;
        is_ours.then_some(cursor).ok_or(InvalidCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_round_trips() {
        let cursor = Cursor {
            booked_at: "2025-10-30T08:00:00.123456Z".parse().unwrap(),
            transaction_id: "tx 1/é".into(),
        };
        assert_eq!(cursor.encode().parse(), Ok(cursor));
    }

    #[test]
    fn longest_cursor_round_trips_and_longer_one_is_rejected() {
        let longest = Cursor {
            booked_at: "9999-12-31T23:59:59.999999Z".parse().unwrap(),
            transaction_id: "🚀".repeat(ID_LENGTH_MAX),
        };
        let text = longest.encode();
        assert_eq!(text.len(), Cursor::LENGTH_MAX);
        assert_eq!(text.parse(), Ok(longest));
        assert_eq!((text + "A").parse::<Cursor>(), Err(InvalidCursor));
    }

    #[test]
    fn invalid_cursor_is_rejected() {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for text in [
            String::new(),
            "%%%".into(),
            encoded("x"),
            encoded("x tx"),
            encoded("99999999999999999999 tx"),
            encoded("9223372036854775807 tx"),
            encoded("1 a\0b"),
            encoded("1 "),
            encoded("+1 tx"),
            encoded("01 tx"),
            encoded("1 cafe\u{301}"),
            encoded(&format!("1 {}", "x".repeat(ID_LENGTH_MAX + 1))),
            // Non-zero trailing bits.
            "MSB0eAB".into(),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
