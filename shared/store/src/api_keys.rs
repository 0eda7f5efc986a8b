//! API keys. Only a key's hash is stored.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tributary_domain::api_key::KeyHash;
use tributary_domain::{Scope, TenantId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// How exact `last_used_at` is: a use is only noted where the last one that was is older than this, so
/// that a request does not cost a write.
pub const USE_NOTED_EVERY: Duration = Duration::from_secs(300);
/// How long noting a use may take before PostgreSQL gives it up.
const NOTE_TIMEOUT_MS: &str = "500";

/// What a key lets its bearer do, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose key it is.
    pub tenant: TenantId,
    /// Which key of the tenant.
    pub api_key_id: Uuid,
    /// What it is for.
    pub scopes: Vec<Scope>,
}

/// A key to be stored.
#[derive(Debug)]
pub struct NewApiKey<'k> {
    /// Which key, who bears it, what it is for.
    pub key: ApiKey,
    /// What the tenant calls it.
    pub name: &'k str,
    /// The first characters of the key, by which it is found.
    pub prefix: &'k str,
    /// The keyed hash of the whole key.
    pub key_hash: KeyHash,
}

/// A key that a caller may be presenting: its prefix is right.
#[derive(Debug)]
pub struct FoundApiKey {
    /// Whose it is and what for, if the hash is right too.
    pub key: ApiKey,
    /// The keyed hash of the whole key.
    pub key_hash: KeyHash,
    /// Whether its last use that was noted is so long ago that this one is to be noted.
    pub use_is_due: bool,
}

/// A key as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedApiKey {
    /// The first characters of the key.
    pub prefix: String,
    /// What the tenant calls it.
    pub name: String,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to within [`USE_NOTED_EVERY`]; `None` if never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Since when it is not taken any more; `None` if it is.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Stores a key.
///
/// # Errors
/// [`StoreError::KeyTaken`] if another key has its prefix, else [`StoreError`] of the statement.
pub async fn insert(connection: &mut PgConnection, new: &NewApiKey<'_>) -> Result<(), StoreError> {
    let scopes: Vec<_> = new.key.scopes.iter().map(|scope| scope.name().to_owned()).collect();
    sqlx::query!(
        r#"
        insert into api_keys (tenant_id, api_key_id, name, prefix, key_hash, scopes)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        new.key.tenant.0,
        new.key.api_key_id,
        new.name,
        new.prefix,
        &new.key_hash,
        &scopes
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Revokes a tenant's keys of a name. Answers how many those were.
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

/// Revokes a tenant's key, and answers since when it is: now, unless it was before. `None` if the tenant
/// has no such key.
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

/// A tenant's keys, the newest first, with those that are revoked.
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
        order by created_at desc, api_key_id desc
        "#,
        tenant.0
    )
    .fetch_all(unnamed(connection))
    .await?;
    let listed = rows.into_iter().map(|row| ListedApiKey {
        prefix: row.prefix,
        name: row.name,
        scopes: known(&row.scopes),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    });
    Ok(listed.collect())
}

/// Finds the key of a prefix, unless it is revoked. Looks through all tenants. Whether the rest of the
/// key is right is for the caller to see.
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
                as "use_is_due!"
        from api_keys
        where prefix = $1 and revoked_at is null
        "#,
        prefix,
        USE_NOTED_EVERY.as_secs_f64()
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(row.and_then(|row| {
        Some(FoundApiKey {
            key: ApiKey {
                tenant: TenantId(row.tenant_id),
                api_key_id: row.api_key_id,
                scopes: known(&row.scopes),
            },
            // A constraint holds it to that length.
            key_hash: row.key_hash.try_into().ok()?,
            use_is_due: row.use_is_due,
        })
    }))
}

/// Lets this transaction end without waiting until what it wrote is on disk, and bounds its statements:
/// for what is good to have and not worth a request's time.
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
        NOTE_TIMEOUT_MS
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(())
}

/// Notes that a key is used now. Where another request is noting the same, this one passes on and does
/// not wait; where it just has, nothing is written. Answers whether it was.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn note_use(connection: &mut PgConnection, key: &ApiKey) -> Result<bool, StoreError> {
    let noted = sqlx::query!(
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
        USE_NOTED_EVERY.as_secs_f64()
    )
    .execute(unnamed(connection))
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// A constraint lets no others be stored; one that came to be later allows nothing here.
fn known(scopes: &[String]) -> Vec<Scope> {
    scopes.iter().filter_map(|scope| scope.parse().ok()).collect()
}
