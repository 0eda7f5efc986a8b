//! A run: start the system, inject faults, drain, compare, stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tributary_queue::{DeadLetters, EnrichMessage};
use tributary_store::Store;
use tributary_store::check::{self, Options, Unsettled};
use tributary_system::{System, SystemConfig, Timings, sqs_client};

use crate::api::Api;
use crate::audit::{self, Stored};
use crate::drain::{Drained, drain};
use crate::error::ChaosError;
use crate::injector::{Injected, Injector};
use crate::ledger::Ledger;
use crate::proxy::Proxy;
use crate::request::DEADLY;
use crate::simulated_client::SimulatedClient;
use crate::summaries;

/// How many dead letters are read.
const DEAD_LETTERS_MAX: usize = 10_000;

/// The timeout of ingest: shorter than the longest time for which it is stopped.
const INGEST_TIMEOUT: Duration = Duration::from_secs(6);

/// The configuration of a run.
#[derive(Clone, Debug)]
pub struct ChaosConfig {
    /// The number of faults.
    pub faults: u32,
    /// The seed of all random choices.
    pub seed: u64,
    /// The number of concurrent clients.
    pub clients: u32,
    /// The system. The run replaces its database route with its own proxy.
    pub system: SystemConfig,
}

impl ChaosConfig {
    /// A temporary system, with timings that let it finish its work within seconds.
    #[must_use]
    pub fn new(faults: u32, seed: u64) -> Self {
        let timings = Timings {
            enrich_timeout: Duration::from_secs(6),
            stop_before_deadline: Duration::from_secs(2),
            lease: Duration::from_secs(2),
            visibility_timeout: Duration::from_secs(4),
            requeue_after: Duration::from_secs(5),
            announce_after: Duration::from_secs(1),
        };
        let system = SystemConfig {
            simulated_latency: Some("20-80".to_owned()),
            timings,
            enrich_concurrency: 4,
            relay_interval: Some(Duration::from_secs(1)),
            adjust_stack: |stack| {
                stack.environment.insert("SIMULATED_CRASH_TEXT".to_owned(), DEADLY.to_owned());
                stack.timeouts.insert("ingest".to_owned(), INGEST_TIMEOUT);
            },
            ..SystemConfig::throw_away()
        };
        Self { faults, seed, clients: 4, system }
    }
}

/// The progress of a run.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'p> {
    /// A step has started.
    Step(&'p str),
    /// The number of faults injected so far.
    Injected(u32),
    /// The work that remains after the faults.
    Draining(Unsettled),
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed of all random choices.
    pub seed: u64,
    /// The injected faults.
    pub injected: Injected,
    /// The number of requests sent, repeats included.
    pub requests: u64,
    /// The number of requests repeated because the response was not final, by reason.
    pub unknown: BTreeMap<String, u64>,
    /// The number of accepted requests.
    pub batches: usize,
    /// The number of responses that repeated an earlier one.
    pub repeats: u64,
    /// The number of requests rejected as expected.
    pub rejected: u64,
    /// The number of stored transactions.
    pub transactions: usize,
    /// How many of them are removed.
    pub removed: usize,
    /// The number of stored revisions.
    pub revisions: usize,
    /// The highest number of attempts of a transaction.
    pub attempts_max: i32,
    /// The number of messages in the dead-letter queue. Other messages finished their batches.
    pub dead_letters: usize,
    /// How long faults were injected.
    pub fault_duration: Duration,
    /// How the system processed the remaining work.
    pub drained: Drained,
    /// The defects found, a sentence each.
    pub findings: Vec<String>,
}

