//! Batches for tests, written as ingest writes them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test cannot continue without its transactions"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tributary_domain::request::ContentHash;
use tributary_domain::{
    Account, BatchId, CorrelationId, Currency, IngestRequest, Money, Removal, TenantId, Transaction,
};
use tributary_store::batches::{self, Inserted, NewBatch, TenantLimits};
use tributary_store::transactions::{self, WriteOutcome, Written, has_pairs};
use tributary_store::{Store, StoreError, accounts};
use uuid::Uuid;

/// The messages of each batch.
const MESSAGES: i32 = 3;

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
    write_with(store, tenant, bookings, &[]).await
}

/// As [`write`], with removals.
///
/// # Errors
/// [`StoreError`] if a statement fails.
pub async fn write_with(
    store: &Store,
    tenant: TenantId,
    bookings: &[Transaction],
    removals: &[Removal],
) -> Result<(BatchId, Written), StoreError> {
    let batch = BatchId(Uuid::now_v7());
    let mut lock_accounts = has_pairs(bookings);
    loop {
        let mut tx = store.begin(tenant).await?;
        match write_all_in(&mut tx, tenant, batch, (bookings, removals), lock_accounts).await? {
            Some(written) => {
                tx.commit().await?;
                return Ok((batch, written));
            }
            None => lock_accounts = true,
        }
        tx.rollback().await?;
    }
}

/// Writes a batch in a database transaction that the caller ends. `None` if its accounts have to be
/// locked first.
///
/// # Errors
/// [`StoreError`] if a statement fails, or the tenant or an account is being erased.
///
/// # Panics
/// If stored transactions contradict the batch.
pub async fn write_in(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    bookings: &[Transaction],
    lock_accounts: bool,
) -> Result<Option<Written>, StoreError> {
    write_all_in(connection, tenant, batch, (bookings, &[]), lock_accounts).await
}

/// As [`write_in`], with removals.
async fn write_all_in(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    (bookings, removals): (&[Transaction], &[Removal]),
    lock_accounts: bool,
) -> Result<Option<Written>, StoreError> {
    let account_ids: BTreeSet<_> =
        bookings.iter().map(|booking| booking.account_id.as_str()).collect();
    let accounts: Vec<_> = account_ids.into_iter().map(account).collect();
    let inserted = insert_batch(connection, tenant, batch, bookings, None).await?;
    if !matches!(inserted, Inserted::New { .. }) {
        return Err(refused("the tenant is being erased"));
    }
    let upserted = accounts::upsert(connection, tenant, &accounts, &[], lock_accounts).await?;
    if upserted.is_being_erased {
        return Err(refused("an account is being erased"));
    }
    let outcome =
        transactions::write(connection, tenant, batch, bookings, removals, lock_accounts).await?;
    match outcome {
        WriteOutcome::Written(written) => {
            batches::correct(connection, tenant, batch, written, MESSAGES).await?;
            Ok(Some(written))
        }
        WriteOutcome::AccountsNotLocked => Ok(None),
        WriteOutcome::Conflicts(conflicts) => panic!("{conflicts:?}"),
    }
}

/// What ingest answers with the same status.
fn refused(reason: &str) -> StoreError {
    StoreError::DuplicateKey { constraint: reason.to_owned() }
}

/// Inserts the row of a batch, before its transactions. Relay announces it after a minute, with
/// three messages.
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
    key: Option<(&str, &ContentHash)>,
) -> Result<Inserted, StoreError> {
    let correlation = &CorrelationId::accept("test").expect("a correlation id");
    let ids: Vec<_> = bookings.iter().map(|booking| booking.transaction_id.as_str()).collect();
    let new = NewBatch {
        tenant,
        batch,
        key,
        correlation,
        trace_header: Some("Root=1-5759e988-bd862e3fe1be46a994272793"),
        transaction_ids: &ids,
        message_count: MESSAGES,
        announce_after: Duration::from_secs(60),
        limits: TenantLimits::default(),
    };
    batches::insert(connection, &new).await
}

/// Divides the slices of a batch that no worker has claimed into slices of `size` positions.
///
/// # Errors
/// The error of the statement.
pub async fn divide(
    owner: &mut PgConnection,
    batch: BatchId,
    size: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with whole as (delete from slices where batch_id = $1 and token is null returning *) \
         insert into slices (tenant_id, batch_id, first_position, last_position) \
         select tenant_id, batch_id, first, least(first + $2 - 1, last_position) \
         from whole cross join lateral generate_series(first_position, last_position, $2) as first",
    )
    .bind(batch.0)
    .bind(size)
    .execute(owner)
    .await?;
    Ok(())
}

/// The content hash of a request without content.
#[must_use]
pub fn content_hash() -> ContentHash {
    ContentHash::of(&IngestRequest::default())
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
        balances: None,
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
        booked_on: day("2025-10-30"),
        booked_at: Some(instant("2025-10-30T08:00:00Z")),
        authorized_on: Some("2025-10-30".parse().expect("a date")),
        description: "AMZN Mktp US*2K4".to_owned(),
        merchant_name: Some("Amazon".to_owned()),
        payment_channel: Some("online".to_owned()),
        merchant_category_code: Some("5942".to_owned()),
        bank_category: None,
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

/// An amount in a currency, of ISO 4217 or unofficial.
///
/// # Panics
/// If either is invalid.
#[must_use]
pub fn money(amount: &str, currency: &str) -> Money {
    let currency = Currency::from_stored(currency).expect("a currency");
    Money::parse(amount, currency).expect("an amount")
}

/// A removal, without the account.
#[must_use]
pub fn removal(transaction_id: &str) -> Removal {
    Removal { transaction_id: transaction_id.to_owned(), account_id: None }
}

/// Parses a day.
///
/// # Panics
/// If it is invalid.
#[must_use]
pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// Parses an RFC 3339 timestamp.
///
/// # Panics
/// If it is invalid.
#[must_use]
pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("a timestamp")
}
