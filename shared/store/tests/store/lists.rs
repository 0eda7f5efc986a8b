//! Lists of batches and accounts.

use tributary_domain::{BatchId, BatchStatus, Transaction};
use tributary_store::accounts::{self, StateCounts};
use tributary_store::batches::{self, BatchPage, BatchQuery};
use tributary_store::{SCAN_MAX, report};
use tributary_testkit::ledger::{booking, bookings, day, money};

use crate::ledger::{LEASE, Ledger, SHOPPING};

const ALL: BatchQuery = BatchQuery { status: None, after: None, limit: 100 };

impl Ledger {
    async fn batches(&self, query: BatchQuery) -> BatchPage {
        batches::list(&mut *self.begin().await, self.tenant, query).await.unwrap()
    }

    /// The status of each batch and how many transactions had failed, the newest batch first.
    async fn statuses(&self) -> Vec<(String, i32)> {
        let page = self.batches(ALL).await;
        page.batches.into_iter().map(|batch| (batch.status, batch.failed)).collect()
    }

    /// Claims and finishes a batch; the transactions of these ids fail.
    async fn enrich(&self, batch: BatchId, failing: &[&str]) {
        let (lease, claimed) = self.claim(batch, LEASE).await;
        let result = |id: &str| if failing.contains(&id) { Err("no rule") } else { Ok(SHOPPING) };
        self.finish_as(&lease, &claimed, result).await;
        self.finish_batch(batch).await;
    }
}

fn ids(page: &BatchPage) -> Vec<BatchId> {
    page.batches.iter().map(|batch| batch.batch.batch_id).collect()
}

#[tokio::test]
async fn batch_is_open_until_it_is_finished_and_failed_until_it_is_retried() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(3, "-1")).await;
    let status = |name: &str, failed| [(name.to_owned(), failed)];
    assert_eq!(ledger.statuses().await, status("open", 0));
    ledger.enrich(batch, &["tx_00000", "tx_00002"]).await;
    assert_eq!(ledger.statuses().await, status("failed", 2));
    assert_eq!(ledger.retry(batch).await, 2);
    assert_eq!(ledger.statuses().await, status("open", 0));
    ledger.enrich(batch, &["tx_00002"]).await;
    assert_eq!(ledger.statuses().await, status("failed", 1));
    ledger.retry(batch).await;
    ledger.enrich(batch, &[]).await;
    assert_eq!(ledger.statuses().await, status("finished", 0));
}

#[tokio::test]
async fn failed_counts_the_transactions_that_the_batch_itself_wrote() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(3, "-1")).await;
    ledger.enrich(first, &["tx_00000", "tx_00001"]).await;
    // One of them is updated and succeeds, the others are unchanged.
    let mut again = bookings(3, "-1");
    again[0] = booking("tx_00000", "-2");
    let (second, _) = ledger.write(&again).await;
    ledger.enrich(second, &[]).await;
    let expected = [("finished".to_owned(), 0), ("failed".to_owned(), 2)];
    assert_eq!(ledger.statuses().await, expected, "as they were when they were finished");
}

#[tokio::test]
async fn batches_are_paged_newest_first_and_by_status() {
    let ledger = Ledger::new().await;
    let mut written = Vec::new();
    for index in 0..7 {
        let (batch, _) = ledger.write(&[booking(&format!("t{index}"), "-1")]).await;
        let failing = format!("t{index}");
        match index % 3 {
            0 => ledger.enrich(batch, &[&failing]).await,
            1 => ledger.enrich(batch, &[]).await,
            _ => {}
        }
        written.insert(0, batch);
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = ledger.batches(BatchQuery { after, limit: 3, ..ALL }).await;
        listed.extend(ids(&page));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, written);
    for (status, places) in [
        (BatchStatus::Failed, &[0, 3, 6][..]),
        (BatchStatus::Finished, &[2, 5]),
        (BatchStatus::Open, &[1, 4]),
    ] {
        let page = ledger.batches(BatchQuery { status: Some(status), ..ALL }).await;
        let expected: Vec<_> = places.iter().map(|place| written[*place]).collect();
        assert_eq!(ids(&page), expected, "{status:?}");
        assert_eq!(page.next, None);
    }
    let failed = BatchQuery { status: Some(BatchStatus::Failed), limit: 2, ..ALL };
    let page = ledger.batches(failed).await;
    assert_eq!(page.next, Some(written[3]));
    let page = ledger.batches(BatchQuery { after: page.next, ..failed }).await;
    assert_eq!((ids(&page), page.next), (vec![written[6]], None));

    let (store, tenant) = ledger.other_tenant("other").await;
    let mut tx = store.begin(tenant).await.unwrap();
    let other = batches::list(&mut tx, tenant, ALL).await.unwrap();
    assert_eq!(ids(&other), []);
}

