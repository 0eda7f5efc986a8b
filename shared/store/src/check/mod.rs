//! Checks the invariants of a live database: nothing is lost or counted twice, sums match their
//! rows, amounts are exact. The checks only read, over all tenants, in one snapshot.

mod finding;
pub mod stored;
mod unsettled;

use std::time::Duration;

use sqlx::PgConnection;
use tributary_domain::{Currency, Money};

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

use finding::Row;
pub use finding::{Check, FINDINGS_MAX, Finding};
pub use unsettled::{Unsettled, unsettled};

/// What to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether all work must be done: no transaction pending or processing, no slice left.
    pub settled: bool,
    /// How long an expired lease, a batch that is due to be announced or an unfinished batch without
    /// remaining work is tolerated. Must be longer than relay takes to handle them.
    pub grace: Duration,
}

/// Prepares a database transaction that has just begun for [`run`]: it reads one snapshot and
/// cannot write. Statements fail if row-level security would hide a row from them.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn begin_snapshot(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(unnamed(connection))
        .await?;
    sqlx::query!("set local row_security = off").execute(unnamed(connection)).await?;
    Ok(())
}

/// Runs the check of a `.sql` file, whose name it has. The statement returns a [`Row`] for each
/// finding; its first parameter is the maximum number of them.
macro_rules! check {
    ($connection:ident, $file:tt $(($($arguments:tt)+))?, $rule:literal) => {{
        let rows = sqlx::query_file_as!(Row, $file, FINDINGS_MAX $(, $($arguments)+)?)
            .fetch_all(unnamed($connection))
            .await?;
        Check::new($file, $rule, rows)
    }};
}

/// Runs all checks. Call [`begin_snapshot`] first: without a snapshot, rows and their sums could
/// change between two statements.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn run(
    connection: &mut PgConnection,
    options: Options,
) -> Result<Vec<Check>, StoreError> {
    let mut checks = batches(connection, millis(options.grace)).await?;
    checks.extend(transactions(connection).await?);
    checks.extend(sums(connection).await?);
    if options.settled {
        checks.extend(settled(connection).await?);
    }
    Ok(checks)
}

/// Checks of batches and their slices.
async fn batches(connection: &mut PgConnection, grace_ms: i64) -> Result<Vec<Check>, StoreError> {
    Ok(vec![
        check!(
            connection,
            "src/check/batch-members.sql",
            "Every transaction of an accepted batch is stored."
        ),
        check!(
            connection,
            "src/check/batch-counts.sql",
            "The inserted, updated and unchanged counts of a batch add up to its transactions."
        ),
        check!(
            connection,
            "src/check/batch-statuses.sql",
            "The counts of a batch by status add up to its transactions."
        ),
        check!(
            connection,
            "src/check/batch-finished.sql",
            "A finished batch has no pending or processing transaction."
        ),
        check!(
            connection,
            "src/check/batch-ends.sql"(grace_ms),
            "A batch without remaining work is soon marked as finished."
        ),
        check!(
            connection,
            "src/check/announcements.sql"(grace_ms),
            "An unfinished batch is to be announced, and soon is when it is due."
        ),
        check!(
            connection,
            "src/check/slice-leases.sql"(grace_ms),
            "A slice whose lease has expired is soon claimed again."
        ),
    ])
}

/// Checks of transactions.
async fn transactions(connection: &mut PgConnection) -> Result<Vec<Check>, StoreError> {
    // The domain crate defines the currencies. The statement receives those that are stored.
    let stored =
        sqlx::query_scalar!("select distinct currency from transactions order by currency")
            .fetch_all(unnamed(connection))
            .await?;
    let known: Vec<_> = stored.iter().filter_map(|code| Currency::from_code(code)).collect();
    let codes: Vec<_> = known.iter().map(|currency| currency.code()).collect();
    let minor_units: Vec<_> =
        known.iter().map(|it| i32::try_from(it.minor_units()).unwrap_or(i32::MAX)).collect();
    let digits_max = i32::try_from(Money::INTEGER_DIGITS_MAX).unwrap_or(i32::MAX);
    Ok(vec![
        check!(
            connection,
            "src/check/transaction-owners.sql",
            "A transaction belongs to a batch that contains it, and to a stored account."
        ),
        check!(
            connection,
            "src/check/transaction-statuses.sql",
            "A transaction has exactly the columns that its status requires."
        ),
        check!(
            connection,
            "src/check/slice-cover.sql",
            "A pending transaction is covered by exactly one slice of its batch."
        ),
        check!(
            connection,
            "src/check/amounts.sql"(codes as _, &minor_units, digits_max),
            "An amount has a known currency and no more digits than the currency allows."
        ),
        check!(
            connection,
            "src/check/revisions.sql",
            "A transaction at revision n has exactly the earlier revisions 1 to n - 1."
        ),
        check!(
            connection,
            "src/check/replacements.sql",
            "A pending transaction is replaced only by the first posted one that names it."
        ),
    ])
}

/// Checks of the sums of the report.
async fn sums(connection: &mut PgConnection) -> Result<Vec<Check>, StoreError> {
    Ok(vec![
        check!(
            connection,
            "src/check/report-sums.sql",
            "An account's sums per day and currency equal those of its transactions."
        ),
        check!(connection, "src/check/report-accounts.sql", "Every account with sums is stored."),
    ])
}

/// Checks that all work is done.
async fn settled(connection: &mut PgConnection) -> Result<Vec<Check>, StoreError> {
    Ok(vec![
        check!(
            connection,
            "src/check/settled-transactions.sql",
            "No transaction is pending or processing."
        ),
        check!(connection, "src/check/settled-batches.sql", "Every batch is finished."),
        check!(connection, "src/check/settled-slices.sql", "Every slice is finished."),
    ])
}
