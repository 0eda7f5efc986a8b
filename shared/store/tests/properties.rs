//! Whatever is done in whatever order, a report's sums are those of a plain recomputation in
//! memory.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{NaiveDate, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rust_decimal::Decimal;
use tributary_domain::identity::LeaseToken;
use tributary_domain::period::midnight_utc;
use tributary_domain::{BatchId, Currency, Money, Period, TenantId, Transaction};
use tributary_store::enrichment::{self, Category, Lease, Outcome};
use tributary_store::{Store, accounts, report};
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{account, booking, write};
use uuid::Uuid;

const ACCOUNTS: [&str; 2] = ["acc_a", "acc_b"];
const CURRENCIES: [&str; 2] = ["USD", "EUR"];

/// A row as a batch brings it, drawn from few ids, so that batches meet.
#[derive(Clone, Debug)]
struct Row {
    id: u8,
    account: usize,
    currency: usize,
    cents: i64,
    day: u32,
    is_pending: bool,
    replaces: Option<u8>,
}

#[derive(Clone, Debug)]
enum Action {
    /// Post a batch; an id that stands twice in it counts once.
    Post(Vec<Row>),
    /// Claim up to so many rows of some batch, and finish them: the bits say which fail.
    Enrich { batch: usize, limit: i64, fail_bits: u16 },
    /// Claim rows of some batch and let go of them.
    ClaimAndRelease { batch: usize, limit: i64 },
    /// Claim rows of some batch and die: they stay in processing.
    ClaimAndDie { batch: usize, limit: i64 },
    /// Retry what failed of some batch.
    Retry { batch: usize },
    /// Fold some deltas.
    Fold { limit: i64 },
}

