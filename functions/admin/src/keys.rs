//! `keys_create`, `keys_list`, `keys_revoke`: the API keys of a tenant. Only the output of
//! `keys_create` contains the key; logs, database and lists never do.

use std::fmt;

use chrono::{DateTime, Utc};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tracing::info;
use tributary_domain::{Scope, TenantId};
pub use tributary_store::api_keys::ListedApiKey as Key;
use tributary_store::api_keys::{self, ApiKey, NewApiKey};
use tributary_store::{StoreError, Tx, tenants};
use uuid::Uuid;

use crate::context::Admin;
use crate::error::AdminError;
use crate::operation::Operation;

/// The longest name of a tenant or a key, in characters.
const NAME_LENGTH_MAX: usize = 100;

/// Create a key, and the tenant if it does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// The tenant's name.
    pub tenant: String,
    /// The key's name, which need not be unique.
    pub name: String,
    /// The key's scopes; `admin` includes the others.
    pub scopes: Vec<Scope>,
}

/// A new key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The key, which cannot be retrieved again.
    pub key: String,
    /// Its first characters, which identify it in lists and to revoke it.
    pub prefix: String,
    /// The tenant's id.
    pub tenant_id: TenantId,
    /// The key's id, which identifies it in logs.
    pub api_key_id: Uuid,
}

/// List a tenant's keys, newest first, including revoked ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The tenant's name.
    pub tenant: String,
}

/// A tenant's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Newest first.
    pub keys: Vec<Key>,
}

/// Revoke a key: further requests with it are rejected. The operation is idempotent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The tenant's name.
    pub tenant: String,
    /// The key's first characters, `trb_` and eight more.
    pub prefix: String,
}

/// A revoked key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// The key's first characters.
    pub prefix: String,
    /// When it was first revoked.
    pub revoked_at: DateTime<Utc>,
}

impl Operation for Create {
    const NAME: &'static str = "keys_create";
    type Output = Created;

    async fn run(self, admin: &Admin) -> Result<Created, AdminError> {
        check_name("tenant", &self.tenant)?;
        check_name("name", &self.name)?;
        if self.scopes.is_empty() {
            return Err(rejected("scopes", "at least one is required"));
        }
        let mut scopes = self.scopes.clone();
        scopes.sort_unstable();
        scopes.dedup();
        let pepper = &admin.peppers()?.current;
        let mut tx = admin.store()?.begin_for_all().await?;
        let created = async {
            let new_id = TenantId(Uuid::now_v7());
            let tenant = tenants::find_or_create(&mut tx, &self.tenant, new_id).await?;
            if tenants::is_being_erased(&mut tx, tenant).await? {
                return Err(rejected("tenant", "the tenant is being erased"));
            }
            let new = NewApiKey {
                key: ApiKey { tenant, api_key_id: Uuid::now_v7(), scopes },
                name: &self.name,
            };
            let secret = api_keys::create(&mut tx, &new, pepper, || rand::rng().random()).await?;
            Ok((new.key, secret))
        };
        let created: Result<_, AdminError> = created.await;
        let (key, secret) = tributary_store::end(tx, created).await?;
        info!(tenant_id = %key.tenant, api_key_id = %key.api_key_id, "key created");
        Ok(Created {
            key: secret.expose().to_owned(),
            prefix: secret.prefix().to_owned(),
            tenant_id: key.tenant,
            api_key_id: key.api_key_id,
        })
    }
}

impl Operation for List {
    const NAME: &'static str = "keys_list";
    type Output = Listed;

    async fn run(self, admin: &Admin) -> Result<Listed, AdminError> {
        let mut tx = admin.store()?.begin_for_all().await?;
        let tenant = known_tenant(&mut tx, &self.tenant).await?;
        let keys = api_keys::list(&mut tx, tenant).await?;
        tx.rollback().await.map_err(StoreError::from)?;
        Ok(Listed { keys })
    }
}

impl Operation for Revoke {
    const NAME: &'static str = "keys_revoke";
    type Output = Revoked;

    async fn run(self, admin: &Admin) -> Result<Revoked, AdminError> {
        let mut tx = admin.store()?.begin_for_all().await?;
        let revoked = async {
            let tenant = known_tenant(&mut tx, &self.tenant).await?;
            let revoked = api_keys::revoke_by_prefix(&mut tx, tenant, &self.prefix).await?;
            let unknown = || rejected("prefix", "the tenant has no key with this prefix");
            Ok((tenant, revoked.ok_or_else(unknown)?))
        };
        let revoked: Result<_, AdminError> = revoked.await;
        let (tenant, revoked_at) = tributary_store::end(tx, revoked).await?;
        info!(tenant_id = %tenant, "key revoked");
        Ok(Revoked { prefix: self.prefix, revoked_at })
    }
}

impl fmt::Debug for Created {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Created").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

async fn known_tenant(tx: &mut Tx, name: &str) -> Result<TenantId, AdminError> {
    let found = tenants::find(tx, name).await?;
    found.ok_or_else(|| rejected("tenant", "unknown tenant"))
}

/// Accepts names that lists and log lines can show unescaped.
fn check_name(place: &'static str, name: &str) -> Result<(), AdminError> {
    let fits = (1..=NAME_LENGTH_MAX).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) && name.trim() == name {
        return Ok(());
    }
    Err(rejected(place, "must be 1 to 100 characters, without control characters or outer spaces"))
}

const fn rejected(place: &'static str, reason: &'static str) -> AdminError {
    AdminError::Rejected { place, reason }
}
