//! Currencies: those of ISO 4217, and unofficial ones such as BTC.

use std::fmt;

use serde::{Serialize, Serializer};

use super::hints::{RENAMED, hint};
use super::iso_4217::{CURRENCIES, WITHOUT_MINOR_UNIT};

/// A currency; two are equal if their codes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Currency {
    /// One of ISO 4217, in use or withdrawn.
    Iso(IsoCurrency),
    /// Any other, by a code that the bank chose.
    Unofficial(UnofficialCurrency),
}

/// A currency of ISO 4217 with a minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IsoCurrency {
    code: &'static str,
    minor_units: u32,
}

/// A currency that ISO 4217 does not have. Its code is 1 to [`Currency::UNOFFICIAL_LENGTH_MAX`]
/// printable ASCII characters without white space, and equals no code of ISO 4217 in any case. It
/// is stored inline, so that a currency can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnofficialCurrency {
    /// The code, and zeros.
    bytes: [u8; Currency::UNOFFICIAL_LENGTH_MAX],
}

/// Why a code is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// Not a code of ISO 4217.
    #[error(
        "must be an ISO 4217 currency code such as USD; send any other currency as \
         unofficial_currency_code"
    )]
    Unknown,
    /// A code of ISO 4217, but not in upper case.
    #[error("must be in upper case: {0}")]
    NotUpperCase(&'static str),
    /// A code of ISO 4217 without a minor unit, such as XAU and XXX.
    #[error("must be a currency with a minor unit, unlike {0}")]
    WithoutMinorUnit(&'static str),
    /// A code that is often mistaken for one of ISO 4217, and what to send instead.
    #[error("is not an accepted ISO 4217 code: {0}")]
    Mistaken(&'static str),
    /// An unofficial code of another length or with other characters.
    #[error(
        "must have 1 to {} printable ASCII characters without white space",
        Currency::UNOFFICIAL_LENGTH_MAX
    )]
    NotUnofficial,
    /// An unofficial code that equals one of ISO 4217 in some case.
    #[error("must not be an ISO 4217 code in any case: send {0} as iso_currency_code")]
    Official(&'static str),
}

impl Currency {
    /// The longest unofficial code, in characters.
    pub const UNOFFICIAL_LENGTH_MAX: usize = 12;
    /// The most decimals of an amount in an unofficial currency: those of one wei of ether.
    pub const UNOFFICIAL_DECIMALS_MAX: u32 = 18;

    /// The currency of an upper case alphabetic code of ISO 4217.
    ///
    /// # Errors
    /// [`CurrencyError`] says what to send instead.
    pub fn from_code(code: &str) -> Result<Self, CurrencyError> {
        if let Some(currency) = IsoCurrency::find(code) {
            return Ok(Self::Iso(currency));
        }
        if let Some(hint) = hint(code) {
            return Err(CurrencyError::Mistaken(hint));
        }
        let upper = code.to_ascii_uppercase();
        Err(if let Some(known) = IsoCurrency::find(&upper) {
            CurrencyError::NotUpperCase(known.code)
        } else if let Some(known) = without_minor_unit(&upper) {
            CurrencyError::WithoutMinorUnit(known)
        } else if let Some(hint) = hint(&upper) {
            CurrencyError::Mistaken(hint)
        } else {
            CurrencyError::Unknown
        })
    }

    /// The currency of an unofficial code. Upper and lower case are different.
    ///
    /// # Errors
    /// [`CurrencyError`] for a code of another form, and for one that equals a code of ISO 4217 in
    /// any case.
    pub fn unofficial(code: &str) -> Result<Self, CurrencyError> {
        let mut bytes = [0; Self::UNOFFICIAL_LENGTH_MAX];
        let stored = bytes.get_mut(..code.len()).ok_or(CurrencyError::NotUnofficial)?;
        stored.copy_from_slice(code.as_bytes());
        if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CurrencyError::NotUnofficial);
        }
        let upper = code.to_ascii_uppercase();
        if let Some(known) = IsoCurrency::find(&upper) {
            return Err(CurrencyError::Official(known.code));
        }
        if let Some(known) = without_minor_unit(&upper) {
            return Err(CurrencyError::WithoutMinorUnit(known));
        }
        let (renamed, successor) = RENAMED;
        if upper == renamed {
            return Err(CurrencyError::Official(successor));
        }
        Ok(Self::Unofficial(UnofficialCurrency { bytes }))
    }

    /// The currency of a code that was accepted before; `None` for a text that never is.
    #[must_use]
    pub fn from_stored(code: &str) -> Option<Self> {
        Self::from_code(code).or_else(|_| Self::unofficial(code)).ok()
    }

    /// The code: three upper case letters by ISO 4217, or the unofficial code as it was sent.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Iso(currency) => currency.code,
            Self::Unofficial(currency) => currency.code(),
        }
    }

    /// The code, if it is one of ISO 4217.
    #[must_use]
    pub const fn iso_code(&self) -> Option<&'static str> {
        match self {
            Self::Iso(currency) => Some(currency.code),
            Self::Unofficial(_) => None,
        }
    }

    /// The code, if it is unofficial.
    #[must_use]
    pub fn unofficial_code(&self) -> Option<&str> {
        match self {
            Self::Iso(_) => None,
            Self::Unofficial(currency) => Some(currency.code()),
        }
    }

    /// The decimals with which its amounts are written at least: 2 for USD, 0 for JPY, 3 for BHD,
    /// and 0 for an unofficial currency.
    #[must_use]
    pub const fn decimals_min(&self) -> u32 {
        match self {
            Self::Iso(currency) => currency.minor_units,
            Self::Unofficial(_) => 0,
        }
    }

    /// The most decimals of its amounts: the minor units of ISO 4217, or
    /// [`Self::UNOFFICIAL_DECIMALS_MAX`].
    #[must_use]
    pub const fn decimals_max(&self) -> u32 {
        match self {
            Self::Iso(currency) => currency.minor_units,
            Self::Unofficial(_) => Self::UNOFFICIAL_DECIMALS_MAX,
        }
    }
}

