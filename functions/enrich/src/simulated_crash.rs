//! A categoriser that kills its process on chosen transactions, for tests of the isolation of such
//! rows.

use tributary_domain::categorise::{CategorizeFuture, Categorizer, Input};

/// Wraps a categoriser and aborts the process for a description that contains a text.
pub struct SimulatedCrash<C> {
    inner: C,
    text: String,
}

impl<C> SimulatedCrash<C> {
    /// Aborts where a description contains `text`.
    pub const fn new(inner: C, text: String) -> Self {
        Self { inner, text }
    }
}

impl<C: Categorizer> Categorizer for SimulatedCrash<C> {
    fn categorize<'a>(&'a self, input: Input<'a>) -> CategorizeFuture<'a> {
        if input.description.contains(&self.text) {
            std::process::abort();
        }
        self.inner.categorize(input)
    }
}
