//! Money: an exact decimal with its currency, never a float.

mod currency;
mod hints;
mod iso_4217;
mod sum;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

pub use currency::{Currency, CurrencyError, IsoCurrency, UnofficialCurrency};
pub use sum::{InvalidSum, Sum};

use crate::number::DecimalLiteral;

/// An exact amount in a currency, serialised as a JSON number: with exactly the decimals of an ISO
/// 4217 currency (`0.30`), without trailing zeros in an unofficial one.
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
    /// More decimals than the currency has.
    #[error("has more decimals than {0} has ({decimals})", decimals = .0.decimals_max())]
    TooFine(Currency),
    /// More digits than [`Money::DIGITS_MAX`].
    #[error("has more than {} digits, the {decimals} after the point included", Money::DIGITS_MAX)]
    TooLong {
        /// The digits after the point that count: all of the currency's by ISO 4217, else as sent.
        decimals: u32,
    },
}

impl Money {
    /// The most digits of an amount before and after the decimal point together, which a
    /// [`Decimal`] of 96 bits always holds. All decimals of an ISO 4217 currency count, and the
    /// decimals as sent of an unofficial one; leading zeros and trailing zeros of a fraction do not.
    /// Sums have no limit: see [`Sum`].
    pub const DIGITS_MAX: u32 = 28;

    /// Parses the text of a JSON number, such as `-42.50` or `1.2e3`. Trailing zeros of the
    /// fraction do not count as decimals.
    ///
    /// # Errors
    /// [`AmountError`] names the violated rule.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let number = DecimalLiteral::parse(text).ok_or(AmountError::NotANumber)?;
        let decimals = u32::try_from(number.decimals())
            .ok()
            .filter(|decimals| *decimals <= currency.decimals_max())
            .ok_or(AmountError::TooFine(currency))?
            .max(currency.decimals_min());
        let integer_digits_max = Self::DIGITS_MAX.saturating_sub(decimals);
        let amount = number
            .to_decimal(decimals, integer_digits_max)
            .ok_or(AmountError::TooLong { decimals })?;
        Ok(Self { amount, currency })
    }

    /// An amount that was accepted before, such as one from PostgreSQL.
    #[must_use]
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        let mut amount = amount.normalize();
        if amount.scale() < currency.decimals_min() {
            amount.rescale(currency.decimals_min());
        }
        Self { amount, currency }
    }

    /// The amount, with the currency's decimals; negative is money out.
    #[must_use]
    pub const fn amount(&self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(&self) -> &Currency {
        &self.currency
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
mod tests;
