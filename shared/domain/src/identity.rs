//! Who and what a thing is: ids as types, so that one cannot stand in another's place.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_identity!(
    /// One customer of the deployment; owns API keys, accounts and batches.
    TenantId
);
uuid_identity!(
    /// One accepted POST, a UUID v7.
    BatchId
);
uuid_identity!(
    /// What a worker must still hold to finish rows that it set to `processing`.
    LeaseToken
);

/// Joins everything that one request set off: its answer, its logs, its messages, its enrichment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CorrelationId(String);

impl CorrelationId {
    /// The longest id that is taken from a caller, in characters.
    pub const LENGTH_MAX: usize = 128;

    /// Takes a caller's id if it is sane: 1 to 128 of `A-Z a-z 0-9 . _ : -`, so that it can stand in
    /// a header, a log line and a query without being escaped.
    #[must_use]
    pub fn accept(text: &str) -> Option<Self> {
        let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len());
        (fits && text.bytes().all(sane)).then(|| Self(text.to_owned()))
    }

    /// An id for a request that brought none.
    #[must_use]
    pub fn from_uuid(id: Uuid) -> Self {
        Self(id.to_string())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_correlation_id_is_taken_as_it_is() {
        let longest = "a".repeat(CorrelationId::LENGTH_MAX);
        for text in ["req-1", "a.b_c:d-E9", longest.as_str()] {
            assert_eq!(CorrelationId::accept(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_correlation_id_that_could_forge_a_log_field_is_not_taken() {
        let too_long = "a".repeat(CorrelationId::LENGTH_MAX + 1);
        for text in ["", "a b", "x\",\"level\":\"ERROR", "line\nbreak", "é", too_long.as_str()] {
            assert_eq!(CorrelationId::accept(text), None, "{text:?}");
        }
    }
}
