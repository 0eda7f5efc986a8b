//! Money: an exact decimal with its ISO 4217 currency, never a float.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::number::DecimalLiteral;

/// An ISO 4217 currency with a minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency {
    iso: iso_currency::Currency,
    minor_units: u16,
}

impl Currency {
    /// The currency of an upper case alphabetic code; `None` for unknown codes and codes without a
    /// minor unit, such as gold and test codes.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let iso = iso_currency::Currency::from_code(code)?;
        Some(Self { iso, minor_units: iso.exponent()? })
    }

    /// The alphabetic code, three upper case letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.iso.code()
    }

    /// The decimals of its amounts: 2 for USD, 0 for JPY, 3 for BHD.
    #[must_use]
    pub const fn minor_units(self) -> u32 {
        self.minor_units as u32
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// An exact amount in a currency, serialised as a JSON number with its decimals (`0.30`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("must be a decimal number, as a JSON number or a string")]
    NotANumber,
    /// Finer than the currency's minor unit.
    #[error("has more decimals than {currency} has ({decimals})")]
    TooFine {
        /// The code of the currency.
        currency: &'static str,
        /// The decimals of the currency.
        decimals: u32,
    },
    /// More digits before the decimal point than [`Money::INTEGER_DIGITS_MAX`].
    #[error("has more than {} digits before the point", Money::INTEGER_DIGITS_MAX)]
    TooLarge,
}

impl Money {
    /// The most digits before the decimal point of one amount. Sums of 10^9 such amounts still fit
    /// the 28 digits of a [`Decimal`].
    pub const INTEGER_DIGITS_MAX: usize = 15;

    /// Parses the text of a JSON number, such as `-42.50` or `1.2e3`. Trailing zeros of the
    /// fraction do not count as decimals.
    ///
    /// # Errors
    /// [`AmountError`] names the violated rule.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let number = DecimalLiteral::parse(text).ok_or(AmountError::NotANumber)?;
        let decimals = currency.minor_units();
        if number.decimals() > i64::from(decimals) {
            return Err(AmountError::TooFine { currency: currency.code(), decimals });
        }
        let amount =
            number.to_decimal(decimals, Self::INTEGER_DIGITS_MAX).ok_or(AmountError::TooLarge)?;
        Ok(Self { amount, currency })
    }

    /// An amount that already fits the currency's decimals, such as one from PostgreSQL.
    #[must_use]
    pub fn new(mut amount: Decimal, currency: Currency) -> Self {
        amount.rescale(currency.minor_units());
        Self { amount, currency }
    }

    /// The amount, with exactly the currency's decimals; negative is money out.
    #[must_use]
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.amount.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    fn read(text: &str, code: &str) -> Result<String, AmountError> {
        Money::parse(text, currency(code)).map(|money| serde_json::to_string(&money).unwrap())
    }

    #[test]
    fn amount_keeps_its_exact_value_with_the_decimals_of_its_currency() {
        for (text, code, expected) in [
            ("-42.50", "USD", "-42.50"),
            ("0.1", "USD", "0.10"),
            ("7", "USD", "7.00"),
            ("1.500", "USD", "1.50"),
            ("12e-1", "USD", "1.20"),
            ("1.2E+3", "JPY", "1200"),
            ("0.001", "BHD", "0.001"),
            ("-0", "USD", "0.00"),
            ("0e99999999999999999999", "USD", "0.00"),
            ("007.5", "EUR", "7.50"),
            ("999999999999999.99", "USD", "999999999999999.99"),
            ("0.00000000000000000000000000000000000000000", "USD", "0.00"),
        ] {
            assert_eq!(read(text, code).unwrap(), expected, "{text} {code}");
        }
    }

    #[test]
    fn amount_finer_than_the_minor_unit_is_rejected() {
        for (text, code) in
            [("0.001", "USD"), ("0.5", "JPY"), ("1e-3", "USD"), ("1e-99999999999999999999", "USD")]
        {
            assert!(matches!(read(text, code), Err(AmountError::TooFine { .. })), "{text} {code}");
        }
    }

    #[test]
    fn amount_over_the_digit_limit_is_rejected() {
        for text in ["1000000000000000", "-1e15", "1e99999999999999999999", &"9".repeat(10_000)] {
            assert_eq!(read(text, "USD"), Err(AmountError::TooLarge), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_a_number_is_rejected() {
        for text in ["", "-", "+1", "1.", ".5", "1e", "1e+", "NaN", "0x1", "1,5", "1 ", "--1", "١"]
        {
            assert_eq!(read(text, "USD"), Err(AmountError::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn sums_are_exact() {
        let sum = Money::parse("0.10", currency("USD")).unwrap().amount()
            + Money::parse("0.20", currency("USD")).unwrap().amount();
        assert_eq!(serde_json::to_string(&Money::new(sum, currency("USD"))).unwrap(), "0.30");
    }

    #[test]
    fn unknown_codes_and_codes_without_minor_unit_are_rejected() {
        for code in ["usd", "$$$", "", "US", "XAU", "XXX", "ZZZ"] {
            assert_eq!(Currency::from_code(code), None, "{code}");
        }
        assert_eq!(currency("JPY").minor_units(), 0);
        assert_eq!(currency("CLF").minor_units(), 4);
    }
}
