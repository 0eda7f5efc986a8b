//! Claims and leases: which worker may finish a row.

use std::collections::BTreeSet;

use tributary_store::enrichment;
use tributary_testkit::ledger::{booking, bookings};

use crate::ledger::{EXPIRED_LEASE, LEASE, Ledger, REQUEUE_AFTER, SHOPPING, ids};

/// Status, category, rule, version of the rules and failure reason.
type FinishedRow = (String, Option<String>, Option<String>, Option<String>, Option<String>);

#[tokio::test]
async fn two_connections_claim_disjoint_slices_without_waiting() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(10, "-1"), 6).await;
    let (first_lease, second_lease) = (ledger.lease(batch, LEASE), ledger.lease(batch, LEASE));
    let (mut first, mut second) = (ledger.begin().await, ledger.begin_on_new_connection().await);
    let first_claim =
        enrichment::claim(&mut first, &first_lease, REQUEUE_AFTER).await.unwrap().unwrap();
    let second_claim = enrichment::claim(&mut second, &second_lease, REQUEUE_AFTER);
    // The first claim is not committed, so that a blocked second claim would never end.
    let second_claim = tokio::time::timeout(LEASE, second_claim).await.unwrap().unwrap().unwrap();
    let (first_rows, second_rows) = (first_claim.rows, second_claim.rows);
    assert_eq!((first_rows.len(), second_rows.len()), (6, 4));
    let all: BTreeSet<_> = ids(&first_rows).into_iter().chain(ids(&second_rows)).collect();
    assert_eq!(all.len(), 10);
    second.rollback().await.unwrap();
    first.commit().await.unwrap();
    let (_, rest) = ledger.claim(batch, LEASE).await;
    assert_eq!(ids(&rest), ["tx_00006", "tx_00007", "tx_00008", "tx_00009"]);
}

#[tokio::test]
async fn slices_are_claimed_in_request_order_with_the_input_of_the_categoriser() {
    let ledger = Ledger::new().await;
    let batch = [booking("z", "-1"), booking("a", "1"), booking("m", "0")];
    let batch = ledger.write_in_slices(&batch, 2).await;
    let (_, claimed) = ledger.claim(batch, LEASE).await;
    assert_eq!(ids(&claimed), ["a", "z"], "by id, the order in which finish locks the rows");
    let [first, second] = claimed.as_slice() else { panic!("two rows") };
    assert_eq!((first.position, second.position, first.revision), (1, 0, 1));
    assert_eq!(first.description, "AMZN Mktp US*2K4");
    assert_eq!(first.merchant_name.as_deref(), Some("Amazon"));
    assert_eq!(first.merchant_category_code.as_deref(), Some("5942"));
    assert_eq!((first.is_income, second.is_income), (true, false));
    let (_, rest) = ledger.claim(batch, LEASE).await;
    assert_eq!(ids(&rest), ["m"]);
    assert!(!rest[0].is_income, "an amount of zero is no income");
}

#[tokio::test]
async fn leased_slice_cannot_be_claimed_until_the_lease_expires() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(2, "-1"), 1).await;
    let (_, leased) = ledger.claim(batch, LEASE).await;
    let (_, expired) = ledger.claim(batch, EXPIRED_LEASE).await;
    assert_eq!((ids(&leased), ids(&expired)), (vec!["tx_00000"], vec!["tx_00001"]));
    let (_, none) = ledger.claim(batch, LEASE).await;
    assert_eq!(ids(&none), [] as [&str; 0], "no slice is free");
    let (_, again) = ledger.claim_expired(batch, LEASE).await;
    let again = again.unwrap();
    assert_eq!((ids(&again.rows), again.attempts), (vec!["tx_00001"], 2));
    assert!(ledger.claim_expired(batch, LEASE).await.1.is_none());
}

/// Five workers die on one of 500 rows. After the second, it is alone.
#[tokio::test]
async fn slice_whose_worker_died_is_divided_down_to_one_row() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(500, "-1")).await;
    let (_, whole) = ledger.claim(batch, EXPIRED_LEASE).await;
    assert_eq!(whole.len(), 500);
    let (_, part) = ledger.claim_expired(batch, EXPIRED_LEASE).await;
    let part = part.unwrap();
    assert_eq!((part.rows.len(), part.attempts), (25, 2));
    // Every other part of the first division comes before a part that has killed its worker twice.
    let mut finished = 0;
    loop {
        let (lease, claim) = ledger.claim_expired(batch, LEASE).await;
        let claim = claim.unwrap();
        if claim.attempts > 2 {
            assert_eq!((claim.rows.len(), claim.attempts), (1, 3));
            finished += ledger.finish(&lease, &claim.rows, Ok(SHOPPING)).await;
            break;
        }
        assert_eq!((claim.rows.len(), claim.attempts), (25, 2));
        finished += ledger.finish(&lease, &claim.rows, Ok(SHOPPING)).await;
    }
    assert_eq!(finished, 19 * 25 + 1);
    for _ in 0..24 {
        let (lease, claim) = ledger.claim_expired(batch, LEASE).await;
        let claim = claim.unwrap();
        assert_eq!((claim.rows.len(), claim.attempts), (1, 3));
        finished += ledger.finish(&lease, &claim.rows, Ok(SHOPPING)).await;
    }
    assert_eq!(finished, 500);
    assert!(ledger.claim_expired(batch, LEASE).await.1.is_none());
    assert_eq!(ledger.count("select count(*) from slices").await, 0);
}

