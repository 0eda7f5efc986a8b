//! Accounts, as the latest batch describes them.

mod list;

use rust_decimal::Decimal;
use serde_json::json;
use sqlx::PgConnection;
use tributary_domain::{Account, Balances, TenantId};

use crate::error::StoreError;
use crate::unnamed::unnamed;

pub use list::{AccountPage, AccountSums, StateCounts, StoredAccount, list, one};

/// The result of [`upsert`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upserted {
    /// The referenced accounts that are unknown.
    pub unknown: Vec<String>,
    /// Whether one of the accounts is being erased. The caller must roll back.
    pub is_being_erased: bool,
}

/// Inserts and updates the accounts of a batch. `referenced` are the ids of its other accounts,
/// which must be known. `lock_all` also locks the accounts that do not
/// change, until the end of the database transaction.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn upsert(
    connection: &mut PgConnection,
    tenant: TenantId,
    accounts: &[Account],
    referenced: &[String],
    lock_all: bool,
) -> Result<Upserted, StoreError> {
    let column = |value: fn(&Account) -> &str| accounts.iter().map(value).collect::<Vec<_>>();
    let optional = |value: fn(&Account) -> &Option<String>| {
        accounts.iter().map(|account| value(account).as_deref()).collect::<Vec<_>>()
    };
    let balances: Vec<_> = accounts.iter().map(|it| it.balances.as_ref().map(json_of)).collect();
    let balances_at: Vec<_> =
        accounts.iter().map(|it| it.balances.as_ref().and_then(|it| it.updated_at)).collect();
    let rows = sqlx::query_file!(
        "src/accounts/upsert.sql",
        tenant.0,
        column(|account| &account.account_id) as _,
        column(|account| &account.name) as _,
        column(|account| &account.account_type) as _,
        optional(|account| &account.subtype) as _,
        optional(|account| &account.mask) as _,
        referenced,
        lock_all,
        balances as _,
        balances_at as _
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(Upserted {
        is_being_erased: rows.iter().any(|row| row.is_being_erased),
        unknown: rows
            .into_iter()
            .filter(|row| !row.is_being_erased)
            .map(|row| row.account_id)
            .collect(),
    })
}

/// The balances as JSON: exact amounts as texts.
fn json_of(balances: &Balances) -> String {
    let Balances { available, current, limit, currency, updated_at: _ } = balances;
    let amount = |amount: &Option<Decimal>| amount.map(|amount| amount.to_string());
    json!({
        "available": amount(available),
        "current": amount(current),
        "limit": amount(limit),
        "currency": currency,
    })
    .to_string()
}

/// Whether the tenant has an account.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn exists(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
) -> Result<bool, StoreError> {
    let exists = sqlx::query_scalar!(
        r#"
        select exists (
            select from accounts where tenant_id = $1 and account_id = $2
        ) as "exists!"
        "#,
        tenant.0,
        account_id
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(exists)
}