/// Runs the system under faults, and reports the defects found.
///
/// # Errors
/// [`ChaosError`]. Processes that are still running then end with the program.
pub async fn run(
    config: ChaosConfig,
    progress: &(dyn Fn(Progress<'_>) + Send + Sync),
) -> Result<Report, ChaosError> {
    let proxy = Proxy::start().await.map_err(ChaosError::Proxy)?;
    let system_config =
        SystemConfig { database_route: Some(proxy.route()), ..config.system.clone() };
    let mut system =
        System::start(system_config, &|step: &str| progress(Progress::Step(step))).await?;
    let report = run_clients_and_faults(&mut system, &proxy, &config, progress).await;
    system.stop().await?;
    report
}

async fn run_clients_and_faults(
    system: &mut System,
    proxy: &Proxy,
    config: &ChaosConfig,
    progress: &(dyn Fn(Progress<'_>) + Send + Sync),
) -> Result<Report, ChaosError> {
    let api = Arc::new(Api::new(&system.url(), system.api_key())?);
    let ledger = Arc::new(Ledger::default());
    let client = |name: String, stream: u64| {
        // Each client has its own seed, far from those of the others.
        let seed = config.seed.wrapping_add(stream.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        SimulatedClient::new(name, seed, Arc::clone(&api), Arc::clone(&ledger))
    };
    let stop = CancellationToken::new();
    let mut clients = JoinSet::new();
    for number in 1..=config.clients {
        clients.spawn(client(format!("c{number}"), u64::from(number)).run(stop.clone()));
    }
    let started = Instant::now();
    let injector = Injector::new(system, proxy, &api, client("burst".to_owned(), 0), config.seed);
    let injected = injector.run(config.faults, |count| progress(Progress::Injected(count))).await;
    stop.cancel();
    let injected = injected?;
    while let Some(ended) = clients.join_next().await {
        if let Err(error) = ended {
            ledger.add_finding(format!("a client panicked: {error}"));
        }
    }
    let fault_duration = started.elapsed();
    let store = system.store()?;
    let drained = drain(&store, &api, |remaining| progress(Progress::Draining(remaining))).await?;
    let (findings, stored, dead_letters) =
        find_defects(system, &store, (&api, &ledger), drained).await?;
    store.close().await;
    let (repeats, rejected) = ledger.repeats_and_rejections();
    Ok(Report {
        seed: config.seed,
        injected,
        requests: api.attempts(),
        unknown: api.unknown(),
        batches: ledger.accepted().len(),
        repeats,
        rejected,
        transactions: stored.transactions.len(),
        removed: stored.transactions.iter().filter(|row| row.removed_at.is_some()).count(),
        revisions: stored.revisions.len(),
        attempts_max: stored.transactions.iter().map(|row| row.attempts).max().unwrap_or_default(),
        dead_letters,
        fault_duration,
        drained,
        findings,
    })
}

/// Collects the defects: unexpected responses, remaining work, findings of `check`, and differences
/// between the ledger, the database and the summaries.
async fn find_defects(
    system: &System,
    store: &Store,
    (api, ledger): (&Api, &Ledger),
    drained: Drained,
) -> Result<(Vec<String>, Stored, usize), ChaosError> {
    let mut findings = ledger.findings();
    if !drained.remaining.is_empty() {
        findings.push(format!("work remains at the time limit: {:?}", drained.remaining));
    }
    let mut tx = store.begin_for_all().await?;
    check::begin_snapshot(&mut tx).await?;
    let options = Options { settled: true, grace: Duration::ZERO };
    for check in check::run(&mut tx, options).await? {
        findings.extend(
            check
                .findings
                .iter()
                .map(|it| format!("check {}: {}: {}", check.name, it.subject, it.detail)),
        );
    }
    drop(tx);
    let stored = Stored::read(store).await?;
    findings.extend(audit::compare(&ledger.accepted(), &ledger.deletions(), &stored));
    findings.extend(summaries::compare(api, &stored).await?);

    let queue = system.queues().dead_letter_queue.clone();
    let letters = DeadLetters::new(sqs_client(system.sqs_endpoint_url()).await, queue);
    let letters = letters.list(DEAD_LETTERS_MAX).await?;
    for letter in &letters {
        let batch = EnrichMessage::parse(&letter.body).map(|message| message.batch.0);
        // Every stored batch is finished unless work remains, which is a finding of its own.
        if !batch.is_ok_and(|id| stored.batches.iter().any(|stored| stored.batch_id == id)) {
            findings.push(format!("dead letter {}: unknown batch", letter.message_id));
        }
    }
    Ok((findings, stored, letters.len()))
}
