//! Sums as PostgreSQL adds them up, written with the decimals of their currency.

use tributary_domain::Currency;
use tributary_domain::money::{InvalidSum, Sum};
use tributary_lambda::http::Problem;

/// Sums that this version cannot read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableSums {
    #[error("the currency {0:?} is unknown")]
    Currency(String),
    #[error(transparent)]
    Sum(#[from] InvalidSum),
}

impl From<UnreadableSums> for Problem {
    fn from(error: UnreadableSums) -> Self {
        Self::Internal(error.into())
    }
}

/// The currency of a stored code.
pub fn currency_of(code: &str) -> Result<Currency, UnreadableSums> {
    Currency::from_stored(code).ok_or_else(|| UnreadableSums::Currency(code.to_owned()))
}

/// A sum in a currency.
pub fn sum_of(text: &str, currency: &Currency) -> Result<Sum, UnreadableSums> {
    Ok(Sum::parse(text, currency)?)
}
