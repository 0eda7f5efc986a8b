//! Ids as types, so that they cannot be mixed up.

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
    /// A customer of the deployment, who owns API keys, accounts and batches.
    TenantId
);
uuid_identity!(
    /// An accepted batch, a UUID v7.
    BatchId
);
uuid_identity!(
    /// Identifies the worker that set rows to `processing`: only with it can they be finished.
    LeaseToken
);

/// Connects the response, logs, messages and enrichment of one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CorrelationId(String);

impl CorrelationId {
    /// The longest id that a caller may send, in characters.
    pub const LENGTH_MAX: usize = 128;

    /// Accepts a caller's id of 1 to 128 of the characters `A-Z a-z 0-9 . _ : -`, which need no
    /// escaping in headers, logs and queries.
    #[must_use]
    pub fn accept(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len());
        (fits && text.bytes().all(is_allowed)).then(|| Self(text.to_owned()))
    }

    /// Creates an id for a request without one.
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
    fn valid_correlation_id_is_kept_unchanged() {
        let longest = "a".repeat(CorrelationId::LENGTH_MAX);
        for text in ["req-1", "a.b_c:d-E9", longest.as_str()] {
            assert_eq!(CorrelationId::accept(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn correlation_id_that_could_forge_a_log_field_is_rejected() {
        let too_long = "a".repeat(CorrelationId::LENGTH_MAX + 1);
        for text in ["", "a b", "x\",\"level\":\"ERROR", "line\nbreak", "é", too_long.as_str()] {
            assert_eq!(CorrelationId::accept(text), None, "{text:?}");
        }
    }
}
