//! The rules, each with its statement.

use sqlx::PgConnection;
use tributary_domain::{Currency, Money, TenantId};

use super::Options;
use super::finding::{Check, FINDINGS_MAX, Row};
use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

/// A rule, named after the file of its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    BatchMembers,
    BatchCounts,
    BatchStatuses,
    BatchFinished,
    BatchEnds,
    Announcements,
    SliceLeases,
    TransactionOwners,
    TransactionStatuses,
    SliceCover,
    Amounts,
    Revisions,
    Replacements,
    ReportSums,
    ReportAccounts,
    SettledTransactions,
    SettledBatches,
    SettledSlices,
}

/// Runs the check of a `.sql` file, whose name it has. The statement returns a [`Row`] for each
/// finding; its first parameters are the maximum number of them and the tenant.
macro_rules! check {
    ($connection:ident, $tenant:ident, $file:tt $(($($arguments:tt)+))?, $rule:literal) => {{
        let rows =
            sqlx::query_file_as!(Row, $file, FINDINGS_MAX, $tenant.0 $(, $($arguments)+)?)
                .fetch_all(unnamed($connection))
                .await?;
        Check::new($file, $rule, rows)
    }};
}

impl Rule {
    /// Those that always hold.
    const LIVE: &'static [Self] = &[
        Self::BatchMembers,
        Self::BatchCounts,
        Self::BatchStatuses,
        Self::BatchFinished,
        Self::BatchEnds,
        Self::Announcements,
        Self::SliceLeases,
        Self::TransactionOwners,
        Self::TransactionStatuses,
        Self::SliceCover,
        Self::Amounts,
        Self::Revisions,
        Self::Replacements,
        Self::ReportSums,
        Self::ReportAccounts,
    ];

    /// Those that hold when all work is done.
    const SETTLED: &'static [Self] =
        &[Self::SettledTransactions, Self::SettledBatches, Self::SettledSlices];

    /// Those that the options request.
    pub(super) fn requested(options: Options) -> impl Iterator<Item = Self> {
        let settled = if options.settled { Self::SETTLED } else { &[] };
        Self::LIVE.iter().chain(settled).copied()
    }

    /// Checks one tenant.
    pub(super) async fn check(
        self,
        connection: &mut PgConnection,
        tenant: TenantId,
        options: Options,
    ) -> Result<Check, StoreError> {
        let grace_ms = millis(options.grace);
        Ok(match self {
            Self::BatchMembers => check!(
                connection,
                tenant,
                "src/check/batch-members.sql",
                "Every transaction of an accepted batch is stored."
            ),
            Self::BatchCounts => check!(
                connection,
                tenant,
                "src/check/batch-counts.sql",
                "The inserted, updated and unchanged counts of a batch add up to its transactions."
            ),
            Self::BatchStatuses => check!(
                connection,
                tenant,
                "src/check/batch-statuses.sql",
                "The counts of a batch by status add up to its transactions."
            ),
            Self::BatchFinished => check!(
                connection,
                tenant,
                "src/check/batch-finished.sql",
                "A finished batch has no pending or processing transaction."
            ),
            Self::BatchEnds => check!(
                connection,
                tenant,
                "src/check/batch-ends.sql"(grace_ms),
                "A batch without remaining work is soon marked as finished."
            ),
            Self::Announcements => check!(
                connection,
                tenant,
                "src/check/announcements.sql"(grace_ms),
                "An unfinished batch is to be announced, and soon is when it is due."
            ),
            Self::SliceLeases => check!(
                connection,
                tenant,
                "src/check/slice-leases.sql"(grace_ms),
                "A slice whose lease has expired is soon claimed again."
            ),
            Self::TransactionOwners => check!(
                connection,
                tenant,
                "src/check/transaction-owners.sql",
                "A transaction belongs to a batch that contains it, and to a stored account."
            ),
            Self::TransactionStatuses => check!(
                connection,
                tenant,
                "src/check/transaction-statuses.sql",
                "A transaction has exactly the columns that its status requires."
            ),
            Self::SliceCover => check!(
                connection,
                tenant,
                "src/check/slice-cover.sql",
                "A pending transaction is covered by exactly one slice of its batch."
            ),
            Self::Amounts => {
                let known = currencies(connection, tenant).await?;
                let codes: Vec<_> = known.iter().map(|currency| currency.code()).collect();
                let integer = |decimals: u32| i32::try_from(decimals).unwrap_or(i32::MAX);
                let least: Vec<_> = known.iter().map(|it| integer(it.decimals_min())).collect();
                let most: Vec<_> = known.iter().map(|it| integer(it.decimals_max())).collect();
                let digits_max = integer(Money::DIGITS_MAX);
                check!(
                    connection,
                    tenant,
                    "src/check/amounts.sql"(codes as _, &least, &most, digits_max),
                    "An amount has a known currency and no more digits than the currency allows."
                )
            }
            Self::Revisions => check!(
                connection,
                tenant,
                "src/check/revisions.sql",
                "A transaction at revision n has exactly the earlier revisions 1 to n - 1."
            ),
            Self::Replacements => check!(
                connection,
                tenant,
                "src/check/replacements.sql",
                "A pending transaction is replaced only by the first posted one that names it."
            ),
            Self::ReportSums => check!(
                connection,
                tenant,
                "src/check/report-sums.sql",
                "An account's sums per day and currency equal those of its transactions."
            ),
            Self::ReportAccounts => check!(
                connection,
                tenant,
                "src/check/report-accounts.sql",
                "Every account with sums is stored."
            ),
            Self::SettledTransactions => check!(
                connection,
                tenant,
                "src/check/settled-transactions.sql",
                "No transaction is pending or processing."
            ),
            Self::SettledBatches => check!(
                connection,
                tenant,
                "src/check/settled-batches.sql",
                "Every batch is finished."
            ),
            Self::SettledSlices => check!(
                connection,
                tenant,
                "src/check/settled-slices.sql",
                "Every slice is finished."
            ),
        })
    }
}

/// The currencies of a tenant's transactions that the domain knows.
async fn currencies(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<Currency>, StoreError> {
    let stored = sqlx::query_scalar!(
        "select distinct currency from transactions where tenant_id = $1 order by currency",
        tenant.0
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(stored.iter().filter_map(|code| Currency::from_stored(code)).collect())
}
