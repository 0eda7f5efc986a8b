//! The Lambda service: runs function binaries as processes and invokes them.
//!
//! As on AWS Lambda, an execution environment handles one invocation at a time, idle environments
//! are reused, cold starts are limited by the reserved concurrency, further invocations are
//! throttled, timeouts are enforced, and a crash affects only its own environment. Memory limits
//! and asynchronous invocations are not supported.

mod environment;
mod function;
mod process;
mod trace;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures::future::join_all;
use http::HeaderValue;
use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::account::ACCOUNT_ID;
use crate::guard::Guard;
use crate::logs::{LogLine, LogSink};
use crate::runtime_api::RuntimeApi;

pub use crate::invocation::{
    FunctionError, FunctionStatistics, Invocation, InvokeError, PAYLOAD_BYTES_MAX,
};
pub use function::{FunctionConfig, RESERVED_CONCURRENCY_DEFAULT};

use environment::{Attempt, Environment, Event};
use function::{Claim, Function};

pub(crate) use trace::new_trace;

/// The default of [`LambdaConfig::idle_timeout`].
pub const IDLE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);

/// The configuration of the service.
#[derive(Clone, Debug)]
pub struct LambdaConfig {
    /// The registered functions.
    pub functions: Vec<FunctionConfig>,
    /// The AWS region in ARNs and `AWS_REGION`.
    pub region: String,
    /// How long an environment is idle before it is stopped.
    pub idle_timeout: Duration,
    /// The directory of the log files `<function>.log`; `None` writes no files.
    pub log_directory: Option<PathBuf>,
}

/// An environment, as [`Lambda::environments`] lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentStatus {
    /// The function's name.
    pub function: String,
    /// The process id.
    pub pid: u32,
    /// Whether it handles an invocation.
    pub busy: bool,
}

/// The environment that [`Lambda::kill`] kills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// One that handles an invocation.
    Busy,
    /// One without an invocation.
    Idle,
    /// Any one, preferably a busy one.
    Any,
    /// The one with this process id.
    Pid(u32),
}

/// The service. Clones share it.
#[derive(Clone)]
pub struct Lambda {
    service: Arc<Service>,
}

struct Service {
    functions: BTreeMap<String, Arc<Function>>,
    region: String,
    api: Arc<RuntimeApi>,
    guard: Arc<Guard>,
    logs: LogSink,
    stopping: CancellationToken,
    /// Supervises the processes, which outlive the runtime of a caller.
    runtime: Handle,
}

impl Lambda {
    /// Starts the service. Function processes start with their first invocation.
    ///
    /// # Errors
    /// If no port can be opened, or the shell or log directory is unavailable.
    pub async fn start(config: LambdaConfig) -> io::Result<Self> {
        let functions = config
            .functions
            .into_iter()
            .map(|config| (config.name.clone(), Arc::new(Function::new(config))))
            .collect();
        let service = Arc::new(Service {
            functions,
            region: config.region,
            api: Arc::new(RuntimeApi::start().await?),
            guard: Arc::new(Guard::start()?),
            logs: LogSink::new(config.log_directory)?,
            stopping: CancellationToken::new(),
            runtime: Handle::current(),
        });
        tokio::spawn(stop_idle(Arc::clone(&service), config.idle_timeout));
        Ok(Self { service })
    }