impl IsoCurrency {
    fn find(code: &str) -> Option<Self> {
        let found = CURRENCIES.binary_search_by(|(known, _)| (*known).cmp(code)).ok()?;
        let (code, minor_units) = *CURRENCIES.get(found)?;
        Some(Self { code, minor_units })
    }
}

impl UnofficialCurrency {
    fn code(&self) -> &str {
        let code = self.bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        str::from_utf8(code).unwrap_or_default()
    }
}

fn without_minor_unit(code: &str) -> Option<&'static str> {
    let found = WITHOUT_MINOR_UNIT.binary_search_by(|known| (*known).cmp(code)).ok()?;
    WITHOUT_MINOR_UNIT.get(found).copied()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_with_a_minor_unit_is_accepted() {
        for (code, minor_units) in CURRENCIES {
            let currency = Currency::from_code(code).unwrap();
            assert_eq!((currency.code(), currency.iso_code()), (code, Some(code)));
            assert_eq!(
                (currency.decimals_min(), currency.decimals_max()),
                (minor_units, minor_units)
            );
            assert_eq!(Currency::from_stored(code), Some(currency));
        }
    }

    #[test]
    fn unknown_codes_and_codes_without_minor_unit_are_rejected() {
        for code in ["$$$", "", "US", "ZZZ", "USDX", "BTC", "ÜSD", "840"] {
            assert_eq!(Currency::from_code(code), Err(CurrencyError::Unknown), "{code}");
        }
        for code in WITHOUT_MINOR_UNIT {
            let error = CurrencyError::WithoutMinorUnit(code);
            assert_eq!(Currency::from_code(code), Err(error));
            assert_eq!(Currency::from_code(&code.to_lowercase()), Err(error));
            assert_eq!(Currency::unofficial(code), Err(error));
        }
    }

    #[test]
    fn mistaken_code_is_rejected_with_what_to_send_instead() {
        for (code, hint) in [
            ("usd", "must be in upper case: USD"),
            ("Eur", "must be in upper case: EUR"),
            ("GBp", "send GBP, with the amount in pounds"),
            ("GBX", "send GBP, with the amount in pounds"),
            ("gbx", "send GBP, with the amount in pounds"),
            ("ZAc", "send ZAR, with the amount in rand"),
            ("RUR", "send RUB"),
            ("rur", "send RUB"),
            ("RMB", "send CNY"),
            ("CNH", "send CNY"),
            ("XBT", "unofficial_currency_code"),
            ("BTC", "unofficial_currency_code"),
        ] {
            let error = Currency::from_code(code).unwrap_err().to_string();
            assert!(error.contains(hint), "{code}: {error}");
        }
    }

    #[test]
    fn unofficial_code_is_kept_as_sent() {
        for code in ["BTC", "btc", "x", "GBX", "CNH", "USDT", "!~", "123456789012"] {
            let currency = Currency::unofficial(code).unwrap();
            assert_eq!((currency.code(), currency.unofficial_code()), (code, Some(code)));
            assert_eq!((currency.iso_code(), currency.to_string().as_str()), (None, code));
            assert_eq!(Currency::from_stored(code), Some(currency));
        }
        assert_ne!(Currency::unofficial("BTC"), Currency::unofficial("btc"));
    }

    #[test]
    fn unofficial_code_of_another_form_is_rejected() {
        for code in ["", "1234567890123", "A B", " BTC", "BTC\n", "\0", "\u{7f}", "₿", "BTC\0"] {
            let rejected = Currency::unofficial(code);
            assert_eq!(rejected, Err(CurrencyError::NotUnofficial), "{code:?}");
            assert_eq!(Currency::from_stored(code), None, "{code:?}");
        }
    }

    #[test]
    fn unofficial_code_never_equals_a_code_of_iso_4217_in_any_case() {
        for (code, official) in
            [("USD", "USD"), ("usd", "USD"), ("GBp", "GBP"), ("Dem", "DEM"), ("RUR", "RUB")]
        {
            let rejected = Currency::unofficial(code);
            assert_eq!(rejected, Err(CurrencyError::Official(official)), "{code}");
        }
        assert_eq!(Currency::from_stored("usd"), None);
    }
}
