//! Faults that a test switches on while the endpoint runs. None is on at first.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::queue::Disturbance;

/// What goes wrong. Each fault holds until it is changed or [`clear`](Faults::clear)ed.
#[derive(Debug, Default)]
pub struct Faults {
    settings: Mutex<Settings>,
    refused: AtomicUsize,
}

#[derive(Debug, Default)]
struct Settings {
    refuse_everything: bool,
    refuse_operation: Option<&'static str>,
    answer_delay: Duration,
    duplicates: Option<(f64, StdRng)>,
    order: Option<StdRng>,
}

impl Faults {
    /// While on, every call is answered with HTTP 503 and has no effect. Receives that already
    /// wait go on waiting.
    pub fn refuse_everything(&self, on: bool) {
        self.settings().refuse_everything = on;
    }

    /// The same, for the calls of one operation alone, such as `SendMessageBatch`.
    pub fn refuse_operation(&self, operation: &'static str) {
        self.settings().refuse_operation = Some(operation);
    }

    /// How many calls were refused by these faults since the endpoint started.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// Holds every answer back this long. The call has taken effect by then, so a client that
    /// gives up and tries again sends twice.
    pub fn delay_answers(&self, delay: Duration) {
        self.settings().answer_delay = delay;
    }

    /// Each received message is, with this probability, at once there a second time: same message
    /// id, one more receive, a receipt handle of its own. Deleting one leaves the other. A second
    /// copy gets no third. Out-of-range probabilities are clamped; NaN and 0 switch it off.
    pub fn duplicate_deliveries(&self, probability: f64, seed: u64) {
        let on = probability > 0.0;
        let fault = (probability.min(1.0), StdRng::seed_from_u64(seed));
        self.settings().duplicates = on.then_some(fault);
    }

    /// Receives pick among the waiting messages at random, not the one that waited longest.
    pub fn reorder(&self, seed: u64) {
        self.settings().order = Some(StdRng::seed_from_u64(seed));
    }

    /// Switches every fault off.
    pub fn clear(&self) {
        *self.settings() = Settings::default();
    }

    /// Whether a call of an operation is refused; counts it if so.
    pub(crate) fn refuses(&self, operation: &str) -> bool {
        let refuses = {
            let settings = self.settings();
            settings.refuse_everything || settings.refuse_operation == Some(operation)
        };
        if refuses {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        refuses
    }

    pub(crate) fn answer_delay(&self) -> Duration {
        self.settings().answer_delay
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disturbance for &Faults {
    fn pick(&mut self, waiting: usize) -> usize {
        match &mut self.settings().order {
            Some(rng) if waiting > 1 => rng.random_range(0..waiting),
            Some(_) | None => 0,
        }
    }

    fn duplicates(&mut self) -> bool {
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
    fn nothing_goes_wrong_at_first_nor_after_clearing() {
        let faults = Faults::default();
        let calm = |mut f: &Faults| {
            assert!(!f.refuses("SendMessage"));
            assert_eq!(f.answer_delay(), Duration::ZERO);
            assert!((0..100).all(|_| f.pick(10) == 0 && !f.duplicates()));
        };
        calm(&faults);
        faults.refuse_everything(true);
        faults.delay_answers(Duration::from_secs(1));
        faults.duplicate_deliveries(1.0, 1);
        faults.reorder(1);
        assert!(faults.refuses("SendMessage") && (&mut &faults).duplicates());
        faults.clear();
        calm(&faults);
        faults.refuse_operation("SendMessage");
        assert!(faults.refuses("SendMessage") && !faults.refuses("ReceiveMessage"));
        faults.clear();
        calm(&faults);
        assert_eq!(faults.refused(), 2);
    }

    #[test]
    fn the_same_seed_gives_the_same_order() {
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
    fn a_probability_out_of_range_does_no_harm() {
        let faults = Faults::default();
        for (probability, expected) in [(-1.0, false), (f64::NAN, false), (7.0, true)] {
            faults.duplicate_deliveries(probability, 1);
            assert_eq!((&mut &faults).duplicates(), expected, "{probability}");
        }
    }
}
