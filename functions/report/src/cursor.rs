//! Where the next page begins: after a row, named by its instant and id. Opaque to callers.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

/// A place in an account's transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub booked_at: DateTime<Utc>,
    pub transaction_id: String,
}

/// A text that no page gave out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the next_cursor of a page before")]
pub struct InvalidCursor;

impl Cursor {
    /// As text: the instant's microseconds, which is what PostgreSQL keeps, and the id.
    pub fn encode(&self) -> String {
        let micros = self.booked_at.timestamp_micros();
        URL_SAFE_NO_PAD.encode(format!("{micros} {}", self.transaction_id))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let plain = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let (micros, transaction_id) = plain.split_once(' ').ok_or(InvalidCursor)?;
        let micros = micros.parse().map_err(|_| InvalidCursor)?;
        let booked_at = DateTime::from_timestamp_micros(micros).ok_or(InvalidCursor)?;
        let in_range = (0..=9_999).contains(&chrono::Datelike::year(&booked_at));
        if !in_range || transaction_id.contains('\0') {
            return Err(InvalidCursor);
        }
        Ok(Self { booked_at, transaction_id: transaction_id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_from_its_text() {
        let cursor = Cursor {
            booked_at: "2025-10-30T08:00:00.123456Z".parse().unwrap(),
            transaction_id: "tx 1/é".into(),
        };
        assert_eq!(cursor.encode().parse(), Ok(cursor));
    }

    #[test]
    fn what_no_page_gave_out_is_refused() {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for text in [
            String::new(),
            "%%%".into(),
            encoded("x"),
            encoded("x tx"),
            encoded("99999999999999999999 tx"),
            encoded("9223372036854775807 tx"),
            encoded("1 a\0b"),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
