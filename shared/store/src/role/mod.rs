//! The PostgreSQL roles of the functions. Migration 5 creates them; `docs/roles.md` lists their
//! privileges.

use std::fmt;
use std::str::FromStr;

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The functions with a role. The role is named `tributary_` and the name of the function.
pub const FUNCTIONS: [&str; 7] =
    ["authorize", "ingest", "enrich", "report", "keys", "health", "relay"];

/// The maximum length of an identifier in PostgreSQL.
const LENGTH_MAX: usize = 63;

/// The name of a role: lower case letters, digits and underscores, so that it needs no quoting in
/// SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role(String);

/// An invalid name of a role.
#[derive(Debug, thiserror::Error)]
#[error(
    "a role's name has 1 to {LENGTH_MAX} lower case letters, digits and underscores, no digit first"
)]
pub struct InvalidRoleName;

impl Role {
    /// The role of one of the [`FUNCTIONS`]; `None` for any other.
    #[must_use]
    pub fn of_function(name: &str) -> Option<Self> {
        FUNCTIONS.contains(&name).then(|| Self(format!("tributary_{name}")))
    }
}

impl FromStr for Role {
    type Err = InvalidRoleName;

    fn from_str(name: &str) -> Result<Self, InvalidRoleName> {
        let is_plain = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let starts_plain = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        // `set role none` would restore all privileges of the login.
        let is_role = is_plain && starts_plain && name.len() <= LENGTH_MAX && name != "none";
        if is_role { Ok(Self(name.to_owned())) } else { Err(InvalidRoleName) }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Allows the roles to log in with IAM tokens. The owner can then no longer use `set role` for
/// them.
///
/// # Errors
/// If the server does not support IAM tokens, or the user may not change the roles.
pub async fn grant_login(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query_file!("src/role/grant_login.sql").execute(unnamed(connection)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_names_are_plain_identifiers() {
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
    fn only_functions_have_a_role() {
        for function in FUNCTIONS {
            let role = Role::of_function(function).unwrap();
            assert_eq!(role.to_string().parse::<Role>().unwrap(), role);
        }
        assert_eq!(Role::of_function("admin"), None, "admin works as the owner");
    }
}
