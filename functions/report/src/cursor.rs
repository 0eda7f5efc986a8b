//! The position of a page: the booking day and id of the last row before it. Opaque to callers.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use tributary_domain::period::parse_plain_date;
use tributary_domain::text::{self, ID_BYTES_MAX};

/// A position in the transactions of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The booking day of the last row of the previous page.
    pub booked_on: NaiveDate,
    /// The id of that row.
    pub transaction_id: String,
}

/// A text that is not a cursor.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the next_cursor of an earlier page")]
pub struct InvalidCursor;

impl Cursor {
    /// The longest cursor, in characters: base64, without padding, of a date, a space and the longest
    /// id.
    pub const LENGTH_MAX: usize = ((10 + 1 + ID_BYTES_MAX) * 4).div_ceil(3);

    /// The cursor as text.
    #[must_use]
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {}", self.booked_on, self.transaction_id))
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
        let (day, transaction_id) = plain.split_once(' ').ok_or(InvalidCursor)?;
        let booked_on = parse_plain_date(day).ok_or(InvalidCursor)?;
        let transaction_id = text::accept_id(transaction_id).map_err(|_| InvalidCursor)?;
        let cursor = Self { booked_on, transaction_id: transaction_id.to_owned() };
        // Only the canonical encoding.
        (cursor.encode() == text).then_some(cursor).ok_or(InvalidCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_round_trips() {
        let cursor =
            Cursor { booked_on: "2025-10-30".parse().unwrap(), transaction_id: "tx 1/é".into() };
        assert_eq!(cursor.encode().parse(), Ok(cursor));
    }

    #[test]
    fn longest_cursor_round_trips_and_longer_one_is_rejected() {
        let longest = Cursor {
            booked_on: "9999-12-31".parse().unwrap(),
            transaction_id: "🚀".repeat(ID_BYTES_MAX / 4),
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
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
