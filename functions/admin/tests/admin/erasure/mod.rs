//! `erase`: nothing of what was erased is left, and everything else adds up, while others write.

mod bench;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use admin::Operation;
use admin::erase::Erase;
use serde_json::json;
use tributary_domain::Transaction;
use tributary_store::{StoreError, batches, enrichment, tenants};
use tributary_testkit::ledger::{booking, divide, write};

use super::{admin_of, handle};
use bench::{Bench, LEASE, plant_tenant, planted, search, write_until};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_tenant_is_left_while_others_write() {
    let bench = Bench::new("planted tenant").await;
    plant_tenant(&bench).await;
    bench
        .execute(
            "insert into api_keys (tenant_id, api_key_id, name, prefix, key_hash, scopes) \
             select tenant_id, gen_random_uuid(), 'planted', 'trb_00000000', sha256('x'), \
             '{admin}' \
             from tenants",
        )
        .await;
    assert!(search(&mut bench.database.connection().await).await.len() > 500);
    let other = bench.database.tenant("other").await;
    let (stop, written, early) = <(AtomicBool, AtomicUsize, AtomicUsize)>::default();
    let never = AtomicBool::new(false);
    let (erased, ..) = tokio::join!(
        async {
            while written.load(Ordering::SeqCst) < 3 || early.load(Ordering::SeqCst) < 3 {
                tokio::task::yield_now().await;
            }
            let erased = bench.erase("planted tenant", None).await;
            stop.store(true, Ordering::SeqCst);
            erased
        },
        bench.check_until(&stop),
        write_until(bench.database.store(), other, "acc", "other", &stop, &written),
        write_until(
            bench.database.store(),
            bench.tenant,
            "planted_account",
            "planted_late",
            &never,
            &early
        ),
    );
    assert!(erased.is_done && erased.rows > 700, "{erased:?}");
    bench.assert_erased().await;
    let batches = usize::try_from(bench.count("select count(*) from batches").await).unwrap();
    assert_eq!(batches, written.load(Ordering::SeqCst), "every batch of the other tenant");
    let total = bench.count("select count(*) from transactions").await;
    assert_eq!(usize::try_from(total).unwrap(), batches * 20);
    let event = json!({"operation": "erase", "tenant": "planted tenant"});
    let error = handle(&bench.admin, event.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "tenant: unknown tenant");
    let event = json!({"operation": "erase", "tenant": "planted tenant", "is_continued": true});
    assert_eq!(handle(&bench.admin, event).await.unwrap(), json!({"rows": 0, "is_done": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_continues_after_it_was_interrupted() {
    let bench = Bench::new("planted tenant").await;
    plant_tenant(&bench).await;
    let mut interruptions = 0;
    for limit_ms in 1_u64.. {
        let erase = Erase {
            tenant: "planted tenant".to_owned(),
            account: None,
            is_continued: interruptions > 0,
        };
        // A process of its own each time, which dies in the middle of a statement.
        let admin = admin_of(bench.database.url());
        let limit = Duration::from_millis(limit_ms.pow(2));
        match tokio::time::timeout(limit, erase.run(&admin)).await {
            Ok(erased) => {
                assert!(erased.unwrap().is_done);
                break;
            }
            Err(_) => interruptions += 1,
        }
    }
    assert!(interruptions > 2, "{interruptions}");
    bench.assert_erased().await;
}

#[tokio::test]
async fn marked_tenant_is_rejected_everywhere() {
    let bench = Bench::new("tenant").await;
    write(&bench.store, bench.tenant, &planted("acc", 0..1, "-1")).await.unwrap();
    bench.execute("update tenants set erasing_at = now()").await;
    let error = write(&bench.store, bench.tenant, &planted("acc", 1..2, "-1")).await.unwrap_err();
    assert!(matches!(error, StoreError::DuplicateKey { .. }), "{error:?}");
    let mut tx = bench.database.store().begin_for_all().await.unwrap();
    assert!(!tenants::exists(&mut tx, bench.tenant).await.unwrap(), "authorize asks for it");
    let create = json!({
        "operation": "keys_create", "tenant": "tenant", "name": "n", "scopes": ["ingest"]
    });
    let admin = admin_of(bench.database.url()).with_peppers(crate::keys::peppers());
    let error = handle(&admin, create).await.unwrap_err();
    assert_eq!(error.to_string(), "tenant: the tenant is being erased");
}

#[tokio::test(flavor = "multi_thread")]
async fn account_is_erased_while_its_tenant_goes_on_working() {
    let bench = Bench::new("tenant").await;
    let (store, tenant) = (&bench.store, bench.tenant);
    let account = "planted_account";
    let mixed = |ids: std::ops::Range<usize>, name: &str| {
        let others = ["a", "fails", "b"].map(|id| booking(&format!("{name}_{id}"), "-1"));
        let [first, second, third] = others;
        [vec![first], planted(account, ids, "-1"), vec![second, third]].concat()
    };
    let (only, _) = write(store, tenant, &planted(account, 0..10, "-1")).await.unwrap();
    let (mixed_finished, _) = write(store, tenant, &mixed(5..20, "finished")).await.unwrap();
    while bench.work(only).await || bench.work(mixed_finished).await {}
    // A pair, revisions, and a batch whose transactions belong to others by now.
    let pending = Transaction { is_pending: true, ..planted(account, 30..31, "-1").remove(0) };
    let posted = Transaction {
        pending_transaction_id: Some(pending.transaction_id.clone()),
        ..planted(account, 31..32, "-1").remove(0)
    };
    write(store, tenant, &[pending, posted]).await.unwrap();
    let (unfinished, _) = write(store, tenant, &mixed(10..40, "unfinished")).await.unwrap();
    divide(&mut bench.database.connection().await, unfinished, 4).await.unwrap();
    assert!(bench.work(unfinished).await, "some of its slices are finished");
    // One whose list was removed, and one that lists a transaction that was deleted by age.
    let (without_list, _) = write(store, tenant, &planted(account, 50..52, "-1")).await.unwrap();
    while bench.work(without_list).await {}
    let (lists_deleted, _) = write(
        store,
        tenant,
        &[planted(account, 60..61, "-1"), vec![booking("kept", "-1")]].concat(),
    )
    .await
    .unwrap();
    while bench.work(lists_deleted).await {}
    bench.fold().await;
    bench
        .execute(
            "update batches set transaction_ids = null where transaction_ids[1] = 'planted_0050'; \
             insert into deleted_transactions \
             select tenant_id, 'planted_0060', 'planted_account' from tenants; \
             delete from transactions where transaction_id = 'planted_0060'; \
             update accounts set name = 'planted', mask = 'planted' \
             where account_id = 'planted_account'",
        )
        .await;

    let (stop, written, early) = <(AtomicBool, AtomicUsize, AtomicUsize)>::default();
    let never = AtomicBool::new(false);
    let (erased, ..) = tokio::join!(
        async {
            while written.load(Ordering::SeqCst) < 3 || early.load(Ordering::SeqCst) < 3 {
                tokio::task::yield_now().await;
            }
            let erased = bench.erase("tenant", Some(account)).await;
            stop.store(true, Ordering::SeqCst);
            erased
        },
        bench.check_until(&stop),
        write_until(bench.database.store(), tenant, "acc", "other", &stop, &written),
        write_until(bench.database.store(), tenant, account, "planted_late", &never, &early),
    );
    assert!(erased.is_done, "{erased:?}");
    bench.assert_erased().await;

    for batch in [only, without_list] {
        assert!(bench.progress(batch).await.is_none(), "nothing is left of it");
    }
    let finished = bench.progress(mixed_finished).await.unwrap();
    assert_eq!((finished.counts.completed, finished.counts.failed, finished.erased), (2, 1, 15));
    assert_eq!(bench.progress(lists_deleted).await.unwrap().erased, 1);

    // The unfinished batch is finished, and what failed is retried at its position.
    while bench.work(unfinished).await {}
    let progress = bench.progress(unfinished).await.unwrap();
    assert!(progress.finished_at.is_some());
    assert_eq!((progress.counts.completed, progress.counts.failed, progress.erased), (2, 1, 30));
    let mut tx = store.begin(tenant).await.unwrap();
    batches::lock(&mut tx, tenant, unfinished).await.unwrap();
    assert_eq!(enrichment::retry_failed(&mut tx, tenant, unfinished).await.unwrap(), 1);
    batches::reopen(&mut tx, tenant, unfinished, 1, LEASE).await.unwrap();
    tx.commit().await.unwrap();
    let position = "select batch_position::bigint from transactions \
                    where transaction_id = 'unfinished_fails'";
    assert_eq!(bench.count(position).await, 31);
    while bench.work(unfinished).await {}
    bench.assert_erased().await;

    // The account may come again.
    write(store, tenant, &planted(account, 0..1, "-1")).await.unwrap();
}
