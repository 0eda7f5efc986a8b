//! Enrichment: a worker claims rows under a lease and finishes those that it still holds.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::PgConnection;
use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, TenantId};

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

/// A claimed row.
#[derive(Clone, Debug)]
pub struct ClaimedTransaction {
    /// The transaction.
    pub transaction_id: String,
    /// The description on the bank statement.
    pub description: String,
    /// The merchant, if the bank sent one.
    pub merchant_name: Option<String>,
    /// The four digits of ISO 18245.
    pub merchant_category_code: Option<String>,
    /// Whether the amount is positive.
    pub is_income: bool,
    /// The number of this attempt, from 1.
    pub attempts: i32,
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
    /// How long no other worker may claim the rows.
    pub duration: Duration,
}

/// Claims up to `limit` rows of a batch that are pending or whose lease expired.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn claim(
    connection: &mut PgConnection,
    lease: &Lease,
    limit: i64,
) -> Result<Vec<ClaimedTransaction>, StoreError> {
    let claimed = sqlx::query_file_as!(
        ClaimedTransaction,
        "src/enrichment/claim.sql",
        lease.tenant.0,
        lease.batch.0,
        lease.token.0,
        millis(lease.duration),
        limit
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(claimed)
}

/// The outcome of one claimed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<'o> {
    /// The transaction.
    pub transaction_id: &'o str,
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

/// The number of finished rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Completed rows by category.
    pub completed: BTreeMap<String, i64>,
    /// Failed rows.
    pub failed: i64,
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

/// Writes outcomes to the rows that are still held under the lease. Returns the number of written
/// rows.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn finish(
    connection: &mut PgConnection,
    lease: &Lease,
    rules_version: &str,
    outcomes: &[Outcome<'_>],
) -> Result<Finished, StoreError> {
    let column = |value: for<'c> fn(&'c Category<'_>) -> &'c str| {
        outcomes.iter().map(|outcome| outcome.result.as_ref().ok().map(value)).collect::<Vec<_>>()
    };
    let transaction_ids: Vec<_> = outcomes.iter().map(|outcome| outcome.transaction_id).collect();
    let reasons: Vec<_> = outcomes.iter().map(|outcome| outcome.result.err()).collect();
    let rows = sqlx::query_file!(
        "src/enrichment/finish.sql",
        lease.tenant.0,
        lease.token.0,
        transaction_ids as _,
        column(|category| category.category) as _,
        column(|category| category.primary_code) as _,
        column(|category| category.detailed_code) as _,
        column(|category| category.confidence) as _,
        column(|category| category.rule) as _,
        reasons as _,
        rules_version
    )
    .fetch_all(unnamed(connection))
    .await?;
    let mut finished = Finished::default();
    for row in rows {
        if row.category.is_empty() {
            finished.failed = row.count;
        } else {
            finished.completed.insert(row.category, row.count);
        }
    }
    Ok(finished)
}

/// Releases the rows held under the lease: they are pending again. Returns how many.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn release(connection: &mut PgConnection, lease: &Lease) -> Result<i64, StoreError> {
    let count = sqlx::query_file_scalar!(
        "src/enrichment/release.sql",
        lease.tenant.0,
        lease.batch.0,
        lease.token.0
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(count)
}

/// Sets the failed rows of a batch to pending with zero attempts and assigns them to this batch.
/// Returns how many. Call [`crate::batches::lock`] first.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn retry_failed(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<i64, StoreError> {
    let retried = sqlx::query_file_scalar!("src/enrichment/retry_failed.sql", tenant.0, batch.0)
        .fetch_one(unnamed(connection))
        .await?;
    Ok(retried)
}
