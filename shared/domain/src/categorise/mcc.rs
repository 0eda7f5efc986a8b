//! Merchant category codes (ISO 18245): four digits that an acquirer assigns to a merchant.

use std::collections::BTreeMap;

/// Maps codes to rules. Ranges do not overlap.
#[derive(Debug, Default)]
pub(super) struct MccTable {
    /// The last code and the rule of each range, by its first code.
    ranges: BTreeMap<u16, (u16, usize)>,
}

impl MccTable {
    /// Adds a code (`5411`) or a range (`3000-3350`). `None` if it is neither or overlaps another.
    pub(super) fn insert(&mut self, range: &str, rule: usize) -> Option<()> {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (parse(first)?, parse(last)?);
        let overlaps =
            self.ranges.range(..=last).next_back().is_some_and(|(_, &(end, _))| end >= first);
        if first > last || overlaps {
            return None;
        }
        self.ranges.insert(first, (last, rule));
        Some(())
    }

    pub(super) fn rule(&self, code: u16) -> Option<usize> {
        let (_, &(last, rule)) = self.ranges.range(..=code).next_back()?;
        (code <= last).then_some(rule)
    }
}

/// Parses four ASCII digits and ignores white space around them; `None` for anything else.
pub(super) fn parse(code: &str) -> Option<u16> {
    let code = code.trim();
    let is_code = code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_code { code.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_must_have_four_digits() {
        assert_eq!(parse("0742"), Some(742));
        assert_eq!(parse(" 5411 "), Some(5411));
        for not_a_code in ["", "541", "54111", "+541", "5 11", "５４１１", "none"] {
            assert_eq!(parse(not_a_code), None, "{not_a_code}");
        }
    }

    #[test]
    fn ranges_include_both_ends_and_never_overlap() {
        let mut table = MccTable::default();
        assert_eq!(table.insert("3000-3350", 1), Some(()));
        assert_eq!(table.insert("3351", 2), Some(()));
        for invalid in ["3350", "2999-3000", "3100-3200", "2000-4000", "9-1", "3352-3351", "x"] {
            assert_eq!(table.insert(invalid, 3), None, "{invalid}");
        }
        let rules = [2999, 3000, 3350, 3351, 3352].map(|code| table.rule(code));
        assert_eq!(rules, [None, Some(1), Some(1), Some(2), None]);
    }
}
