//! When a request is repeated.

use std::time::Duration;

use rand::Rng;
use reqwest::StatusCode;

use crate::{Error, Response};

/// How often a request is repeated, and after which pauses.
///
/// Only requests that change nothing more when they are repeated are: those that read or delete,
/// and batches with an idempotency key. They are repeated after a connection error or a timeout,
/// after 429, 502, 503 and 504, and after a 409 with `Retry-After`: the first attempt is still in
/// progress. An invalid request is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The maximum number of attempts, the first one included.
    pub attempts_max: u32,
    /// The pause after the first attempt. It doubles after each further one. Each pause is
    /// shortened at random by up to a half, so that clients do not return all at once.
    pub first_pause: Duration,
    /// The maximum pause. If `Retry-After` is longer, the response is returned instead.
    pub pause_max: Duration,
}

impl Default for RetryPolicy {
    /// Four attempts, pauses from 200 milliseconds to 20 seconds.
    fn default() -> Self {
        Self {
            attempts_max: 4,
            first_pause: Duration::from_millis(200),
            pause_max: Duration::from_secs(20),
        }
    }
}

impl RetryPolicy {
    /// The pause after this attempt, counted from 1. `None` if its outcome is final.
    pub(crate) fn pause(
        &self,
        attempt: u32,
        outcome: &Result<Response, Error>,
    ) -> Option<Duration> {
        if attempt >= self.attempts_max {
            return None;
        }
        let least = match outcome {
            Ok(response) => {
                may_succeed_later(response).then(|| response.retry_after().unwrap_or_default())?
            }
            Err(Error::Transport(_)) => Duration::ZERO,
            Err(_) => return None,
        };
        if least > self.pause_max {
            return None;
        }
        let doubled = self.first_pause.saturating_mul(2_u32.saturating_pow(attempt - 1));
        let longest = doubled.min(self.pause_max);
        Some(rand::rng().random_range(longest / 2..=longest).max(least))
    }
}

fn may_succeed_later(response: &Response) -> bool {
    match response.status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => true,
        StatusCode::CONFLICT => response.retry_after().is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts_max: 20,
        first_pause: Duration::from_millis(100),
        pause_max: Duration::from_secs(6),
    };

    fn pause(attempt: u32, status: u16, retry_after: Option<&'static str>) -> Option<Duration> {
        let status = StatusCode::from_u16(status).unwrap();
        let value = retry_after.map(HeaderValue::from_static);
        let headers = HeaderMap::from_iter(value.map(|value| (RETRY_AFTER, value)));
        POLICY.pause(attempt, &Ok(Response { status, headers, body: Bytes::new() }))
    }

    #[test]
    fn only_what_may_succeed_later_is_repeated() {
        for status in [429, 502, 503, 504] {
            assert!(pause(1, status, None).is_some(), "{status}");
        }
        for status in [200, 202, 204, 302, 400, 401, 403, 404, 409, 413, 422, 500] {
            assert!(pause(1, status, None).is_none(), "{status}");
        }
        assert!(pause(1, 409, Some("1")).is_some(), "the first attempt is in progress");
        assert!(POLICY.pause(1, &Err(Error::Invalid(String::new()))).is_none());
    }

    #[test]
    fn pauses_double_up_to_the_maximum() {
        for (attempt, longest_ms) in [(1, 100), (2, 200), (3, 400), (7, 6_000), (19, 6_000)] {
            let longest = Duration::from_millis(longest_ms);
            let pause = pause(attempt, 503, None).unwrap();
            assert!((longest / 2..=longest).contains(&pause), "{attempt}: {pause:?}");
        }
        assert!(pause(20, 503, None).is_none(), "the last attempt");
    }

    #[test]
    fn retry_after_is_the_least_pause_and_a_long_one_is_final() {
        assert_eq!(pause(1, 503, Some("6")), Some(Duration::from_secs(6)));
        assert_eq!(pause(1, 503, Some("7")), None);
    }
}
