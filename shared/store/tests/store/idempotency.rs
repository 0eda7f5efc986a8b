//! Idempotency keys: unused, in use, used, expired.

use std::time::Duration;

use tributary_domain::TenantId;
use tributary_store::idempotency::{self, KeyState};
use tributary_store::{StoreError, Tx, batches::AcceptedBatch};
use tributary_testkit::ledger::{booking, content_hash};

use crate::ledger::Ledger;

#[tokio::test]
async fn used_key_returns_the_content_hash_and_the_first_response() {
    let ledger = Ledger::new().await;
    let (batch, written) = ledger.write(&[booking("a", "1"), booking("b", "2")]).await;
    let mut tx = ledger.begin().await;
    let state = idempotency::acquire(&mut tx, ledger.tenant, "key").await.unwrap();
    assert_eq!(state, KeyState::Unused);
    idempotency::insert(&mut tx, ledger.tenant, "key", &content_hash(), batch).await.unwrap();
    tx.commit().await.unwrap();

    let state =
        idempotency::acquire(&mut *ledger.begin().await, ledger.tenant, "key").await.unwrap();
    let accepted = AcceptedBatch {
        batch_id: batch,
        correlation_id: "test".to_owned(),
        inserted: written.inserted,
        updated: 0,
        unchanged: 0,
    };
    let content_hash = content_hash().as_bytes().to_vec();
    assert_eq!(state, KeyState::Used { content_hash, batch: accepted });
}

#[tokio::test]
async fn key_locked_by_another_connection_is_in_use_until_rollback() {
    let ledger = Ledger::new().await;
    let mut first = ledger.begin().await;
    let mut second = ledger.begin_on_new_connection().await;
    let acquire = async |connection: &mut Tx, key| {
        idempotency::acquire(connection, ledger.tenant, key).await.unwrap()
    };
    assert_eq!(acquire(&mut first, "key").await, KeyState::Unused);
    assert_eq!(acquire(&mut second, "key").await, KeyState::InUse);
    assert_eq!(acquire(&mut second, "other key").await, KeyState::Unused);
    first.rollback().await.unwrap();
    assert_eq!(acquire(&mut second, "key").await, KeyState::Unused);
}

#[tokio::test]
async fn two_tenants_can_use_the_same_key_concurrently() {
    let ledger = Ledger::new().await;
    let (store, tenant) = ledger.other_tenant("second").await;
    let mut first = ledger.begin().await;
    let mut second = store.begin(tenant).await.unwrap();
    let state = idempotency::acquire(&mut first, ledger.tenant, "key").await.unwrap();
    assert_eq!(state, KeyState::Unused);
    let state = idempotency::acquire(&mut second, tenant, "key").await.unwrap();
    assert_eq!(state, KeyState::Unused);
}

/// The keys of the two tenants collide under PostgreSQL's `hashtextextended`, which is invertible.
#[tokio::test]
async fn tenant_cannot_construct_a_key_that_collides_with_another_tenants_key() {
    let ledger = Ledger::new().await;
    let (first, second) = (ledger.database.store(), ledger.database.store());
    let tenant = |id: &str| TenantId(id.parse().unwrap());
    let victim = tenant("01930000-0000-7000-8000-00000000000b");
    let mut victim_tx = first.begin(victim).await.unwrap();
    let state = idempotency::acquire(&mut victim_tx, victim, "req_1").await.unwrap();
    assert_eq!(state, KeyState::Unused);

    let attacker = tenant("01930000-0000-7000-8000-00000000000a");
    let mut tx = second.begin(attacker).await.unwrap();
    let state = idempotency::acquire(&mut tx, attacker, "4p1wk9egbzhN%i^m~})a1I").await;
    assert_eq!(state.unwrap(), KeyState::Unused);
}

#[tokio::test]
async fn key_committed_by_a_concurrent_request_is_a_duplicate() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "1")]).await;
    let (other_batch, _) = ledger.write(&[booking("b", "1")]).await;
    // The first request has begun before the second one commits.
    let mut first = ledger.begin().await;
    let mut second = ledger.begin_on_new_connection().await;
    idempotency::insert(&mut second, ledger.tenant, "key", &content_hash(), batch).await.unwrap();
    second.commit().await.unwrap();
    let error = idempotency::insert(&mut first, ledger.tenant, "key", &content_hash(), other_batch)
        .await
        .unwrap_err();
    let is_duplicate = matches!(
        &error,
        StoreError::DuplicateKey { constraint } if constraint == "idempotency_keys_pkey"
    );
    assert!(is_duplicate, "{error:?}");
}

#[tokio::test]
async fn exactly_one_of_many_concurrent_requests_acquires_a_key() {
    let ledger = Ledger::new().await;
    for round in 0..20 {
        let key = format!("key {round}");
        let attempts = (0..4).map(async |_| {
            let mut tx = ledger.begin_on_new_connection().await;
            let state = idempotency::acquire(&mut tx, ledger.tenant, &key).await.unwrap();
            (state, tx)
        });
        // Each database transaction remains open until all have tried to acquire the key.
        let outcomes = futures::future::join_all(attempts).await;
        let unused = outcomes.iter().filter(|(state, _)| *state == KeyState::Unused).count();
        assert_eq!(unused, 1, "round {round}");
    }
}

#[tokio::test]
async fn only_expired_keys_are_deleted() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "1")]).await;
    let mut tx = ledger.begin().await;
    for key in ["old", "older", "recent"] {
        idempotency::insert(&mut tx, ledger.tenant, key, &content_hash(), batch).await.unwrap();
    }
    sqlx::query(
        "update idempotency_keys set created_at = created_at - interval '1 day' \
         where idempotency_key <> 'recent'",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let delete = async |limit| {
        let mut tx = ledger.begin().await;
        let deleted = idempotency::delete_expired(&mut tx, DAY, limit).await.unwrap();
        tx.commit().await.unwrap();
        deleted
    };
    assert_eq!((delete(1).await, delete(10).await, delete(10).await), (1, 1, 0));
    let state = idempotency::acquire(&mut *ledger.begin().await, ledger.tenant, "recent").await;
    assert!(matches!(state.unwrap(), KeyState::Used { .. }));
    let state = idempotency::acquire(&mut *ledger.begin().await, ledger.tenant, "old").await;
    assert_eq!(state.unwrap(), KeyState::Unused);
}
