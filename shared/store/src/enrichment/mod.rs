//! Enrichment: a worker claims a slice of a batch under a lease and finishes the rows that it still
//! holds.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::PgConnection;
use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, TenantId};

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

/// The most positions of a slice.
pub const SLICE_MAX: i32 = 500;
/// The most attempts for a row before it fails.
pub const ATTEMPTS_MAX: i32 = 5;
/// The most positions of a part of a slice whose worker died. If that of a part dies, too, the next
/// parts have one.
const PART_MAX: i32 = 25;

/// A claimed slice.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The number of this attempt, from 1.
    pub attempts: i32,
    /// The pending rows. None if other batches have updated all of them.
    pub rows: Vec<ClaimedTransaction>,
}

/// A row of a claimed slice.
#[derive(Clone, Debug)]
pub struct ClaimedTransaction {
    /// Its position in the batch.
    pub position: i32,
    /// The revision of its content.
    pub revision: i32,
    /// The transaction.
    pub transaction_id: String,
    /// The description on the bank statement.
    pub description: String,
    /// The merchant, if the bank sent one.
    pub merchant_name: Option<String>,
    /// The four digits of ISO 18245.
    pub merchant_category_code: Option<String>,
    /// The aggregator's category, a detailed code of Plaid's taxonomy.
    pub bank_category: Option<String>,
    /// Whether the amount is positive.
    pub is_income: bool,
}

/// The lease that a worker requests.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// The tenant.
    pub tenant: TenantId,
    /// The batch.
    pub batch: BatchId,
    /// Identifies the lease when the rows are finished.
    pub token: LeaseToken,
    /// How long no other worker may claim the slice.
    pub duration: Duration,
}

/// A row that both claiming statements return.
struct ClaimRow {
    attempts: i32,
    position: Option<i32>,
    revision: Option<i32>,
    transaction_id: Option<String>,
    description: Option<String>,
    merchant_name: Option<String>,
    merchant_category_code: Option<String>,
    bank_category: Option<String>,
    is_income: Option<bool>,
}

/// Claims the next free slice of a batch; `None` if there is none. Relay announces the batch no
/// earlier than `announce_after` then.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn claim(
    connection: &mut PgConnection,
    lease: &Lease,
    announce_after: Duration,
) -> Result<Option<Claim>, StoreError> {
    let rows = sqlx::query_file_as!(
        ClaimRow,
        "src/enrichment/claim.sql",
        lease.tenant.0,
        lease.batch.0,
        lease.token.0,
        millis(lease.duration),
        millis(announce_after)
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(Claim::of(rows))
}

/// Claims a part of a slice whose lease has expired; `None` if there is none. A row of it may have
/// killed the worker, so no other slice should be claimed by the same process.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn claim_expired(
    connection: &mut PgConnection,
    lease: &Lease,
) -> Result<Option<Claim>, StoreError> {
    let rows = sqlx::query_file_as!(
        ClaimRow,
        "src/enrichment/claim_expired.sql",
        lease.tenant.0,
        lease.batch.0,
        lease.token.0,
        millis(lease.duration),
        PART_MAX,
        ATTEMPTS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(Claim::of(rows))
}

impl Claim {
    fn of(rows: Vec<ClaimRow>) -> Option<Self> {
        let attempts = rows.first()?.attempts;
        // A slice without pending rows has one row of nulls.
        let rows = rows.into_iter().filter_map(|row| {
            Some(ClaimedTransaction {
                position: row.position?,
                revision: row.revision?,
                transaction_id: row.transaction_id?,
                description: row.description?,
                merchant_name: row.merchant_name,
                merchant_category_code: row.merchant_category_code,
                bank_category: row.bank_category,
                is_income: row.is_income?,
            })
        });
        Some(Self { attempts, rows: rows.collect() })
    }
}

/// The outcome of one claimed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<'o> {
    /// The position of the row in the batch.
    pub position: i32,
    /// The revision that was claimed.
    pub revision: i32,
    /// The category, or the reason for the failure.
    pub result: Result<Category<'o>, &'o str>,
}

