//! What a caller may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a key or a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Calls that write.
    Ingest,
    /// Calls that read.
    Report,
    /// Every call, also those that come to be.
    Admin,
}

/// A word that names no scope.
#[derive(Debug, thiserror::Error)]
#[error("a scope is ingest, report or admin")]
pub struct UnknownScope;

impl Scope {
    /// Its name, as keys and tokens carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Report => "report",
            Self::Admin => "admin",
        }
    }

    /// Whether who was granted this may do what `needed` stands for: that, or everything.
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
    fn admin_covers_every_scope_and_the_others_themselves_alone() {
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
    fn a_scope_is_read_by_its_own_name_alone() {
        for scope in [Scope::Ingest, Scope::Report, Scope::Admin] {
            assert_eq!(scope.name().parse::<Scope>().unwrap(), scope);
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("\"{scope}\""));
        }
        for wrong in ["", "Admin", "ingest ", "root"] {
            assert!(wrong.parse::<Scope>().is_err(), "{wrong}");
        }
    }
}
