//! Idempotency keys: unused, under way, used.

use std::time::Duration;

use tributary_domain::TenantId;
use tributary_store::idempotency::{self, KeyState};
use tributary_store::{StoreError, batches::AcceptedBatch};
use tributary_testkit::ledger::booking;

use crate::ledger::Ledger;

const HASH: [u8; 32] = [7; 32];

#[tokio::test]
async fn a_used_key_gives_the_hash_and_what_the_first_request_was_answered() {
    let ledger = Ledger::new().await;
    let (batch, written) = ledger.write(&[booking("a", "1"), booking("b", "2")]).await;
    let mut tx = ledger.begin().await;
    let state = idempotency::acquire(&mut tx, ledger.tenant, "key").await.unwrap();
    assert_eq!(state, KeyState::Unused);
    idempotency::insert(&mut tx, ledger.tenant, "key", &HASH, batch).await.unwrap();
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
    assert_eq!(state, KeyState::Used { body_hash: HASH.to_vec(), batch: accepted });
}

#[tokio::test]
async fn a_key_that_another_connection_has_taken_is_under_way_until_it_lets_go() {
    let ledger = Ledger::new().await;
    let mut first = ledger.begin().await;
    let mut second = ledger.begin_beside().await;
    let acquire = async |connection: &mut tributary_store::Tx, key| {
        idempotency::acquire(connection, ledger.tenant, key).await.unwrap()
    };
    assert_eq!(acquire(&mut first, "key").await, KeyState::Unused);
    assert_eq!(acquire(&mut second, "key").await, KeyState::InUse);
    assert_eq!(acquire(&mut second, "other key").await, KeyState::Unused);
    first.rollback().await.unwrap();
    assert_eq!(acquire(&mut second, "key").await, KeyState::Unused);
}

#[tokio::test]
async fn the_same_key_of_two_tenants_is_two_keys_at_the_same_moment_too() {
    let ledger = Ledger::new().await;
    let (store, tenant) = ledger.of_other_tenant("second").await;
    let mut first = ledger.begin().await;
    let mut second = store.begin(tenant).await.unwrap();
    let state = idempotency::acquire(&mut first, ledger.tenant, "key").await.unwrap();
    assert_eq!(state, KeyState::Unused);
    let state = idempotency::acquire(&mut second, tenant, "key").await.unwrap();
    assert_eq!(state, KeyState::Unused);
}

/// Two keys of two tenants whose hashes by PostgreSQL's `hashtextextended` are equal: made to be
/// so, since that hash can be turned round.
#[tokio::test]
async fn no_tenant_can_make_a_key_that_stands_in_the_way_of_another_tenants() {
    let ledger = Ledger::new().await;
    let (first, second) = (ledger.database.store(), ledger.database.store());
    let tenant = |id: &str| TenantId(id.parse().unwrap());
    let victim = tenant("01930000-0000-7000-8000-00000000000b");
    let mut held = first.begin(victim).await.unwrap();
    let state = idempotency::acquire(&mut held, victim, "req_1").await.unwrap();
    assert_eq!(state, KeyState::Unused);

    let attacker = tenant("01930000-0000-7000-8000-00000000000a");
    let mut tx = second.begin(attacker).await.unwrap();
    let made = idempotency::acquire(&mut tx, attacker, "4p1wk9egbzhN%i^m~})a1I").await;
    assert_eq!(made.unwrap(), KeyState::Unused);
}

#[tokio::test]
async fn a_key_that_was_committed_meanwhile_is_taken() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "1")]).await;
    let (other_batch, _) = ledger.write(&[booking("b", "1")]).await;
    // The first looked before the second committed.
    let mut first = ledger.begin().await;
    let mut second = ledger.begin_beside().await;
    idempotency::insert(&mut second, ledger.tenant, "key", &HASH, batch).await.unwrap();
    second.commit().await.unwrap();
    let refused = idempotency::insert(&mut first, ledger.tenant, "key", &HASH, other_batch)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, StoreError::DuplicateKey { constraint } if constraint == "idempotency_keys_pkey"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn of_many_requests_with_one_key_at_the_same_moment_exactly_one_may_write() {
    let ledger = Ledger::new().await;
    for round in 0..20 {
        let key = format!("key {round}");
        let attempts = (0..4).map(async |_| {
            let mut tx = ledger.begin_beside().await;
            let state = idempotency::acquire(&mut tx, ledger.tenant, &key).await.unwrap();
            (state, tx)
        });
        // All hold their transactions until everyone has asked.
        let outcomes = futures::future::join_all(attempts).await;
        let unused = outcomes.iter().filter(|(state, _)| *state == KeyState::Unused).count();
        assert_eq!(unused, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_key_is_forgotten_when_it_is_old_and_not_before() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "1")]).await;
    let mut tx = ledger.begin().await;
    for key in ["old", "older", "young"] {
        idempotency::insert(&mut tx, ledger.tenant, key, &HASH, batch).await.unwrap();
    }
    sqlx::query(
        "update idempotency_keys set created_at = created_at - interval '1 day' \
         where idempotency_key <> 'young'",
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
    let state = idempotency::acquire(&mut *ledger.begin().await, ledger.tenant, "young").await;
    assert!(matches!(state.unwrap(), KeyState::Used { .. }));
    let state = idempotency::acquire(&mut *ledger.begin().await, ledger.tenant, "old").await;
    assert_eq!(state.unwrap(), KeyState::Unused);
}
