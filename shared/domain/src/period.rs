//! A span of whole UTC days, both ends included.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::fault::Faults;

/// From one UTC day to another, both included; never reversed, never longer than [`Period::DAYS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    start: NaiveDate,
    end: NaiveDate,
}

impl Period {
    /// The longest span of one question, in days: ten years.
    pub const DAYS_MAX: u64 = 3_653;

    /// The span between two dates as a query gives them; what is wrong goes to `faults`.
    pub fn parse(start: Option<&str>, end: Option<&str>, faults: &mut Faults) -> Option<Self> {
        let start = parse_date("?start_date", start, faults);
        let end = parse_date("?end_date", end, faults);
        let (start, end) = (start?, end?);
        if end < start {
            faults.add("?end_date", "must not be before start_date");
            return None;
        }
        if start.checked_add_days(Days::new(Self::DAYS_MAX)).is_some_and(|limit| end >= limit) {
            faults.add(
                "?end_date",
                format!("must be less than {} days after start_date", Self::DAYS_MAX),
            );
            return None;
        }
        Some(Self { start, end })
    }

    /// The first day.
    #[must_use]
    pub const fn start(&self) -> NaiveDate {
        self.start
    }

    /// The last day.
    #[must_use]
    pub const fn end(&self) -> NaiveDate {
        self.end
    }
}

/// Reads one required `YYYY-MM-DD` parameter.
fn parse_date(pointer: &str, text: Option<&str>, faults: &mut Faults) -> Option<NaiveDate> {
    let Some(text) = text else {
        faults.add(pointer, "is required, as YYYY-MM-DD");
        return None;
    };
    let date = parse_plain_date(text);
    if date.is_none() {
        faults.add(pointer, "must be a calendar date, as YYYY-MM-DD");
    }
    date
}

/// `YYYY-MM-DD` and nothing else; chrono alone would take `2025-1-2` and years of five digits.
#[must_use]
pub fn parse_plain_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shaped.then(|| text.parse().ok()).flatten()
}

/// The instant a UTC day begins.
#[must_use]
pub fn midnight_utc(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(start: &str, end: &str) -> Result<Period, String> {
        let mut faults = Faults::default();
        Period::parse(Some(start), Some(end), &mut faults)
            .ok_or_else(|| faults.into_vec().remove(0).pointer)
    }

    #[test]
    fn both_ends_are_included() {
        let day = parse("2025-10-01", "2025-10-01").unwrap();
        assert_eq!(day.start(), day.end());
    }

    #[test]
    fn a_reversed_or_overlong_or_malformed_span_is_refused_at_its_place() {
        assert_eq!(parse("2025-10-02", "2025-10-01"), Err("?end_date".into()));
        assert_eq!(parse("2015-01-01", "2025-01-01"), Err("?end_date".into()));
        assert!(parse("2015-01-01", "2024-12-31").is_ok());
        for text in
            ["2025-13-01", "2025-1-2", "20251-01-1", "today", "", "2025-02-30", "+025-01-01"]
        {
            assert_eq!(parse(text, "2025-10-01"), Err("?start_date".into()), "{text}");
        }
    }

    #[test]
    fn both_dates_are_required() {
        let mut faults = Faults::default();
        assert_eq!(Period::parse(None, None, &mut faults), None);
        assert_eq!(faults.into_vec().len(), 2);
    }
}
