//! Batches that bring the same transactions at the same moment.

use tributary_domain::Transaction;
use tributary_store::transactions::Written;
use tributary_testkit::ledger::{account, booking, bookings, keep_batch, write};

use crate::ledger::{Ledger, SHOPPING, ids};
use crate::sums::assert_sums_are_those_of_the_rows;

const ROUNDS: usize = 40;
const SIZE: usize = 60;

/// Shuffled differently each round, without a source of chance.
fn order(count: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |index| (index * 37 + round * 11) % count)
}

#[tokio::test]
async fn two_new_batches_with_the_same_ids_in_opposite_order_neither_deadlock_nor_lose() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    for round in 0..ROUNDS {
        let named = |amount: &str| -> Vec<Transaction> {
            order(SIZE, round)
                .map(|index| booking(&format!("r{round}_{index:03}"), amount))
                .collect()
        };
        let (forward, mut backward) = (named("-1.10"), named("-2.20"));
        backward.reverse();
        let (first, second) = tokio::join!(
            write(&ledger.store, ledger.tenant, &forward),
            write(&other, ledger.tenant, &backward)
        );
        let ((first, wrote), (second, also_wrote)) = (first.unwrap(), second.unwrap());
        // Whoever was second found what the first had committed, and revised it.
        let size = i32::try_from(SIZE).unwrap();
        assert_eq!(wrote.inserted + also_wrote.inserted, size, "round {round}");
        assert_eq!(wrote.updated + also_wrote.updated, size, "round {round}");

        let amounts: Vec<(uuid::Uuid, String, i32)> = sqlx::query_as(
            "select batch_id, amount::text, revision from transactions where transaction_id like $1",
        )
        .bind(format!("r{round}\\_%"))
        .fetch_all(&mut ledger.database.connection().await)
        .await
        .unwrap();
        assert_eq!(amounts.len(), SIZE);
        for (batch, amount, revision) in amounts {
            let expected = if batch == first.0 { "-1.10" } else { "-2.20" };
            assert!(batch == first.0 || batch == second.0);
            assert_eq!((amount.as_str(), revision), (expected, 2), "content is its batch's");
        }
    }
    assert_sums_are_those_of_the_rows(&ledger).await;
}

#[tokio::test]
async fn two_batches_that_revise_the_same_rows_in_opposite_order_neither_deadlock_nor_lose() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    ledger.write(&bookings(SIZE, "-1")).await;
    for round in 0..ROUNDS {
        let named = |cents: usize| -> Vec<Transaction> {
            let amount = format!("-{}.{cents:02}", round + 2);
            order(SIZE, round).map(|index| booking(&format!("tx_{index:05}"), &amount)).collect()
        };
        let (forward, mut backward) = (named(1), named(2));
        backward.reverse();
        let (first, second) = tokio::join!(
            write(&ledger.store, ledger.tenant, &forward),
            write(&other, ledger.tenant, &backward)
        );
        let all = Written { inserted: 0, updated: i32::try_from(SIZE).unwrap(), unchanged: 0 };
        assert_eq!((first.unwrap().1, second.unwrap().1), (all, all), "round {round}");
    }
    let mut connection = ledger.database.connection().await;
    let revisions: Vec<i32> = sqlx::query_scalar("select distinct revision from transactions")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(revisions, [i32::try_from(1 + 2 * ROUNDS).unwrap()]);
    let kept: i64 = sqlx::query_scalar("select count(*) from transaction_revisions")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(usize::try_from(kept), Ok(SIZE * 2 * ROUNDS), "every content that was replaced");
    assert_sums_are_those_of_the_rows(&ledger).await;
}

#[tokio::test]
async fn a_batch_that_brings_half_of_what_another_is_inserting_sees_what_it_committed() {
    let ledger = Ledger::new().await;
    let brought = bookings(4, "-1");
    let mut first = ledger.begin().await;
    let batch = tributary_domain::BatchId(uuid::Uuid::now_v7());
    tributary_store::accounts::upsert(&mut first, ledger.tenant, &[account("acc")], &[])
        .await
        .unwrap();
    let (shared, _) = brought.split_at(2);
    let written = tributary_store::transactions::write(&mut first, ledger.tenant, batch, shared)
        .await
        .unwrap();
    keep_batch(&mut first, ledger.tenant, batch, shared, written).await.unwrap();

    let other = ledger.database.store();
    let (second, ()) = tokio::join!(write(&other, ledger.tenant, &brought), async {
        ledger.until_someone_waits().await;
        first.commit().await.unwrap();
    });
    assert_eq!(second.unwrap().1, Written { inserted: 2, updated: 0, unchanged: 2 });
}

#[tokio::test]
async fn workers_and_batches_on_the_same_rows_neither_deadlock_nor_lose() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    let (mut batch, _) = ledger.write(&bookings(SIZE, "-1")).await;
    for round in 0..ROUNDS {
        let revised: Vec<_> =
            bookings(SIZE, &format!("-{}", round + 2)).into_iter().rev().collect();
        let (lease, claimed) = ledger.claim(batch, crate::ledger::LEASE, 10_000).await;
        assert_eq!(claimed.len(), SIZE);
        let ids = ids(&claimed);
        let (_, next) = tokio::join!(
            ledger.finish(&lease, &ids, Ok(SHOPPING)),
            write(&other, ledger.tenant, &revised)
        );
        let (next, written) = next.unwrap();
        assert_eq!(usize::try_from(written.updated), Ok(SIZE), "round {round}");
        batch = next;
        assert_eq!(ledger.progress(batch).await.counts.pending, i64::from(written.updated));
    }
    assert_sums_are_those_of_the_rows(&ledger).await;
}

/// A posted row that named one pending row and now names another settles both pairs, the old one
/// too.
#[tokio::test]
async fn two_batches_that_settle_the_pairs_of_one_posted_row_neither_deadlock_nor_lose() {
    let ledger = Ledger::new().await;
    let other = ledger.database.store();
    let pending = |id: &str, amount: &str| Transaction { is_pending: true, ..booking(id, amount) };
    let posted = |names: &str, amount: &str| Transaction {
        pending_transaction_id: Some(names.to_owned()),
        ..booking("posted", amount)
    };
    for round in 0..ROUNDS {
        let amount = format!("-{}", 3 * round + 1);
        ledger
            .write(&[pending("p1", &amount), pending("p2", &amount), posted("p1", &amount)])
            .await;
        let (amount, other_amount) = (format!("-{}", 3 * round + 2), format!("-{}", 3 * round + 3));
        let moves_on = [posted("p2", &amount)];
        let stays = [pending("p1", &other_amount), posted("p1", &other_amount)];
        let (first, second) = tokio::join!(
            write(&ledger.store, ledger.tenant, &moves_on),
            write(&other, ledger.tenant, &stays)
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
        assert_eq!(replaced.len(), 1, "round {round}: the pair that was named last, and no other");
        let all: i64 =
            sqlx::query_scalar("select count(*) from transactions where replaced_by is not null")
                .fetch_one(&mut ledger.database.connection().await)
                .await
                .unwrap();
        assert_eq!(all, 1, "round {round}");
    }
}
