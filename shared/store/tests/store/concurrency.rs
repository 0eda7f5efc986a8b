//! Concurrent batches with the same transactions.

use tributary_domain::{BatchId, Transaction};
use tributary_store::transactions::Written;
use tributary_testkit::ledger::{booking, bookings, write, write_in};
use uuid::Uuid;

use crate::ledger::{LEASE, Ledger, SHOPPING};
use crate::sums::assert_sums_match_rows;

const ROUNDS: usize = 40;
const SIZE: usize = 60;

/// Returns the indexes in a different but deterministic order for each round.
fn order(count: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |index| (index * 37 + round * 11) % count)
}

#[tokio::test]
async fn concurrent_inserts_in_opposite_order_neither_deadlock_nor_lose_updates() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    for round in 0..ROUNDS {
        let batch = |amount: &str| -> Vec<Transaction> {
            order(SIZE, round)
                .map(|index| booking(&format!("r{round}_{index:03}"), amount))
                .collect()
        };
        let (forward, mut backward) = (batch("-1.10"), batch("-2.20"));
        backward.reverse();
        let (first, second) = tokio::join!(
            write(&ledger.store, ledger.tenant, &forward),
            write(&other, ledger.tenant, &backward)
        );
        let ((first, first_written), (second, second_written)) = (first.unwrap(), second.unwrap());
        // The later batch revises the rows that the earlier one has committed.
        let size = i32::try_from(SIZE).unwrap();
        assert_eq!(first_written.inserted + second_written.inserted, size, "round {round}");
        assert_eq!(first_written.updated + second_written.updated, size, "round {round}");

        let rows: Vec<(Uuid, String, i32)> = sqlx::query_as(
            "select batch_id, amount::text, revision from transactions \
             where transaction_id like $1",
        )
        .bind(format!("r{round}\\_%"))
        .fetch_all(&mut ledger.database.connection().await)
        .await
        .unwrap();
        assert_eq!(rows.len(), SIZE);
        for (batch, amount, revision) in rows {
            let expected = if batch == first.0 { "-1.10" } else { "-2.20" };
            assert!(batch == first.0 || batch == second.0);
            assert_eq!(
                (amount.as_str(), revision),
                (expected, 2),
                "the content is that of the batch"
            );
        }
    }
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn concurrent_revisions_in_opposite_order_neither_deadlock_nor_lose_updates() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    ledger.write(&bookings(SIZE, "-1")).await;
    for round in 0..ROUNDS {
        let batch = |cents: usize| -> Vec<Transaction> {
            let amount = format!("-{}.{cents:02}", round + 2);
            order(SIZE, round).map(|index| booking(&format!("tx_{index:05}"), &amount)).collect()
        };
        let (forward, mut backward) = (batch(1), batch(2));
        backward.reverse();
        let (first, second) = tokio::join!(
            write(&ledger.store, ledger.tenant, &forward),
            write(&other, ledger.tenant, &backward)
        );
        let all = Written { updated: i32::try_from(SIZE).unwrap(), ..Written::default() };
        assert_eq!((first.unwrap().1, second.unwrap().1), (all, all), "round {round}");
    }
    let revisions: Vec<i32> = sqlx::query_scalar("select distinct revision from transactions")
        .fetch_all(&mut ledger.database.connection().await)
        .await
        .unwrap();
    assert_eq!(revisions, [i32::try_from(1 + 2 * ROUNDS).unwrap()]);
    let stored = ledger.count("select count(*) from transaction_revisions").await;
    assert_eq!(usize::try_from(stored), Ok(SIZE * 2 * ROUNDS), "every earlier content");
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn batch_waits_for_a_concurrent_insert_of_the_same_rows_and_sees_them() {
    let ledger = Ledger::new().await;
    let sent = bookings(4, "-1");
    let mut first = ledger.begin().await;
    let batch = BatchId(Uuid::now_v7());
    write_in(&mut first, ledger.tenant, batch, &sent[..2], false).await.unwrap();

    let other = ledger.database.store();
    let (second, ()) = tokio::join!(write(&other, ledger.tenant, &sent), async {
        ledger.wait_for_blocked_connection().await;
        first.commit().await.unwrap();
    });
    assert_eq!(
        second.unwrap().1,
        Written { inserted: 2, updated: 0, unchanged: 2, ..Written::default() }
    );
}

#[tokio::test]
async fn concurrent_enrichment_and_revision_neither_deadlock_nor_lose_updates() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    let (mut batch, _) = ledger.write(&bookings(SIZE, "-1")).await;
    for round in 0..ROUNDS {
        let revised: Vec<_> =
            bookings(SIZE, &format!("-{}", round + 2)).into_iter().rev().collect();
        let (lease, claimed) = ledger.claim(batch, LEASE).await;
        assert_eq!(claimed.len(), SIZE);
        let (_, next) = tokio::join!(
            ledger.finish(&lease, &claimed, Ok(SHOPPING)),
            write(&other, ledger.tenant, &revised)
        );
        let (next, written) = next.unwrap();
        assert_eq!(usize::try_from(written.updated), Ok(SIZE), "round {round}");
        batch = next;
        assert_eq!(ledger.progress(batch).await.counts.pending, i64::from(written.updated));
    }
    assert_sums_match_rows(&ledger).await;
}

/// A posted row that names another pending row than before affects both pairs.
#[tokio::test]
async fn concurrent_batches_with_pairs_of_one_posted_row_do_not_deadlock() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    let pending = |id: &str, amount: &str| Transaction { is_pending: true, ..booking(id, amount) };
    let posted = |replaces: &str, amount: &str| Transaction {
        pending_transaction_id: Some(replaces.to_owned()),
        ..booking("posted", amount)
    };
    for round in 0..ROUNDS {
        let amount = format!("-{}", 3 * round + 1);
        ledger
            .write(&[pending("p1", &amount), pending("p2", &amount), posted("p1", &amount)])
            .await;
        let (amount, other_amount) = (format!("-{}", 3 * round + 2), format!("-{}", 3 * round + 3));
        let to_p2 = [posted("p2", &amount)];
        let to_p1 = [pending("p1", &other_amount), posted("p1", &other_amount)];
        let (first, second) = tokio::join!(
            write(&ledger.store, ledger.tenant, &to_p2),
            write(&other, ledger.tenant, &to_p1)
        );
        first.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        second.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        let replaced: Vec<String> = sqlx::query_scalar(
            "select p.transaction_id from transactions p join transactions q \
             on q.pending_transaction_id = p.transaction_id \
             where p.replaced_by = q.transaction_id",
        )
        .fetch_all(&mut ledger.database.connection().await)
        .await
        .unwrap();
        assert_eq!(replaced.len(), 1, "round {round}: only the pair that was written last");
        let replaced_count =
            ledger.count("select count(*) from transactions where replaced_by is not null").await;
        assert_eq!(replaced_count, 1, "round {round}");
    }
}
