//! Decimal literals, parsed digit by digit without rounding.

use rust_decimal::Decimal;

/// The significant digits of a decimal literal and its power of ten: value = digits × 10^exponent.
pub struct DecimalLiteral {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl DecimalLiteral {
    /// Parses JSON's number grammar (RFC 8259, section 6), and leading zeros, which banks send in
    /// strings; `None` for anything else. The cost depends on the length, not on the exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let trimmed = all.trim_end_matches('0');
        let trailing_zeros = i64::try_from(all.len() - trimmed.len()).ok()?;
        let digits = trimmed.trim_start_matches('0').to_owned();
        let fraction_length = i64::try_from(fraction.len()).ok()?;
        let exponent = if digits.is_empty() {
            0
        } else {
            exponent.saturating_sub(fraction_length) + trailing_zeros
        };
        Some(Self { negative, digits, exponent })
    }

    /// The decimals that the value needs.
    pub const fn decimals(&self) -> i64 {
        if self.exponent < 0 { self.exponent.saturating_neg() } else { 0 }
    }

    /// The value with exactly `decimals` decimals, at least [`Self::decimals`]; `None` if
    /// it has more than `integer_digits_max` digits before the point.
    pub fn to_decimal(&self, decimals: u32, integer_digits_max: u32) -> Option<Decimal> {
        if self.digits.is_empty() {
            return Some(Decimal::new(0, decimals));
        }
        let length = i64::try_from(self.digits.len()).ok()?;
        if length.saturating_add(self.exponent) > i64::from(integer_digits_max) {
            return None;
        }
        let zeros = u32::try_from(self.exponent.saturating_add(i64::from(decimals))).ok()?;
        let magnitude =
            self.digits.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(zeros)?)?;
        let signed = if self.negative { -magnitude } else { magnitude };
        Decimal::try_from_i128_with_scale(signed, decimals).ok()
    }

    /// The value if it is whole and not negative. JSON Schema treats `1`, `1.0` and `10e-1` alike.
    pub fn to_u64(&self) -> Option<u64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        if self.negative {
            return None;
        }
        let zeros = u32::try_from(self.exponent).ok()?;
        self.digits.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(zeros)?)
    }
}

/// The exponent after the `e`; one that overflows counts as infinite.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    const INFINITE: i64 = 1 << 40;
    let magnitude = digits.parse::<i64>().map_or(INFINITE, |exponent| exponent.min(INFINITE));
    Some(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_number_is_parsed_from_every_notation() {
        let read = |text: &str| DecimalLiteral::parse(text).and_then(|number| number.to_u64());
        for (text, expected) in [
            ("0", 0),
            ("-0.0e9", 0),
            ("1.0", 1),
            ("10e-1", 1),
            ("10000000000000000000000000000000e-31", 1),
            ("1.5e1", 15),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in [
            "-1",
            "0.5",
            "0.0000000000000000000000000000012e30",
            "1.00000000000000000000000000001",
            "0.99999999999999999999999999999",
            "18446744073709551616",
            "1e20",
            "1e999999999999999999999",
            "one",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
