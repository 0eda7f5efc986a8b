//! Property test: after any sequence of actions, the sums of the report equal those of an in-memory
//! model.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{NaiveDate, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rust_decimal::Decimal;
use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, Currency, Money, Period, TenantId, Transaction};
use tributary_store::check::{self, Options};
use tributary_store::enrichment::{self, Category, ClaimedTransaction, Lease, Outcome};
use tributary_store::{Store, accounts, batches, report, transactions};
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{account, booking, divide, removal, write_with};
use tributary_testkit::reports::{assert_account_agrees, assert_reports_agree};
use uuid::Uuid;

/// Longer than the test.
const LEASE: Duration = Duration::from_secs(600);
const ACCOUNTS: [&str; 2] = ["acc_a", "acc_b"];
const CURRENCIES: [&str; 2] = ["USD", "EUR"];

/// A transaction of a batch. Its id is one of few, so that batches contain the same transactions,
/// and determines its account.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    id: u8,
    currency: usize,
    cents: i64,
    day: u32,
    is_pending: bool,
    replaces: Option<u8>,
}

#[derive(Clone, Debug)]
enum Action {
    /// Post a batch. Of several rows with the same id, only the last one is sent, and of removals
    /// those of other ids.
    Post { rows: Vec<Row>, removals: BTreeSet<u8> },
    /// Remove a transaction.
    Remove { id: u8 },
    /// Claim a slice of a batch and finish its first `limit` rows. Bit `n` of `fail_bits` makes the
    /// row with id `n` fail.
    Enrich { batch: usize, limit: usize, fail_bits: u16 },
    /// Claim a slice of a batch and release it.
    ClaimAndRelease { batch: usize },
    /// Claim a slice of a batch and crash; the lease expires at once if `is_expired`, or never.
    ClaimAndCrash { batch: usize, is_expired: bool },
    /// Claim an expired slice of a batch, which divides it, and finish its rows.
    EnrichExpired { batch: usize },
    /// Mark a batch as finished if nothing is left, and fold its sums.
    FinishBatch { batch: usize },
    /// Retry the failed rows of a batch.
    Retry { batch: usize },
    /// Fold up to `limit` packs.
    Fold { limit: i64 },
}

