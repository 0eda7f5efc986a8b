//! Lists the accounts of a tenant, with what their transactions add up to.

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
/// [`StoreError`] of the statement.
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
/// [`StoreError`] of the statement.
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
    let rows = sqlx::query_file!("src/accounts/list.sql", tenant.0, after, account_id, limit)
        .fetch_all(unnamed(connection))
        .await?;
    let accounts = rows.into_iter().map(|row| {
        let balances = row.balances.map(|json| balances_of(&json, row.balances_at)).transpose();
        Ok(StoredAccount {
            account_id: row.account_id,
            name: row.name,
            account_type: row.account_type,
            subtype: row.subtype,
            mask: row.mask,
            balances: balances.map_err(|error| sqlx::Error::Decode(error.into()))?,
            counts: StateCounts { open: row.open, completed: row.completed, failed: row.failed },
            currencies: row.currencies,
            first_day: row.first_day,
            last_day: row.last_day,
        })
    });
    accounts.collect()
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
