//! A range of UTC days, both ends included.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::fault::Fault;

/// A range of UTC days, both ends included: never reversed and at most [`Period::DAYS_MAX`] long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    start: NaiveDate,
    end: NaiveDate,
}

impl Period {
    /// The longest period of one request, in days: ten years.
    pub const DAYS_MAX: u64 = 3_653;

    /// Parses the two dates of a query.
    ///
    /// # Errors
    /// Every [`Fault`] of the dates, with its parameter.
    pub fn parse(start: Option<&str>, end: Option<&str>) -> Result<Self, Vec<Fault>> {
        let (start, end) = match (parse_date("?start_date", start), parse_date("?end_date", end)) {
            (Ok(start), Ok(end)) => (start, end),
            (start, end) => return Err([start.err(), end.err()].into_iter().flatten().collect()),
        };
        if end < start {
            return Err(vec![fault("?end_date", "must not be before start_date")]);
        }
        if start.checked_add_days(Days::new(Self::DAYS_MAX)).is_some_and(|limit| end >= limit) {
            let detail = format!("must be less than {} days after start_date", Self::DAYS_MAX);
            return Err(vec![fault("?end_date", &detail)]);
        }
        Ok(Self { start, end })
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

/// Parses a required `YYYY-MM-DD` parameter.
fn parse_date(pointer: &str, text: Option<&str>) -> Result<NaiveDate, Fault> {
    let text = text.ok_or_else(|| fault(pointer, "is required, as YYYY-MM-DD"))?;
    parse_plain_date(text).ok_or_else(|| fault(pointer, "must be a calendar date, as YYYY-MM-DD"))
}

fn fault(pointer: &str, detail: &str) -> Fault {
    Fault { pointer: pointer.to_owned(), detail: detail.to_owned() }
}

/// Parses `YYYY-MM-DD` strictly: chrono alone also accepts `2025-1-2` and years of five digits.
#[must_use]
pub fn parse_plain_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let is_date_format = bytes.len() == 10
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_date_format.then(|| text.parse().ok()).flatten()
}

/// The instant at which a UTC day starts.
#[must_use]
pub fn midnight_utc(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(start: &str, end: &str) -> Result<Period, String> {
        Period::parse(Some(start), Some(end)).map_err(|mut faults| faults.remove(0).pointer)
    }

    #[test]
    fn both_ends_are_included() {
        let day = parse("2025-10-01", "2025-10-01").unwrap();
        assert_eq!(day.start(), day.end());
    }

    #[test]
    fn reversed_overlong_or_malformed_period_is_a_fault_of_its_parameter() {
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
        assert_eq!(Period::parse(None, None).unwrap_err().len(), 2);
    }
}
