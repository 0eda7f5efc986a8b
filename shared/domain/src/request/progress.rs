//! The state of reading the fields of a body.

use chrono::{DateTime, Utc};

use super::limits;
use crate::fault::{FaultCode, Faults};

/// The state that the fields of all objects share: the faults, the current time, and the number of
/// characters that were costly to normalise.
pub struct Progress<'f> {
    pub faults: &'f mut Faults,
    pub now: DateTime<Utc>,
    /// As [`limits::NORMALISED_CHARACTERS_MAX`] counts them.
    normalised_characters: usize,
}

impl<'f> Progress<'f> {
    pub fn new(faults: &'f mut Faults, now: DateTime<Utc>) -> Self {
        Self { faults, now, normalised_characters: 0 }
    }

    /// Whether to stop: no further fault would be reported, or continuing would cost too much.
    pub fn is_done(&self) -> bool {
        self.faults.is_full() || self.normalised_characters > limits::NORMALISED_CHARACTERS_MAX
    }

    pub fn count_normalised(&mut self, characters: usize) {
        self.normalised_characters += characters;
        if self.normalised_characters > limits::NORMALISED_CHARACTERS_MAX {
            let limit = limits::NORMALISED_CHARACTERS_MAX;
            let detail = format!(
                "must have at most {limit} combining marks and characters of texts that are not in \
                 Unicode's form NFC"
            );
            self.faults.at("", FaultCode::TooCostly, detail);
        }
    }
}
