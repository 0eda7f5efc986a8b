//! Lists the accounts of a tenant, with what their transactions add up to.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::PgConnection;
use tributary_domain::{Balances, TenantId};

use crate::error::StoreError;
use crate::paging::split;
use crate::unnamed::unnamed;

/// An account, and what its transactions add up to. Replaced and removed ones are in no count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAccount {
    /// The bank's id.
    pub account_id: String,
    /// Its name.
    pub name: String,
    /// Its type, such as `depository`.
    pub account_type: String,
    /// Its subtype, such as `checking`.
    pub subtype: Option<String>,
    /// The last digits of its number.
    pub mask: Option<String>,
    /// Its balances, as the bank last reported them; their time is always present.
    pub balances: Option<Balances>,
    /// What its transactions add up to.
    pub sums: AccountSums,
}

/// What the transactions of an account add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountSums {
    /// The number of its transactions in each state.
    pub counts: StateCounts,
    /// The codes of its currencies, the most used first, ties by code.
    pub currencies: Vec<String>,
    /// The first booking day.
    pub first_day: Option<NaiveDate>,
    /// The last booking day.
    pub last_day: Option<NaiveDate>,
}

/// The number of transactions in each state of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCounts {
    /// Pending or processing.
    pub open: i64,
    /// Completed.
    pub completed: i64,
    /// Failed.
    pub failed: i64,
}

/// One page of a tenant's accounts.
#[derive(Clone, Debug)]
pub struct AccountPage {
    /// The accounts by id.
    pub accounts: Vec<StoredAccount>,
    /// The account after which the next page starts; `None` on the last page.
    pub next: Option<String>,
}

/// Reads the accounts of a tenant that follow `after`, at most `limit`. The cost depends on their
/// days, not on their transactions.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    after: Option<&str>,
    limit: i64,
) -> Result<AccountPage, StoreError> {
    // One more than the page, to detect whether there is a next one.
    let found = read(connection, tenant, after, None, limit + 1).await?;
    let (accounts, last) = split(found, limit);
    Ok(AccountPage { accounts, next: last.map(|last| last.account_id) })
}

/// Reads one account; `None` if the tenant has no such account.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn one(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
) -> Result<Option<StoredAccount>, StoreError> {
    Ok(read(connection, tenant, None, Some(account_id), 1).await?.pop())
}

async fn read(
    connection: &mut PgConnection,
    tenant: TenantId,
    after: Option<&str>,
    account_id: Option<&str>,
    limit: i64,
) -> Result<Vec<StoredAccount>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select
            account_id, name, account_type, subtype, mask, balances::text as balances, balances_at
        from accounts
        where
            tenant_id = $1
            and ($2::text is null or account_id > $2)
            and ($3::text is null or account_id = $3)
        order by account_id
        limit $4
        "#,
        tenant.0,
        after,
        account_id,
        limit
    )
    .fetch_all(unnamed(connection))
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.account_id.clone()).collect();
    let mut sums = sums_of(connection, tenant, &ids).await?;
    let accounts = rows.into_iter().map(|row| {
        let balances = row.balances.map(|json| balances_of(&json, row.balances_at)).transpose();
        Ok(StoredAccount {
            sums: sums.remove(&row.account_id).unwrap_or_default(),
            account_id: row.account_id,
            name: row.name,
            account_type: row.account_type,
            subtype: row.subtype,
            mask: row.mask,
            balances: balances.map_err(sqlx::Error::Decode)?,
        })
    });
    accounts.collect()
}

/// The sums of each account that has transactions.
async fn sums_of(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_ids: &[String],
) -> Result<HashMap<String, AccountSums>, StoreError> {
    let rows = sqlx::query_file!("src/accounts/counts.sql", tenant.0, account_ids)
        .fetch_all(unnamed(connection))
        .await?;
    let sums = rows.into_iter().map(|row| {
        let sums = AccountSums {
            counts: StateCounts { open: row.open, completed: row.completed, failed: row.failed },
            currencies: row.currencies,
            first_day: row.first_day,
            last_day: row.last_day,
        };
        (row.account_id, sums)
    });
    Ok(sums.collect())
}

/// The balances as [`super::upsert`] writes them.
#[derive(Deserialize)]
struct BalancesJson {
    available: Option<String>,
    current: Option<String>,
    limit: Option<String>,
    currency: Option<String>,
}

fn balances_of(
    json: &str,
    updated_at: Option<DateTime<Utc>>,
) -> Result<Balances, Box<dyn std::error::Error + Send + Sync>> {
    let BalancesJson { available, current, limit, currency } = serde_json::from_str(json)?;
    let exact = |text: Option<String>| text.map(|text| Decimal::from_str_exact(&text)).transpose();
    Ok(Balances {
        available: exact(available)?,
        current: exact(current)?,
        limit: exact(limit)?,
        currency,
        updated_at,
    })
}
