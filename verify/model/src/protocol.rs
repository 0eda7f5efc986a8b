//! The protocol in one scenario.

use crate::guard::{Guard, Guards};
use crate::scenario::{Request, Scenario};

/// A scenario with a set of guards. Implements [`stateright::Model`].
#[derive(Clone, Debug)]
pub struct Protocol {
    pub(crate) scenario: Scenario,
    pub(crate) guards: Guards,
}

impl Protocol {
    /// The protocol in a scenario.
    #[must_use]
    pub const fn new(scenario: Scenario, guards: Guards) -> Self {
        Self { scenario, guards }
    }

    pub(crate) const fn has(&self, guard: Guard) -> bool {
        self.guards.has(guard)
    }

    pub(crate) fn request(&self, call: u8) -> &Request {
        &self.scenario.requests[usize::from(call)]
    }

    /// Whether a call is a retry: these follow the requests.
    pub(crate) fn is_retry(&self, call: u8) -> bool {
        usize::from(call) >= self.scenario.requests.len()
    }
}
