//! A registered function: its configuration and its execution environments.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::environment::Environment;
use crate::invocation::{FunctionStatistics, Invocation, InvokeError};

/// The default reserved concurrency of a function.
pub const RESERVED_CONCURRENCY_DEFAULT: usize = 10;

/// The configuration of a function.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// The name.
    pub name: String,
    /// The executable.
    pub binary: PathBuf,
    /// The timeout of an invocation.
    pub timeout: Duration,
    /// The memory size in MB that the function is configured with. It is not enforced.
    pub memory_mb: u32,
    /// Reserved concurrency: the maximum number of environments.
    pub max_concurrency: usize,
    /// Environment variables, in addition to those of every Lambda function.
    pub environment: BTreeMap<String, String>,
}

impl FunctionConfig {
    /// A function with 512 MB, [`RESERVED_CONCURRENCY_DEFAULT`] and no environment variables.
    #[must_use]
    pub fn new(name: impl Into<String>, binary: impl Into<PathBuf>, timeout: Duration) -> Self {
        Self {
            name: name.into(),
            binary: binary.into(),
            timeout,
            memory_mb: 512,
            max_concurrency: RESERVED_CONCURRENCY_DEFAULT,
            environment: BTreeMap::new(),
        }
    }
}

/// A function and its environments.
pub(crate) struct Function {
    pub(crate) config: FunctionConfig,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    /// Every environment with a running process, by its id.
    live: BTreeMap<String, Arc<Environment>>,
    /// Idle environments, longest idle first. The last is used next; the first is stopped first.
    idle: Vec<Idle>,
    /// The number of environments that are being started.
    starting: usize,
    statistics: FunctionStatistics,
}

struct Idle {
    environment: Arc<Environment>,
    since: Instant,
}

/// The environment for an invocation.
pub(crate) enum Claim {
    /// An idle environment.
    Warm(Arc<Environment>),
    /// The caller must start one and then call [`Function::admit`] or [`Function::cancel_start`].
    Cold,
}

impl Function {
    pub(crate) fn new(config: FunctionConfig) -> Self {
        Self { config, pool: Mutex::default() }
    }

    /// Claims an idle environment, or a place for a new one.
    pub(crate) fn claim(&self) -> Result<Claim, InvokeError> {
        let mut pool = self.pool();
        if let Some(idle) = pool.idle.pop() {
            return Ok(Claim::Warm(idle.environment));
        }
        if pool.live.len() + pool.starting >= self.config.max_concurrency {
            return Err(InvokeError::Throttled);
        }
        pool.starting += 1;
        pool.statistics.cold_starts += 1;
        Ok(Claim::Cold)
    }

    /// Registers a new environment as busy.
    pub(crate) fn admit(&self, environment: &Arc<Environment>) {
        let mut pool = self.pool();
        pool.starting -= 1;
        // If its process has ended already, `remove` was called before this.
        if !environment.has_exited() {
            pool.live.insert(environment.id().to_owned(), Arc::clone(environment));
        }
    }

    /// Releases the place for an environment that could not be started.
    pub(crate) fn cancel_start(&self) {
        self.pool().starting -= 1;
    }

    /// Marks an environment as idle, unless its process has ended.
    pub(crate) fn release(&self, environment: Arc<Environment>) {
        let mut pool = self.pool();
        if pool.live.contains_key(environment.id()) {
            pool.idle.push(Idle { environment, since: Instant::now() });
        }
    }

    /// Removes an environment whose process has ended.
    pub(crate) fn remove(&self, id: &str) {
        let mut pool = self.pool();
        pool.live.remove(id);
        pool.idle.retain(|idle| idle.environment.id() != id);
    }

    /// Withdraws every environment that has been idle for `age`.
    pub(crate) fn take_idle(&self, age: Duration) -> Vec<Arc<Environment>> {
        let mut pool = self.pool();
        let (old, fresh) = std::mem::take(&mut pool.idle)
            .into_iter()
            .partition::<Vec<_>, _>(|idle| idle.since.elapsed() >= age);
        pool.idle = fresh;
        old.into_iter().map(|idle| idle.environment).collect()
    }

    /// Removes an environment from the idle ones, so that it gets no further invocation.
    pub(crate) fn withdraw(&self, id: &str) {
        self.pool().idle.retain(|idle| idle.environment.id() != id);
    }

    /// Every environment, and whether it is busy.
    pub(crate) fn environments(&self) -> Vec<(Arc<Environment>, bool)> {
        let pool = self.pool();
        let is_idle = |id: &str| pool.idle.iter().any(|idle| idle.environment.id() == id);
        pool.live.values().map(|live| (Arc::clone(live), !is_idle(live.id()))).collect()
    }

    /// Whether an environment is being started.
    pub(crate) fn is_starting(&self) -> bool {
        self.pool().starting > 0
    }

    pub(crate) fn statistics(&self) -> FunctionStatistics {
        self.pool().statistics
    }

    pub(crate) fn count(&self, result: &Result<Invocation, InvokeError>) {
        self.pool().statistics.count(result);
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
