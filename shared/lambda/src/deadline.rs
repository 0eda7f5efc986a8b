//! When an invocation must have ended.

use std::time::{Duration, SystemTime};

/// What an invocation is given where nobody says when it must have ended.
const ASSUMED: Duration = Duration::from_secs(60);

/// The deadline that Lambda gave. One that lies in the past as the invocation begins is none:
/// `cargo lambda` 1.9.2 counts it from 1970 and not from now, and all work would be handed on for ever.
#[must_use]
pub fn of_invocation(given: SystemTime, now: SystemTime) -> SystemTime {
    if given > now { given } else { now + ASSUMED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_taken_as_given_unless_it_is_over_at_the_start() {
        let now = SystemTime::now();
        let soon = now + Duration::from_millis(1);
        assert_eq!(of_invocation(soon, now), soon);
        assert_eq!(of_invocation(SystemTime::UNIX_EPOCH, now), now + ASSUMED);
        assert_eq!(of_invocation(now, now), now + ASSUMED);
    }
}
