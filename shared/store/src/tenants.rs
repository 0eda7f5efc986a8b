//! Tenants.

use sqlx::PgConnection;
use tributary_domain::TenantId;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Finds a tenant by name, or creates it with `new_id`.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn find_or_create(
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

/// Finds a tenant by name.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn find(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Option<TenantId>, StoreError> {
    let id = sqlx::query_scalar!("select tenant_id from tenants where name = $1", name)
        .fetch_optional(unnamed(connection))
        .await?;
    Ok(id.map(TenantId))
}

/// Whether a tenant is being erased.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn is_being_erased(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<bool, StoreError> {
    let is_being_erased = sqlx::query_scalar!(
        r#"
        select exists (
            select from tenants where tenant_id = $1 and erasing_at is not null
        ) as "is_being_erased!"
        "#,
        tenant.0
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(is_being_erased)
}

/// Whether the tenant exists and is not being erased.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn exists(connection: &mut PgConnection, tenant: TenantId) -> Result<bool, StoreError> {
    let exists = sqlx::query_scalar!(
        r#"
        select exists (
            select from tenants where tenant_id = $1 and erasing_at is null
        ) as "exists!"
        "#,
        tenant.0
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(exists)
}
