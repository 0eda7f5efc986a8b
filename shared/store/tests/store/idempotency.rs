//! Idempotency keys: unused, in use, used.

use std::time::Duration;

use tributary_domain::BatchId;
use tributary_store::batches::{self, Inserted, KEY_WAIT};
use tributary_store::{Store, Tx};
use tributary_testkit::ledger::{bookings, content_hash, insert_batch};
use uuid::Uuid;

use crate::ledger::Ledger;

impl Ledger {
    /// Inserts a batch of one transaction with a key.
    async fn insert_keyed(&self, tx: &mut Tx, key: &str) -> (BatchId, Inserted) {
        let batch = BatchId(Uuid::now_v7());
        let key = Some((key, &content_hash()));
        (batch, insert_batch(tx, self.tenant, batch, &bookings(1, "1"), key).await.unwrap())
    }
}

const fn is_new(inserted: Inserted) -> bool {
    matches!(inserted, Inserted::New { .. })
}

#[tokio::test]
async fn used_key_returns_the_content_hash_and_the_first_response() {
    let ledger = Ledger::new().await;
    let mut tx = ledger.begin().await;
    let (batch, inserted) = ledger.insert_keyed(&mut tx, "key").await;
    assert!(is_new(inserted));
    tx.commit().await.unwrap();

    let mut tx = ledger.begin().await;
    assert_eq!(ledger.insert_keyed(&mut tx, "key").await.1, Inserted::KeyUsed);
    let used = batches::of_key(&mut tx, ledger.tenant, "key").await.unwrap().unwrap();
    assert_eq!(used.content_hash, content_hash().as_bytes());
    assert_eq!((used.batch.batch_id, used.batch.inserted), (batch, 1));
    assert_eq!(used.batch.correlation_id, "test");
    assert_eq!(ledger.count("select count(*) from batches").await, 1);
}

#[tokio::test]
async fn batches_without_a_key_do_not_exclude_each_other() {
    let ledger = Ledger::new().await;
    let mut tx = ledger.begin().await;
    for _ in 0..2 {
        let batch = BatchId(Uuid::now_v7());
        let sent = bookings(1, "1");
        let inserted = insert_batch(&mut tx, ledger.tenant, batch, &sent, None).await.unwrap();
        assert!(is_new(inserted));
    }
}

#[tokio::test]
async fn request_waits_for_another_one_with_the_key_and_sees_its_batch() {
    let ledger = Ledger::new().await;
    let mut first = ledger.begin().await;
    let (batch, _) = ledger.insert_keyed(&mut first, "key").await;
    let mut second = ledger.begin_on_new_connection().await;
    let (second_insert, ()) = tokio::join!(ledger.insert_keyed(&mut second, "key"), async {
        ledger.wait_for_blocked_connection().await;
        first.commit().await.unwrap();
    });
    assert_eq!(second_insert.1, Inserted::KeyUsed);
    let used = batches::of_key(&mut second, ledger.tenant, "key").await.unwrap().unwrap();
    assert_eq!(used.batch.batch_id, batch);
}

#[tokio::test]
async fn request_has_the_key_after_the_first_one_was_rolled_back() {
    let ledger = Ledger::new().await;
    let mut first = ledger.begin().await;
    ledger.insert_keyed(&mut first, "key").await;
    let mut second = ledger.begin_on_new_connection().await;
    let (second_insert, ()) = tokio::join!(ledger.insert_keyed(&mut second, "key"), async {
        ledger.wait_for_blocked_connection().await;
        first.rollback().await.unwrap();
    });
    assert!(is_new(second_insert.1));
}

#[tokio::test]
async fn key_held_for_longer_than_the_limit_is_in_use() {
    let ledger = Ledger::new().await;
    let mut first = ledger.begin().await;
    ledger.insert_keyed(&mut first, "key").await;
    let mut second = ledger.begin_on_new_connection().await;
    let waited = tokio::time::timeout(KEY_WAIT * 10, ledger.insert_keyed(&mut second, "key"));
    assert_eq!(waited.await.unwrap().1, Inserted::KeyInUse);
}

/// The limit on waiting is for the key alone.
#[tokio::test]
async fn lock_timeout_of_the_store_is_in_effect_after_the_key() {
    let ledger = Ledger::new().await;
    let store: Store = ledger.database.store().with_statement_timeout(Duration::from_secs(20));
    let mut tx = store.begin(ledger.tenant).await.unwrap();
    ledger.insert_keyed(&mut tx, "key").await;
    let timeout: String = sqlx::query_scalar("show lock_timeout")
        .persistent(false)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(timeout, "10s");
}

#[tokio::test]
async fn two_tenants_can_use_the_same_key_concurrently() {
    let ledger = Ledger::new().await;
    let (store, tenant) = ledger.other_tenant("second").await;
    let mut first = ledger.begin().await;
    let mut second = store.begin(tenant).await.unwrap();
    ledger.insert_keyed(&mut first, "key").await;
    let key = Some(("key", &content_hash()));
    let batch = BatchId(Uuid::now_v7());
    let sent = bookings(1, "1");
    let inserted = insert_batch(&mut second, tenant, batch, &sent, key).await.unwrap();
    assert!(is_new(inserted));
}

#[tokio::test]
async fn exactly_one_of_many_concurrent_requests_has_a_key() {
    let ledger = Ledger::new().await;
    for round in 0..20 {
        let key = format!("key {round}");
        let attempts = (0..4).map(async |_| {
            let mut tx = ledger.begin_on_new_connection().await;
            let (_, inserted) = ledger.insert_keyed(&mut tx, &key).await;
            tx.commit().await.unwrap();
            inserted
        });
        let outcomes = futures::future::join_all(attempts).await;
        let new = outcomes.iter().filter(|inserted| is_new(**inserted)).count();
        assert_eq!(new, 1, "round {round}");
    }
}
