//! The limits of one tenant.

use tributary_domain::{BatchId, TenantId};
use tributary_store::batches::{Inserted, TenantLimits};
use tributary_store::{Store, Tx};
use tributary_testkit::ledger::{bookings, content_hash, insert_batch};
use uuid::Uuid;

use crate::ledger::Ledger;

/// Inserts a batch with a key in a transaction that remains open.
async fn insert(store: &Store, tenant: TenantId, key: &str) -> (Tx, Inserted) {
    let mut tx = store.begin(tenant).await.unwrap();
    let batch = BatchId(Uuid::now_v7());
    let key = Some((key, &content_hash()));
    let inserted = insert_batch(&mut tx, tenant, batch, &bookings(1, "1"), key).await.unwrap();
    (tx, inserted)
}

const fn is_new(inserted: Inserted) -> bool {
    matches!(inserted, Inserted::New { .. })
}

#[tokio::test]
async fn tenant_writes_a_limited_number_of_batches_at_once() {
    let ledger = Ledger::new().await;
    let (used, _) = insert(&ledger.store, ledger.tenant, "used").await;
    used.commit().await.unwrap();
    let mut open = Vec::new();
    for number in 0..TenantLimits::default().concurrency {
        let (tx, inserted) =
            insert(&ledger.database.store(), ledger.tenant, &number.to_string()).await;
        assert!(is_new(inserted), "{number}");
        open.push(tx);
    }
    let (rejected, inserted) = insert(&ledger.store, ledger.tenant, "further").await;
    assert_eq!(inserted, Inserted::TooManyAtOnce);
    rejected.rollback().await.unwrap();
    let (replayed, inserted) = insert(&ledger.store, ledger.tenant, "used").await;
    assert_eq!(inserted, Inserted::KeyUsed, "a repeated request is not limited");
    replayed.rollback().await.unwrap();
    let (store, tenant) = ledger.other_tenant("second").await;
    assert!(is_new(insert(&store, tenant, "further").await.1), "nor is another tenant");

    open.pop().unwrap().rollback().await.unwrap();
    let (accepted, inserted) = insert(&ledger.store, ledger.tenant, "further").await;
    assert!(is_new(inserted));
    accepted.commit().await.unwrap();
    open.pop().unwrap().commit().await.unwrap();
    assert!(is_new(insert(&ledger.store, ledger.tenant, "last").await.1));
}

#[tokio::test]
async fn tenant_with_too_much_unfinished_work_must_wait() {
    let ledger = Ledger::new().await;
    let (first, _) = insert(&ledger.store, ledger.tenant, "first").await;
    first.commit().await.unwrap();
    assert_eq!(TenantLimits::default().backlog, 10_000);
    ledger
        .execute(
            "insert into slices (tenant_id, batch_id, first_position, last_position) \
             select tenant_id, batch_id, n, n from batches, generate_series(1, 9999) as n",
        )
        .await;
    let (accepted, inserted) = insert(&ledger.store, ledger.tenant, "second").await;
    assert!(is_new(inserted), "at the limit");
    accepted.commit().await.unwrap();
    let (rejected, inserted) = insert(&ledger.store, ledger.tenant, "third").await;
    assert_eq!(inserted, Inserted::TooMuchBacklog);
    rejected.rollback().await.unwrap();
    let (replayed, inserted) = insert(&ledger.store, ledger.tenant, "second").await;
    assert_eq!(inserted, Inserted::KeyUsed, "a repeated request is not limited");
    replayed.rollback().await.unwrap();
    let (store, tenant) = ledger.other_tenant("second").await;
    assert!(is_new(insert(&store, tenant, "third").await.1), "nor is another tenant");
    ledger.execute("delete from slices where first_position = 1").await;
    assert!(is_new(insert(&ledger.store, ledger.tenant, "third").await.1));
}
