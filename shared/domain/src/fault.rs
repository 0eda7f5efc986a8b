//! The faults of an input and their positions. The first hundred are reported.

use serde::Serialize;

/// A fault of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The position: a JSON Pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// What is wrong and what is expected, without the value itself.
    pub detail: String,
}

/// The faults of one input, in the order they were found, at most [`Faults::REPORTED_MAX`].
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The most faults of one input that are reported.
    pub const REPORTED_MAX: usize = 100;

    /// Adds a fault, or drops it after [`Faults::REPORTED_MAX`].
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if !self.is_full() {
            self.0.push(Fault { pointer: pointer.into(), detail: detail.into() });
        }
    }

    /// Whether further faults would be dropped, so that the search can stop.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.0.len() >= Self::REPORTED_MAX
    }

    /// Whether there is no fault.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults in the order they were found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_hundred_faults_are_kept() {
        let mut faults = Faults::default();
        for index in 0..=Faults::REPORTED_MAX {
            assert_eq!(faults.is_full(), index == Faults::REPORTED_MAX);
            faults.add(format!("/transactions/{index}"), "is wrong");
        }
        let kept = faults.into_vec();
        assert_eq!(kept.len(), Faults::REPORTED_MAX);
        assert_eq!(kept.last().unwrap().pointer, "/transactions/99");
    }
}
