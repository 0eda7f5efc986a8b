//! Scopes: the permissions of a caller.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A permission that a key or a token grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Calls that write.
    Ingest,
    /// Calls that read.
    Report,
    /// Every call, including future ones.
    Admin,
}

/// The text is not the name of a scope.
#[derive(Debug, thiserror::Error)]
#[error("a scope is ingest, report or admin")]
pub struct UnknownScope;

impl Scope {
    /// The name, as keys and tokens carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Report => "report",
            Self::Admin => "admin",
        }
    }

    /// Whether this scope permits calls that need `needed`.
    #[must_use]
    pub fn covers(self, needed: Self) -> bool {
        self == needed || self == Self::Admin
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Ingest, Self::Report, Self::Admin]
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or(UnknownScope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_covers_every_scope_and_the_others_only_themselves() {
        use Scope::{Admin, Ingest, Report};
        for (granted, covered) in [
            (Ingest, &[Ingest][..]),
            (Report, &[Report][..]),
            (Admin, &[Ingest, Report, Admin][..]),
        ] {
            for needed in [Ingest, Report, Admin] {
                assert_eq!(granted.covers(needed), covered.contains(&needed), "{granted} {needed}");
            }
        }
    }

    #[test]
    fn scope_is_parsed_from_its_exact_name_only() {
        for scope in [Scope::Ingest, Scope::Report, Scope::Admin] {
            assert_eq!(scope.name().parse::<Scope>().unwrap(), scope);
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("\"{scope}\""));
        }
        for wrong in ["", "Admin", "ingest ", "root"] {
            assert!(wrong.parse::<Scope>().is_err(), "{wrong}");
        }
    }
}
