//! Codes that banks and feeds send as ISO 4217 codes although they are none, and what to send
//! instead.

/// A withdrawn code of ISO 4217 that is rejected all the same, and its successor. One RUB is 1,000
/// RUR, and feeds that still send RUR mean RUB.
pub(super) const RENAMED: (&str, &str) = ("RUR", "RUB");

/// A code and what to send instead, in order of the codes. The case matters: `GBp` is not `GBP`.
const HINTS: [(&str, &str); 18] = [
    ("CNH", "offshore yuan: send CNY, or CNH as unofficial_currency_code"),
    ("GBX", PENCE),
    ("GBp", PENCE),
    ("ILA", "agorot are not a currency: send ILS, with the amount in shekels"),
    ("ILa", "agorot are not a currency: send ILS, with the amount in shekels"),
    ("NIS", "send ILS"),
    ("NTD", "send TWD"),
    ("RMB", "send CNY"),
    ("RUR", "send RUB, with the amount in rubles of today: one is 1,000 RUR"),
    ("SFR", "send CHF"),
    ("STG", "send GBP"),
    ("UKP", "send GBP"),
    ("USX", "cents are not a currency: send USD, with the amount in dollars"),
    ("USd", "cents are not a currency: send USD, with the amount in dollars"),
    ("XBT", "send it as unofficial_currency_code"),
    ("YEN", "send JPY"),
    ("ZAC", "cents are not a currency: send ZAR, with the amount in rand"),
    ("ZAc", "cents are not a currency: send ZAR, with the amount in rand"),
];

const PENCE: &str = "pence are not a currency: send GBP, with the amount in pounds";

/// What to send instead of a code, which is compared as it is written.
pub(super) fn hint(code: &str) -> Option<&'static str> {
    let found = HINTS.binary_search_by(|(known, _)| (*known).cmp(code)).ok();
    found.and_then(|index| HINTS.get(index)).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::super::iso_4217::{CURRENCIES, WITHOUT_MINOR_UNIT};
    use super::*;

    #[test]
    fn every_hint_is_found_and_is_for_no_known_code() {
        for (code, text) in HINTS {
            assert_eq!(hint(code), Some(text), "{code}");
            assert!(CURRENCIES.iter().all(|(known, _)| *known != code), "{code}");
            assert!(!WITHOUT_MINOR_UNIT.contains(&code), "{code}");
        }
        for code in ["USD", "", "gbp", "GBP"] {
            assert_eq!(hint(code), None, "{code}");
        }
    }
}
