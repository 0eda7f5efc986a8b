//! Times as statements take them: a number of milliseconds, `$1 * interval '1 millisecond'`.

use std::time::Duration;

/// The milliseconds of a time; more than a `bigint` holds count as the most that it does.
pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
