//! A batch, categorisers made of closures, and the resulting rows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use enrich::{Ending, Limits, WorkError, Worker};
use tokio_util::sync::CancellationToken;
use tributary_domain::categorise::{
    Categorisation, CategorizeError, CategorizeFuture, Categorizer, Category, Confidence, Input,
};
use tributary_domain::{StatusCounts, Transaction};
use tributary_lambda::metrics::Metrics;
use tributary_queue::EnrichMessage;
use tributary_store::batches;
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{booking, write};

/// Longer than any test.
pub const LONG: Duration = Duration::from_secs(600);
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Limits with a lease, and a time before the deadline at which the last claim may begin. A turn lasts
/// longer than any test.
pub fn limits(lease: Duration, stop_before_deadline: Duration) -> Limits {
    Limits { lease, turn: LONG, stop_before_deadline, ..Limits::default() }
}

pub type CategorizeResult = Result<Categorisation, CategorizeError>;

/// One batch of one tenant; each transaction's description is its id.
pub struct Bench {
    pub database: TestDatabase,
    pub message: EnrichMessage,
    /// The metrics of its workers.
    pub metrics: Metrics,
}

impl Bench {
    /// Creates a batch of `count` transactions `tx_0000`, `tx_0001`, ….
    pub async fn with_batch(count: usize) -> Self {
        let database = TestDatabase::create().await;
        let tenant = database.tenant("tenant").await;
        let sent = sent(count, 9_876_543_210);
        let (batch, _) = write(&database.store(), tenant, &sent).await.unwrap();
        let metrics = Metrics::new("enrich", "test");
        Self { database, message: EnrichMessage { tenant, batch }, metrics }
    }

    /// A worker with its own connection, and with leases longer than any test.
    pub fn worker(&self, categorizer: impl Categorizer + 'static) -> Worker {
        let limits = limits(LONG, Duration::ZERO);
        self.worker_within(limits, CancellationToken::new(), categorizer)
    }

    pub fn worker_within(
        &self,
        limits: Limits,
        stop: CancellationToken,
        categorizer: impl Categorizer + 'static,
    ) -> Worker {
        let (store, metrics) = (self.database.store(), self.metrics.clone());
        Worker::new(store, Box::new(categorizer), limits, stop, metrics)
    }

    /// Runs a worker with a distant deadline.
    pub async fn work(&self, worker: &Worker) -> Result<Ending, WorkError> {
        worker.work(&self.message, SystemTime::now() + LONG).await
    }

    pub async fn progress(&self) -> batches::Progress {
        let mut tx = self.database.store().begin(self.message.tenant).await.unwrap();
        batches::progress(&mut tx, self.message.tenant, self.message.batch).await.unwrap().unwrap()
    }

    pub async fn counts(&self) -> StatusCounts {
        self.progress().await.counts
    }

    /// Status, attempts, category and failure reason of each row, ordered by id.
    pub async fn rows(&self) -> Vec<Row> {
        sqlx::query_as(
            "select status, attempts, category, failure_reason from transactions \
             order by transaction_id",
        )
        .fetch_all(&mut self.database.connection().await)
        .await
        .unwrap()
    }
}

pub type Row = (String, i32, Option<String>, Option<String>);

pub fn row(status: &str, attempts: i32, category: Option<&str>, reason: Option<&str>) -> Row {
    (status.to_owned(), attempts, category.map(str::to_owned), reason.map(str::to_owned))
}

/// Transactions of this many cents each, described by their ids only.
pub fn sent(count: usize, cents: i64) -> Vec<Transaction> {
    let amount = format!("-{}.{:02}", cents / 100, cents % 100);
    let transaction = |index| {
        let id = format!("tx_{index:04}");
        Transaction {
            description: id.clone(),
            merchant_name: None,
            merchant_category_code: None,
            ..booking(&id, &amount)
        }
    };
    (0..count).map(transaction).collect()
}

/// A categoriser whose results come from a function of the transaction id.
#[derive(Clone)]
pub struct Scripted<F>(pub Arc<F>);

impl<F: Fn(&str) -> CategorizeResult + Send + Sync> Scripted<F> {
    pub fn new(categorize: F) -> Self {
        Self(Arc::new(categorize))
    }
}

impl<F: Fn(&str) -> CategorizeResult + Send + Sync> Categorizer for Scripted<F> {
    fn categorize<'a>(&'a self, input: Input<'a>) -> CategorizeFuture<'a> {
        Box::pin(std::future::ready((self.0)(input.description)))
    }
}

/// A categoriser whose results come from futures of the test.
pub struct Async<F>(pub F);

impl<F, W> Categorizer for Async<F>
where
    F: Fn() -> W + Send + Sync,
    W: Future<Output = CategorizeResult> + Send + 'static,
{
    fn categorize<'a>(&'a self, _input: Input<'a>) -> CategorizeFuture<'a> {
        Box::pin((self.0)())
    }
}

pub fn is(category: Category) -> CategorizeResult {
    Ok(Categorisation {
        category,
        primary_code: "PRIMARY".into(),
        detailed_code: "PRIMARY_DETAILED".into(),
        rule: "test".into(),
        confidence: Confidence::High,
    })
}

pub fn transient() -> CategorizeResult {
    Err(CategorizeError::Transient("overloaded".into()))
}

pub fn permanent(reason: &str) -> CategorizeResult {
    Err(CategorizeError::Permanent { reason: reason.to_owned() })
}
