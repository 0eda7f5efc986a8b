//! Faults that a test injects while the endpoint runs. None is active at the start.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::queue::DeliveryFaults;

/// The injected faults. Each stays active until it is changed or [`clear`](Faults::clear)ed.
#[derive(Debug, Default)]
pub struct Faults {
    settings: Mutex<Settings>,
    rejected: AtomicUsize,
}

#[derive(Debug, Default)]
struct Settings {
    reject_all_requests: bool,
    reject_operation: Option<&'static str>,
    response_delay: Duration,
    duplicates: Option<(f64, StdRng)>,
    order: Option<StdRng>,
}

impl Faults {
    /// While on, every request gets HTTP 503 and has no effect. Long polls that have already
    /// started continue.
    pub fn reject_all_requests(&self, on: bool) {
        self.settings().reject_all_requests = on;
    }

    /// The same for one operation only, such as `SendMessageBatch`.
    pub fn reject_operation(&self, operation: &'static str) {
        self.settings().reject_operation = Some(operation);
    }

    /// The number of requests that these faults have rejected since the endpoint started.
    pub fn rejected(&self) -> usize {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Delays every response by `delay`. The request is processed before the delay, so a client
    /// that times out and retries sends a message twice.
    pub fn delay_responses(&self, delay: Duration) {
        self.settings().response_delay = delay;
    }

    /// Duplicates each received message with this probability. The copy is visible immediately and
    /// has the same message id but its own receipt handle. Deleting one leaves the other. A copy is
    /// not duplicated again. Out-of-range probabilities are clamped; NaN and 0 switch this off.
    pub fn duplicate_deliveries(&self, probability: f64, seed: u64) {
        let on = probability > 0.0;
        let fault = (probability.min(1.0), StdRng::seed_from_u64(seed));
        self.settings().duplicates = on.then_some(fault);
    }

    /// Receives pick visible messages at random instead of oldest first.
    pub fn reorder(&self, seed: u64) {
        self.settings().order = Some(StdRng::seed_from_u64(seed));
    }

    /// Removes every fault.
    pub fn clear(&self) {
        *self.settings() = Settings::default();
    }

    /// Whether to reject a request for `operation`. Counts the rejection.
    pub(crate) fn rejects(&self, operation: &str) -> bool {
        let rejects = {
            let settings = self.settings();
            settings.reject_all_requests || settings.reject_operation == Some(operation)
        };
        if rejects {
            self.rejected.fetch_add(1, Ordering::Relaxed);
        }
        rejects
    }

    pub(crate) fn response_delay(&self) -> Duration {
        self.settings().response_delay
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeliveryFaults for &Faults {
    fn pick(&mut self, visible: usize) -> usize {
        match &mut self.settings().order {
            Some(rng) if visible > 1 => rng.random_range(0..visible),
            Some(_) | None => 0,
        }
    }

    fn duplicate(&mut self) -> bool {
        match &mut self.settings().duplicates {
            Some((probability, rng)) => rng.random_bool(*probability),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fault_is_active_at_the_start_or_after_clearing() {
        let faults = Faults::default();
        let has_no_faults = |mut f: &Faults| {
            assert!(!f.rejects("SendMessage"));
            assert_eq!(f.response_delay(), Duration::ZERO);
            assert!((0..100).all(|_| f.pick(10) == 0 && !f.duplicate()));
        };
        has_no_faults(&faults);
        faults.reject_all_requests(true);
        faults.delay_responses(Duration::from_secs(1));
        faults.duplicate_deliveries(1.0, 1);
        faults.reorder(1);
        assert!(faults.rejects("SendMessage") && (&mut &faults).duplicate());
        faults.clear();
        has_no_faults(&faults);
        faults.reject_operation("SendMessage");
        assert!(faults.rejects("SendMessage") && !faults.rejects("ReceiveMessage"));
        faults.clear();
        has_no_faults(&faults);
        assert_eq!(faults.rejected(), 2);
    }

    #[test]
    fn same_seed_gives_the_same_order() {
        let picks = |seed| {
            let faults = Faults::default();
            faults.reorder(seed);
            (0..20).map(|_| (&mut &faults).pick(10)).collect::<Vec<_>>()
        };
        assert_eq!(picks(7), picks(7));
        assert_ne!(picks(7), picks(8));
        assert!(picks(7).iter().any(|p| *p != 0));
    }

    #[test]
    fn probability_out_of_range_is_clamped() {
        let faults = Faults::default();
        for (probability, expected) in [(-1.0, false), (f64::NAN, false), (7.0, true)] {
            faults.duplicate_deliveries(probability, 1);
            assert_eq!((&mut &faults).duplicate(), expected, "{probability}");
        }
    }
}
