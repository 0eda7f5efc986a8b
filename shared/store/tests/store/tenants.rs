//! The same ids under two tenants are two things: neither reads, changes or counts the other's.

use std::time::Duration;

use sqlx::Row;
use tributary_domain::TenantId;
use tributary_store::enrichment::{self, Lease, Outcome};
use tributary_store::outbox::{self, OutboxEntry};
use tributary_store::transactions::stored::{self, PageQuery};
use tributary_store::{Store, accounts, batches, report};
use tributary_testkit::ledger::{booking, bookings, outbox_entry, write};

use crate::ledger::{LEASE, Ledger, SHOPPING, ids};
use crate::sums::{assert_sums_are_those_of_the_rows, period, recompute};

fn everything(account_id: &str) -> PageQuery<'_> {
    PageQuery {
        account_id,
        from: None,
        before: None,
        status: None,
        category: None,
        after: None,
        limit: 100,
    }
}

#[tokio::test]
async fn the_same_ids_under_two_tenants_are_kept_apart() {
    let ledger = Ledger::new().await;
    let (store, tenant) = ledger.of_other_tenant("second").await;
    let (mine, _) = ledger.write(&bookings(3, "-1")).await;
    let (yours, written) = write(&store, tenant, &bookings(2, "-2")).await.unwrap();
    assert_eq!(written.inserted, 2, "nobody of this tenant had them");

    ledger.complete(mine).await;
    let mut tx = store.begin(tenant).await.unwrap();
    let progress = batches::progress(&mut tx, tenant, yours).await.unwrap().unwrap();
    assert_eq!(progress.counts.pending, 2);
    let rows = stored::page(&mut tx, tenant, &everything("acc")).await.unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.status == "pending"), "{rows:?}");
    assert_sums_are_those_of_the_rows(&ledger).await;
    let year = period("2025-01-01".parse().unwrap(), "2025-12-31".parse().unwrap());
    let sums = report::summary(&mut tx, tenant, "acc", year).await.unwrap().unwrap();
    assert_eq!(sums, recompute(&mut tx, tenant, "acc", year).await);
}

#[tokio::test]
async fn what_is_another_tenants_is_not_there() {
    let ledger = Ledger::new().await;
    let (store, stranger) = ledger.of_other_tenant("second").await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    let mut tx = store.begin(stranger).await.unwrap();
    assert!(batches::progress(&mut tx, stranger, batch).await.unwrap().is_none());
    assert!(batches::failures(&mut tx, stranger, batch).await.unwrap().is_empty());
    assert!(!accounts::exists(&mut tx, stranger, "acc").await.unwrap());
    let referenced = ["acc".to_owned()];
    let unknown = accounts::upsert(&mut tx, stranger, &[], &referenced).await.unwrap();
    assert_eq!(unknown, referenced);
    let year = period("2025-01-01".parse().unwrap(), "2025-12-31".parse().unwrap());
    assert_eq!(report::summary(&mut tx, stranger, "acc", year).await.unwrap(), None);
    let rows = stored::page(&mut tx, stranger, &everything("acc")).await.unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn what_is_another_tenants_cannot_be_worked_on() {
    let ledger = Ledger::new().await;
    let (store, stranger) = ledger.of_other_tenant("second").await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    let entry = outbox_entry(ledger.tenant, batch);
    let mut tx = ledger.begin().await;
    outbox::insert(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();

    let (lease, claimed) = ledger.claim(batch, LEASE, 1).await;
    let stolen = Lease { tenant: stranger, ..lease };
    let outcome = Outcome { transaction_id: ids(&claimed)[0], result: Ok(SHOPPING) };
    let mut tx = store.begin(stranger).await.unwrap();
    assert!(enrichment::claim(&mut tx, &stolen, 10).await.unwrap().is_empty());
    let finished = enrichment::finish(&mut tx, &stolen, "rules-1", &[outcome]).await;
    assert_eq!(finished.unwrap().total(), 0);
    assert_eq!(enrichment::release(&mut tx, &stolen).await.unwrap(), 0);
    batches::finish_if_done(&mut tx, stranger, batch).await.unwrap();
    assert!(!batches::lock(&mut tx, stranger, batch).await.unwrap());
    assert_eq!(enrichment::retry_failed(&mut tx, stranger, batch).await.unwrap(), 0);
    outbox::delete(&mut tx, &OutboxEntry { tenant: stranger, ..entry.clone() }).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = ledger.store.begin_for_all().await.unwrap();
    assert_eq!(outbox::lock_due(&mut tx, Duration::ZERO, 10).await.unwrap(), [entry]);
    drop(tx);
    let counts = ledger.progress(batch).await.counts;
    assert_eq!((counts.pending, counts.processing), (1, 1));
}

#[tokio::test]
async fn a_transaction_is_of_its_tenant_and_no_later_one_inherits_it() {
    let ledger = Ledger::new().await;
    let tenant_set = async |transaction: &mut sqlx::PgConnection| -> String {
        sqlx::query("select coalesce(current_setting('tributary.tenant_id', true), '')")
            .persistent(false)
            .fetch_one(transaction)
            .await
            .unwrap()
            .get(0)
    };
    let mut own = ledger.begin().await;
    assert_eq!(tenant_set(&mut own).await, ledger.tenant.to_string());
    own.commit().await.unwrap();
    let mut of_all = ledger.store.begin_for_all().await.unwrap();
    assert_eq!(tenant_set(&mut of_all).await, "");
}

#[tokio::test]
async fn a_batch_cannot_name_an_account_of_another_tenant() {
    let ledger = Ledger::new().await;
    ledger.write(&[booking("a", "1")]).await;
    let (store, stranger) = ledger.of_other_tenant("second").await;
    let refused = write_without_accounts(&store, stranger).await;
    assert!(refused.is_err(), "the account's key begins with the tenant");
}

async fn write_without_accounts(
    store: &Store,
    tenant: TenantId,
) -> Result<(), tributary_store::StoreError> {
    let batch = tributary_domain::BatchId(uuid::Uuid::now_v7());
    let mut tx = store.begin(tenant).await?;
    let brought = [booking("b", "1")];
    tributary_store::transactions::write(&mut tx, tenant, batch, &brought).await?;
    Ok(())
}
