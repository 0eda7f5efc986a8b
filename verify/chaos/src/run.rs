//! A run: start, harm, let settle, compare, stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tributary_queue::{DeadLetters, EnrichMessage, QueueError};
use tributary_store::check::{self, Options, Unsettled};
use tributary_store::{Store, StoreError};
use tributary_system::{System, SystemConfig, SystemError, Timings, sqs_client};

use crate::api::{Api, NoAnswer};
use crate::audit::{self, Stored};
use crate::client::Client;
use crate::injector::{Injected, Injector};
use crate::ledger::Ledger;
use crate::proxy::Proxy;
use crate::settle::{Settled, settle};

/// How many dead letters are looked at.
const DEAD_LETTERS_MAX: usize = 10_000;

/// What a run is made of.
#[derive(Clone, Debug)]
pub struct ChaosConfig {
    /// How many faults.
    pub faults: u32,
    /// What the choices are drawn from.
    pub seed: u64,
    /// How many clients send at once.
    pub clients: u32,
    /// The system; its database route is taken by the run's own proxy.
    pub system: SystemConfig,
}

impl ChaosConfig {
    /// A system that is thrown away, with timings in which it settles within seconds.
    #[must_use]
    pub fn new(faults: u32, seed: u64) -> Self {
        let timings = Timings {
            enrich_timeout: Duration::from_secs(6),
            stop_before_deadline: Duration::from_secs(2),
            lease: Duration::from_secs(2),
            visibility_timeout: Duration::from_secs(4),
            stalled_age: Duration::from_secs(5),
            unsent_age: Duration::from_secs(1),
        };
        let system = SystemConfig {
            simulated_latency: Some("20-80".to_owned()),
            timings,
            enrich_concurrency: 4,
            relay_interval: Some(Duration::from_secs(1)),
            ..SystemConfig::throw_away()
        };
        Self { faults, seed, clients: 4, system }
    }
}

/// Told how far a run is.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'p> {
    /// A step begins.
    Step(&'p str),
    /// So many faults were injected.
    Injected(u32),
    /// So much is left to do.
    Settling(Unsettled),
}

