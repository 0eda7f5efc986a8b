//! A categoriser that kills its process on chosen transactions, for tests of the isolation of such
//! rows.

use tributary_domain::categorise::{CategorizeFuture, Categorizer, Input};

/// Wraps a categoriser and aborts the process for a description that contains a text.
pub struct SimulatedCrash {
    inner: Box<dyn Categorizer>,
    text: String,
}

impl SimulatedCrash {
    /// Aborts where a description contains `text`.
    pub const fn new(inner: Box<dyn Categorizer>, text: String) -> Self {
        Self { inner, text }
    }
}

impl Categorizer for SimulatedCrash {
    fn categorize<'a>(&'a self, input: Input<'a>) -> CategorizeFuture<'a> {
        if input.description.contains(&self.text) {
            std::process::abort();
        }
        self.inner.categorize(input)
    }
}
