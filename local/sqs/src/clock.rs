//! Converts monotonic instants to the Unix timestamps in SQS responses.
//!
//! Timeouts use [`Instant`] only, so a jump of the wall clock does not change when a message
//! becomes visible.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A reading of both clocks at the start of the endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started_at: Instant,
    started_epoch_ms: u64,
}

impl Clock {
    /// Reads both clocks.
    pub(crate) fn start() -> Clock {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { started_at: Instant::now(), started_epoch_ms: whole_ms(since_epoch) }
    }

    /// Unix time in milliseconds at `instant`.
    pub(crate) fn epoch_ms(&self, instant: Instant) -> u64 {
        self.started_epoch_ms + whole_ms(instant.saturating_duration_since(self.started_at))
    }

    /// Unix time in whole seconds at `instant`.
    pub(crate) fn epoch_s(&self, instant: Instant) -> u64 {
        self.epoch_ms(instant) / 1_000
    }
}

fn whole_ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
