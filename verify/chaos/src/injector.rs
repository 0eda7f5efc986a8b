//! Injects the planned faults.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tributary_sqs::Faults;
use tributary_stack::lambda::Pick;
use tributary_system::System;

use crate::api::Api;
use crate::error::ChaosError;
use crate::plan::{Fault, Plan, Victim};
use crate::proxy::Proxy;
use crate::simulated_client::SimulatedClient;

/// How many planned faults may have no effect, for each that has one.
const INEFFECTIVE_PER_FAULT_MAX: u32 = 5;
/// How long a fault waits for a final response.
const RESPONSE_WAIT_MAX: Duration = Duration::from_millis(300);
/// Locks the rows for which ingest waits: the clients' shared accounts and their transactions.
const LOCK_SHARED: [&str; 2] = [
    "select from accounts where account_id like 'acc\\_shared%' order by account_id for update",
    "select from transactions where account_id like 'acc\\_shared%' order by transaction_id for update",
];
/// The share of messages that are delivered twice.
const DUPLICATE_RATIO: f64 = 0.5;

/// The injected faults.
#[derive(Clone, Debug, Default)]
pub struct Injected {
    /// The number of faults by name.
    pub by_name: BTreeMap<String, u32>,
    /// The number of planned faults without effect, such as no running process to kill.
    pub ineffective: u32,
}

impl Injected {
    /// The number of faults with an effect.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.by_name.values().sum()
    }
}

/// Injects faults into a system.
pub struct Injector<'s> {
    system: &'s mut System,
    proxy: &'s Proxy,
    api: &'s Api,
    /// Sends the requests that are faults. `None` while it does.
    burst_client: Option<SimulatedClient>,
    /// Faults that last for a while, and the requests of the burst client.
    running: JoinSet<Option<SimulatedClient>>,
    seed: u64,
}

impl<'s> Injector<'s> {
    /// An injector for a system whose functions connect to their database through the proxy.
    pub fn new(
        system: &'s mut System,
        proxy: &'s Proxy,
        api: &'s Api,
        burst_client: SimulatedClient,
        seed: u64,
    ) -> Self {
        Self { system, proxy, api, burst_client: Some(burst_client), running: JoinSet::new(), seed }
    }

    /// Injects this many faults, and then ends those that still last.
    ///
    /// # Errors
    /// If PostgreSQL does not restart.
    pub async fn run(
        mut self,
        faults: u32,
        progress: impl Fn(u32),
    ) -> Result<Injected, ChaosError> {
        let mut injected = Injected::default();
        for (pause, fault) in Plan::new(self.seed) {
            if injected.total() >= faults
                || injected.ineffective > faults.saturating_mul(INEFFECTIVE_PER_FAULT_MAX)
            {
                break;
            }
            // While no request succeeds, no work is in progress that another fault could interrupt.
            let _ = timeout(RESPONSE_WAIT_MAX, self.api.next_response()).await;
            sleep(pause).await;
            if self.inject(fault).await? {
                *injected.by_name.entry(fault.name()).or_default() += 1;
                progress(injected.total());
            } else {
                injected.ineffective += 1;
            }
        }
        // Faults end after a second or two; requests end with their final response.
        while self.running.join_next().await.is_some() {}
        if let Some(sqs) = self.system.sqs() {
            sqs.faults().clear();
        }
        Ok(injected)
    }

