//! Exact amounts as whole numbers, without a decimal library.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// A currency of the test.
#[derive(Debug, PartialEq, Eq)]
pub struct Currency {
    pub code: &'static str,
    pub is_iso: bool,
    /// The decimals of an amount: those of ISO 4217, or the most that the test sends.
    pub decimals: usize,
}

const fn iso(code: &'static str, decimals: usize) -> Currency {
    Currency { code, is_iso: true, decimals }
}

const fn unofficial(code: &'static str, decimals: usize) -> Currency {
    Currency { code, is_iso: false, decimals }
}

pub static CURRENCIES: [Currency; 7] = [
    iso("USD", 2),
    iso("EUR", 2),
    iso("JPY", 0),
    iso("BHD", 3),
    unofficial("BTC", 8),
    unofficial("eth/wei", 18),
    unofficial("Miles", 0),
];

/// A whole number of the smallest units of a currency; negative is money out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub units: i128,
    pub currency: &'static Currency,
}

impl Amount {
    /// Mostly small, now and then of up to 28 digits.
    pub fn random(random: &mut StdRng) -> Self {
        let currency = CURRENCIES.choose(random).unwrap();
        let units = match random.random_range(0..12) {
            0 => random.random_range(-9_999_999_999_999_999_999_999_999_999..=10_i128.pow(28) - 1),
            1 => 0,
            _ => random.random_range(-50_000..=50_000),
        };
        Self { units, currency }
    }

    /// Another amount near this one.
    pub fn changed(self, random: &mut StdRng) -> Self {
        let change = random.random_range(1..100);
        Self {
            units: if self.units > 0 { self.units - change } else { self.units + change },
            ..self
        }
    }

    /// The amount as the API writes it.
    pub fn text(self) -> String {
        text(self.units, self.currency)
    }

    /// The amount as JSON, in one of the notations that a client may use.
    pub fn json(self, random: &mut StdRng, is_plaid: bool) -> String {
        let Self { units, currency } = self;
        let units = if is_plaid { -units } else { units };
        let written = text(units, currency);
        match random.random_range(0..6) {
            0 => format!("\"{written}\""),
            1 if currency.decimals > 0 => format!("{units}e-{}", currency.decimals),
            2 if written.contains('.') => format!("{written}00"),
            3 => format!("\"{written}{}\"", if written.contains('.') { "0" } else { ".0" }),
            _ => written,
        }
    }

    /// The value, equal for equal amounts of different currencies.
    pub fn value(self) -> String {
        text(self.units, &Currency { is_iso: false, ..*self.currency })
    }
}

/// Units with the decimals that the API writes: all of ISO 4217, only needed ones of others.
pub fn text(units: i128, currency: &Currency) -> String {
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = currency.decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - currency.decimals);
    let fraction = if currency.is_iso { fraction } else { fraction.trim_end_matches('0') };
    let sign = if units < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

#[test]
fn amounts_are_written_with_the_decimals_of_their_currency() {
    for (units, currency, expected) in [
        (-5, 0, "-0.05"),
        (100, 0, "1.00"),
        (-7, 2, "-7"),
        (1_500, 3, "1.500"),
        (100_000_000, 4, "1"),
        (-12_000, 4, "-0.00012"),
        (0, 5, "0"),
    ] {
        assert_eq!(text(units, &CURRENCIES[currency]), expected);
    }
}