    /// Invokes a function and waits for its result (`RequestResponse`).
    ///
    /// `trace` is an X-Ray trace header; a missing or invalid one is replaced. As on Lambda, the
    /// function continues if the future is dropped.
    ///
    /// # Errors
    /// [`InvokeError`]; only `InvokeError::Function` comes from the function's own code.
    pub async fn invoke(
        &self,
        function: &str,
        payload: impl Into<Bytes>,
        trace: Option<&str>,
    ) -> Result<Invocation, InvokeError> {
        let payload = payload.into();
        let found = self.service.functions.get(function);
        let function =
            found.ok_or_else(|| InvokeError::UnknownFunction(function.to_owned()))?.clone();
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(InvokeError::PayloadTooLarge(payload.len()));
        }
        let event = Event {
            request_id: Uuid::now_v7().to_string(),
            payload,
            trace: trace
                .filter(|trace| HeaderValue::from_str(trace).is_ok())
                .map_or_else(new_trace, str::to_owned),
            function_arn: self.service.arn(&function.config.name),
            timeout: function.config.timeout,
        };
        let service = Arc::clone(&self.service);
        let invocation = self.service.runtime.spawn(async move {
            let result = service.run(&function, event).await;
            function.count(&result);
            result
        });
        invocation.await.unwrap_or(Err(InvokeError::Stopping))
    }

    /// The names of the registered functions.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.service.functions.keys().map(String::as_str)
    }

    /// Every environment, ordered by function.
    #[must_use]
    pub fn environments(&self) -> Vec<EnvironmentStatus> {
        let functions = self.service.functions.values();
        functions.flat_map(|function| statuses(function)).collect()
    }

    /// Kills one environment of a function with SIGKILL and returns its process id when it has
    /// ended; `None` if no environment matches `pick`.
    pub async fn kill(&self, function: &str, pick: Pick) -> Option<u32> {
        let function = self.service.functions.get(function)?;
        let mut environments = function.environments();
        environments.sort_by_key(|(_, busy)| !busy);
        let (environment, _) = environments.into_iter().find(|(environment, busy)| match pick {
            Pick::Busy => *busy,
            Pick::Idle => !busy,
            Pick::Any => true,
            Pick::Pid(pid) => environment.pid() == pid,
        })?;
        function.withdraw(environment.id());
        environment.kill().await;
        Some(environment.pid())
    }

    /// The statistics of a function; zeros for an unknown one.
    #[must_use]
    pub fn statistics(&self, function: &str) -> FunctionStatistics {
        let function = self.service.functions.get(function);
        function.map(|function| function.statistics()).unwrap_or_default()
    }

    /// Every log line of the functions from now on.
    #[must_use]
    pub fn log_lines(&self) -> broadcast::Receiver<LogLine> {
        self.service.logs.subscribe()
    }

    /// Stops every environment (SIGTERM, after two seconds SIGKILL) and rejects further
    /// invocations. Returns when every process has ended.
    pub async fn stop(&self) {
        let service = &self.service;
        service.stopping.cancel();
        // An invocation that was accepted just before may still start a process.
        loop {
            let environments: Vec<_> =
                service.functions.values().flat_map(|function| function.environments()).collect();
            if environments.is_empty()
                && !service.functions.values().any(|function| function.is_starting())
            {
                break;
            }
            join_all(environments.iter().map(|(environment, _)| environment.terminate())).await;
            tokio::task::yield_now().await;
        }
        let guard = Arc::clone(&service.guard);
        if let Err(error) = tokio::task::spawn_blocking(move || guard.stop()).await {
            tracing::warn!(%error, "the process guard did not stop");
        }
        service.api.stop();
    }
}

impl Service {
    async fn run(&self, function: &Arc<Function>, event: Event) -> Result<Invocation, InvokeError> {
        loop {
            if self.stopping.is_cancelled() {
                return Err(InvokeError::Stopping);
            }
            let (environment, cold_start) = match function.claim()? {
                Claim::Warm(environment) => (environment, false),
                Claim::Cold => (self.start_environment(function)?, true),
            };
            let request_id = event.request_id.clone();
            let attempt = environment.invoke(event.clone()).await;
            let result = match attempt {
                Attempt::Completed(payload, duration) => {
                    Ok(Invocation { request_id, payload, cold_start, duration })
                }
                Attempt::Failed(error) => Err(error),
                // Its process has ended: the next attempt uses another environment.
                Attempt::NotDelivered => continue,
            };
            function.release(environment);
            return result;
        }
    }

    fn start_environment(&self, function: &Arc<Function>) -> Result<Arc<Environment>, InvokeError> {
        let id = Uuid::now_v7().simple().to_string();
        let mailbox = self.api.open(&id);
        let command = process::command(&function.config, &self.api.endpoint(&id), &self.region);
        let on_exit = {
            let (id, function, api) = (id.clone(), Arc::clone(function), Arc::clone(&self.api));
            move || {
                api.close(&id);
                function.remove(&id);
            }
        };
        match Environment::start(id.clone(), command, mailbox, &self.guard, on_exit) {
            Ok((environment, output)) => {
                let environment = Arc::new(environment);
                self.logs.follow(&function.config.name, output.stdout);
                self.logs.follow(&function.config.name, output.stderr);
                function.admit(&environment);
                Ok(environment)
            }
            Err(error) => {
                self.api.close(&id);
                function.cancel_start();
                let message = format!("{}: {error}", function.config.binary.display());
                Err(InvokeError::Init(FunctionError::new("Runtime.InvalidEntrypoint", message)))
            }
        }
    }

    fn arn(&self, function: &str) -> String {
        format!("arn:aws:lambda:{}:{ACCOUNT_ID}:function:{function}", self.region)
    }
}

/// Stops environments that have been idle for `idle_timeout`.
async fn stop_idle(service: Arc<Service>, idle_timeout: Duration) {
    let mut ticks = interval((idle_timeout / 4).max(Duration::from_millis(10)));
    while service.stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        let functions = service.functions.values();
        let idle: Vec<_> =
            functions.flat_map(|function| function.take_idle(idle_timeout)).collect();
        join_all(idle.iter().map(|environment| environment.terminate())).await;
    }
}

fn statuses(function: &Function) -> Vec<EnvironmentStatus> {
    let name = &function.config.name;
    let environments = function.environments().into_iter();
    environments
        .map(|(environment, busy)| EnvironmentStatus {
            function: name.clone(),
            pid: environment.pid(),
            busy,
        })
        .collect()
}