#[tokio::test]
async fn worker_cannot_write_rows_that_another_worker_has_reclaimed() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(1, "-1"), 1).await;
    let (old, claimed) = ledger.claim(batch, EXPIRED_LEASE).await;
    let (new, reclaimed) = ledger.claim_expired(batch, LEASE).await;
    assert_eq!(ledger.finish(&old, &claimed, Err("too late")).await, 0);
    ledger.release(&old).await;
    assert_eq!(ledger.progress(batch).await.counts.processing, 1);
    assert_eq!(ledger.finish(&new, &reclaimed.unwrap().rows, Ok(SHOPPING)).await, 1);
    assert_eq!(ledger.progress(batch).await.counts.completed, 1);
}

/// The worker was only slow. The parts that nobody has claimed are still its own.
#[tokio::test]
async fn expired_lease_can_finish_rows_that_were_not_reclaimed() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(60, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, EXPIRED_LEASE).await;
    let (other, part) = ledger.claim_expired(batch, LEASE).await;
    assert_eq!(ledger.finish(&lease, &claimed, Ok(SHOPPING)).await, 35);
    assert_eq!(ledger.finish(&other, &part.unwrap().rows, Ok(SHOPPING)).await, 25);
    assert_eq!(ledger.count("select count(*) from slices").await, 0);
}

#[tokio::test]
async fn second_finish_writes_nothing() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(1, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    assert_eq!(ledger.finish(&lease, &claimed, Ok(SHOPPING)).await, 1);
    assert_eq!(ledger.finish(&lease, &claimed, Err("again")).await, 0);
    assert_eq!(ledger.progress(batch).await.counts.completed, 1);
}

#[tokio::test]
async fn revised_row_cannot_be_finished_under_the_earlier_lease() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&[booking("a", "-1")]).await;
    let (lease, claimed) = ledger.claim(first, LEASE).await;
    let (second, _) = ledger.write(&[booking("a", "-2")]).await;
    assert_eq!(ledger.finish(&lease, &claimed, Ok(SHOPPING)).await, 0);
    assert_eq!(ledger.progress(second).await.counts.pending, 1);
    let (_, claimed) = ledger.claim(first, LEASE).await;
    assert_eq!(claimed.len(), 0, "the row belongs to the second batch");
    ledger.complete(second).await;
}

/// The row leaves the batch and comes back to the same position with other content.
#[tokio::test]
async fn row_that_came_back_cannot_be_finished_with_the_result_of_its_earlier_content() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "-1")]).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let (other, _) = ledger.write(&[booking("a", "-2")]).await;
    let (failing, rows) = ledger.claim(other, LEASE).await;
    ledger.finish(&failing, &rows, Err("no rule")).await;
    assert_eq!(ledger.retry(batch).await, 1, "the first batch contains the row, too");
    assert_eq!(ledger.finish(&lease, &claimed, Ok(SHOPPING)).await, 0);
    assert_eq!(ledger.progress(batch).await.counts.pending, 1);
    ledger.complete(batch).await;
}

#[tokio::test]
async fn slice_with_rows_left_is_released_and_its_attempt_counts() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(3, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    assert_eq!(ledger.finish(&lease, &claimed[..1], Ok(SHOPPING)).await, 1);
    let lease = ledger.lease(batch, LEASE);
    let mut tx = ledger.begin().await;
    let again = enrichment::claim(&mut tx, &lease, REQUEUE_AFTER).await.unwrap().unwrap();
    assert_eq!((ids(&again.rows), again.attempts), (vec!["tx_00001", "tx_00002"], 2));
}

#[tokio::test]
async fn released_slice_can_be_claimed_at_once_and_its_attempt_does_not_count() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(3, "-1")).await;
    let (lease, _) = ledger.claim(batch, LEASE).await;
    ledger.release(&lease).await;
    let lease = ledger.lease(batch, LEASE);
    let mut tx = ledger.begin().await;
    let again = enrichment::claim(&mut tx, &lease, REQUEUE_AFTER).await.unwrap().unwrap();
    assert_eq!((again.rows.len(), again.attempts), (3, 1));
}

#[tokio::test]
async fn slice_whose_rows_moved_to_a_later_batch_is_claimed_without_rows() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(2, "-1")).await;
    ledger.write(&bookings(2, "-2")).await;
    let lease = ledger.lease(first, LEASE);
    let mut tx = ledger.begin().await;
    let claim = enrichment::claim(&mut tx, &lease, REQUEUE_AFTER).await.unwrap().unwrap();
    assert!(claim.rows.is_empty());
    let finished = enrichment::finish(&mut tx, &lease, "rules-1", &[]).await.unwrap();
    assert_eq!((finished.total(), finished.has_slices), (0, false));
}

#[tokio::test]
async fn batch_has_slices_only_where_it_has_work() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(1_200, "-1")).await;
    assert_eq!(ledger.count("select count(*) from slices").await, 3);
    for _ in 0..3 {
        ledger.complete(first).await;
    }
    let mut next = bookings(1_200, "-1");
    next[700] = booking("tx_00700", "-2");
    let (second, _) = ledger.write(&next).await;
    assert_eq!(ledger.count("select sum(first_position) from slices").await, 500);
    let (_, claimed) = ledger.claim(second, LEASE).await;
    assert_eq!(ids(&claimed), ["tx_00700"]);
}

#[tokio::test]
async fn finished_row_stores_its_result() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let result_of = |id: &str| if id == "tx_00000" { Ok(SHOPPING) } else { Err("no rule") };
    ledger.finish_as(&lease, &claimed, result_of).await;
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