/// Why a run could not be made; not what it found.
#[derive(Debug, thiserror::Error)]
pub enum ChaosError {
    /// The proxy has no port.
    #[error("the proxy cannot start")]
    Proxy(#[source] std::io::Error),
    /// The system did not start, or not stop.
    #[error(transparent)]
    System(#[from] SystemError),
    /// PostgreSQL did not come back after a crash.
    #[error("PostgreSQL did not come back")]
    Postgres(#[from] tributary_postgres::Error),
    /// The database cannot be read after the faults.
    #[error("the database cannot be read")]
    Store(#[from] StoreError),
    /// The dead-letter queue cannot be read after the faults.
    #[error("the dead-letter queue cannot be read")]
    DeadLetters(#[from] QueueError),
    /// No client can be made.
    #[error("no HTTP client can be made")]
    Client(#[from] reqwest::Error),
    /// The API does not answer after the faults.
    #[error("the API does not answer any more")]
    Api(#[from] NoAnswer),
}

/// What a run did, and what it found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the choices were drawn from.
    pub seed: u64,
    /// The faults.
    pub injected: Injected,
    /// Requests that were sent, repeats included.
    pub requests: u64,
    /// Those whose outcome stayed unknown, and that were sent again: how many came to what end.
    pub unknown: BTreeMap<String, u64>,
    /// Requests that became a batch.
    pub batches: usize,
    /// Answers that repeated the first one.
    pub repeats: u64,
    /// Requests that were refused, as they should be.
    pub refused: u64,
    /// Stored transactions.
    pub transactions: usize,
    /// Kept revisions of them.
    pub revisions: usize,
    /// The most attempts that one of them took.
    pub attempts_max: i32,
    /// Messages that SQS gave up; their batches were finished by others.
    pub dead_letters: usize,
    /// How long the faults went on.
    pub storm: Duration,
    /// How the system came to rest.
    pub settled: Settled,
    /// What is wrong, a sentence each: nothing, if all is well.
    pub findings: Vec<String>,
}

/// Runs it all. What is wrong with the system is in the report; an error says why there is none.
///
/// # Errors
/// [`ChaosError`]; nothing is left running then but what ends with the program.
pub async fn run(
    config: ChaosConfig,
    progress: &(dyn Fn(Progress<'_>) + Send + Sync),
) -> Result<Report, ChaosError> {
    let proxy = Proxy::start().await.map_err(ChaosError::Proxy)?;
    let system_config =
        SystemConfig { database_route: Some(proxy.route()), ..config.system.clone() };
    let mut system =
        System::start(system_config, &|step: &str| progress(Progress::Step(step))).await?;
    let report = harm(&mut system, &proxy, &config, progress).await;
    system.stop().await?;
    report
}

async fn harm(
    system: &mut System,
    proxy: &Proxy,
    config: &ChaosConfig,
    progress: &(dyn Fn(Progress<'_>) + Send + Sync),
) -> Result<Report, ChaosError> {
    let api = Arc::new(Api::new(system.url(), system.api_key().to_owned())?);
    let ledger = Arc::new(Ledger::default());
    let client = |name: String, stream: u64| {
        // A seed of its own for each, far from that of its neighbour.
        let seed = config.seed.wrapping_add(stream.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Client::new(name, seed, Arc::clone(&api), Arc::clone(&ledger))
    };
    let stop = CancellationToken::new();
    let mut clients = JoinSet::new();
    for number in 1..=config.clients {
        clients.spawn(client(format!("c{number}"), u64::from(number)).run(stop.clone()));
    }
    let begun = Instant::now();
    let injector = Injector::new(system, proxy, &api, client("burst".to_owned(), 0), config.seed);
    let injected = injector.run(config.faults, |count| progress(Progress::Injected(count))).await;
    stop.cancel();
    let injected = injected?;
    while let Some(ended) = clients.join_next().await {
        if let Err(error) = ended {
            ledger.fault(format!("a client ended badly: {error}"));
        }
    }
    let storm = begun.elapsed();
    let store = system.store()?;
    let settled = settle(&store, &api, |left| progress(Progress::Settling(left))).await?;
    let (findings, stored, dead_letters) = examine(system, &store, &ledger, settled).await?;
    store.close().await;
    let (repeats, refused) = ledger.repeats_and_refusals();
    Ok(Report {
        seed: config.seed,
        injected,
        requests: api.tries(),
        unknown: api.unknown(),
        batches: ledger.accepted().len(),
        repeats,
        refused,
        transactions: stored.transactions.len(),
        revisions: stored.revisions.len(),
        attempts_max: stored.transactions.iter().map(|row| row.attempts).max().unwrap_or_default(),
        dead_letters,
        storm,
        settled,
        findings,
    })
}

/// Everything that is wrong: what clients saw, what is left over, what `check` and the ledger say.
async fn examine(
    system: &System,
    store: &Store,
    ledger: &Ledger,
    settled: Settled,
) -> Result<(Vec<String>, Stored, usize), ChaosError> {
    let mut findings = ledger.faults();
    if !settled.left.is_nothing() {
        findings.push(format!("it did not settle: {:?} is left", settled.left));
    }
    let mut tx = store.begin_for_all().await?;
    check::begin_snapshot(&mut tx).await?;
    let options = Options { settled: true, grace: Duration::ZERO };
    for check in check::run(&mut tx, options).await? {
        findings.extend(
            check
                .findings
                .iter()
                .map(|found| format!("check {}: {}: {}", check.name, found.subject, found.detail)),
        );
    }
    drop(tx);
    let stored = Stored::read(store).await?;
    findings.extend(audit::compare(&ledger.accepted(), &stored));

    let queue = system.queues().dead_letter_queue.clone();
    let letters = DeadLetters::new(sqs_client(system.sqs_endpoint_url()).await, queue);
    let letters = letters.list(DEAD_LETTERS_MAX).await?;
    for letter in &letters {
        let batch = EnrichMessage::parse(&letter.body).map(|message| message.batch.0);
        // All stored batches are finished, or the system did not settle.
        if !batch.is_ok_and(|id| stored.batches.iter().any(|stored| stored.batch_id == id)) {
            findings.push(format!("dead letter {}: of no batch", letter.message_id));
        }
    }
    Ok((findings, stored, letters.len()))
}
