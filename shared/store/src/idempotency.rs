//! Idempotency keys: a repeated request gets the response of the first one.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use tributary_domain::request::ContentHash;
use tributary_domain::{BatchId, TenantId};

use crate::batches::AcceptedBatch;
use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

/// The state of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyState {
    /// New. This database transaction has locked it.
    Unused,
    /// Locked by another database transaction.
    InUse,
    /// Used before.
    Used {
        /// The [`ContentHash`] of the first request.
        content_hash: Vec<u8>,
        /// The batch of the first request.
        batch: AcceptedBatch,
    },
}

/// Looks up a key and locks it until the end of this database transaction.
///
/// One statement reads and locks. It does not see a key that is committed in between; inserting
/// that key again then fails with [`StoreError::DuplicateKey`].
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn acquire(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: &str,
) -> Result<KeyState, StoreError> {
    let row = sqlx::query!(
        r#"
        select
            pg_try_advisory_xact_lock($3) as "locked!",
            used.content_hash as "content_hash?",
            batch.batch_id as "batch_id?",
            batch.correlation_id as "correlation_id?",
            batch.inserted as "inserted?",
            batch.updated as "updated?",
            batch.unchanged as "unchanged?"
        from (select 1) as one
        left join idempotency_keys as used on used.tenant_id = $1 and used.idempotency_key = $2
        left join batches as batch
            on used.tenant_id = batch.tenant_id and used.batch_id = batch.batch_id
        "#,
        tenant.0,
        key,
        lock_of(tenant, key)
    )
    .fetch_one(unnamed(connection))
    .await?;
    let used = row.content_hash.zip(row.batch_id).zip(row.correlation_id);
    let counts = (row.inserted, row.updated, row.unchanged);
    match (used, counts) {
        (
            Some(((content_hash, batch_id), correlation_id)),
            (Some(inserted), Some(updated), Some(unchanged)),
        ) => {
            let batch = AcceptedBatch {
                batch_id: BatchId(batch_id),
                correlation_id,
                inserted,
                updated,
                unchanged,
            };
            Ok(KeyState::Used { content_hash, batch })
        }
        _ if row.locked => Ok(KeyState::Unused),
        _ => Ok(KeyState::InUse),
    }
}

/// The advisory lock of a key. SHA-256, since a tenant could compute a collision of PostgreSQL's
/// own hash functions with another tenant's key, and observe when that key is in use.
fn lock_of(tenant: TenantId, key: &str) -> i64 {
    let hash = Sha256::new().chain_update(tenant.0).chain_update(key).finalize();
    hash.iter().take(8).fold(0, |lock, byte| lock << 8 | i64::from(*byte))
}

/// Inserts a key with its batch.
///
/// # Errors
/// [`StoreError::DuplicateKey`] if another batch has the key.
pub async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: &str,
    content_hash: &ContentHash,
    batch: BatchId,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into idempotency_keys (
            tenant_id, idempotency_key, content_hash, batch_id, created_at
        )
        values ($1, $2, $3, $4, now())
        "#,
        tenant.0,
        key,
        content_hash.as_bytes(),
        batch.0
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Deletes up to `limit` keys, over all tenants, that are at least `age` old. Returns how many.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn delete_expired(
    connection: &mut PgConnection,
    age: Duration,
    limit: i64,
) -> Result<u64, StoreError> {
    let deleted = sqlx::query!(
        r#"
        delete from idempotency_keys
        where (tenant_id, idempotency_key) in (
            select tenant_id, idempotency_key from idempotency_keys
            where created_at <= now() - $1::bigint * interval '1 millisecond'
            order by created_at, tenant_id, idempotency_key
            limit $2
            for update skip locked
        )
        "#,
        millis(age),
        limit
    )
    .execute(unnamed(connection))
    .await?;
    Ok(deleted.rows_affected())
}
