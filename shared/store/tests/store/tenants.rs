//! Two tenants with the same ids are isolated: neither reads, changes or counts the other's rows.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row};
use tributary_domain::{BatchId, TenantId};
use tributary_store::announcements::{self, Announcement};
use tributary_store::enrichment::{self, Lease};
use tributary_store::transactions;
use tributary_store::{Store, StoreError, accounts, batches, report};
use tributary_testkit::ledger::{booking, bookings, write};
use uuid::Uuid;

use crate::ledger::{LEASE, Ledger, REQUEUE_AFTER, SHOPPING, account_page, outcome};
use crate::sums::{assert_sums_match_rows, recompute, year};

#[tokio::test]
async fn same_ids_of_two_tenants_are_isolated() {
    let ledger = Ledger::new().await;
    let (store, tenant) = ledger.other_tenant("second").await;
    let (own_batch, _) = ledger.write(&bookings(3, "-1")).await;
    let (other_batch, written) = write(&store, tenant, &bookings(2, "-2")).await.unwrap();
    assert_eq!(written.inserted, 2, "the other tenant has none of these transactions");

    ledger.complete(own_batch).await;
    let mut tx = store.begin(tenant).await.unwrap();
    let progress = batches::progress(&mut tx, tenant, other_batch).await.unwrap().unwrap();
    assert_eq!(progress.counts.pending, 2);
    let rows =
        transactions::page(&mut tx, tenant, &account_page("acc")).await.unwrap().transactions;
    assert!(rows.len() == 2 && rows.iter().all(|row| row.status == "pending"), "{rows:?}");
    assert_sums_match_rows(&ledger).await;
    let sums = report::summary(&mut tx, tenant, "acc", year()).await.unwrap().unwrap();
    assert_eq!(sums, recompute(&mut tx, tenant, "acc", year()).await);
}

#[tokio::test]
async fn other_tenants_rows_are_not_found() {
    let ledger = Ledger::new().await;
    let (store, other_tenant) = ledger.other_tenant("second").await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    let mut tx = store.begin(other_tenant).await.unwrap();
    assert!(batches::progress(&mut tx, other_tenant, batch).await.unwrap().is_none());
    assert!(batches::failures(&mut tx, other_tenant, batch).await.unwrap().is_empty());
    assert!(!accounts::exists(&mut tx, other_tenant, "acc").await.unwrap());
    let referenced = ["acc".to_owned()];
    let upserted = accounts::upsert(&mut tx, other_tenant, &[], &referenced, true).await.unwrap();
    assert_eq!(upserted.unknown, referenced);
    assert_eq!(report::summary(&mut tx, other_tenant, "acc", year()).await.unwrap(), None);
    let page = transactions::page(&mut tx, other_tenant, &account_page("acc")).await.unwrap();
    assert!(page.transactions.is_empty());
}

#[tokio::test]
async fn other_tenants_rows_cannot_be_changed() {
    let ledger = Ledger::new().await;
    let (store, other_tenant) = ledger.other_tenant("second").await;
    let batch = ledger.write_in_slices(&bookings(2, "-1"), 1).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let announcement = announcement(&ledger, batch).await;
    let stolen = Lease { tenant: other_tenant, ..lease };
    let outcome = outcome(&claimed[0], Ok(SHOPPING));
    let mut tx = store.begin(other_tenant).await.unwrap();
    assert!(enrichment::claim(&mut tx, &stolen, REQUEUE_AFTER).await.unwrap().is_none());
    assert!(enrichment::claim_expired(&mut tx, &stolen).await.unwrap().is_none());
    let finished = enrichment::finish(&mut tx, &stolen, "rules-1", &[outcome]).await;
    assert_eq!(finished.unwrap().total(), 0);
    enrichment::release(&mut tx, &stolen).await.unwrap();
    batches::finish_if_done(&mut tx, other_tenant, batch).await.unwrap();
    assert!(!batches::lock(&mut tx, other_tenant, batch).await.unwrap());
    assert_eq!(enrichment::retry_failed(&mut tx, other_tenant, batch).await.unwrap(), 0);
    let stolen = Announcement { tenant: other_tenant, ..announcement.clone() };
    announcements::mark_unsent(&mut tx, &stolen).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(self::announcement(&ledger, batch).await, announcement);
    let counts = ledger.progress(batch).await.counts;
    assert_eq!((counts.pending, counts.processing), (1, 1));
}

#[tokio::test]
async fn tenant_setting_ends_with_the_database_transaction() {
    let ledger = Ledger::new().await;
    let tenant_setting = async |connection: &mut PgConnection| -> String {
        sqlx::query("select coalesce(current_setting('tributary.tenant_id', true), '')")
            .persistent(false)
            .fetch_one(connection)
            .await
            .unwrap()
            .get(0)
    };
    let mut tx = ledger.begin().await;
    assert_eq!(tenant_setting(&mut tx).await, ledger.tenant.to_string());
    tx.commit().await.unwrap();
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    assert_eq!(tenant_setting(&mut tx).await, "");
}

#[tokio::test]
async fn transaction_cannot_reference_an_account_of_another_tenant() {
    let ledger = Ledger::new().await;
    ledger.write(&[booking("a", "1")]).await;
    let (store, other_tenant) = ledger.other_tenant("second").await;
    let result = write_without_accounts(&store, other_tenant).await;
    assert!(result.is_err(), "the foreign key of the account includes the tenant");
}

/// The announcement of a batch, as its row says.
async fn announcement(ledger: &Ledger, batch: BatchId) -> Announcement {
    let announce_at: DateTime<Utc> = sqlx::query_scalar("select announce_at from batches")
        .fetch_one(&mut ledger.database.connection().await)
        .await
        .unwrap();
    Announcement {
        tenant: ledger.tenant,
        batch,
        correlation_id: "test".to_owned(),
        trace_header: None,
        message_count: 1,
        announce_at,
    }
}

async fn write_without_accounts(store: &Store, tenant: TenantId) -> Result<(), StoreError> {
    let batch = BatchId(Uuid::now_v7());
    let mut tx = store.begin(tenant).await?;
    transactions::write(&mut tx, tenant, batch, &[booking("b", "1")], &[], false).await?;
    Ok(())
}
