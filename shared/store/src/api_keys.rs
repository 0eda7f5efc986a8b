//! API keys. Only a key's hash is stored.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tributary_domain::api_key::{ApiKeySecret, KeyHash, Pepper};
use tributary_domain::{Scope, TenantId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The precision of `last_used_at`: it is only updated when it is older than this, so that most
/// requests do not write.
pub const LAST_USED_INTERVAL: Duration = Duration::from_secs(300);
/// The most keys of a [`list`].
pub const LISTED_MAX: i64 = 500;
/// The most attempts to create a key with an unused prefix.
const PREFIX_TRIES_MAX: u32 = 3;
/// The statement timeout for [`record_use`].
const RECORD_USE_TIMEOUT_MS: &str = "500";

/// A key, with what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The tenant of the key.
    pub tenant: TenantId,
    /// The id of the key.
    pub api_key_id: Uuid,
    /// What the key allows.
    pub scopes: Vec<Scope>,
}

/// A key to be created.
#[derive(Debug)]
pub struct NewApiKey<'k> {
    /// The id, tenant and scopes.
    pub key: ApiKey,
    /// The name that the tenant gave it.
    pub name: &'k str,
}

/// A key with the requested prefix. The caller must still compare the hash.
#[derive(Debug)]
pub struct FoundApiKey {
    /// The id, tenant and scopes.
    pub key: ApiKey,
    /// The keyed hash of the whole key.
    pub key_hash: KeyHash,
    /// Whether `last_used_at` is older than [`LAST_USED_INTERVAL`].
    pub should_record_use: bool,
}

/// A key in a list. Without its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedApiKey {
    /// The first characters of the key.
    pub prefix: String,
    /// The name that the tenant gave it.
    pub name: String,
    /// What the key allows.
    pub scopes: Vec<Scope>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to within [`LAST_USED_INTERVAL`]; `None` if never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked; `None` if it is active.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Creates a key from random bytes and stores its hash. The result is the only place of the key.
///
/// # Errors
/// [`StoreError::DuplicateKey`] if other keys have the first prefixes, which have 32 bits; else
/// [`StoreError`] of the statement.
pub async fn create(
    connection: &mut PgConnection,
    new: &NewApiKey<'_>,
    pepper: &Pepper,
    mut entropy: impl FnMut() -> [u8; ApiKeySecret::ENTROPY_BYTES],
) -> Result<ApiKeySecret, StoreError> {
    for _ in 0..PREFIX_TRIES_MAX {
        let secret = ApiKeySecret::from_entropy(entropy());
        if insert(connection, new, &secret, pepper).await? {
            return Ok(secret);
        }
    }
    Err(StoreError::DuplicateKey { constraint: "api_keys_prefix_unique".to_owned() })
}

/// Returns whether the key was stored: not if another one has its prefix.
async fn insert(
    connection: &mut PgConnection,
    new: &NewApiKey<'_>,
    secret: &ApiKeySecret,
    pepper: &Pepper,
) -> Result<bool, StoreError> {
    let scopes: Vec<_> = new.key.scopes.iter().map(|scope| scope.name().to_owned()).collect();
    let inserted = sqlx::query!(
        r#"
        insert into api_keys (tenant_id, api_key_id, name, prefix, key_hash, scopes)
        values ($1, $2, $3, $4, $5, $6)
        on conflict on constraint api_keys_prefix_unique do nothing
        "#,
        new.key.tenant.0,
        new.key.api_key_id,
        new.name,
        secret.prefix(),
        &secret.hash(pepper),
        &scopes
    )
    .execute(unnamed(connection))
    .await?;
    Ok(inserted.rows_affected() > 0)
}

/// Revokes a tenant's active keys with this name. Returns how many.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn revoke_by_name(
    connection: &mut PgConnection,
    tenant: TenantId,
    name: &str,
) -> Result<u64, StoreError> {
    let revoked = sqlx::query!(
        r#"
        update api_keys set revoked_at = now()
        where tenant_id = $1 and name = $2 and revoked_at is null
        "#,
        tenant.0,
        name
    )
    .execute(unnamed(connection))
    .await?;
    Ok(revoked.rows_affected())
}

