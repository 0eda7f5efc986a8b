//! Durations as parameters of statements, in milliseconds: `$1 * interval '1 millisecond'`.

use std::time::Duration;

/// Milliseconds, at most `i64::MAX`.
pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
