//! Three batches that change pairs of one account at the same time.

use tributary_domain::{BatchId, Transaction};
use tributary_store::{Store, transactions};
use tributary_testkit::ledger::{booking, write, write_in};
use uuid::Uuid;

use crate::ledger::{LEASE, Ledger, SHOPPING};
use crate::sums::assert_sums_match_rows;

fn pending(id: &str) -> Transaction {
    Transaction { is_pending: true, ..booking(id, "-10") }
}

fn posted(id: &str, names: Option<&str>, amount: &str) -> Transaction {
    Transaction { pending_transaction_id: names.map(str::to_owned), ..booking(id, amount) }
}

/// Pending transactions whose `replaced_by` is not what recomputing it from the rows gives.
const WRONG_PAIRS: &str = "select count(*) from transactions p where replaced_by is distinct from ( \
    select min(q.transaction_id) from transactions q where q.tenant_id = p.tenant_id \
    and q.account_id = p.account_id and q.pending_transaction_id = p.transaction_id \
    and p.is_pending)";

async fn assert_pairs_match_rows(ledger: &Ledger) {
    assert_eq!(ledger.count(WRONG_PAIRS).await, 0);
    assert_sums_match_rows(ledger).await;
}

/// While `first` has written but not committed, all of `others` are written concurrently.
async fn write_while_held(ledger: &Ledger, first: &[Transaction], others: &[&[Transaction]]) {
    let mut held = ledger.begin_on_new_connection().await;
    let batch = BatchId(Uuid::now_v7());
    let locked = transactions::has_pairs(first);
    write_in(&mut held, ledger.tenant, batch, first, locked).await.unwrap().unwrap();
    let stores: Vec<Store> = others.iter().map(|_| ledger.database.store()).collect();
    let writes = others
        .iter()
        .zip(&stores)
        .map(|(sent, store)| async { write(store, ledger.tenant, sent).await.unwrap() });
    tokio::join!(futures::future::join_all(writes), async {
        ledger.wait_for_blocked_connections(others.len()).await;
        held.commit().await.unwrap();
    });
}

#[tokio::test]
async fn posted_row_moves_twice_while_its_next_pending_row_arrives() {
    let ledger = Ledger::new().await;
    ledger.write(&[pending("p1"), pending("p3"), posted("q", Some("p1"), "-72")]).await;
    let to_p2 = [posted("q", Some("p2"), "-72")];
    let to_p3 = [posted("q", Some("p3"), "-72")];
    write_while_held(&ledger, &to_p2, &[&to_p3, &[pending("p2")]]).await;
    assert_pairs_match_rows(&ledger).await;
}

#[tokio::test]
async fn posted_row_moves_twice_while_another_one_names_its_next_pending_row() {
    let ledger = Ledger::new().await;
    let first = [pending("p1"), pending("p2"), pending("p3"), posted("q", Some("p1"), "-72")];
    ledger.write(&first).await;
    let to_p2 = [posted("q", Some("p2"), "-72")];
    let to_p3 = [posted("q", Some("p3"), "-72")];
    write_while_held(&ledger, &to_p2, &[&to_p3, &[posted("r", Some("p2"), "-50")]]).await;
    assert_pairs_match_rows(&ledger).await;
}

/// The second batch does not say that its row was in a pair.
#[tokio::test]
async fn posted_row_leaves_its_pair_while_it_moves() {
    let ledger = Ledger::new().await;
    ledger.write(&[pending("p1"), pending("p2"), posted("q", Some("p1"), "-72")]).await;
    let to_p2 = [posted("q", Some("p2"), "-72")];
    let to_none = [posted("q", None, "-72")];
    write_while_held(&ledger, &to_p2, &[&to_none, &[posted("r", Some("p2"), "-50")]]).await;
    assert_pairs_match_rows(&ledger).await;
}

#[tokio::test]
async fn batch_learns_that_a_row_is_in_a_pair_only_after_it_waited_for_the_row() {
    let ledger = Ledger::new().await;
    ledger.write(&[pending("p1"), posted("q", None, "-72")]).await;
    let to_p1 = [posted("q", Some("p1"), "-72")];
    let to_none = [posted("q", None, "-73")];
    write_while_held(&ledger, &to_p1, &[&to_none]).await;
    assert_pairs_match_rows(&ledger).await;
}

/// A pending transaction and a posted one of different accounts are no pair.
#[tokio::test]
async fn pair_does_not_cross_accounts() {
    let ledger = Ledger::new().await;
    let of_other = Transaction { account_id: "other".to_owned(), ..posted("q", Some("p"), "-1") };
    ledger.write(&[pending("p"), of_other]).await;
    let replaced = "select count(*) from transactions where replaced_by is not null";
    assert_eq!(ledger.count(replaced).await, 0);
    assert_pairs_match_rows(&ledger).await;
}

#[tokio::test]
async fn concurrent_moves_and_enrichment_neither_deadlock_nor_miscount() {
    const ROUNDS: usize = 40;
    let ledger = Ledger::new().await;
    let stores = [(); 3].map(|()| ledger.database.store());
    for round in 0..ROUNDS {
        let id = |name: &str| format!("{name}_{}", round / 4);
        let amount = |client: usize| format!("-{}", 10 + 3 * round + client);
        let first = [
            pending(&id("p1")),
            Transaction { transaction_id: id("q"), ..posted("", Some(&id("p1")), &amount(0)) },
        ];
        let (batch, _) = ledger.write(&first).await;
        let (lease, claimed) = ledger.claim(batch, LEASE).await;
        let moved = |to: Option<&str>, client| {
            [Transaction {
                transaction_id: id("q"),
                ..posted("", to.map(id).as_deref(), &amount(client))
            }]
        };
        let (to_p2, to_none) = (moved(Some("p2"), 1), moved(None, 2));
        let arrives = [pending(&id("p2")), pending(&id("p1"))];
        let (first, second, third, _) = tokio::join!(
            write(&stores[0], ledger.tenant, &to_p2),
            write(&stores[1], ledger.tenant, &to_none),
            write(&stores[2], ledger.tenant, &arrives),
            ledger.finish(&lease, &claimed, Ok(SHOPPING))
        );
        for written in [first, second, third] {
            written.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        }
        assert_pairs_match_rows(&ledger).await;
    }
}