/// Revokes a tenant's key and returns when it was revoked, which may be earlier. Returns `None` if
/// the tenant has no such key.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn revoke_by_prefix(
    connection: &mut PgConnection,
    tenant: TenantId,
    prefix: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let revoked_at = sqlx::query_scalar!(
        r#"
        update api_keys set revoked_at = coalesce(revoked_at, now())
        where tenant_id = $1 and prefix = $2
        returning revoked_at as "revoked_at!"
        "#,
        tenant.0,
        prefix
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(revoked_at)
}

/// Counts a tenant's active keys.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn count_active(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from api_keys where tenant_id = $1 and revoked_at is null
        "#,
        tenant.0
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(count)
}

/// Lists a tenant's keys, newest first: the active ones, then the revoked ones. At most
/// [`LISTED_MAX`].
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<ListedApiKey>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select prefix, name, scopes, created_at, last_used_at, revoked_at from api_keys
        where tenant_id = $1
        order by revoked_at is not null, created_at desc, api_key_id desc
        limit $2
        "#,
        tenant.0,
        LISTED_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    let listed = rows.into_iter().map(|row| ListedApiKey {
        prefix: row.prefix,
        name: row.name,
        scopes: parse_scopes(&row.scopes),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    });
    Ok(listed.collect())
}

/// Finds the active key with this prefix, in all tenants. The caller must still compare the hash.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn find_by_prefix(
    connection: &mut PgConnection,
    prefix: &str,
) -> Result<Option<FoundApiKey>, StoreError> {
    let row = sqlx::query!(
        r#"
        select
            tenant_id, api_key_id, scopes, key_hash,
            last_used_at is null or last_used_at < now() - $2 * interval '1 second'
                as "should_record_use!"
        from api_keys
        where prefix = $1 and revoked_at is null
        "#,
        prefix,
        LAST_USED_INTERVAL.as_secs_f64()
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(row.and_then(|row| {
        Some(FoundApiKey {
            key: ApiKey {
                tenant: TenantId(row.tenant_id),
                api_key_id: row.api_key_id,
                scopes: parse_scopes(&row.scopes),
            },
            // A constraint ensures the length.
            key_hash: row.key_hash.try_into().ok()?,
            should_record_use: row.should_record_use,
        })
    }))
}

/// Sets asynchronous commit and a short statement timeout for this database transaction, for writes
/// that must not delay a request and may be lost.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn write_without_waiting(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        select
            set_config('synchronous_commit', 'off', true) as commit,
            set_config('statement_timeout', $1, true) as timeout
        "#,
        RECORD_USE_TIMEOUT_MS
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(())
}

/// Sets `last_used_at` of a key to now, unless it is recent or another request is updating it.
/// Returns whether it was updated.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn record_use(connection: &mut PgConnection, key: &ApiKey) -> Result<bool, StoreError> {
    let updated = sqlx::query!(
        r#"
        with due as (
            select tenant_id, api_key_id from api_keys
            where
                tenant_id = $1 and api_key_id = $2
                and (last_used_at is null or last_used_at < now() - $3 * interval '1 second')
            for no key update skip locked
        )
        update api_keys set last_used_at = now() from due
        where api_keys.tenant_id = due.tenant_id and api_keys.api_key_id = due.api_key_id
        "#,
        key.tenant.0,
        key.api_key_id,
        LAST_USED_INTERVAL.as_secs_f64()
    )
    .execute(unnamed(connection))
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Parses scopes. Ignores unknown ones, which only a newer version could have stored.
fn parse_scopes(scopes: &[String]) -> Vec<Scope> {
    scopes.iter().filter_map(|scope| scope.parse().ok()).collect()
}
