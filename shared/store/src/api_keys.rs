//! Tenants and their API keys. Only a key's hash is stored.

use sqlx::PgConnection;
use tributary_domain::TenantId;
use uuid::Uuid;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// What a key lets its bearer do, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose key it is.
    pub tenant: TenantId,
    /// Which key of the tenant.
    pub api_key_id: Uuid,
    /// What it is for: `ingest`, `report`, `admin`.
    pub scopes: Vec<String>,
}

/// A key to be stored.
#[derive(Debug)]
pub struct NewApiKey<'k> {
    /// Which key, who bears it, what it is for.
    pub key: ApiKey,
    /// What the tenant calls it.
    pub name: &'k str,
    /// The first characters of the key, by which its owner tells it from others.
    pub prefix: &'k str,
    /// SHA-256 of the whole key.
    pub key_hash: [u8; 32],
}

/// Finds a tenant by name, or makes it with `new_id`.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn find_or_create_tenant(
    connection: &mut PgConnection,
    name: &str,
    new_id: TenantId,
) -> Result<TenantId, StoreError> {
    let id = sqlx::query_scalar!(
        r#"
        insert into tenants (tenant_id, name) values ($1, $2)
        on conflict on constraint tenants_name_unique do update set name = excluded.name
        returning tenant_id
        "#,
        new_id.0,
        name
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(TenantId(id))
}

/// Stores a key.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn insert(connection: &mut PgConnection, new: &NewApiKey<'_>) -> Result<(), StoreError> {
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
        &new.key.scopes
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

/// Finds the key of a hash, unless it is revoked. Looks through all tenants.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn find_by_hash(
    connection: &mut PgConnection,
    key_hash: &[u8; 32],
) -> Result<Option<ApiKey>, StoreError> {
    let row = sqlx::query!(
        r#"
        select tenant_id, api_key_id, scopes from api_keys
        where key_hash = $1 and revoked_at is null
        "#,
        key_hash
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(row.map(|row| ApiKey {
        tenant: TenantId(row.tenant_id),
        api_key_id: row.api_key_id,
        scopes: row.scopes,
    }))
}