#[tokio::test]
async fn status_without_a_match_scans_a_bounded_number_of_batches_and_continues() {
    let ledger = Ledger::new().await;
    let (oldest, _) = ledger.write(&[booking("a", "-1")]).await;
    ledger.enrich(oldest, &["a"]).await;
    ledger
        .execute(
            "insert into batches (tenant_id, batch_id, correlation_id, inserted, message_count, \
             finished_at) \
             select tenant_id, ('ffffffff-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'c', \
             1, 1, now() from tenants cross join generate_series(1, 5000) as n",
        )
        .await;
    assert_eq!(SCAN_MAX, 5_000);
    let failed = BatchQuery { status: Some(BatchStatus::Failed), ..ALL };
    let page = ledger.batches(failed).await;
    assert_eq!(ids(&page), []);
    assert!(page.next.is_some());
    let page = ledger.batches(BatchQuery { after: page.next, ..failed }).await;
    assert_eq!((ids(&page), page.next), (vec![oldest], None));
}

/// Transactions of an account, on a day and in a currency.
fn of(account_id: &str, id: &str, on: &str, currency: &str) -> Transaction {
    Transaction {
        account_id: account_id.to_owned(),
        booked_on: day(on),
        booked_at: None,
        money: money("-1", currency),
        ..booking(id, "-1")
    }
}

#[tokio::test]
async fn account_has_the_counts_currencies_and_days_of_its_transactions() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger
        .write(&[
            of("b", "t1", "2025-03-01", "EUR"),
            of("b", "t2", "2025-04-01", "USD"),
            of("b", "t3", "2025-05-01", "USD"),
            of("b", "t4", "2025-02-01", "JPY"),
            of("a", "t5", "2025-02-01", "CHF"),
        ])
        .await;
    let one = async |id: &str| {
        accounts::one(&mut *ledger.begin().await, ledger.tenant, id).await.unwrap()
    };
    let open = one("b").await.unwrap();
    assert_eq!(open.sums.counts, StateCounts { open: 4, ..StateCounts::default() });
    assert_eq!(open.sums.currencies, ["USD", "EUR", "JPY"]);
    assert_eq!(open.name, "Business Checking");
    assert_eq!(
        (open.sums.first_day, open.sums.last_day),
        (Some(day("2025-02-01")), Some(day("2025-05-01")))
    );

    ledger.enrich(batch, &["t1"]).await;
    let done = one("b").await.unwrap();
    assert_eq!(done.sums.counts, StateCounts { open: 0, completed: 3, failed: 1 });
}

#[tokio::test]
async fn removed_transaction_is_in_no_count_currency_or_day_of_its_account() {
    let ledger = Ledger::new().await;
    ledger
        .write(&[
            of("acc", "t1", "2025-03-01", "EUR"),
            of("acc", "t2", "2025-04-01", "USD"),
            of("acc", "t3", "2025-05-01", "JPY"),
        ])
        .await;
    ledger.remove("t1").await;
    ledger.remove("t3").await;
    for is_folded in [false, true] {
        let account = accounts::one(&mut *ledger.begin().await, ledger.tenant, "acc").await;
        let account = account.unwrap().unwrap();
        assert_eq!(account.sums.counts.open, 1, "{is_folded}");
        assert_eq!(account.sums.currencies, ["USD"]);
        let day = Some(day("2025-04-01"));
        assert_eq!((account.sums.first_day, account.sums.last_day), (day, day));
        let mut tx = ledger.store.begin_for_all().await.unwrap();
        report::fold(&mut tx, 100).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn accounts_are_paged_by_id_and_invisible_to_other_tenants() {
    let ledger = Ledger::new().await;
    let names = ["a", "a b", "b", "ä/%", "🚀"];
    for (index, name) in names.iter().enumerate() {
        ledger.write(&[of(name, &format!("t{index}"), "2025-03-01", "EUR")]).await;
    }
    let (mut listed, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut tx = ledger.begin().await;
        let page = accounts::list(&mut tx, ledger.tenant, after.as_deref(), 2).await.unwrap();
        assert!(page.accounts.len() <= 2);
        listed.extend(page.accounts.into_iter().map(|account| account.account_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, names);

    let (store, tenant) = ledger.other_tenant("other").await;
    let mut tx = store.begin(tenant).await.unwrap();
    assert_eq!(accounts::list(&mut tx, tenant, None, 100).await.unwrap().accounts, []);
    assert_eq!(accounts::one(&mut tx, tenant, "a").await.unwrap(), None);
}