fn row() -> impl Strategy<Value = Row> {
    let replaces = prop_oneof![3 => Just(None), 2 => (0..8_u8).prop_map(Some)];
    (0..8_u8, 0..2_usize, -500..500_i64, 1..4_u32, any::<bool>(), replaces).prop_map(
        |(id, currency, cents, day, is_pending, replaces)| Row {
            id,
            currency,
            cents,
            day,
            is_pending,
            // The request parser rejects a pending row that replaces another, and a row that
            // replaces itself.
            replaces: replaces.filter(|other| !is_pending && *other != id),
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    let (batch, limit) = (0..6_usize, 0..4_usize);
    prop_oneof![
        4 => (
            prop::collection::vec(row(), 0..6),
            prop::collection::btree_set(0..8_u8, 0..3),
        )
            .prop_map(|(rows, removals)| Action::Post { rows, removals }),
        1 => (0..8_u8).prop_map(|id| Action::Remove { id }),
        4 => (batch.clone(), limit, any::<u16>())
            .prop_map(|(batch, limit, fail_bits)| Action::Enrich { batch, limit, fail_bits }),
        1 => batch.clone().prop_map(|batch| Action::ClaimAndRelease { batch }),
        1 => (batch.clone(), any::<bool>())
            .prop_map(|(batch, is_expired)| Action::ClaimAndCrash { batch, is_expired }),
        1 => batch.clone().prop_map(|batch| Action::EnrichExpired { batch }),
        1 => batch.clone().prop_map(|batch| Action::FinishBatch { batch }),
        2 => batch.prop_map(|batch| Action::Retry { batch }),
        1 => (1..5_i64).prop_map(|limit| Action::Fold { limit }),
    ]
}

/// A stored row of the model.
#[derive(Clone, Debug)]
struct StoredRow {
    row: Row,
    status: &'static str,
    category: &'static str,
    is_removed: bool,
}

/// Sums of one account in one currency. Amounts are in cents.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    /// Which of them are processing depends on slices, which the model does not have.
    pending: i64,
    completed: i64,
    failed: i64,
    spend: i64,
    income: i64,
    /// Count and spend of the category that has spend.
    food: Option<(i64, i64)>,
}

type Sums = BTreeMap<(usize, String), Sum>;

/// The in-memory model. It stores only rows and computes the sums from them on each call.
#[derive(Default)]
struct Model {
    rows: BTreeMap<u8, StoredRow>,
    /// The id of each batch and the ids of its rows.
    batches: Vec<(BatchId, BTreeSet<u8>)>,
}

impl Model {
    fn is_replaced(&self, id: u8) -> bool {
        let names = |row: &Row| row.replaces == Some(id) && account_of(row.id) == account_of(id);
        self.rows[&id].row.is_pending && self.rows.values().any(|stored| names(&stored.row))
    }

    fn sums(&self) -> Sums {
        let mut sums = Sums::new();
        for (id, stored) in &self.rows {
            if stored.is_removed || self.is_replaced(*id) {
                continue;
            }
            let row = &stored.row;
            let currency = CURRENCIES[row.currency].to_owned();
            let sum = sums.entry((account_of(row.id), currency)).or_default();
            let spend = (-row.cents).max(0);
            sum.spend += spend;
            sum.income += row.cents.max(0);
            match stored.status {
                "completed" => {
                    sum.completed += 1;
                    let food = sum.food.get_or_insert_default();
                    food.0 += 1;
                    food.1 += spend;
                }
                "failed" => sum.failed += 1,
                _ => sum.pending += 1,
            }
        }
        for sum in sums.values_mut() {
            sum.food = sum.food.filter(|(_, spend)| *spend > 0);
        }
        sums
    }

    fn set(&mut self, ids: &[u8], status: &'static str, category: &'static str) {
        for id in ids {
            let stored = self.rows.get_mut(id).unwrap();
            (stored.status, stored.category) = (status, category);
        }
    }
}

/// Applies each action to the store and to the model.
struct Harness {
    store: Store,
    tenant: TenantId,
    model: Model,
}

/// The index of an id's account.
fn account_of(id: u8) -> usize {
    usize::from(id % 2)
}

fn id_of(transaction_id: &str) -> u8 {
    transaction_id.trim_start_matches("tx_").parse().unwrap()
}

impl Harness {
    async fn apply(&mut self, action: Action) {
        match action {
            Action::Post { rows, removals } => self.post(rows, removals).await,
            Action::Remove { id } => self.remove(id).await,
            Action::Enrich { batch, limit, fail_bits } => {
                let Some((lease, rows)) = self.claim(batch, LEASE).await else { return };
                let decided = &rows[..limit.min(rows.len())];
                self.finish(&lease, decided, fail_bits).await;
            }
            Action::ClaimAndRelease { batch } => {
                if let Some((lease, _)) = self.claim(batch, LEASE).await {
                    let mut tx = self.store.begin(self.tenant).await.unwrap();
                    enrichment::release(&mut tx, &lease).await.unwrap();
                    tx.commit().await.unwrap();
                }
            }
            Action::ClaimAndCrash { batch, is_expired } => {
                let duration = if is_expired { Duration::ZERO } else { LEASE };
                self.claim(batch, duration).await;
            }
            Action::EnrichExpired { batch } => self.enrich_expired(batch).await,
            Action::FinishBatch { batch } => self.finish_batch(batch).await,
            Action::Retry { batch } => self.retry(batch).await,
            Action::Fold { limit } => {
                let mut tx = self.store.begin_for_all().await.unwrap();
                report::fold(&mut tx, limit).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
    }

    async fn post(&mut self, rows: Vec<Row>, mut removals: BTreeSet<u8>) {
        let rows: BTreeMap<u8, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
        removals.retain(|id| !rows.contains_key(id));
        let transactions: Vec<Transaction> = rows.values().map(transaction).collect();
        let sent: Vec<_> = removals.iter().map(|id| removal(&format!("tx_{id}"))).collect();
        let (batch, written) =
            write_with(&self.store, self.tenant, &transactions, &sent).await.unwrap();
        let mut tx = self.store.begin_for_all().await.unwrap();
        divide(&mut tx, batch, 2).await.unwrap();
        tx.commit().await.unwrap();

        self.model.batches.push((batch, rows.keys().copied().collect()));
        let (mut inserted, mut updated, mut removed) = (0, 0, 0);
        for (id, row) in rows {
            match self.model.rows.get(&id) {
                // A posted row does not become pending again.
                Some(stored) if row.is_pending && !stored.row.is_pending => continue,
                Some(stored) if stored.row == row && !stored.is_removed => continue,
                Some(_) => updated += 1,
                None => inserted += 1,
            }
            let stored = StoredRow { row, status: "pending", category: "", is_removed: false };
            self.model.rows.insert(id, stored);
        }
        for id in removals {
            if let Some(stored) = self.model.rows.get_mut(&id) {
                stored.is_removed = true;
                removed += 1;
            }
        }
        assert_eq!(
            (written.inserted, written.updated, written.removed),
            (inserted, updated, removed)
        );
    }

    async fn remove(&mut self, id: u8) {
        let (account_id, transaction_id) = (ACCOUNTS[account_of(id)], format!("tx_{id}"));
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let removed =
            transactions::remove_one(&mut tx, self.tenant, account_id, &transaction_id).await;
        tx.commit().await.unwrap();
        let stored = self.model.rows.get_mut(&id);
        assert_eq!(removed.unwrap(), stored.is_some());
        if let Some(stored) = stored {
            stored.is_removed = true;
        }
    }

    fn lease(&self, batch: usize, duration: Duration) -> Option<Lease> {
        let (batch, _) = self.model.batches.get(batch)?;
        let token = LeaseToken(Uuid::now_v7());
        Some(Lease { tenant: self.tenant, batch: *batch, token, duration })
    }

    async fn claim(
        &self,
        batch: usize,
        duration: Duration,
    ) -> Option<(Lease, Vec<ClaimedTransaction>)> {
        let lease = self.lease(batch, duration)?;
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let claim = enrichment::claim(&mut tx, &lease, LEASE).await.unwrap();
        tx.commit().await.unwrap();
        Some((lease, claim?.rows))
    }

    async fn enrich_expired(&mut self, batch: usize) {
        let Some(lease) = self.lease(batch, LEASE) else { return };
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let claim = enrichment::claim_expired(&mut tx, &lease).await.unwrap();
        tx.commit().await.unwrap();
        if let Some(claim) = claim {
            self.finish(&lease, &claim.rows, 0).await;
        }
    }

    async fn finish(&mut self, lease: &Lease, rows: &[ClaimedTransaction], fail_bits: u16) {
        let category = Category {
            category: "Food",
            primary_code: "FOOD_AND_DRINK",
            detailed_code: "FOOD_AND_DRINK_COFFEE",
            confidence: "HIGH",
            rule: "a rule",
        };
        let fails = |row: &ClaimedTransaction| fail_bits & (1 << id_of(&row.transaction_id)) != 0;
        let outcomes: Vec<_> = rows
            .iter()
            .map(|row| Outcome {
                position: row.position,
                revision: row.revision,
                result: if fails(row) { Err("no rule") } else { Ok(category) },
            })
            .collect();
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let finished = enrichment::finish(&mut tx, lease, "v1", &outcomes).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(usize::try_from(finished.total()).unwrap(), outcomes.len());
        for row in rows {
            let (status, category) =
                if fails(row) { ("failed", "") } else { ("completed", "Food") };
            self.model.set(&[id_of(&row.transaction_id)], status, category);
        }
    }

    async fn finish_batch(&mut self, batch: usize) {
        let Some((batch, _)) = self.model.batches.get(batch).cloned() else { return };
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        batches::lock(&mut tx, self.tenant, batch).await.unwrap();
        batches::finish_if_done(&mut tx, self.tenant, batch).await.unwrap();
        report::fold_batch(&mut tx, self.tenant, batch).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn retry(&mut self, batch: usize) {
        let Some((batch, members)) = self.model.batches.get(batch).cloned() else { return };
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let retried = enrichment::retry_failed(&mut tx, self.tenant, batch).await.unwrap();
        if retried > 0 {
            batches::reopen(&mut tx, self.tenant, batch, 1, LEASE).await.unwrap();
        }
        tx.commit().await.unwrap();
        let failed: Vec<u8> =
            members.into_iter().filter(|id| self.model.rows[id].status == "failed").collect();
        assert_eq!(retried, i64::try_from(failed.len()).unwrap());
        self.model.set(&failed, "pending", "");
    }

    /// The names of the checks that fail. A lease may have expired, and a batch may be unfinished.
    async fn broken_rules(&self) -> Vec<String> {
        let mut tx = self.store.begin_for_all().await.unwrap();
        check::begin_snapshot(&mut tx).await.unwrap();
        let options = Options { settled: false, grace: LEASE };
        let checks = check::run_of_tenant(&mut tx, self.tenant, options).await.unwrap();
        checks.iter().filter(|check| !check.holds()).map(|check| check.name.to_string()).collect()
    }

    /// Compares the other reports with the summary.
    async fn assert_reports_agree(&self) {
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        for account_id in ACCOUNTS {
            assert_reports_agree(&mut tx, self.tenant, account_id, october()).await;
            assert_account_agrees(&mut tx, self.tenant, account_id, october()).await;
        }
    }

    /// Reads the sums of the report.
    async fn reported(&self) -> Sums {
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let mut sums = Sums::new();
        for (index, account_id) in ACCOUNTS.iter().enumerate() {
            let reported = report::summary(&mut tx, self.tenant, account_id, october())
                .await
                .unwrap()
                .unwrap();
            for of_currency in reported {
                let cents = |amount: &str| {
                    i64::try_from(amount.parse::<Decimal>().unwrap() * Decimal::from(100)).unwrap()
                };
                let top = of_currency.top_categories.first();
                let sum = Sum {
                    pending: of_currency.counts.pending + of_currency.counts.processing,
                    completed: of_currency.counts.completed,
                    failed: of_currency.counts.failed,
                    spend: cents(&of_currency.spend),
                    income: cents(&of_currency.income),
                    food: top.map(|top| (top.transaction_count, cents(&top.spend))),
                };
                assert_eq!(cents(&of_currency.net), sum.income - sum.spend);
                sums.insert((index, of_currency.currency), sum);
            }
        }
        sums
    }
}

/// The days of all transactions.
fn october() -> Period {
    Period::parse(Some("2025-10-01"), Some("2025-10-31")).unwrap()
}

fn transaction(row: &Row) -> Transaction {
    let currency = Currency::from_code(CURRENCIES[row.currency]).unwrap();
    let day = NaiveDate::from_ymd_opt(2025, 10, row.day).unwrap();
    Transaction {
        account_id: ACCOUNTS[account_of(row.id)].to_owned(),
        money: Money::new(Decimal::new(row.cents, 2), currency),
        booked_on: day,
        booked_at: None,
        is_pending: row.is_pending,
        pending_transaction_id: row.replaces.map(|id| format!("tx_{id}")),
        ..booking(&format!("tx_{}", row.id), "-1")
    }
}

async fn prepare(database: &TestDatabase) -> Harness {
    let tenant = database.tenant(&Uuid::now_v7().to_string()).await;
    let store = database.store();
    let accounts = ACCOUNTS.map(account);
    let mut tx = store.begin(tenant).await.unwrap();
    accounts::upsert(&mut tx, tenant, &accounts, &[], false).await.unwrap();
    tx.commit().await.unwrap();
    Harness { store, tenant, model: Model::default() }
}

#[test]
fn report_sums_equal_the_model_after_any_sequence_of_actions() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::create());
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let actions = prop::collection::vec(action(), 1..24);
    TestRunner::new(config)
        .run(&actions, |actions| {
            runtime.block_on(async {
                let mut harness = prepare(&database).await;
                for action in actions {
                    let description = format!("{action:?}");
                    harness.apply(action).await;
                    let (reported, expected) = (harness.reported().await, harness.model.sums());
                    if reported != expected {
                        let reason = format!(
                            "after {description} at {}:\n\
                             reported {reported:?}\n\
                             expected {expected:?}",
                            Utc::now()
                        );
                        return Err(TestCaseError::fail(reason));
                    }
                }
                harness.assert_reports_agree().await;
                let broken = harness.broken_rules().await;
                harness.store.close().await;
                prop_assert!(broken.is_empty(), "{broken:?}");
                Ok(())
            })
        })
        .unwrap();
}
