//! API keys and the service itself.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use crate::text_enum::text_enum;

text_enum! {
    /// What a key allows: calls that write, calls that read, or every call.
    Scope { Ingest = "ingest", Report = "report", Admin = "admin" }
}

/// A key to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    /// Its name, which need not be unique.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
}

/// A new key.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct CreatedKey {
    /// The key. It cannot be read again.
    #[serde(deserialize_with = "secret")]
    pub api_key: SecretString,
    /// The first characters of the key, which identify it and may be shown.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

/// The keys of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct KeyList {
    /// The active keys, then the revoked ones.
    pub keys: Vec<Key>,
}

/// A key, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Key {
    /// The first characters of the key, which identify it and may be shown.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// To within five minutes; `None` if it was never used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// `None` while the key is active.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What a key or token allows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// The first characters of a key; `None` for a token.
    pub prefix: Option<String>,
    /// Every scope that it covers.
    pub scopes: Vec<Scope>,
}

text_enum! {
    /// What a caller identifies with.
    CredentialKind { ApiKey = "api_key", Token = "token" }
}

/// The state of the dependencies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether all are reachable.
    pub status: Verdict,
    /// Whether PostgreSQL is.
    pub database: Verdict,
    /// Whether the queue is.
    pub queue: Verdict,
}

text_enum! {
    /// Whether a dependency is reachable.
    Verdict { Ok = "ok", Unavailable = "unavailable" }
}
