//! Exact amounts of responses.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// An exact amount: the number as the response has it, with its decimals, of any number of digits.
///
/// Read it with [`serde_json`] only, and neither below `#[serde(flatten)]` nor from a
/// [`serde_json::Value`], which keep numbers as floats.
#[derive(Clone)]
pub struct Amount(Box<RawValue>);

impl Amount {
    /// The number as the response has it, such as `-42.50`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The number. `None` if it has more digits than a [`Decimal`], which is possible for sums.
    #[must_use]
    pub fn to_decimal(&self) -> Option<Decimal> {
        Decimal::from_str_exact(self.as_str()).ok()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        match raw.get().bytes().next() {
            Some(b'-' | b'0'..=b'9') => Ok(Self(raw)),
            _ => Err(D::Error::custom("an amount must be a number")),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_keeps_every_digit_and_decimal() {
        let sum = "-123456789012345678901234567890123456789012.50";
        let amount: Amount = serde_json::from_str(sum).unwrap();
        assert_eq!(amount.as_str(), sum);
        assert_eq!(amount.to_decimal(), None, "more digits than a decimal has");
        assert_eq!(serde_json::to_string(&amount).unwrap(), sum);

        let amount: Amount = serde_json::from_str("1203.10").unwrap();
        assert_eq!(amount.to_string(), "1203.10");
        assert_eq!(amount.to_decimal(), Some(Decimal::new(120_310, 2)));
    }

    #[test]
    fn amount_that_is_no_number_is_an_error() {
        for text in ["\"1.00\"", "null", "[1]", "true"] {
            serde_json::from_str::<Amount>(text).unwrap_err();
        }
    }
}