    /// Returns whether the fault had an effect.
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
            Fault::CloseConnections => self.proxy.close_connections(),
            Fault::RejectSqs(window) => {
                return Ok(self.inject_sqs_fault(
                    window,
                    |sqs| sqs.reject_all_requests(true),
                    |sqs| sqs.reject_all_requests(false),
                ));
            }
            Fault::DelaySqs { by, window } => {
                return Ok(self.inject_sqs_fault(
                    window,
                    move |sqs| sqs.delay_responses(by),
                    |sqs| sqs.delay_responses(Duration::ZERO),
                ));
            }
            Fault::DuplicateMessages(window) => {
                let seed = self.seed;
                return Ok(self.inject_sqs_fault(
                    window,
                    move |sqs| sqs.duplicate_deliveries(DUPLICATE_RATIO, seed),
                    |sqs| sqs.duplicate_deliveries(0.0, 0),
                ));
            }
            Fault::ReorderMessages => {
                let seed = self.seed;
                return Ok(self.inject_sqs_fault(
                    Duration::ZERO,
                    move |sqs| sqs.reorder(seed),
                    |_| {},
                ));
            }
            Fault::EqualRequests(count) => {
                return Ok(self.with_burst_client(move |it| it.send_burst(count).boxed()));
            }
            Fault::DeadlyTransaction => {
                return Ok(self.with_burst_client(|it| it.send_deadly().boxed()));
            }
            Fault::Pause(victim, window) => return Ok(self.pause(victim, window)),
            Fault::KillWaiting(window) => return self.kill_waiting(window).await,
            Fault::ReadOnly(window) => self.make_read_only(window).await?,
        }
        Ok(true)
    }

    /// Starts a fault of SQS, and ends it after the window. If two windows of the same fault
    /// overlap, the first to end ends both.
    fn inject_sqs_fault(
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

    /// Stops a process, and lets it continue after the window.
    fn pause(&mut self, victim: Victim, window: Duration) -> bool {
        let environments = self.system.stack().lambda().environments();
        let mut running = environments.into_iter().filter(|it| it.function == victim.function());
        let Some(environment) = running.next() else { return false };
        let Some(pid) = i32::try_from(environment.pid).ok().and_then(Pid::from_raw) else {
            return false;
        };
        if kill_process(pid, Signal::STOP).is_err() {
            return false;
        }
        self.running.spawn(async move {
            sleep(window).await;
            // The stack may have killed it at its timeout.
            let _ = kill_process(pid, Signal::CONT);
            None
        });
        true
    }

    /// Locks the shared rows for the window, and kills a process of ingest in its middle. The server
    /// process that waits for a lock does not notice that its client is dead. Returns whether a
    /// process was killed.
    async fn kill_waiting(&mut self, window: Duration) -> Result<bool, ChaosError> {
        let mut connection =
            PgConnection::connect(self.system.database_url()).await.map_err(ChaosError::Lock)?;
        // PostgreSQL may be read-only by default at this moment.
        let mut tx = connection.begin_with("begin read write").await.map_err(ChaosError::Lock)?;
        for statement in LOCK_SHARED {
            if timeout(window, tx.execute(statement)).await.is_err() {
                // Others hold the rows. Closing the connection ends the transaction.
                return Ok(false);
            }
        }
        sleep(window / 2).await;
        let ingest = Victim::Ingest.function();
        let is_killed = self.system.stack().lambda().kill(ingest, Pick::Busy).await.is_some();
        sleep(window / 2).await;
        tx.rollback().await.map_err(ChaosError::Lock)?;
        Ok(is_killed)
    }

    /// Makes every database transaction read-only that begins within the window.
    async fn make_read_only(&mut self, window: Duration) -> Result<(), ChaosError> {
        let url = self.system.database_url().to_owned();
        let set = async move |value: &str| -> Result<(), sqlx::Error> {
            let mut connection = PgConnection::connect(&url).await?;
            let statement = format!("alter system set default_transaction_read_only = {value}");
            // Safe: the value is one of two words below.
            connection.execute(AssertSqlSafe(statement)).await?;
            connection.execute("select pg_reload_conf()").await?;
            connection.close().await
        };
        set("on").await.map_err(ChaosError::Setting)?;
        self.running.spawn(async move {
            sleep(window).await;
            // PostgreSQL may restart at this moment.
            while set("off").await.is_err() {
                sleep(RESPONSE_WAIT_MAX).await;
            }
            None
        });
        Ok(())
    }

    /// Lets the burst client send requests, unless its previous ones still run.
    fn with_burst_client(
        &mut self,
        send: impl FnOnce(&mut SimulatedClient) -> BoxFuture<'_, ()> + Send + 'static,
    ) -> bool {
        while let Some(ended) = self.running.try_join_next() {
            if let Ok(Some(client)) = ended {
                self.burst_client = Some(client);
            }
        }
        let Some(mut client) = self.burst_client.take() else { return false };
        self.running.spawn(async move {
            send(&mut client).await;
            Some(client)
        });
        true
    }
}
