//! The PostgreSQL roles that functions work as. Migration 5 makes them; `docs/roles.md` says what each may.

use std::fmt;
use std::str::FromStr;

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The functions that have a role of their own. Their roles are `tributary_` and the function's name.
pub const FUNCTIONS: [&str; 6] = ["authorize", "ingest", "enrich", "report", "health", "relay"];

/// The longest name that PostgreSQL keeps whole.
const LENGTH_MAX: usize = 63;

/// A role's name: lower case letters, digits and underscores, so that it is safe to stand in SQL as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role(String);

/// A text that is no role's name.
#[derive(Debug, thiserror::Error)]
#[error(
    "a role's name has 1 to {LENGTH_MAX} lower case letters, digits and underscores, no digit first"
)]
pub struct NotARole;

impl Role {
    /// The role of one of the [`FUNCTIONS`]; `None` for any other.
    #[must_use]
    pub fn of_function(name: &str) -> Option<Self> {
        FUNCTIONS.contains(&name).then(|| Self(format!("tributary_{name}")))
    }
}

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(name: &str) -> Result<Self, NotARole> {
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let starts_plain = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        // `set role none` is the login's own role again: everything that a role is to take away.
        let is_role = is_plain && starts_plain && name.len() <= LENGTH_MAX && name != "none";
        if is_role { Ok(Self(name.to_owned())) } else { Err(NotARole) }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Lets the roles log in with IAM tokens. After that who made them cannot work as one of them any more.
///
/// # Errors
/// If the server takes no tokens, or the roles are somebody else's.
pub async fn let_log_in(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query_file!("src/role/let_log_in.sql").execute(unnamed(connection)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_identifier_is_a_role() {
        for name in ["tributary_ingest", "_", "a1", &"a".repeat(63)] {
            assert_eq!(name.parse::<Role>().unwrap().to_string(), name);
        }
        for name in
            ["", "1a", "a-b", "A", "a b", "a;b", "a\"", "a'", "ä", "a\0", "none", &"a".repeat(64)]
        {
            assert!(name.parse::<Role>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_function_has_a_role_and_nothing_else_has() {
        for function in FUNCTIONS {
            let role = Role::of_function(function).unwrap();
            assert_eq!(role.to_string().parse::<Role>().unwrap(), role);
        }
        assert_eq!(Role::of_function("admin"), None, "the owner has no role beside itself");
    }
}
