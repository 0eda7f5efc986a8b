//! How long rows are kept, as configured.

use std::num::ParseIntError;
use std::str::FromStr;

use tributary_lambda::environment::Environment;

/// How long rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// `BOOKKEEPING_RETENTION_DAYS`: lists of transactions of finished batches, and batches without
    /// transactions.
    pub bookkeeping: Days,
    /// `REVISION_RETENTION_DAYS`: earlier revisions of transactions, from when they were replaced.
    pub revisions: Days,
    /// `TRANSACTION_RETENTION_DAYS`: finished transactions, from when they were booked.
    pub transactions: Days,
}

impl Default for Retention {
    fn default() -> Self {
        Self { bookkeeping: Days(90), revisions: Days(0), transactions: Days(0) }
    }
}

impl Retention {
    /// Reads the variables.
    pub(crate) fn read<L: Fn(&str) -> Option<String>>(environment: &mut Environment<L>) -> Self {
        let defaults = Self::default();
        let mut days = |name, default| environment.or_default(name, default);
        Self {
            bookkeeping: days("BOOKKEEPING_RETENTION_DAYS", defaults.bookkeeping),
            revisions: days("REVISION_RETENTION_DAYS", defaults.revisions),
            transactions: days("TRANSACTION_RETENTION_DAYS", defaults.transactions),
        }
    }

    /// How long the records of deleted transactions are kept. Until then, each batch that lists one
    /// has been examined twice.
    pub(crate) fn records(self) -> Option<i32> {
        self.bookkeeping.limit().map(|days| 3 * days)
    }
}

/// A number of days. Zero means for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u16);

impl Days {
    /// A number of days; zero for ever.
    #[must_use]
    pub const fn new(days: u16) -> Self {
        Self(days)
    }

    /// The number of days; `None` if rows are kept for ever.
    pub(crate) fn limit(self) -> Option<i32> {
        (self.0 > 0).then_some(self.0.into())
    }
}

impl FromStr for Days {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Retention, String> {
        let look_up = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let mut environment = Environment::new(look_up);
        let retention = Retention::read(&mut environment);
        environment.finish(retention).map_err(|error| error.to_string())
    }

    #[test]
    fn only_bookkeeping_has_a_limit_by_default() {
        let Retention { bookkeeping, revisions, transactions } = read(&[]).unwrap();
        assert_eq!([bookkeeping, revisions, transactions].map(Days::limit), [Some(90), None, None]);
    }

    #[test]
    fn zero_days_are_no_limit_and_others_must_be_a_number() {
        assert_eq!(read(&[("BOOKKEEPING_RETENTION_DAYS", "0")]).unwrap().bookkeeping.limit(), None);
        for days in ["-1", "90d", "65536"] {
            let error = read(&[("BOOKKEEPING_RETENTION_DAYS", days)]).unwrap_err();
            assert!(error.contains("BOOKKEEPING_RETENTION_DAYS is invalid"), "{error}");
        }
    }
}
