//! Makes the planned faults happen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tributary_sqs::Faults;
use tributary_stack::lambda::Pick;
use tributary_system::System;

use crate::ChaosError;
use crate::api::Api;
use crate::client::Client;
use crate::plan::{Fault, Plan};
use crate::proxy::Proxy;

/// How many planned faults may find nothing to harm, for each that does.
const MISSES_MAX: u32 = 5;
/// How long a fault waits for a request to be answered.
const STANDSTILL_MAX: Duration = Duration::from_millis(300);
/// How many of the messages that are delivered are delivered twice.
const DUPLICATES: f64 = 0.5;

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Injected {
    /// How many faults of each kind.
    pub by_kind: BTreeMap<&'static str, u32>,
    /// Planned faults that found nothing to harm: no process was there to be killed.
    pub missed: u32,
}

impl Injected {
    /// How many faults.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.by_kind.values().sum()
    }
}

/// Harms a system.
pub struct Injector<'s> {
    system: &'s mut System,
    proxy: &'s Proxy,
    api: &'s Api,
    /// Who sends equal requests; it has nothing else to do.
    burster: Option<Client>,
    /// What is under way: windows that end, requests that are answered.
    running: JoinSet<Option<Client>>,
    seed: u64,
}

impl<'s> Injector<'s> {
    /// Harms a system whose functions reach their database by way of the proxy.
    pub fn new(
        system: &'s mut System,
        proxy: &'s Proxy,
        api: &'s Api,
        burster: Client,
        seed: u64,
    ) -> Self {
        Self { system, proxy, api, burster: Some(burster), running: JoinSet::new(), seed }
    }

    /// Injects so many faults, and then ends all that go on.
    ///
    /// # Errors
    /// If PostgreSQL does not come back.
    pub async fn run(
        mut self,
        faults: u32,
        progress: impl Fn(u32),
    ) -> Result<Injected, ChaosError> {
        let mut injected = Injected::default();
        for (pause, fault) in Plan::new(self.seed) {
            if injected.total() >= faults || injected.missed > faults.saturating_mul(MISSES_MAX) {
                break;
            }
            // Where nothing gets through, nothing is under way that another fault could harm.
            let _ = timeout(STANDSTILL_MAX, self.api.next_answer()).await;
            sleep(pause).await;
            if self.inject(fault).await? {
                *injected.by_kind.entry(fault.kind()).or_default() += 1;
                progress(injected.total());
            } else {
                injected.missed += 1;
            }
        }
        // Windows end by themselves, after a second or two; the requests have to be answered.
        while self.running.join_next().await.is_some() {}
        if let Some(sqs) = self.system.sqs() {
            sqs.faults().clear();
        }
        Ok(injected)
    }

    /// Answers whether there was something to harm.
    async fn inject(&mut self, fault: Fault) -> Result<bool, ChaosError> {
        match fault {
            Fault::Kill(victim) => {
                let lambda = self.system.stack().lambda();
                return Ok(lambda.kill(victim.function(), Pick::Any).await.is_some());
            }
            Fault::RestartPostgres => {
                let Some(postgres) = self.system.postgres_mut() else { return Ok(false) };
                postgres.restart_immediately().await?;
            }
            Fault::CutConnections => self.proxy.cut(),
            Fault::RefuseSqs(window) => {
                return Ok(self.disturb(
                    window,
                    |sqs| sqs.reject_all_requests(true),
                    |sqs| sqs.reject_all_requests(false),
                ));
            }
            Fault::DelaySqs { by, window } => {
                return Ok(self.disturb(
                    window,
                    move |sqs| sqs.delay_responses(by),
                    |sqs| sqs.delay_responses(Duration::ZERO),
                ));
            }
            Fault::DuplicateMessages(window) => {
                let seed = self.seed;
                return Ok(self.disturb(
                    window,
                    move |sqs| sqs.duplicate_deliveries(DUPLICATES, seed),
                    |sqs| sqs.duplicate_deliveries(0.0, 0),
                ));
            }
            Fault::ReorderMessages => {
                let seed = self.seed;
                return Ok(self.disturb(Duration::ZERO, move |sqs| sqs.reorder(seed), |_| {}));
            }
            Fault::EqualRequests(count) => return Ok(self.send_at_once(count).await),
        }
        Ok(true)
    }

    /// Switches a fault of SQS on, and later off. Of two windows of a kind the first to end ends both.
    fn disturb(
        &mut self,
        window: Duration,
        on: impl FnOnce(&Faults),
        off: impl FnOnce(&Faults) + Send + 'static,
    ) -> bool {
        let Some(sqs) = self.system.sqs() else { return false };
        let faults = Arc::clone(sqs.faults());
        on(&faults);
        self.running.spawn(async move {
            sleep(window).await;
            off(&faults);
            None
        });
        true
    }

    /// Has equal requests sent, unless the last ones are not answered yet.
    async fn send_at_once(&mut self, count: usize) -> bool {
        while let Some(ended) = self.running.try_join_next() {
            if let Ok(Some(client)) = ended {
                self.burster = Some(client);
            }
        }
        let Some(mut client) = self.burster.take() else { return false };
        self.running.spawn(async move {
            client.send_at_once(count).await;
            Some(client)
        });
        true
    }
}
