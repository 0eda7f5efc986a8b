//! Sums of amounts, which may have more digits than a decimal of 96 bits holds.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::currency::Currency;

/// A sum in one currency as decimal text, exact whatever its length. PostgreSQL adds amounts up; the
/// text is only written with the decimals of the currency. Serialised as a JSON number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum(String);

/// A text that is not a decimal number, such as `NaN`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sum {0:?} is not a decimal number")]
pub struct InvalidSum(String);

impl Sum {
    /// Zero, with the decimals of the currency.
    #[must_use]
    pub fn zero(currency: &Currency) -> Self {
        Self::written("0", "", currency)
    }

    /// Parses the text of a `numeric` of PostgreSQL, such as `-42.5`.
    ///
    /// # Errors
    /// [`InvalidSum`] if it is not digits with at most one sign and one point.
    pub fn parse(text: &str, currency: &Currency) -> Result<Self, InvalidSum> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
        if !is_number(digits) || !is_number(fraction) {
            return Err(InvalidSum(text.to_owned()));
        }
        Ok(Self::written(whole, fraction, currency))
    }

    /// Removes zeros that the currency does not need, and adds those that it does. No other digit is
    /// ever removed.
    fn written(whole: &str, fraction: &str, currency: &Currency) -> Self {
        let fraction = fraction.trim_end_matches('0');
        let decimals = usize::try_from(currency.decimals_min()).unwrap_or_default();
        if fraction.is_empty() && decimals == 0 {
            return Self(whole.to_owned());
        }
        Self(format!("{whole}.{fraction:0<decimals$}"))
    }

    /// The text of the number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, currency: Currency) -> String {
        serde_json::to_string(&Sum::parse(text, &currency).unwrap()).unwrap()
    }

    #[test]
    fn sum_has_the_decimals_of_its_currency_and_all_of_its_digits() {
        let iso = |code| Currency::from_code(code).unwrap();
        let long = "-1234567890123456789012345678901234567890";
        for (text, code, expected) in [
            ("0", "USD", "0.00"),
            ("-0.3", "USD", "-0.30"),
            ("12.5000", "USD", "12.50"),
            ("0", "JPY", "0"),
            ("7.00", "JPY", "7"),
            ("1.5", "BHD", "1.500"),
            // Never stored, but not rounded either.
            ("1.2345", "USD", "1.2345"),
            (long, "USD", &format!("{long}.00")),
        ] {
            assert_eq!(written(text, iso(code)), expected, "{text} {code}");
        }
        let bitcoin = Currency::unofficial("BTC").unwrap();
        for (text, expected) in [
            ("0.000", "0"),
            ("-0.00012340", "-0.0001234"),
            ("100", "100"),
            (&format!("{long}.000000000000000001"), &format!("{long}.000000000000000001")),
        ] {
            assert_eq!(written(text, bitcoin), expected, "{text}");
        }
        assert_eq!(Sum::zero(&iso("USD")).as_str(), "0.00");
        assert_eq!(Sum::zero(&bitcoin).as_str(), "0");
    }

    #[test]
    fn text_that_is_not_a_number_is_rejected() {
        let currency = Currency::from_code("USD").unwrap();
        for text in ["", "-", "NaN", "Infinity", "1.", ".5", "1e3", "--1", "1.2.3", "1.-2", "+1"] {
            assert_eq!(Sum::parse(text, &currency), Err(InvalidSum(text.to_owned())));
        }
    }
}
