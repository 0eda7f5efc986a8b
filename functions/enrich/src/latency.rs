//! A categoriser with the latency of a remote model, for demonstrations and load tests.

use std::str::FromStr;
use std::time::Duration;

use rand::Rng;
use tributary_domain::categorise::{CategorizeFuture, Categorizer, Input};

/// The latency of one call in milliseconds, as an inclusive range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyRange {
    shortest_ms: u64,
    longest_ms: u64,
}

impl LatencyRange {
    /// No latency.
    pub const OFF: Self = Self { shortest_ms: 0, longest_ms: 0 };
    /// The longest latency: ten seconds.
    pub const LONGEST_MS_MAX: u64 = 10_000;
}

/// A text that is not a range of milliseconds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a range of milliseconds such as 500-1000")]
pub struct InvalidLatencyRange;

impl FromStr for LatencyRange {
    type Err = InvalidLatencyRange;

    fn from_str(text: &str) -> Result<Self, InvalidLatencyRange> {
        let (shortest, longest) = text.split_once('-').ok_or(InvalidLatencyRange)?;
        let read = |part: &str| part.trim().parse::<u64>().map_err(|_| InvalidLatencyRange);
        let (shortest_ms, longest_ms) = (read(shortest)?, read(longest)?);
        if shortest_ms > longest_ms || longest_ms > Self::LONGEST_MS_MAX {
            return Err(InvalidLatencyRange);
        }
        Ok(Self { shortest_ms, longest_ms })
    }
}

/// Wraps a categoriser and delays each result by a random latency.
pub struct SimulatedLatency<C> {
    inner: C,
    range: LatencyRange,
}

impl<C> SimulatedLatency<C> {
    /// Delays the results of `inner`.
    pub const fn new(inner: C, range: LatencyRange) -> Self {
        Self { inner, range }
    }
}

impl<C: Categorizer> Categorizer for SimulatedLatency<C> {
    fn categorize<'a>(&'a self, input: Input<'a>) -> CategorizeFuture<'a> {
        let wait_ms = rand::rng().random_range(self.range.shortest_ms..=self.range.longest_ms);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            self.inner.categorize(input).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_range_is_parsed_and_invalid_one_rejected() {
        let range = LatencyRange { shortest_ms: 500, longest_ms: 1_000 };
        assert_eq!("500-1000".parse(), Ok(range));
        assert_eq!("0-0".parse(), Ok(LatencyRange::OFF));
        for text in ["", "500", "1000-500", "a-b", "-5-10", "0-10001"] {
            assert_eq!(text.parse::<LatencyRange>(), Err(InvalidLatencyRange), "{text}");
        }
    }
}
