//! A client with an exact ledger of its own: six tasks send random batches, in Tributary's format
//! and in Plaid's, and every count, summary and list of the API must be what the ledger says.
//!
//! `EXACT_LEDGER_SEED` sets the seed, which is printed, and `EXACT_LEDGER_PHASES` the number of
//! phases. After each phase, when all work is done, everything is compared.
//!
//! Each task sends ids of its own, so that its counts are decided whatever the others do. Accounts
//! are shared by two tasks; races for the same ids are those of `race`.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod account;
mod answers;
mod body;
mod compare;
mod content;
mod flows;
mod generator;
mod ledger;
mod money;
mod race;
mod sender;

use std::str::FromStr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tributary_store::check::{self, Options};
use tributary_system::{System, SystemConfig};

use generator::Generator;
use sender::Sender;
use support::{Api, api_of, start};

/// The tasks that send batches at the same time.
const TASKS: u64 = 6;
/// How many requests each task sends in a phase.
const REQUESTS: usize = 20;
/// How many requests of each shared account race in a phase.
const RACES: usize = 5;
const PHASES_DEFAULT: usize = 3;

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} must be a number: {value:?}")))
}

/// A task with its ledger. Two tasks share an account.
struct Task {
    random: StdRng,
    generator: Generator,
    sender: Sender,
}

impl Task {
    fn new(api: &Api, name: &str, accounts: Vec<String>, seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            generator: Generator::new(name, accounts),
            sender: Sender::new(api.clone()),
        }
    }

    async fn send_all(mut self) -> Self {
        for _ in 0..REQUESTS {
            match self.random.random_range(0..20) {
                0..14 => {
                    let batch = self.generator.batch(&mut self.random, &self.sender.ledger);
                    let body = body::Body::of(&mut self.random, &batch);
                    self.sender.send(&batch, body).await;
                }
                14 => self.sender.resend(&mut self.random).await,
                15..18 => {
                    let id = self.generator.any_id(&mut self.random, &self.sender.ledger);
                    self.sender.delete(&self.generator.accounts, &id).await;
                }
                18 => {
                    let batch = self.generator.rejected(&mut self.random, &self.sender.ledger);
                    if let Some(batch) = batch {
                        let body = body::Body::of(&mut self.random, &batch);
                        self.sender.send(&batch, body).await;
                    }
                }
                _ => self.sender.read(&mut self.random, &self.generator.accounts).await,
            }
        }
        self
    }
}

/// Runs tasks at the same time, and returns them.
async fn in_parallel<F>(tasks: Vec<Task>, run: impl Fn(Task) -> F) -> Vec<Task>
where
    F: Future<Output = Task> + Send + 'static,
{
    let mut running = JoinSet::new();
    for task in tasks {
        running.spawn(run(task));
    }
    running.join_all().await
}

async fn assert_check_finds_nothing(system: &System) {
    let store = system.store().unwrap();
    let mut tx = store.begin_for_all().await.unwrap();
    check::begin_snapshot(&mut tx).await.unwrap();
    let options = Options { settled: true, grace: Duration::ZERO };
    for check in check::run(&mut tx, options).await.unwrap() {
        assert!(check.findings.is_empty(), "{}: {:?}", check.name, check.findings);
    }
    drop(tx);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_equals_the_exact_ledger_of_the_client() {
    let seed: u64 =
        variable("EXACT_LEDGER_SEED").unwrap_or_else(|| rand::rng().random::<u32>().into());
    let phases = variable("EXACT_LEDGER_PHASES").unwrap_or(PHASES_DEFAULT);
    eprintln!("EXACT_LEDGER_SEED={seed} EXACT_LEDGER_PHASES={phases}");
    let system = start(SystemConfig::throw_away()).await;
    let api = api_of(&system);
    let seed_of = |stream: u64| seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let shared = |task: u64| format!("acc shared {}", task / 2);
    let mut tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let own = ["a", "b"].map(|name| format!("acc/{task}{name}"));
            let accounts = own.into_iter().chain([shared(task)]).collect();
            Task::new(&api, &format!("t{task}"), accounts, seed_of(task + 1))
        })
        .collect();
    let mut races: Vec<_> = (0..TASKS)
        .step_by(2)
        .map(|task| {
            Task::new(&api, &format!("r{task}"), vec![shared(task)], seed_of(TASKS + task + 1))
        })
        .collect();
    for phase in 0..phases {
        let started = Instant::now();
        let sent = tokio::join!(
            in_parallel(tasks, Task::send_all),
            in_parallel(races, |task| race::run(task, RACES)),
        );
        (tasks, races) = sent;
        let senders: Vec<_> = tasks.iter_mut().chain(&mut races).map(|it| &mut it.sender).collect();
        let sent_after = started.elapsed();
        let compared = compare::everything(&api, senders, seed_of(u64::MAX)).await;
        let compared_after = started.elapsed();
        eprintln!("phase {phase}: {compared}; {sent_after:.1?}, {compared_after:.1?}");
    }
    assert_check_finds_nothing(&system).await;
    system.stop().await.unwrap();
}