/// The result of the categoriser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category<'o> {
    /// The top-level name.
    pub category: &'o str,
    /// The primary code of the Plaid personal finance taxonomy.
    pub primary_code: &'o str,
    /// The detailed code of the same taxonomy.
    pub detailed_code: &'o str,
    /// The confidence of the categoriser.
    pub confidence: &'o str,
    /// The rule that matched.
    pub rule: &'o str,
}

/// The result of [`finish`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Completed rows by category.
    pub completed: BTreeMap<String, i64>,
    /// Failed rows.
    pub failed: i64,
    /// Whether the batch has slices left.
    pub has_slices: bool,
}

impl Finished {
    /// The number of completed rows.
    #[must_use]
    pub fn completed(&self) -> i64 {
        self.completed.values().sum()
    }

    /// The number of finished rows.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.completed() + self.failed
    }
}

/// Writes outcomes, which are in the order of the transaction ids, to the rows that are still held
/// under the lease. Then ends the lease: a slice that still has pending rows can be claimed again,
/// and its attempt counts.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn finish(
    connection: &mut PgConnection,
    lease: &Lease,
    rules_version: &str,
    outcomes: &[Outcome<'_>],
) -> Result<Finished, StoreError> {
    let column = |value: for<'c> fn(&'c Category<'_>) -> &'c str| {
        outcomes.iter().map(|outcome| outcome.result.as_ref().ok().map(value)).collect::<Vec<_>>()
    };
    let positions: Vec<_> = outcomes.iter().map(|outcome| outcome.position).collect();
    let revisions: Vec<_> = outcomes.iter().map(|outcome| outcome.revision).collect();
    let reasons: Vec<_> = outcomes.iter().map(|outcome| outcome.result.err()).collect();
    let rows = sqlx::query_file!(
        "src/enrichment/finish.sql",
        lease.tenant.0,
        lease.batch.0,
        lease.token.0,
        &positions,
        &revisions,
        column(|category| category.category) as _,
        column(|category| category.primary_code) as _,
        column(|category| category.detailed_code) as _,
        column(|category| category.confidence) as _,
        column(|category| category.rule) as _,
        reasons as _,
        rules_version
    )
    .fetch_all(unnamed(&mut *connection))
    .await?;
    let mut finished = Finished { has_slices: close(connection, lease).await?, ..<_>::default() };
    for row in rows {
        if row.category.is_empty() {
            finished.failed = row.count;
        } else {
            finished.completed.insert(row.category, row.count);
        }
    }
    Ok(finished)
}

/// Deletes or releases the slices held under the lease. Returns whether the batch has slices left.
async fn close(connection: &mut PgConnection, lease: &Lease) -> Result<bool, StoreError> {
    let has_slices = sqlx::query_file_scalar!(
        "src/enrichment/close.sql",
        lease.tenant.0,
        lease.batch.0,
        lease.token.0
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(has_slices)
}

/// Releases the slice held under the lease as if it had not been claimed.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn release(connection: &mut PgConnection, lease: &Lease) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        update slices set token = null, expires_at = null, attempts = attempts - 1
        where tenant_id = $1 and batch_id = $2 and token = $3
        "#,
        lease.tenant.0,
        lease.batch.0,
        lease.token.0
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Sets the failed rows of a batch to pending with zero attempts and assigns them to this batch.
/// Returns how many. Call [`crate::batches::lock`] first.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn retry_failed(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<i64, StoreError> {
    lock_slices(connection, tenant, batch).await?;
    let retried =
        sqlx::query_file_scalar!("src/enrichment/retry_failed.sql", tenant.0, batch.0, SLICE_MAX)
            .fetch_one(unnamed(connection))
            .await?;
    Ok(retried)
}

/// Locks the slices of a batch, in a statement of its own. A worker that finishes one of them at
/// this moment either has deleted it already, or sees the pending rows that the retry adds to it.
async fn lock_slices(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        select first_position from slices where tenant_id = $1 and batch_id = $2
        order by first_position
        for no key update
        "#,
        tenant.0,
        batch.0
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(())
}
