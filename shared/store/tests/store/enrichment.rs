//! Claims and leases: which worker may finish a row.

use std::collections::BTreeSet;

use tributary_store::enrichment;
use tributary_testkit::ledger::{booking, bookings};

use crate::ledger::{EXPIRED_LEASE, LEASE, Ledger, SHOPPING, ids};

/// Status, category, rule, version of the rules and failure reason.
type FinishedRow = (String, Option<String>, Option<String>, Option<String>, Option<String>);

#[tokio::test]
async fn two_connections_claim_disjoint_rows_without_waiting() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(10, "-1")).await;
    let (first_lease, second_lease) = (ledger.lease(batch, LEASE), ledger.lease(batch, LEASE));
    let (mut first, mut second) = (ledger.begin().await, ledger.begin_on_new_connection().await);
    let first_rows = enrichment::claim(&mut first, &first_lease, 6).await.unwrap();
    let second_claim = enrichment::claim(&mut second, &second_lease, 6);
    // The first claim is not committed, so that a blocked second claim would never end.
    let second_rows = tokio::time::timeout(LEASE, second_claim).await.unwrap().unwrap();
    assert_eq!((first_rows.len(), second_rows.len()), (6, 4));
    let all: BTreeSet<_> = ids(&first_rows).into_iter().chain(ids(&second_rows)).collect();
    assert_eq!(all.len(), 10);
    second.rollback().await.unwrap();
    first.commit().await.unwrap();
    let (_, rest) = ledger.claim(batch, LEASE, 100).await;
    assert_eq!(ids(&rest), ["tx_00006", "tx_00007", "tx_00008", "tx_00009"]);
}

#[tokio::test]
async fn rows_are_claimed_in_request_order_with_the_input_of_the_categoriser() {
    let ledger = Ledger::new().await;
    let (batch, _) =
        ledger.write(&[booking("z", "-1"), booking("a", "1"), booking("m", "0")]).await;
    let (_, claimed) = ledger.claim(batch, LEASE, 2).await;
    assert_eq!(ids(&claimed), ["z", "a"]);
    let [first, second] = claimed.as_slice() else { panic!("two rows") };
    assert_eq!(first.description, "AMZN Mktp US*2K4");
    assert_eq!(first.merchant_name.as_deref(), Some("Amazon"));
    assert_eq!(first.merchant_category_code.as_deref(), Some("5942"));
    assert_eq!((first.is_income, second.is_income), (false, true));
    assert_eq!((first.attempts, second.attempts), (1, 1));
    let (_, rest) = ledger.claim(batch, LEASE, 2).await;
    assert_eq!(ids(&rest), ["m"]);
    assert!(!rest[0].is_income, "an amount of zero is no income");
}

#[tokio::test]
async fn leased_row_cannot_be_claimed_until_the_lease_expires() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    let (_, leased) = ledger.claim(batch, LEASE, 1).await;
    let (_, expired) = ledger.claim(batch, EXPIRED_LEASE, 1).await;
    assert_eq!((ids(&leased), ids(&expired)), (vec!["tx_00000"], vec!["tx_00001"]));
    let (_, again) = ledger.claim(batch, LEASE, 100).await;
    assert_eq!(ids(&again), ["tx_00001"]);
    assert_eq!(again[0].attempts, 2);
    let (_, none) = ledger.claim(batch, LEASE, 100).await;
    assert_eq!(ids(&none), [] as [&str; 0]);
}

#[tokio::test]
async fn worker_cannot_write_rows_that_another_worker_has_reclaimed() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    let (old, claimed) = ledger.claim(batch, EXPIRED_LEASE, 100).await;
    let (new, _) = ledger.claim(batch, LEASE, 100).await;
    assert_eq!(ledger.finish(&old, &ids(&claimed), Err("too late")).await, 0);
    assert_eq!(ledger.release(&old).await, 0);
    assert_eq!(ledger.progress(batch).await.counts.processing, 2);
    assert_eq!(ledger.finish(&new, &ids(&claimed), Ok(SHOPPING)).await, 2);
    assert_eq!(ledger.progress(batch).await.counts.completed, 2);
}

#[tokio::test]
async fn expired_lease_can_finish_rows_that_were_not_reclaimed() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(1, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, EXPIRED_LEASE, 100).await;
    assert_eq!(ledger.finish(&lease, &ids(&claimed), Ok(SHOPPING)).await, 1);
}

#[tokio::test]
async fn second_finish_writes_nothing() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(1, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE, 100).await;
    assert_eq!(ledger.finish(&lease, &ids(&claimed), Ok(SHOPPING)).await, 1);
    assert_eq!(ledger.finish(&lease, &ids(&claimed), Err("again")).await, 0);
    assert_eq!(ledger.progress(batch).await.counts.completed, 1);
}

#[tokio::test]
async fn revised_row_cannot_be_finished_under_the_earlier_lease() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&[booking("a", "-1")]).await;
    let (lease, _) = ledger.claim(first, LEASE, 100).await;
    let (second, _) = ledger.write(&[booking("a", "-2")]).await;
    assert_eq!(ledger.finish(&lease, &["a"], Ok(SHOPPING)).await, 0);
    assert_eq!(ledger.progress(second).await.counts.pending, 1);
    let (_, claimed) = ledger.claim(first, LEASE, 100).await;
    assert_eq!(claimed.len(), 0, "the row belongs to the second batch");
    ledger.complete(second).await;
}

#[tokio::test]
async fn released_row_can_be_claimed_at_once_and_its_attempt_counts() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(3, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE, 2).await;
    assert_eq!(ledger.finish(&lease, &ids(&claimed)[..1], Ok(SHOPPING)).await, 1);
    assert_eq!(ledger.release(&lease).await, 1, "a finished row is not released");
    let (_, again) = ledger.claim(batch, LEASE, 100).await;
    let attempts: Vec<_> = again.iter().map(|row| row.attempts).collect();
    assert_eq!((ids(&again), attempts), (vec!["tx_00001", "tx_00002"], vec![2, 1]));
}

#[tokio::test]
async fn finished_row_stores_its_result() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    let (lease, _) = ledger.claim(batch, LEASE, 100).await;
    ledger.finish(&lease, &["tx_00000"], Ok(SHOPPING)).await;
    ledger.finish(&lease, &["tx_00001"], Err("no rule")).await;
    let rows: Vec<FinishedRow> = sqlx::query_as(
        "select status, category, rule, rules_version, failure_reason from transactions \
         order by transaction_id",
    )
    .fetch_all(&mut ledger.database.connection().await)
    .await
    .unwrap();
    let text = |text: &str| Some(text.to_owned());
    let completed =
        ("completed".to_owned(), text("Shopping"), text("word:amazon"), text("rules-1"), None);
    let failed = ("failed".to_owned(), None, None, None, text("no rule"));
    assert_eq!(rows, [completed, failed]);
}
