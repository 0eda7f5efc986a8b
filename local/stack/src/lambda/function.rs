//! A registered function: how it is started, and which of its environments are free.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::environment::Environment;
use crate::invocation::{FunctionStatistics, Invocation, InvokeError};

/// How many environments a function may have where nothing else is said.
pub const RESERVED_CONCURRENCY_DEFAULT: usize = 10;

/// What the Lambda service knows about a function.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// Its Lambda name.
    pub name: String,
    /// The executable.
    pub binary: PathBuf,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// What the function is told of its memory, in MB; nothing enforces it here.
    pub memory_mb: u32,
    /// Reserved concurrency: how many environments it may have at once.
    pub max_concurrency: usize,
    /// Its environment variables, beside those every Lambda function has.
    pub environment: BTreeMap<String, String>,
}

impl FunctionConfig {
    /// A function with 512 MB, [`RESERVED_CONCURRENCY_DEFAULT`] and no variables.
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
    /// Every environment with a live process, by its id.
    live: BTreeMap<String, Arc<Environment>>,
    /// Free ones, longest free first: the warmest is taken, the coldest is reaped.
    idle: Vec<Idle>,
    /// Environments promised to an invocation whose process is not registered yet.
    starting: usize,
    statistics: FunctionStatistics,
}

struct Idle {
    environment: Arc<Environment>,
    since: Instant,
}

/// What an invocation was given.
pub(crate) enum Claim {
    /// A free environment.
    Warm(Arc<Environment>),
    /// Leave to start one; either [`Function::admit`] or [`Function::give_up_start`] must follow.
    Cold,
}

impl Function {
    pub(crate) fn new(config: FunctionConfig) -> Self {
        Self { config, pool: Mutex::default() }
    }

    /// Takes a free environment, or leave to start one.
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

    /// Enters an environment that was just started; it is busy.
    pub(crate) fn admit(&self, environment: &Arc<Environment>) {
        let mut pool = self.pool();
        pool.starting -= 1;
        // Its process may have ended before this line: then its exit found nothing to remove.
        if !environment.has_exited() {
            pool.live.insert(environment.id().to_owned(), Arc::clone(environment));
        }
    }

    /// Gives leave to start an environment back.
    pub(crate) fn give_up_start(&self) {
        self.pool().starting -= 1;
    }

    /// Makes an environment free again, unless its process has ended.
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

    /// Takes out of use every environment that has been free for `age`.
    pub(crate) fn take_idle(&self, age: Duration) -> Vec<Arc<Environment>> {
        let mut pool = self.pool();
        let (old, fresh) = std::mem::take(&mut pool.idle)
            .into_iter()
            .partition::<Vec<_>, _>(|idle| idle.since.elapsed() >= age);
        pool.idle = fresh;
        old.into_iter().map(|idle| idle.environment).collect()
    }

    /// Takes an environment out of use, so that no invocation gets it any more.
    pub(crate) fn withdraw(&self, id: &str) {
        self.pool().idle.retain(|idle| idle.environment.id() != id);
    }

    /// Every live environment, and whether it is busy.
    pub(crate) fn environments(&self) -> Vec<(Arc<Environment>, bool)> {
        let pool = self.pool();
        let is_idle = |id: &str| pool.idle.iter().any(|idle| idle.environment.id() == id);
        pool.live.values().map(|live| (Arc::clone(live), !is_idle(live.id()))).collect()
    }

    /// Whether a process is being started.
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
