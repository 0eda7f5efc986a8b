//! The errors of a run.

use tributary_stack::lambda::InvokeError;
use tributary_system::SystemError;

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The program was built without optimisation, and so are the functions that it builds.
    #[error("a benchmark needs a release build: cargo run --release -p tributary-cli -- bench")]
    DebugBuild,
    /// The proxy cannot bind a port.
    #[error("the proxy cannot start")]
    Proxy(#[source] std::io::Error),
    /// The system did not start or stop.
    #[error(transparent)]
    System(#[from] SystemError),
    /// A statement of the benchmark failed.
    #[error("a statement failed")]
    Database(#[from] sqlx::Error),
    /// A request failed.
    #[error("a request failed")]
    Http(#[from] tributary_client::Error),
    /// A function failed.
    #[error("an invocation failed")]
    Invoke(#[from] InvokeError),
    /// A response is not the expected one.
    #[error("unexpected response: {0}")]
    Response(String),
    /// A phase left work behind, so that its duration means nothing.
    #[error("{batches} batches are unfinished after {after}")]
    Unfinished {
        /// The number of unfinished batches.
        batches: i64,
        /// The phase.
        after: &'static str,
    },
}
