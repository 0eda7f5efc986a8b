//! The domain of Tributary: types and rules without I/O, clock, SQL or HTTP.

pub mod api_key;
pub mod cashflow;
pub mod categorise;
pub mod fault;
pub mod identity;
pub mod money;
mod number;
pub mod period;
pub mod request;
pub mod scope;
pub mod status;
pub mod summary;
pub mod text;

pub use fault::{Fault, FaultCode, FaultPlace, Faults};
pub use identity::{BatchId, CorrelationId, TenantId};
pub use money::{Currency, Money};
pub use period::{Interval, OpenPeriod, Period};
pub use request::{Account, Balances, Format, IngestRequest, Removal, RequestError, Transaction};
pub use scope::{Scope, UnknownScope};
pub use status::{BatchStatus, StatusCounts, TransactionStatus};
