//! Batches for tests, written as ingest writes them.

#![expect(clippy::expect_used, reason = "a test cannot continue without its transactions")]

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::request::ContentHash;
use tributary_domain::{
    Account, BatchId, CorrelationId, Currency, IngestRequest, Money, TenantId, Transaction,
};
use tributary_store::outbox::OutboxEntry;
use tributary_store::transactions::{self, Written};
use tributary_store::{Store, StoreError, accounts, batches};
use uuid::Uuid;

/// Writes a batch with the accounts of its transactions in one database transaction, as ingest
/// does.
///
/// # Errors
/// [`StoreError`] if a statement fails.
pub async fn write(
    store: &Store,
    tenant: TenantId,
    bookings: &[Transaction],
) -> Result<(BatchId, Written), StoreError> {
    let batch = BatchId(Uuid::now_v7());
    let account_ids: BTreeSet<_> =
        bookings.iter().map(|booking| booking.account_id.as_str()).collect();
    let accounts: Vec<_> = account_ids.into_iter().map(account).collect();
    let mut tx = store.begin(tenant).await?;
    accounts::upsert(&mut tx, tenant, &accounts, &[]).await?;
    let written = transactions::write(&mut tx, tenant, batch, bookings).await?;
    insert_batch(&mut tx, tenant, batch, bookings, written).await?;
    tx.commit().await?;
    Ok((batch, written))
}

/// Writes the row of `batches`, after its transactions.
///
/// # Errors
/// [`StoreError`] if the statement fails.
///
/// # Panics
/// Never, since the correlation id is valid.
pub async fn insert_batch(
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

/// An outbox entry of a batch, with one message.
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

/// The content hash of a request without content.
#[must_use]
pub fn content_hash() -> ContentHash {
    let (accounts, transactions) = (Vec::new(), Vec::new());
    ContentHash::of(&IngestRequest { accounts, transactions, request_id: None })
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

/// A transaction in US dollars of the account `acc`.
///
/// # Panics
/// If the amount is invalid.
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

/// `count` transactions of equal amounts, with ids from `tx_00000` on.
///
/// # Panics
/// If the amount is invalid.
#[must_use]
pub fn bookings(count: usize, amount: &str) -> Vec<Transaction> {
    (0..count).map(|index| booking(&format!("tx_{index:05}"), amount)).collect()
}

/// An amount in a currency.
///
/// # Panics
/// If either is invalid.
#[must_use]
pub fn money(amount: &str, currency: &str) -> Money {
    let currency = Currency::from_code(currency).expect("a currency");
    Money::parse(amount, currency).expect("an amount")
}

/// Parses an RFC 3339 timestamp.
///
/// # Panics
/// If it is invalid.
#[must_use]
pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("a timestamp")
}