fn row() -> impl Strategy<Value = Row> {
    let replaces = prop_oneof![3 => Just(None), 2 => (0..8_u8).prop_map(Some)];
    (0..8_u8, 0..2_usize, 0..2_usize, -500..500_i64, 1..4_u32, any::<bool>(), replaces).prop_map(
        |(id, account, currency, cents, day, is_pending, replaces)| Row {
            id,
            account,
            currency,
            cents,
            day,
            is_pending,
            // As the request parser has it: a pending row replaces none, and none replaces itself.
            replaces: replaces.filter(|other| !is_pending && *other != id),
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    let (batch, limit) = (0..6_usize, 1..6_i64);
    prop_oneof![
        4 => prop::collection::vec(row(), 1..6).prop_map(Action::Post),
        4 => (batch.clone(), limit.clone(), any::<u16>())
            .prop_map(|(batch, limit, fail_bits)| Action::Enrich { batch, limit, fail_bits }),
        1 => (batch.clone(), limit.clone())
            .prop_map(|(batch, limit)| Action::ClaimAndRelease { batch, limit }),
        1 => (batch.clone(), limit)
            .prop_map(|(batch, limit)| Action::ClaimAndDie { batch, limit }),
        2 => batch.prop_map(|batch| Action::Retry { batch }),
        1 => (1..20_i64).prop_map(|limit| Action::Fold { limit }),
    ]
}

/// What a row is in memory.
#[derive(Clone, Debug)]
struct Known {
    row: Row,
    status: &'static str,
    category: &'static str,
}

/// Count, spend and income in cents, of an account's currency, status and category.
type Sums = BTreeMap<(usize, String, String, String), (i64, i64, i64)>;

/// The ledger in memory: rows and nothing else; sums are always computed from them anew.
#[derive(Default)]
struct Ledger {
    rows: BTreeMap<u8, Known>,
    /// The members of each batch.
    batches: Vec<(BatchId, BTreeSet<u8>)>,
}

impl Ledger {
    fn is_replaced(&self, id: u8) -> bool {
        self.rows[&id].row.is_pending
            && self.rows.values().any(|known| known.row.replaces == Some(id))
    }

    fn sums(&self) -> Sums {
        let mut sums = Sums::new();
        for (id, known) in &self.rows {
            if self.is_replaced(*id) {
                continue;
            }
            let row = &known.row;
            let currency = CURRENCIES[row.currency].to_owned();
            let key = (row.account, currency, known.status.to_owned(), known.category.to_owned());
            let sum = sums.entry(key).or_default();
            sum.0 += 1;
            sum.1 += (-row.cents).max(0);
            sum.2 += row.cents.max(0);
        }
        sums
    }

    fn set(&mut self, ids: &[u8], status: &'static str, category: &'static str) {
        for id in ids {
            let known = self.rows.get_mut(id).unwrap();
            (known.status, known.category) = (status, category);
        }
    }
}

/// The store and the ledger, side by side.
struct Pair {
    store: Store,
    tenant: TenantId,
    ledger: Ledger,
}

fn same_content(one: &Row, other: &Row) -> bool {
    format!("{one:?}") == format!("{other:?}")
}

fn id_of(transaction_id: &str) -> u8 {
    transaction_id.trim_start_matches("tx_").parse().unwrap()
}

impl Pair {
    async fn act(&mut self, action: Action) {
        match action {
            Action::Post(rows) => self.post(rows).await,
            Action::Enrich { batch, limit, fail_bits } => {
                self.enrich(batch, limit, fail_bits).await;
            }
            Action::ClaimAndRelease { batch, limit } => {
                if let Some((lease, ids)) = self.claim(batch, limit).await {
                    let mut tx = self.store.begin(self.tenant).await.unwrap();
                    enrichment::release(&mut tx, &lease).await.unwrap();
                    tx.commit().await.unwrap();
                    self.ledger.set(&ids, "pending", "");
                }
            }
            Action::ClaimAndDie { batch, limit } => drop(self.claim(batch, limit).await),
            Action::Retry { batch } => self.retry(batch).await,
            Action::Fold { limit } => {
                let mut tx = self.store.begin_for_all().await.unwrap();
                report::fold(&mut tx, limit).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
    }

    async fn post(&mut self, rows: Vec<Row>) {
        let rows: BTreeMap<u8, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
        let sent: Vec<Transaction> = rows.values().map(transaction).collect();
        let (batch, written) = write(&self.store, self.tenant, &sent).await.unwrap();

        self.ledger.batches.push((batch, rows.keys().copied().collect()));
        let (mut inserted, mut updated) = (0, 0);
        for (id, row) in rows {
            match self.ledger.rows.get(&id) {
                Some(known) if same_content(&known.row, &row) => continue,
                Some(_) => updated += 1,
                None => inserted += 1,
            }
            self.ledger.rows.insert(id, Known { row, status: "pending", category: "" });
        }
        assert_eq!((written.inserted, written.updated), (inserted, updated));
    }

    async fn claim(&mut self, batch: usize, limit: i64) -> Option<(Lease, Vec<u8>)> {
        let (batch, _) = *self.ledger.batches.get(batch).as_ref()?;
        let lease = Lease {
            tenant: self.tenant,
            batch: *batch,
            token: LeaseToken(Uuid::now_v7()),
            duration: Duration::from_secs(600),
        };
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let claimed = enrichment::claim(&mut tx, &lease, limit).await.unwrap();
        tx.commit().await.unwrap();
        let ids: Vec<u8> = claimed.iter().map(|row| id_of(&row.transaction_id)).collect();
        self.ledger.set(&ids, "processing", "");
        Some((lease, ids))
    }

    async fn enrich(&mut self, batch: usize, limit: i64, fail_bits: u16) {
        let Some((lease, ids)) = self.claim(batch, limit).await else { return };
        let (failed, done): (Vec<u8>, Vec<u8>) =
            ids.into_iter().partition(|id| fail_bits & (1 << id) != 0);
        let category = Category {
            category: "Food",
            primary_code: "FOOD_AND_DRINK",
            detailed_code: "FOOD_AND_DRINK_COFFEE",
            confidence: "HIGH",
            rule: "a rule",
        };
        let names: Vec<(String, bool)> = failed
            .iter()
            .map(|id| (format!("tx_{id}"), false))
            .chain(done.iter().map(|id| (format!("tx_{id}"), true)))
            .collect();
        let outcomes: Vec<Outcome<'_>> = names
            .iter()
            .map(|(transaction_id, is_done)| Outcome {
                transaction_id,
                result: if *is_done { Ok(category) } else { Err("cannot be done") },
            })
            .collect();
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let finished = enrichment::finish(&mut tx, &lease, "v1", &outcomes).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(usize::try_from(finished.total()).unwrap(), outcomes.len());
        self.ledger.set(&failed, "failed", "");
        self.ledger.set(&done, "completed", "Food");
    }

    async fn retry(&mut self, batch: usize) {
        let Some((batch, members)) = self.ledger.batches.get(batch).cloned() else { return };
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let retried = enrichment::retry_failed(&mut tx, self.tenant, batch).await.unwrap();
        tx.commit().await.unwrap();
        let failed: Vec<u8> =
            members.into_iter().filter(|id| self.ledger.rows[id].status == "failed").collect();
        assert_eq!(retried, i64::try_from(failed.len()).unwrap());
        self.ledger.set(&failed, "pending", "");
    }

    /// The sums as a summary reads them.
    async fn reported(&self) -> Sums {
        let period = Period::parse(Some("2025-10-01"), Some("2025-10-31")).unwrap();
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let mut sums = Sums::new();
        for (index, account_id) in ACCOUNTS.iter().enumerate() {
            let groups =
                report::summary(&mut tx, self.tenant, account_id, period).await.unwrap().unwrap();
            for group in groups {
                let cents = |amount: Decimal| i64::try_from(amount * Decimal::from(100)).unwrap();
                sums.insert(
                    (index, group.currency, group.status, group.category),
                    (group.transaction_count, cents(group.spend), cents(group.income)),
                );
            }
        }
        sums
    }
}

fn transaction(row: &Row) -> Transaction {
    let currency = Currency::from_code(CURRENCIES[row.currency]).unwrap();
    let day = NaiveDate::from_ymd_opt(2025, 10, row.day).unwrap();
    Transaction {
        account_id: ACCOUNTS[row.account].to_owned(),
        money: Money::new(Decimal::new(row.cents, 2), currency),
        booked_at: midnight_utc(day),
        is_pending: row.is_pending,
        pending_transaction_id: row.replaces.map(|id| format!("tx_{id}")),
        ..booking(&format!("tx_{}", row.id), "-1")
    }
}

async fn prepare(database: &TestDatabase) -> Pair {
    let tenant = database.tenant(&Uuid::now_v7().to_string()).await;
    let store = database.store();
    let accounts = ACCOUNTS.map(account);
    let mut tx = store.begin(tenant).await.unwrap();
    accounts::upsert(&mut tx, tenant, &accounts, &[]).await.unwrap();
    tx.commit().await.unwrap();
    Pair { store, tenant, ledger: Ledger::default() }
}

#[test]
fn report_sums_equal_a_recomputation_after_any_sequence_of_actions() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::create());
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let actions = prop::collection::vec(action(), 1..24);
    TestRunner::new(config)
        .run(&actions, |actions| {
            runtime.block_on(async {
                let mut pair = prepare(&database).await;
                for action in actions {
                    let shown = format!("{action:?}");
                    pair.act(action).await;
                    let (reported, recomputed) = (pair.reported().await, pair.ledger.sums());
                    if reported != recomputed {
                        let reason = format!(
                            "after {shown} at {}:\nreported   {reported:?}\nrecomputed {recomputed:?}",
                            Utc::now()
                        );
                        return Err(TestCaseError::fail(reason));
                    }
                }
                pair.store.close().await;
                Ok(())
            })
        })
        .unwrap();
}
