//! Batches as tests make them, written as ingest does.

#![expect(clippy::expect_used, reason = "a test that makes no transaction cannot go on")]

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::{Account, BatchId, CorrelationId, Currency, Money, TenantId, Transaction};
use tributary_store::outbox::OutboxEntry;
use tributary_store::transactions::{self, Written};
use tributary_store::{Store, StoreError, accounts, batches};
use uuid::Uuid;

/// Writes a batch in one transaction, as ingest does, with the accounts that its transactions name.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn write(
    store: &Store,
    tenant: TenantId,
    bookings: &[Transaction],
) -> Result<(BatchId, Written), StoreError> {
    let batch = BatchId(Uuid::now_v7());
    let named: BTreeSet<_> = bookings.iter().map(|booking| booking.account_id.as_str()).collect();
    let brought: Vec<_> = named.into_iter().map(account).collect();
    let mut tx = store.begin(tenant).await?;
    accounts::upsert(&mut tx, tenant, &brought, &[]).await?;
    let written = transactions::write(&mut tx, tenant, batch, bookings).await?;
    keep_batch(&mut tx, tenant, batch, bookings, written).await?;
    tx.commit().await?;
    Ok((batch, written))
}

/// Writes the batch itself, when its transactions have been.
///
/// # Errors
/// [`StoreError`] of the statement.
///
/// # Panics
/// Never: the correlation id is one.
pub async fn keep_batch(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    bookings: &[Transaction],
    written: Written,
) -> Result<(), StoreError> {
    let ids: Vec<_> = bookings.iter().map(|booking| booking.transaction_id.as_str()).collect();
    let correlation = CorrelationId::accept("test").expect("a correlation id");
    batches::insert(connection, tenant, batch, &correlation, &ids, written).await
}

/// An outbox entry for a batch, of one message.
#[must_use]
pub fn outbox_entry(tenant: TenantId, batch: BatchId) -> OutboxEntry {
    OutboxEntry {
        tenant,
        batch,
        entry_id: Uuid::now_v7(),
        correlation_id: "test".to_owned(),
        trace_header: None,
        message_count: 1,
    }
}

/// An account.
#[must_use]
pub fn account(account_id: &str) -> Account {
    Account {
        account_id: account_id.to_owned(),
        name: "Business Checking".to_owned(),
        account_type: "depository".to_owned(),
        subtype: Some("checking".to_owned()),
        mask: Some("1111".to_owned()),
    }
}

/// A booking of US dollars on the account `acc`.
///
/// # Panics
/// If the amount is none.
#[must_use]
pub fn booking(transaction_id: &str, amount: &str) -> Transaction {
    Transaction {
        transaction_id: transaction_id.to_owned(),
        account_id: "acc".to_owned(),
        money: money(amount, "USD"),
        booked_at: instant("2025-10-30T08:00:00Z"),
        authorized_on: Some("2025-10-30".parse().expect("a date")),
        description: "AMZN Mktp US*2K4".to_owned(),
        merchant_name: Some("Amazon".to_owned()),
        payment_channel: Some("online".to_owned()),
        merchant_category_code: Some("5942".to_owned()),
        is_pending: false,
        pending_transaction_id: None,
    }
}

/// So many bookings of one amount, `tx_00000` and on.
///
/// # Panics
/// If the amount is none.
#[must_use]
pub fn bookings(count: usize, amount: &str) -> Vec<Transaction> {
    (0..count).map(|index| booking(&format!("tx_{index:05}"), amount)).collect()
}

/// An amount of a currency.
///
/// # Panics
/// If either is none.
#[must_use]
pub fn money(amount: &str, currency: &str) -> Money {
    let currency = Currency::from_code(currency).expect("a currency");
    Money::parse(amount, currency).expect("an amount")
}

/// A moment of RFC 3339.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}
