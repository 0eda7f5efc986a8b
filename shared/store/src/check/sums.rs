//! A report's sums: what adding up the rows gives.

use sqlx::PgConnection;

use super::{Check, FINDINGS_MAX, Row};
use crate::error::StoreError;
use crate::unnamed::unnamed;

pub(super) async fn run(connection: &mut PgConnection) -> Result<Vec<Check>, StoreError> {
    Ok(vec![
        Check::of(
            "report-sums",
            "An account's sums of a day are those of its transactions, each currency apart.",
            sums(connection).await?,
        ),
        Check::of(
            "report-accounts",
            "Sums are of accounts that are stored.",
            accounts(connection).await?,
        ),
    ])
}

async fn sums(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_file_as!(Row, "src/check/sums.sql", FINDINGS_MAX)
        .fetch_all(unnamed(connection))
        .await?;
    Ok(rows)
}

async fn accounts(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            summed.tenant_id as "tenant_id!",
            'account ' || summed.account_id as "subject!",
            'has sums, but is not stored' as "detail!",
            count(*) over () as "broken!"
        from (
            select tenant_id, account_id from report_days
            union
            select tenant_id, account_id from report_deltas
        ) as summed
        left join accounts as account
            on summed.tenant_id = account.tenant_id and summed.account_id = account.account_id
        where account.account_id is null
        order by summed.tenant_id, summed.account_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}
