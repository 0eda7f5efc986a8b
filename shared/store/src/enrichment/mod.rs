//! Enrichment: rows are claimed under a lease, and finished by whoever still holds it.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::PgConnection;
use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, TenantId};

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

/// A row that a worker holds.
#[derive(Clone, Debug)]
pub struct ClaimedTransaction {
    /// Which one.
    pub transaction_id: String,
    /// The line on the statement.
    pub description: String,
    /// The merchant, where the bank knows it.
    pub merchant_name: Option<String>,
    /// Four digits by ISO 18245.
    pub merchant_category_code: Option<String>,
    /// Money in.
    pub is_income: bool,
    /// Which attempt this is, from 1.
    pub attempts: i32,
}

/// The hold that a worker asks for.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// Whose rows.
    pub tenant: TenantId,
    /// Of which batch.
    pub batch: BatchId,
    /// What finishing them will ask for.
    pub token: LeaseToken,
    /// How long nobody else may claim them.
    pub duration: Duration,
}

/// Claims up to `limit` rows of a batch that are pending, or whose lease ran out.
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

/// What became of one claimed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<'o> {
    /// Which one.
    pub transaction_id: &'o str,
    /// Its category, or why there is none.
    pub result: Result<Category<'o>, &'o str>,
}

/// What categorising gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category<'o> {
    /// The top-level name.
    pub category: &'o str,
    /// The primary code of the Plaid personal finance taxonomy.
    pub primary_code: &'o str,
    /// The detailed code of the same.
    pub detailed_code: &'o str,
    /// How sure the categoriser is.
    pub confidence: &'o str,
    /// The rule that decided.
    pub rule: &'o str,
}

/// The rows that were written as finished, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Those that have a category now, by its name.
    pub completed: BTreeMap<String, i64>,
    /// Those that failed.
    pub failed: i64,
}

impl Finished {
    /// How many have a category now.
    #[must_use]
    pub fn completed(&self) -> i64 {
        self.completed.values().sum()
    }

    /// How many there were.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.completed() + self.failed
    }
}

/// Writes outcomes to the rows still held under the lease's token. Answers how many those were.
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

/// Lets go of the rows held under a token: they are pending again, for anyone to claim at once.
/// Answers how many those were.
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

/// Sets the failed rows of a batch to pending, with no attempts made, and makes them this batch's work.
/// Answers how many those were. The batch is locked first, see [`crate::batches::lock`].
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
