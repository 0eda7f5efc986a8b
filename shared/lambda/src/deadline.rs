//! The deadline of an invocation.

use std::time::{Duration, SystemTime};

/// The time limit if Lambda gives no valid deadline.
const ASSUMED: Duration = Duration::from_secs(60);

/// The deadline that Lambda gave, unless it has already passed. `cargo lambda` 1.9.2 gives a
/// deadline near 1970, with which no work would ever begin.
#[must_use]
pub fn of_invocation(deadline: SystemTime, now: SystemTime) -> SystemTime {
    if deadline > now { deadline } else { now + ASSUMED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_deadline_is_replaced() {
        let now = SystemTime::now();
        let soon = now + Duration::from_millis(1);
        assert_eq!(of_invocation(soon, now), soon);
        assert_eq!(of_invocation(SystemTime::UNIX_EPOCH, now), now + ASSUMED);
        assert_eq!(of_invocation(now, now), now + ASSUMED);
    }
}
